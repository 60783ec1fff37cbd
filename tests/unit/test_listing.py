"""Which papers a bibliography lists, and in which order."""

from typing import Any

import pytest
from sphinx.config import Config

from pith_agent import examine, verification
from sphinx_pith.listing import documents, filed, select
from sphinx_pith.papers import Paper, papers_of
from sphinx_pith.sources import Answered, said
from tests.documents import TRUST, Document
from tests.e2e.roots.library import ALPHA, BETA, LATTICE, LIBRARY, NEW, SURVEY, suffix

NAMES = {
    suffix(SURVEY): "survey",
    suffix(BETA): "beta",
    suffix(ALPHA): "alpha",
    suffix(LATTICE): "lattice",
    suffix(NEW): "new",
}
CITED = list(NAMES)
"""In the order of citing."""


def answer(document: Document) -> Answered:
    """The answer for a record of the library."""
    report = examine(document, TRUST)
    return said(verification(report.require().pith_number, report, "a file"), "records")


@pytest.fixture(scope="module")
def papers() -> dict[str, Paper]:
    """The library, verified."""
    config = Config({}, {"pith_base_url": "https://pith.science/"})
    config.add("pith_base_url", "", "", frozenset({str}))
    answers = list(map(answer, LIBRARY))
    return papers_of(config, answers, [one.suffix for one in answers])


def options(**given: Any) -> dict[str, Any]:
    """The options of a directive."""
    nothing = {"page": False, "docs": [], "categories": [], "years": ()}
    return nothing | {"sort": "cited", "style": "numbered"} | given


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({}, "survey beta alpha lattice new"),
        ({"sort": "authors"}, "alpha beta new lattice survey"),
        ({"sort": "title"}, "survey alpha new beta lattice"),
        ({"sort": "year"}, "lattice alpha beta survey new"),
        ({"sort": "newest"}, "new survey alpha beta lattice"),
        ({"categories": ["cs.*"]}, "survey beta new"),
        ({"categories": ["cs.CL", "hep-*"]}, "survey lattice"),
        ({"categories": ["CS.CL"]}, ""),
        ({"years": (2017, 2024)}, "survey beta alpha"),
        ({"years": (2017, 2017), "categories": ["physics.*"]}, "alpha"),
        ({"years": (1991, 1992)}, ""),
    ],
)
def test_a_list_is_filtered_and_sorted(
    papers: dict[str, Paper], given: dict[str, Any], names: str
) -> None:
    found = select(papers, CITED, options(**given))

    assert [NAMES[one] for one in found] == names.split()


@pytest.mark.parametrize("sort", ["authors", "title", "year", "newest"])
def test_a_sorted_list_does_not_depend_on_the_order_of_citing(
    papers: dict[str, Paper], sort: str
) -> None:
    chosen = options(sort=sort)

    assert select(papers, CITED, chosen) == select(papers, CITED[::-1], chosen)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, ["index", "guide/a", "guide/b"]),
        ({"page": True}, ["here"]),
        ({"page": True, "docs": ["guide/*"]}, ["here"]),
        ({"docs": ["guide/*"]}, ["guide/a", "guide/b"]),
        ({"docs": ["index", "guide/b"]}, ["index", "guide/b"]),
        ({"docs": ["none"]}, []),
    ],
)
def test_a_list_is_of_this_page_or_of_the_documents_that_it_names(
    given: dict[str, Any], found: list[str]
) -> None:
    assert documents("here", options(**given), ["index", "guide/a", "guide/b"]) == found


@pytest.mark.parametrize(
    ("words", "as_filed"),
    [("Ångström", "angstrom"), ("STRASSE", "strasse"), ("Straße", "strasse"), ("Łódź", "łodz")],
)
def test_accents_and_case_do_not_count_where_things_are_filed(words: str, as_filed: str) -> None:
    assert filed(words) == as_filed
