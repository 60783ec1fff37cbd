"""What stands in a sentence for a paper."""

import itertools
from collections.abc import Iterable
from string import ascii_lowercase

import pytest

from pith_agent import Work, verify, work_of
from sphinx_pith.labels import Label, everyone, labels_of, named, shortened
from tests.documents import TRUST
from tests.e2e.roots.library import ALPHA, BETA, LATTICE, NEW, SURVEY, paper


def work(title: str, authors: str = "", year: str = "2024", number: int = 1) -> Work:
    """The work of a record that was signed with the test key."""
    arxiv, submitted = f"2401.{number:05}", f"{year}-01-01T00:00:00Z"
    document = paper(title, authors, arxiv=arxiv, submitted_at=submitted)
    return work_of(verify(document, TRUST))


def labelled(works: Iterable[Work]) -> dict[str, Label]:
    """Title → label, for works in the order of citing."""
    works = list(works)
    labels = labels_of({one.suffix: one for one in works})
    return {one.readable_title: labels[one.suffix] for one in works}


@pytest.mark.parametrize(
    ("authors", "name"),
    [
        ("Ada Abbott", "Abbott"),
        ("Ada Abbott, Ben Bell", "Abbott and Bell"),
        ("Ada Abbott, Ben Bell, Cara Curie", "Abbott et al."),
        ("", "“A title of five…”"),
    ],
)
def test_a_sentence_names_two_authors_or_the_first_or_the_title(authors: str, name: str) -> None:
    assert named(work("A title of five words", authors)) == name


def test_papers_of_the_same_authors_and_year_get_letters_and_others_do_not() -> None:
    twins = "Ada Abbott, Ben Bell"
    works = [
        work("Beta", twins, number=1),
        work("Alpha", twins, number=2),
        work("Gamma", twins, "2023", number=3),
        work("Delta", "Dan Dale", number=4),
    ]

    labels = labelled(works)

    assert {title: label.year for title, label in labels.items()} == {
        "Beta": "2024b",
        "Alpha": "2024a",
        "Gamma": "2023",
        "Delta": "2024",
    }


def test_letters_do_not_depend_on_the_order_of_citing_and_numbers_do() -> None:
    works = [work(title, "Ada Abbott", number=n) for n, title in enumerate(("C", "A", "B"), 1)]
    years = set()

    for ordered in itertools.permutations(works):
        labels = labelled(ordered)
        years.add(tuple(labels[title].year for title in "ABC"))
        assert [label.number for label in labels.values()] == [1, 2, 3]

    assert years == {("2024a", "2024b", "2024c")}


def test_two_papers_of_one_title_still_differ() -> None:
    works = [work("Same", "Ada Abbott", number=number) for number in (1, 2)]

    first = labels_of({one.suffix: one for one in works})
    second = labels_of({one.suffix: one for one in reversed(works)})

    assert {label.year for label in first.values()} == {"2024a", "2024b"}
    assert {k: v.year for k, v in first.items()} == {k: v.year for k, v in second.items()}


def test_letters_go_on_after_z() -> None:
    works = [work(f"Paper {n:02}", "Ada Abbott", number=n) for n in range(1, 31)]

    years = [label.year for label in labelled(works).values()]

    assert years[:26] == [f"2024{letter}" for letter in ascii_lowercase]
    assert years[26:] == ["2024aa", "2024ab", "2024ac", "2024ad"]


def test_labels_of_nothing_are_none() -> None:
    assert labels_of({}) == {}


def test_the_library_has_the_labels_that_the_pages_are_tested_for() -> None:
    works = [work_of(verify(one, TRUST)) for one in (SURVEY, BETA, ALPHA, LATTICE, NEW)]

    labels = labels_of({one.suffix: one for one in works})

    assert [(one.authors, one.year, one.number) for one in labels.values()] == [
        ("Xu et al.", "2024", 1),
        ("Abbott and Bell", "2017b", 2),
        ("Abbott and Bell", "2017a", 3),
        ("“Monopole clusters at short…”", "2003", 4),
        ("Curie", "2025", 5),
    ]


@pytest.mark.parametrize(
    ("names", "has_more", "said"),
    [
        ([], False, ""),
        (["A"], False, "A"),
        (["A", "B"], False, "A and B"),
        (["A", "B", "C"], False, "A, B and C"),
        (["A", "B"], True, "A, B, et al."),
    ],
)
def test_a_bibliography_names_all_authors(names: list[str], has_more: bool, said: str) -> None:
    assert everyone(names, has_more=has_more) == said


@pytest.mark.parametrize(
    ("title", "short"),
    [("One two", "One two"), ("One two three four", "One two three four"), ("", "")],
)
def test_a_short_title_is_not_shortened(title: str, short: str) -> None:
    assert shortened(title) == short
