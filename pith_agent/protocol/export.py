"""One record as an entry of a bibliography.

What is signed is stated; what is not is stated too, and marked. The text is the same for the
same record, and no value of a record can leave the field that it stands in.

Source: docs/reference/export.md.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Literal, TypeAlias

from pydantic import JsonValue

from pith_agent.protocol.authors import Author
from pith_agent.protocol.export_bibtex import bibtex
from pith_agent.protocol.identifier import Identifier
from pith_agent.protocol.mentions import find_identifiers
from pith_agent.protocol.proof import VerifiedRecord
from pith_agent.protocol.strict_json import JsonObject
from pith_agent.protocol.work import Work, work_of

Format: TypeAlias = Literal["bibtex", "csl-json", "ris", "cff", "markdown"]

_MARKDOWN = re.compile(r"[\\`*_\[\]<>&#|~$^{}!]|:(?=//)|(?<=www)\.", re.I)


def export(record: VerifiedRecord, format: Format) -> str:
    """The entry for `record` in one of five formats; UTF-8 text that ends with a newline.

    | format | is |
    |---|---|
    | `bibtex` | one `@misc` entry, for BibTeX and biblatex |
    | `csl-json` | an array of one item |
    | `ris` | one `GEN` entry |
    | `cff` | a whole CITATION.cff 1.2.0, with the paper as preferred citation |
    | `markdown` | one line |

    Raises:
        ValueError: `format` is none of these.
    """
    if format not in _WRITERS:
        raise ValueError(f"{format!r} is not one of {', '.join(_WRITERS)}.")
    return _WRITERS[format](work_of(record))


def pith_number_in(text: str) -> Identifier | None:
    """The one full Pith Number that a bibliography entry names.

    `None` if there is none, and if there are two: a title may quote another paper's.
    """
    found = [m.identifier for m in find_identifiers(text) if m.identifier.kind == "pith"]
    if len({identifier.value for identifier in found}) != 1:
        return None
    return next((identifier for identifier in found if identifier.year is not None), found[0])


def _csl_json(work: Work) -> str:
    names = [_csl_name(author) for author in work.authors]
    names += [{"literal": "others"}] if names and work.has_more_authors else []
    day = work.submitted
    item: dict[str, JsonValue] = {
        "id": work.key,
        "type": "article",
        "genre": "Preprint",
        "title": work.readable_title,
        "author": [*names] or None,
        "issued": {"date-parts": [[int(work.year)]]},
        "submitted": {"date-parts": [[day.year, day.month, day.day]]} if day else None,
        "archive": work.arxiv and "arXiv",
        "number": work.arxiv and f"arXiv:{work.arxiv}",
        "version": str(work.version),
        "DOI": work.doi,
        "URL": work.url,
        "note": f"PITH: {work.pith_number}",
        "custom": {"pith": work.pith_number, "unsigned": [*work.unsigned]},
    }
    stated = {name: value for name, value in item.items() if value is not None}
    return json.dumps([stated], ensure_ascii=False, indent=2) + "\n"


def _csl_name(author: Author) -> JsonObject:
    if not author.given:
        return {"literal": author.name}
    name: JsonObject = {"family": author.family, "given": author.given}
    return name | ({"suffix": author.suffix} if author.suffix else {})


def _ris(work: Work) -> str:
    lines: list[tuple[str, str | None]] = [
        ("TY", "GEN"),
        ("ID", work.key),
        ("TI", work.readable_title),
        *(("AU", author.sorted_name) for author in work.authors),
        *([("AU", "others")] if work.authors and work.has_more_authors else []),
        ("PY", work.year),
        ("ET", str(work.version)),
        ("DO", work.doi),
        ("UR", work.url),
        ("M1", work.arxiv),
        ("N1", work.pith_number),
        ("N1", "authors not signed" if work.authors else None),
        ("N1", None if work.title_is_signed else "title not authenticated"),
        ("ER", ""),
    ]
    return "".join(f"{tag}  - {value}\n" for tag, value in lines if value is not None)


def _cff(work: Work) -> str:
    message = "If you use this work, please cite it as below."
    if work.unsigned:
        message += f" Not signed: {', '.join(work.unsigned)}."
    lines = [
        "cff-version: 1.2.0",
        f"message: {_quoted(message)}",
        f"title: {_quoted(work.readable_title)}",
        *_cff_people(work),
        *_cff_identifiers(work),
        "preferred-citation:",
        *(f"  {line}" for line in _cff_article(work)),
    ]
    return "\n".join(lines) + "\n"


def _cff_article(work: Work) -> Iterator[str]:
    yield "type: article"
    yield "status: preprint"
    yield f"title: {_quoted(work.readable_title)}"
    yield from _cff_people(work)
    yield f"year: {int(work.year)}"
    yield f"version: {_quoted(str(work.version))}"
    if work.doi:
        yield f"doi: {_quoted(work.doi)}"
    yield f"url: {_quoted(work.url)}"
    yield from _cff_identifiers(work)
    if work.unsigned:
        yield f"notes: {_quoted('Not signed: ' + ', '.join(work.unsigned) + '.')}"


def _cff_people(work: Work) -> Iterator[str]:
    # The format demands at least one author.
    yield "authors:"
    for author in work.authors:
        if not author.given:
            yield f"  - name: {_quoted(author.name)}"
            continue
        yield f"  - family-names: {_quoted(author.family)}"
        yield f"    given-names: {_quoted(author.given)}"
        if author.suffix:
            yield f"    name-suffix: {_quoted(author.suffix)}"
    if not work.authors or work.has_more_authors:
        yield f"  - name: {_quoted('others' if work.authors else 'not stated')}"


def _cff_identifiers(work: Work) -> Iterator[str]:
    yield "identifiers:"
    yield "  - type: other"
    yield f"    value: {_quoted(work.pith_number)}"
    yield '    description: "Pith Number"'


def _quoted(text: str) -> str:
    """A double-quoted YAML scalar: a JSON string is one, once the unseen characters are gone."""
    return json.dumps(text, ensure_ascii=False)


def _markdown(work: Work) -> str:
    names = [author.name for author in work.authors]
    names += ["et al."] if names and work.has_more_authors else []
    place = f"arXiv:{work.arxiv}v{work.version}. " if work.arxiv else ""
    by = f"{_text(', '.join(names))} (authors not signed). " if names else ""
    number = f"[{work.pith_number}](https://pith.science/pith/{work.suffix})"
    return f"[{_text(work.readable_title)}]({work.url}). {by}{work.year}. {place}{number}\n"


def _text(text: str) -> str:
    """Text that Markdown shows as it is."""
    return _MARKDOWN.sub(r"\\\g<0>", text)


_WRITERS: dict[str, Callable[[Work], str]] = {
    "bibtex": bibtex,
    "csl-json": _csl_json,
    "ris": _ris,
    "cff": _cff,
    "markdown": _markdown,
}
