"""Identifiers inside running text: prose, TeX, Markdown, BibTeX fields.

Source: docs/reference/identifiers.md. Where `parse_identifier` judges a whole text, this looks
for the places worth judging, and lets `parse_identifier` decide.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pith_agent.errors import IdentifierError
from pith_agent.protocol.identifier import Identifier, doi_identifier, parse_identifier

_URL = r"https?://[^\s<>\[\]\"'{}|\\^`]+"
_DOI_URL = r"https?://(?:dx\.)?doi\.org/[^\s\"]+"
_PITH = (
    r"(?<!\w)pith:(?:[0-9]{4}:)?[A-Za-z2-7]{8,26}(?!\w)|\\pithnumber\{(?P<tex>[A-Za-z2-7]{26})\}"
)
_DOI = r"(?<![\w.])(?P<doi>10\.[0-9]{3,9}(?:\.[0-9]+)*/[^\s\"&{}]+)"
_OLD = r"[a-z]+(?:-[a-z]+)?(?:\.[A-Za-z-]{2,12})?/[0-9]{7}(?:v[1-9][0-9]*)?"
_NEW = r"[0-9]{4}\.[0-9]{4,5}(?:v[1-9][0-9]*)?"
_MARKED = (
    rf"(?<![\w./])arxiv[:.\s-]\s*(?:\{{\\[a-z]+\s+)?"
    rf"(?P<marked>{_OLD}|[0-9]{{4}}\.\s*[0-9]{{4,5}}(?:v[1-9][0-9]*)?)(?![\w/])"
)
# A bare number is weak evidence: it may not touch letters, digits, dots or signs.
_BARE = (
    rf"(?<![\w.=/+\[\]-])(?P<bare>{_OLD}|{_NEW})(?![\w/^(]|\.[0-9])|(?<=\}})(?P<after>{_NEW})(?!\w)"
)
_SCAN = re.compile("|".join((_DOI_URL, _URL, _PITH, _MARKED, _DOI, _BARE)), re.I | re.A)

_OPENED = {")": "(", "]": "[", ">": "<", "}": "{"}

# Oxford's pages append an article number and a title to the DOI.
_OUP = re.compile(r"academic\.oup\.com/.*?/doi/(?P<doi>10\.1093/[a-z]+/[a-z0-9]+)", re.I | re.A)
_DOI_IN_URL = re.compile(r"(?:/doi/|[?&]doi=)(?P<doi>10\.[0-9]{3,9}/[^\s\"&?#]+)", re.I | re.A)


@dataclass(frozen=True, slots=True)
class Mention:
    """An identifier and where it stands: `text[start:end]`."""

    identifier: Identifier
    start: int
    end: int


def find_identifiers(text: str) -> list[Mention]:
    """All identifiers in `text`, in order; what does not parse is passed over."""
    return list(_mentions(text))


def _mentions(text: str) -> Iterator[Mention]:
    for match in _SCAN.finditer(text):
        found = _judge(match)
        if found is not None:
            yield Mention(found, match.start(), match.start() + len(_trim(match[0])))


def _judge(match: re.Match[str]) -> Identifier | None:
    whole, parts = _trim(match[0]), match.groupdict()
    if parts["tex"]:
        return _parse(parts["tex"])
    if parts["doi"]:
        return doi_identifier(_trim(parts["doi"]))
    if whole.lower().startswith("http"):
        if inner := _OUP.search(whole) or _DOI_IN_URL.search(whole):
            return doi_identifier(inner["doi"])
        return _parse(whole)
    number = parts["marked"] or parts["bare"] or parts["after"]
    return _parse(re.sub(r"\s+", "", number) if number else whole)


def _parse(text: str) -> Identifier | None:
    try:
        return parse_identifier(text)
    except IdentifierError:
        return None


def _trim(text: str) -> str:
    """Take off sentence punctuation and brackets that were opened outside."""
    # Counted once and kept up, since a hostile text may end in any number of brackets.
    surplus = {close: text.count(close) - text.count(_OPENED[close]) for close in _OPENED}
    end = len(text)
    while end:
        last = text[end - 1]
        if last not in ".,;:!?'":
            if surplus.get(last, 0) <= 0:
                break
            surplus[last] -= 1
        end -= 1
    return text[:end]
