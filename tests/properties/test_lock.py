"""A lock is one text for one set of papers, and no text makes it prove what was not signed."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pith_agent import (
    IdentifierError,
    Lock,
    alias_of,
    dump_lock,
    error_class,
    parse_identifier,
    parse_lock,
    verify,
)
from tests.documents import TRUST, signed_record
from tests.locks import locked
from tests.properties.strategies import CANONICAL, PLAIN_KEYS, QUICK

PAPERS = [
    (verify(signed_record(arxiv=name), TRUST), name)
    for name in ("2401.00001", "2401.00002", "2401.00003", "2401.00004", "2401.00005")
]
FULL = locked(*(record.document for record, _ in PAPERS))
TEXT = dump_lock(FULL)
SIGNED = {record.pith_number.rpartition(":")[2]: record for record, _ in PAPERS}
LockError = error_class("malformed-lock")

SUFFIXES = st.text(st.sampled_from("ABCXYZ27"), min_size=26, max_size=26)
ENTRIES = st.dictionaries(PLAIN_KEYS, CANONICAL, max_size=4)
LOCKS = st.dictionaries(SUFFIXES, ENTRIES, max_size=4).flatmap(
    lambda papers: st.builds(
        Lock,
        st.just(papers),
        st.dictionaries(
            st.from_regex(r"arxiv:2[0-9]0[1-9]\.[0-9]{4}[1-9]", fullmatch=True),
            st.sampled_from(sorted(papers)),
            max_size=4,
        )
        if papers
        else st.just({}),
    )
)
EDITS = st.lists(
    st.tuples(st.integers(0, len(TEXT)), st.integers(0, 3), st.binary(max_size=4)),
    min_size=1,
    max_size=3,
)


@QUICK
@given(LOCKS)
def test_every_lock_is_read_as_it_was_written(lock: Lock) -> None:
    data = dump_lock(lock)

    assert parse_lock(data) == lock
    assert dump_lock(parse_lock(data)) == data
    lines = [line for line in data.split(b"\n") if line.startswith(b'  "')]
    assert len(lines) == len(lock.papers) + len(lock.aliases)


@QUICK
@given(st.permutations(range(len(PAPERS))), st.lists(st.integers(0, len(PAPERS) - 1), max_size=4))
def test_the_file_is_the_same_whatever_the_order_of_adding(
    order: list[int], again: list[int]
) -> None:
    lock = Lock()
    for place in [*order, *again]:
        record, name = PAPERS[place]
        # Added with claims or without, it has them once anybody asked for them.
        lock = lock.with_paper(record, [], claims=False)
        lock = lock.with_paper(record, [parse_identifier(name)], claims=True)

    assert dump_lock(lock) == TEXT


@QUICK
@given(EDITS)
def test_no_edit_of_the_text_makes_a_lock_prove_what_was_not_signed(
    edits: list[tuple[int, int, bytes]],
) -> None:
    data = TEXT
    for place, removed, inserted in edits:
        data = data[:place] + inserted + data[place + removed :]
    try:
        lock = parse_lock(data)
    except LockError:
        return

    asked = [(suffix, None) for suffix in lock.papers]
    names = [
        (bound, parse_identifier(name, context="pith")) for name, bound in lock.aliases.items()
    ]
    for suffix, name in asked + names:
        report = lock.examine(suffix, name, TRUST)
        if report.verdict == "verified":
            record, signed = report.require(), SIGNED[suffix]
            assert record.canonical_bytes == signed.canonical_bytes
            assert record.title in (signed.title, None)
            assert tuple(record.claims) in (tuple(signed.claims), ())
            assert name is None or name.arxiv is None or name.arxiv.id == _arxiv(signed)


@QUICK
@given(ENTRIES, st.sampled_from(sorted(SIGNED)))
def test_an_entry_of_anything_is_refused_and_never_a_crash(
    entry: dict[str, object], suffix: str
) -> None:
    whole = {**FULL.papers[suffix], **entry}
    for paper in (entry, whole):
        lock = parse_lock(dump_lock(Lock({suffix: paper})))
        report = lock.examine(suffix, None, TRUST)
        assert paper is whole or report.verdict != "verified"
        if report.verdict == "verified":
            assert report.require().canonical_bytes == SIGNED[suffix].canonical_bytes


@QUICK
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_bytes_that_are_no_lock_are_refused_with_one_error(data: bytes) -> None:
    with suppress(LockError):
        parse_lock(data)


def _arxiv(record: object) -> str:
    source = record.document["canonical_record"]["source"]  # type: ignore[attr-defined]
    return str(source["id"])


NAMES = st.from_regex(
    r"arxiv:(\w{0,3}[./-]?){0,3}[0-9]{4}[./]?[0-9]{3,6}(v[0-9]{0,3})?", fullmatch=True
)


@QUICK
@given(NAMES)
def test_a_name_is_bound_if_it_is_spelled_as_it_would_be_written(name):
    suffix = next(iter(FULL.papers))
    text = json.loads(TEXT) | {"aliases": {name: suffix}}

    with suppress(IdentifierError):
        if alias_of(parse_identifier(name, context="pith")) == name:
            assert parse_lock(json.dumps(text).encode()).aliases == {name: suffix}
            return
    with pytest.raises(LockError):
        parse_lock(json.dumps(text).encode())
