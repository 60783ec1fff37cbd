"""Quoted words: against their hash, and where a record has them."""

import json

import pytest

from pith_agent import verify
from pith_agent.protocol.quote_check import check_quote, check_words
from tests.documents import ABSTRACT, TITLE, TRUST, proved, signed_record, statement

RECORD = proved()


def shown_with_abstract():
    """A record that shows its abstract whole."""
    document = signed_record()
    document["paper"]["abstract"] = ABSTRACT
    return verify(document, TRUST)


def said(quote: str | None, **more):
    return statement(RECORD, quote=quote, **more)


def written(quote: str | None):
    return json.loads(said(quote).payload())


def test_what_is_not_compared_is_told_apart():
    nothing = check_quote(said(None), RECORD)
    hashed = check_quote(said("KD emerges"), RECORD)

    assert (nothing.status, hashed.status) == ("skipped", "skipped")
    assert nothing.detail != hashed.detail


@pytest.mark.parametrize(
    ("words", "where"),
    [
        ("Knowledge Distillation", "its title"),
        ("what  is known. Nothing", "its abstract"),
        ("KD emerges as a pivotal methodology", "its claim C1"),
        ("In the era of Large Language Models", None),
        ("a survey on knowledge distillation", None),
    ],
)
def test_a_check_says_where_the_record_has_the_words(words, where):
    record = shown_with_abstract()
    check = check_quote(said(words, with_quote_text=True), record)
    compared = check_words(written(words), words, record)

    assert (check.status, compared.status) == ("pass", "pass")
    for one in (check, compared):
        assert ("they stand in" in one.detail) == (where is not None)
        assert where is None or where in one.detail


def test_words_are_compared_without_a_record():
    check = check_words(written(TITLE), f" {TITLE}\n", None)

    assert check.status == "pass"
    assert "stand in" not in check.detail


@pytest.mark.parametrize(
    ("quote", "words"),
    [
        ("in many words", "in other words"),
        ("in many words", "in many words."),
        ("in many words", ""),
        ("in many words", "\ud800"),
        (None, "in many words"),
    ],
)
def test_other_words_than_were_hashed_are_refused(quote, words):
    check = check_words(written(quote), words, RECORD)

    assert (check.status, check.code) == ("fail", "quote-mismatch")


def test_a_length_that_is_not_that_of_the_words_is_refused():
    content = written("in many words")
    content["predicate"]["quote"]["length"] += 1

    assert check_words(content, "in many words", RECORD).code == "quote-mismatch"
