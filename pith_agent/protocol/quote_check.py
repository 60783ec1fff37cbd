"""What is checked of quoted words: against their hash, and against what is known of the paper.

Source: docs/reference/citation.md, rules C8 and C14.
"""

from collections.abc import Iterator

from pith_agent.errors import CanonicalFormError, QuoteMismatchError
from pith_agent.protocol.citation import Statement
from pith_agent.protocol.citation_draft import plain_claim_id, quoted_sha256, quoted_text
from pith_agent.protocol.coverage import EXCERPTS
from pith_agent.protocol.proof import VerifiedRecord
from pith_agent.protocol.record import ABSTRACTS, TITLES, at
from pith_agent.protocol.report import Check
from pith_agent.protocol.strict_json import JsonObject

WORDS_RULE = "quoted-words"


def check_quote(statement: Statement, record: VerifiedRecord | None) -> Check:
    """C8: where the quoted words are given, they are those that the hash and length are of.

    Args:
        statement: A citation.
        record: The cited record, if it is at hand. Where it has the words, the check says so; that
            it does not have them says nothing: records do not hold the text of papers.
    """
    quote = statement.predicate.quote
    if quote is None:
        return Check.skipped("cited-quote", "The citation quotes nothing.")
    if quote.text is None:
        return Check.skipped("cited-quote", "Only a hash of the quoted words was signed.")
    # It cannot hold half of a surrogate pair: C3 has read the payload.
    found = quoted_sha256(quote.text)
    said = (quote.sha256, quote.text, quote.length)
    if said != (found, quoted_text(quote.text), len(quote.text)):
        return Check.refused(
            "cited-quote",
            QuoteMismatchError,
            "The quoted words are not those that were hashed.",
            expected=quote.sha256,
            found=found,
        )
    return Check.passed(
        "cited-quote", f"The quoted words are those that were hashed; {_source(quote.text, record)}"
    )


def check_words(statement: JsonObject | None, words: str, record: VerifiedRecord | None) -> Check:
    """C14: these are the words that the statement quotes.

    Args:
        statement: A citation or a bibliography, whose signature holds.
        words: What the reader took for its quote, in any spelling of `quoted_text`.
        record: The cited record, if it is at hand; as in `check_quote`.
    """
    sha256, length = (at(statement, f"predicate.quote.{name}") for name in ("sha256", "length"))
    if sha256 is None:
        return Check.refused(WORDS_RULE, QuoteMismatchError, "The statement quotes nothing.")
    text = quoted_text(words)
    try:
        found = quoted_sha256(words)
    except CanonicalFormError as error:
        return Check.refused(WORDS_RULE, QuoteMismatchError, error.message, expected=sha256)
    if (sha256, length) != (found, len(text)):
        return Check.refused(
            WORDS_RULE,
            QuoteMismatchError,
            "Other words than these were hashed and signed.",
            expected=sha256,
            found=found,
        )
    return Check.passed(
        WORDS_RULE, f"The statement quotes these words; {_source(text, record)}", expected=sha256
    )


def _source(words: str, record: VerifiedRecord | None) -> str:
    places = _places(words, record) if record is not None else iter(())
    where = next(places, None)
    return f"they stand in {where}." if where else "that the paper has them was not checked."


def _places(words: str, record: VerifiedRecord) -> Iterator[str]:
    """Where in the record the words stand: what is signed first. Only hash-bound texts count."""
    for name, paths in (("title", TITLES), ("abstract", (*ABSTRACTS, *EXCERPTS))):
        texts = [at(record.document, path) for path in paths if path in record.coverage.bindings]
        if any(isinstance(text, str) and words in quoted_text(text) for text in texts):
            yield f"its {name}, whose hash is signed"
    for item in record.claims:
        text, claim_id = at(item, "text"), plain_claim_id(item)
        if claim_id is not None and isinstance(text, str) and words in quoted_text(text):
            yield f"its claim {claim_id}, which the registry does not sign"
