"""Author lists, as records and references write them."""

import pytest

from pith_agent.protocol.authors import MAX_NAMES, are_same, read_author, read_authors


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Can Xu, Chongyang Tao", ["Can Xu", "Chongyang Tao"]),
        ("Can Xu and Chongyang Tao", ["Can Xu", "Chongyang Tao"]),
        ("Can Xu, Chongyang Tao, and Ming Li", ["Can Xu", "Chongyang Tao", "Ming Li"]),
        ("Can Xu; Ming Li", ["Can Xu", "Ming Li"]),
        ("John Smith, Jr., Ming Li", ["John Smith Jr.", "Ming Li"]),
        ("Can Xu (1), Ming Li ((1) A, (2) B)", ["Can Xu", "Ming Li"]),
        (r"Csaba Bal\'azs", ["Csaba Balázs"]),
        ("ATLAS Collaboration", ["ATLAS Collaboration"]),
        ("", []),
        (" , ; . ", []),
        (r"} and \relax{}", [r"\relax{}"]),
        ("Can Xu,\n  Ming Li", ["Can Xu", "Ming Li"]),
        ("Can Xu\u202e, Ming Li", ["Can Xu", "Ming Li"]),
    ],
)
def test_a_list_is_taken_apart_at_commas_and_ands(text, names):
    authors, has_more = read_authors(text)

    assert [author.name for author in authors] == names
    assert not has_more


@pytest.mark.parametrize("more", ["et al.", "and others", "others", "..."])
def test_those_left_out_are_remembered(more):
    authors, has_more = read_authors(f"Can Xu, {more}")

    assert ([author.name for author in authors], has_more) == (["Can Xu"], True)


def test_a_list_that_is_too_long_is_cut_between_names():
    many, more = read_authors(", ".join(f"A B{number}" for number in range(MAX_NAMES + 1)))
    assert (len(many), more) == (MAX_NAMES, True)

    few, more = read_authors(", ".join(["A " + "b" * 997] * 30))
    assert more
    assert {len(author.name) for author in few} == {999}


@pytest.mark.parametrize(
    ("text", "family", "given", "suffix"),
    [
        ("Can Xu", "Xu", "Can", ""),
        ("Xu, Can", "Xu", "Can", ""),
        ("Vincent van Gogh", "van Gogh", "Vincent", ""),
        ("van Gogh, Vincent", "van Gogh", "Vincent", ""),
        ("Juan de la Cruz", "de la Cruz", "Juan", ""),
        ("danah boyd", "boyd", "danah", ""),
        ("John Smith, Jr.", "Smith", "John", "Jr."),
        ("Smith, Jr., John", "Smith", "John", "Jr."),
        ("OpenAI", "OpenAI", "", ""),
        ("ATLAS Collaboration", "ATLAS Collaboration", "", ""),
        ("", "", "", ""),
    ],
)
def test_a_name_has_the_parts_that_bibtex_gives_it(text, family, given, suffix):
    author = read_author(text)

    assert (author.family, author.given, author.suffix) == (family, given, suffix)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Can Xu", "Xu, Can", True),
        ("Can Xu", "Xu Can", True),
        ("C. Xu", "Can Xu", True),
        ("Xu", "Can Xu", True),
        ("Csaba Balazs", "Csaba Balázs", True),
        ("V. van Gogh", "Vincent Gogh", True),
        ("Jean-Pierre Serre", "J.-P. Serre", True),
        ("Can Xu", "Xiaohan Xu", False),
        ("Can Xu", "Can Li", False),
        ("D. Xu", "Can Xu", False),
    ],
)
def test_two_names_are_one_persons_if_initials_allow_it(one, other, same):
    assert are_same(read_author(one), read_author(other)) is same
    assert are_same(read_author(other), read_author(one)) is same
