"""What the text of a role names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sphinx_pith.targets import Target, parse_target, parse_targets


@pytest.mark.parametrize(
    ("text", "name", "claim"),
    [
        ("2402.13116", "2402.13116", ""),
        (" 2402.13116v4 ", "2402.13116v4", ""),
        ("2402.13116#C1", "2402.13116", "C1"),
        ("https://arxiv.org/abs/2402.13116#C12", "https://arxiv.org/abs/2402.13116", "C12"),
        ("2402.13116#C12345", "2402.13116#C12345", ""),
        ("2402.13116#S1", "2402.13116#S1", ""),
        ("2402.13116#C1#C2", "2402.13116#C1", "C2"),
        ("2402.13116#C1\n", "2402.13116", "C1"),
        ("2402.13116#C١", "2402.13116#C١", ""),
        ("#C1", "#C1", ""),
        ("", "", ""),
    ],
)
def test_a_target_is_an_identifier_and_perhaps_a_claim(text: str, name: str, claim: str) -> None:
    target = parse_target(text)

    assert (target.name, target.claim, target.text) == (name, claim, text.strip())


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        ("2402.13116", [("2402.13116", "", "")]),
        ("2402.13116, 1706.03762", [("2402.13116", "", ""), ("1706.03762", "", "")]),
        (
            "{see}2402.13116{p. 3}, {also}1706.03762{ch. 2, 4}",
            [("2402.13116", "see", "p. 3"), ("1706.03762", "also", "ch. 2, 4")],
        ),
        ("{ see } 2402.13116 { p. 3 }", [("2402.13116", "see", "p. 3")]),
        ("{}2402.13116{}", [("2402.13116", "", "")]),
        ("2402.13116#C1{p. 3}", [("2402.13116#C1", "", "p. 3")]),
        ("2402.13116,,1706.03762,", [("2402.13116", "", ""), ("1706.03762", "", "")]),
        ("2402.13116 1706.03762", [("2402.13116 1706.03762", "", "")]),
    ],
)
def test_commas_part_papers_and_braces_hold_the_words_around_them(
    text: str, targets: list[tuple[str, str, str]]
) -> None:
    found = parse_targets(text)

    assert [(one.text, one.before, one.after) for one in found] == targets


@pytest.mark.parametrize("text", ["", ",", " , ,", "{see}", "{see}{p. 3}"])
def test_what_names_nothing_is_one_target_that_will_be_refused(text: str) -> None:
    (target,) = parse_targets(text)

    assert target.text == text.strip()


@pytest.mark.parametrize(
    "text", ["{2402.13116", "2402.13116}", "{a}{b}2402.13116", "{a{b}}2402.13116", "2402{a}13116"]
)
def test_braces_that_do_not_pair_name_no_paper_of_another_text(text: str) -> None:
    found = parse_targets(text)

    assert [one.text for one in found] == [text]


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("https://arxiv.org/abs/2402.13116v4", "arXiv:2402.13116v4"),
        ("2402.13116#C1", "arXiv:2402.13116#C1"),
        ("no identifier", "no identifier"),
        ("no identifier#C1", "no identifier#C1"),
    ],
)
def test_the_short_text_is_the_identifier_with_its_claim(text: str, short: str) -> None:
    assert parse_target(text).short == short


@given(st.text(max_size=60))
def test_any_text_names_at_least_one_target_and_never_fails(text: str) -> None:
    found = parse_targets(text)

    assert found
    assert all(isinstance(one, Target) and isinstance(one.short, str) for one in found)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["", "see", "cf. the"]),
            st.sampled_from(["2402.13116", "hep-lat/0305021v1", "1706.03762#C2"]),
            st.sampled_from(["", "p. 3", "ch. 2, 4"]),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_what_is_written_in_the_documented_form_is_read_back(
    parts: list[tuple[str, str, str]],
) -> None:
    text = ", ".join(
        f"{{{before}}}{name}{{{after}}}" if before or after else name
        for before, name, after in parts
    )

    assert [(one.before, one.text, one.after) for one in parse_targets(text)] == parts
