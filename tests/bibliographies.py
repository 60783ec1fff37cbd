"""Readers of bibliography entries, as strict as the strictest of their kind.

BibTeX readers differ in which braces they count, so each text is read in three ways.
"""

import re
from collections.abc import Callable

COUNTED: tuple[Callable[[str], str], ...] = (
    lambda text: text,
    lambda text: re.sub(r"\\.", "..", text, flags=re.S),
    lambda text: re.sub(r"\\[{}]", "..", text),
)
"""Every brace; all but those after a backslash that is none itself; all but `\\{` and `\\}`."""


def read_bibtex(text: str) -> tuple[str, dict[str, str]]:
    """The key and the fields of the one entry in `text`, or an AssertionError.

    Raises:
        AssertionError: There is another entry, or the readers disagree about a field.
    """
    answers = [_read(text, counted(text)) for counted in COUNTED]
    assert answers[0] == answers[1] == answers[2]
    return answers[0]


def _read(text: str, counted: str) -> tuple[str, dict[str, str]]:
    assert len(text) == len(counted)
    before, _, _ = text.partition("@")
    assert all(line.startswith("% ") for line in before.splitlines())
    head = re.compile(r"@misc\{([a-z0-9-]+),\n").match(text, len(before))
    assert head
    place, fields = head.end(), {}
    while not text.startswith("}", place):
        start = re.compile(r"  ([A-Za-z]+) = \{").match(text, place)
        assert start, text[place : place + 60]
        end = _closing(counted, start.end())
        assert start[1] not in fields
        fields[start[1]] = text[start.end() : end]
        assert text.startswith("},\n", end)
        place = end + 3
    assert text[place:] == "}\n"
    return head[1], fields


def _closing(text: str, place: int) -> int:
    depth = 1
    while depth:
        depth += (text[place] == "{") - (text[place] == "}")
        place += 1
    return place - 1


_TEXT = {
    r"\textbackslash{}": "\\",
    r"\textbraceleft{}": "{",
    r"\textbraceright{}": "}",
    r"\textasciitilde{}": "~",
    r"\textasciicircum{}": "^",
    "{@}": "@",
    **{f"\\{sign}": sign for sign in "&%#_$"},
}


def printed(value: str) -> str:
    """What TeX prints for a value that was written as text."""
    return re.sub("|".join(map(re.escape, _TEXT)), lambda sign: _TEXT[sign[0]], value)


def read_ris(text: str) -> list[tuple[str, str]]:
    """Tag and value of each line of the one RIS entry in `text`."""
    lines = text.splitlines()
    assert text == "".join(f"{line}\n" for line in lines)
    entries = []
    for line in lines:
        match = re.fullmatch(r"([A-Z][A-Z0-9])  - (.*)", line)
        assert match
        entries.append((match[1], match[2]))
    assert [tag for tag, _ in entries].count("TY") == 1
    assert [place for place, (tag, _) in enumerate(entries) if tag == "ER"] == [len(entries) - 1]
    return entries
