"""Which papers a bibliography lists, and in which order."""

from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any
from unicodedata import combining, normalize

from sphinx_pith.papers import Paper, reading_order
from sphinx_pith.targets import parse_target

if TYPE_CHECKING:
    from sphinx_pith.domain import PithDomain

OPTIONS = ("page", "docs", "categories", "years", "sort", "style")
"""What `.. pith-bibliography::` keeps of its options."""


def documents(docname: str, options: Mapping[str, Any], citing: Iterable[str]) -> list[str]:
    """The documents whose citations a list on page `docname` holds."""
    if options["page"]:
        return [docname]
    patterns = options["docs"]
    return [one for one in citing if not patterns or any(fnmatchcase(one, p) for p in patterns)]


def select(
    papers: Mapping[str, Paper], cited: Iterable[str], options: Mapping[str, Any]
) -> list[str]:
    """The suffixes that are listed, in order; `cited` is in the order of citing."""
    kept = [suffix for suffix in cited if _is_wanted(papers[suffix], options)]
    sort = options["sort"]
    if sort == "cited":
        return kept
    # The suffix comes last, so that equal papers keep one order on every machine.
    return sorted(kept, key=lambda suffix: (*_KEYS[sort](papers[suffix]), suffix))


def unproved(domain: "PithDomain", docname: str, options: Mapping[str, Any]) -> list[str]:
    """The targets that a list on page `docname` would hold if they were verified, each once.

    None where years or categories are chosen: nobody knows those of what is not verified.
    """
    if options["categories"] or options["years"]:
        return []
    found: dict[str, str] = {}
    for name in documents(docname, options, reading_order(domain.env, domain.here)):
        for cite in domain.here.get(name, ()):
            # What was a plain link is one again.
            if not cite.fallback and not domain.suffix(cite.target):
                found.setdefault(parse_target(parse_target(cite.target).name).short, cite.target)
    return list(found.values())


def _is_wanted(paper: Paper, options: Mapping[str, Any]) -> bool:
    categories, years = options["categories"], options["years"]
    if categories and not any(fnmatchcase(paper.work.category or "", one) for one in categories):
        return False
    return not years or years[0] <= int(paper.work.year) <= years[1]


def filed(words: str) -> str:
    """Words as they are filed: without case and accents, so that Å stands with A."""
    parts = normalize("NFKD", words.casefold())
    return "".join(letter for letter in parts if not combining(letter))


def _title(paper: Paper) -> tuple[str, ...]:
    return (filed(paper.title),)


def _authors(paper: Paper) -> tuple[str, ...]:
    names = [filed(author.sorted_name) for author in paper.work.authors[:3]]
    # Papers of unknown authors are filed by title, as libraries do.
    return (" ".join(names) or _title(paper)[0], paper.work.year, *_title(paper))


def _year(paper: Paper) -> tuple[int | str, ...]:
    return (int(paper.work.year), *_title(paper))


def _newest(paper: Paper) -> tuple[int | str, ...]:
    return (-int(paper.work.year), *_title(paper))


_KEYS: dict[str, Callable[[Paper], tuple[int | str, ...]]] = {
    "authors": _authors,
    "title": _title,
    "year": _year,
    "newest": _newest,
}
