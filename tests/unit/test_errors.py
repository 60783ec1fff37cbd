"""Every deliberate error has a code of its own and says what to do next."""

import inspect
import re

import pytest

from pith_agent import errors
from pith_agent.errors import PithError, error_class


def family(root: type[PithError] = PithError) -> list[type[PithError]]:
    return [root, *(found for child in root.__subclasses__() for found in family(child))]


FAMILY = family()
ABSTRACT = {"pith-error", "lookup-failed", "storage"}
"""Bases that are never raised themselves, so that nobody needs a hint for them."""


def test_codes_are_unique():
    codes = [error.code for error in FAMILY]

    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("error", FAMILY, ids=lambda error: error.__name__)
def test_an_error_is_named_coded_and_documented(error):
    assert error.__module__.startswith("pith_agent.errors.")
    assert getattr(errors, error.__name__) is error
    assert error is PithError or error.__name__.endswith("Error")
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", error.code)
    assert "code" in vars(error)
    assert re.match(r"[A-Z][^\n]*\.", error.__doc__ or "")


@pytest.mark.parametrize(
    "error", [e for e in FAMILY if e.code not in ABSTRACT], ids=lambda error: error.__name__
)
def test_a_hint_is_one_sentence_of_its_own(error):
    assert "hint" in vars(error)
    assert re.fullmatch(r"[A-Z][^\n]*\.", error.hint)
    # An installation does not have the pages: a hint names their address.
    assert "docs/" not in error.hint


@pytest.mark.parametrize("error", FAMILY, ids=lambda error: error.__name__)
def test_a_code_leads_back_to_its_class(error):
    assert error_class(error.code) is error


def test_a_code_that_nobody_owns_belongs_to_the_base():
    for code in ("", "ok", "no-such-code", "Not-Found"):
        assert error_class(code) is PithError


@pytest.mark.parametrize("error", FAMILY, ids=lambda error: error.__name__)
def test_an_error_prints_what_happened_its_code_and_its_hint(error):
    raised = error("It happened.")

    assert raised.message == "It happened."
    assert str(raised) == " ".join(filter(None, ["It happened.", f"[{error.code}]", error.hint]))


def test_the_tree_in_the_docstring_draws_every_class():
    tree = errors.__doc__ or ""
    named = set(re.findall(r"[A-Z]\w+Error", tree))
    for first, last in re.findall(r"(\w+Error) … (\w+Error)", tree):
        span = spanned(first, last)
        assert span, f"{first} … {last}"
        named |= span

    assert {error.__name__ for error in FAMILY} == named


def spanned(first: str, last: str) -> set[str]:
    """The classes from one to the other, in the order of the file that has both."""
    by_module: dict[str, list[type[PithError]]] = {}
    for error in FAMILY:
        by_module.setdefault(error.__module__, []).append(error)
    for classes in by_module.values():
        classes.sort(key=lambda error: inspect.getsourcelines(error)[1])
        names = [error.__name__ for error in classes]
        if first in names and last in names:
            return set(names[names.index(first) : names.index(last) + 1])
    return set()


def test_the_public_names_are_the_classes_and_one_function():
    assert set(errors.__all__) == {error.__name__ for error in FAMILY} | {"error_class"}


def test_an_ambiguous_short_form_carries_its_candidates():
    assert errors.AmbiguousError("Two.", ("a", "b")).candidates == ("a", "b")
    assert errors.AmbiguousError("Two.").candidates == ()
