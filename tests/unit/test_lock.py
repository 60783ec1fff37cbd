"""The lock: what it is as text, and that nothing in it is believed."""

import itertools
import json
from dataclasses import replace

import pytest

from pith_agent import (
    Lock,
    TrustRoot,
    alias_of,
    dump_lock,
    error_class,
    is_floating,
    parse_identifier,
    parse_lock,
    verify,
)
from pith_agent.protocol.lock import MAX_LOCK_BYTES
from tests.documents import (
    OTHER_KEY,
    SUFFIX,
    TRUST,
    Document,
    real_record,
    receipt,
    sign,
    signed_record,
)
from tests.locks import locked, tampered

NAME = parse_identifier("2402.13116")
OTHER_NAME = parse_identifier("1706.03762")
LOCK = locked(signed_record())
(KEY,) = LOCK.papers
ENTRY: Document = dict(LOCK.papers[KEY])
PROOF = verify(ENTRY, TRUST)
OTHER = locked(signed_record(arxiv="1706.03762", title="Another Title"))
(OTHER_KEY_OF_LOCK,) = OTHER.papers
LINE = json.dumps(ENTRY)
LockError = error_class("malformed-lock")

UNSIGNED = {"paper.authors_text"}
"""What may be changed and is still verified: authors are not signed, and are shown so."""
COUNT = "graph_snapshot.claims.count"
"""A claim is proved only if all that were counted are there, so that another count proves none."""


def examine(entry: Document, name: str = "2402.13116", trust: TrustRoot = TRUST):
    lock, asked = Lock({KEY: entry}, dict(LOCK.aliases)), parse_identifier(name, context="pith")
    report = lock.examine(KEY, asked, trust)
    assert lock.prove(KEY, asked, trust) in (None, report.record)
    return report


def code(text: str | bytes) -> str:
    data = text.encode() if isinstance(text, str) else text
    with pytest.raises(LockError) as caught:
        parse_lock(data)
    return str(caught.value.code)


def text(papers: str = "{}", aliases: str = "{}", version: str = "1", more: str = "") -> str:
    return f'{{"lock_version": {version}, "aliases": {aliases}, "papers": {papers}{more}}}'


def test_a_lock_is_read_as_it_was_written() -> None:
    lock = locked(signed_record(), signed_record(arxiv="1706.03762"))

    assert parse_lock(dump_lock(lock)) == lock
    assert dump_lock(parse_lock(dump_lock(lock))) == dump_lock(lock)
    assert parse_lock(dump_lock(Lock())) == Lock()


def test_each_paper_and_each_name_has_a_line_of_its_own_in_order() -> None:
    lock = locked(signed_record(), signed_record(arxiv="1706.03762", title="Zeile\u2028\x85\x0b"))

    data = dump_lock(lock)

    lines = data.decode().split("\n")
    papers = [line for line in lines if '"canonical_record"' in line]
    assert [line.split('"')[1] for line in papers] == sorted(lock.papers)
    assert [line.split('"')[1] for line in lines[3:5]] == ["arxiv:1706.03762", "arxiv:2402.13116"]
    assert data.endswith(b"\n}\n")
    assert b"\r" not in data


def test_a_lock_says_nothing_of_when_it_was_written() -> None:
    earlier, later = signed_record(), signed_record()
    later["created_at"] = later["receipt"]["signed_at"] = "2030-01-01T00:00:00Z"
    later["receipt"]["created_at"] = later["updated_at"] = "2030-01-01T00:00:00Z"

    assert dump_lock(locked(earlier)) == dump_lock(locked(later))
    assert b"2030" not in dump_lock(locked(later))


def test_an_entry_is_a_record_that_verifies_by_itself() -> None:
    record = verify(json.loads(LINE), TRUST)

    assert record.pith_number == PROOF.pith_number
    assert [item["claim_id"] for item in record.claims] == ["C1", "C2", "C3", "C4"]


def test_claims_are_kept_on_request_and_then_for_good() -> None:
    record = verify(signed_record(), TRUST)
    without = Lock().with_paper(record, [NAME], claims=False)
    with_them = without.with_paper(record, [NAME], claims=True)

    assert "graph_snapshot" not in without.papers[KEY]
    assert with_them == LOCK
    assert with_them.with_paper(record, [NAME], claims=False) == LOCK


def test_a_lock_of_a_large_project_is_read_again() -> None:
    letters = "ABCDEFGHIJKLMNOPQR"
    numbers = ("A" * 23 + "".join(last) for last in itertools.product(letters, repeat=3))
    lock = Lock(dict.fromkeys(numbers, ENTRY))
    assert len(lock.papers) == 5832

    assert parse_lock(dump_lock(lock)) == lock


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"not JSON",
        b"\x00" * 100,
        b"\xff\xfe{}",
        b"\xef\xbb\xbf" + text().encode(),
        text()[:-3].encode(),
        text().encode() + b"\x00",
        b"<<<<<<< HEAD\n" + text().encode(),
        b" " * (MAX_LOCK_BYTES + 1),
        b"[" * 100_000,
    ],
    ids=[
        "empty",
        "brace",
        "null",
        "list",
        "words",
        "NUL",
        "UTF-16",
        "BOM",
        "cut",
        "NUL after it",
        "merge conflict",
        "too large",
        "deep",
    ],
)
def test_bytes_that_are_no_lock_are_refused(damaged: bytes) -> None:
    assert code(damaged) == "malformed-lock"


@pytest.mark.parametrize("version", ["2", "0", '"1"', "true", "1.0", "null", "[1]"])
def test_another_version_is_refused(version: str) -> None:
    assert code(text(version=version)) == "malformed-lock"


@pytest.mark.parametrize(
    "part",
    [
        '{"lock_version": 1}',
        '{"lock_version": 1, "aliases": {}}',
        '{"lock_version": 1, "papers": {}}',
        '{"aliases": {}, "papers": {}}',
        text(more=', "generated": "2026-01-01"'),
        text(more=', "papers": {}'),
        text(papers="[]"),
        text(aliases="null"),
        text(papers=f'{{"{KEY}": {LINE}, "{KEY}": {LINE}}}'),
        text(papers=f'{{"{KEY}": []}}'),
        text(papers=f'{{"{KEY[:25]}": {LINE}}}'),
        text(papers=f'{{"{KEY.lower()}": {LINE}}}'),
        text(papers=f'{{"{KEY}\\n": {LINE}}}'),
        text(papers=f'{{"pith:2024:{KEY}": {LINE}}}'),
        text(papers=f'{{"{KEY}": {{"canonical_record": NaN}}}}'),
        text(papers=f'{{"{KEY}": {{"paper": {{"title": "\\ud800"}}}}}}'),
    ],
)
def test_an_unknown_a_missing_and_a_doubled_part_are_refused(part: str) -> None:
    assert code(part) == "malformed-lock"


@pytest.mark.parametrize(
    "alias",
    [
        "2402.13116",
        "arXiv:2402.13116",
        "ARXIV:2402.13116",
        "arxiv:2402.13116 ",
        "doi:10.48550/arXiv.2402.13116",
        "https://arxiv.org/abs/2402.13116",
        f"pith:{KEY[:8].lower()}",
        KEY[:8],
        "a survey",
        "",
        "arxiv:2402.13116\\u0000",
    ],
)
def test_a_name_in_another_spelling_is_refused(alias: str) -> None:
    assert code(text(f'{{"{KEY}": {LINE}}}', f'{{"{alias}": "{KEY}"}}')) == "malformed-lock"


@pytest.mark.parametrize("bound", [f'"{SUFFIX}"', f'"pith:2024:{KEY}"', '""', "null", "1", "{}"])
def test_a_name_that_leads_nowhere_is_refused(bound: str) -> None:
    papers = f'{{"{KEY}": {LINE}}}'
    assert code(text(papers, f'{{"arxiv:2402.13116": {bound}}}')) == "malformed-lock"


@pytest.mark.parametrize(
    ("name", "alias"),
    [
        ("2402.13116", "arxiv:2402.13116"),
        ("10.48550/arXiv.2402.13116", "arxiv:2402.13116"),
        ("https://arxiv.org/pdf/2402.13116", "arxiv:2402.13116"),
        ("hep-th/9901001", "arxiv:hep-th/9901001"),
        ("doi:10.1016/J.EPSL.2011.11.037", "doi:10.1016/j.epsl.2011.11.037"),
        (f"pith:{KEY[:8]}", f"pith:{KEY[:8]}"),
    ],
)
def test_each_spelling_of_a_floating_name_is_one_alias(name: str, alias: str) -> None:
    parsed = parse_identifier(name)

    assert is_floating(parsed)
    assert alias_of(parsed) == alias
    assert alias_of(parse_identifier(alias)) == alias
    assert Lock({KEY: ENTRY}, {alias: KEY}).suffix_of(parsed) == KEY


@pytest.mark.parametrize("name", ["2402.13116v4", "10.48550/arXiv.2402.13116v4", KEY])
def test_a_full_name_needs_no_alias(name: str) -> None:
    parsed = parse_identifier(name)

    assert not is_floating(parsed)
    assert Lock({KEY: ENTRY}).suffix_of(parsed) == KEY
    assert Lock().suffix_of(parsed) is None


def test_a_name_that_the_lock_does_not_bind_is_unknown_though_the_paper_is_there() -> None:
    lock = Lock({KEY: ENTRY})

    for name in ("2402.13116", "2402.13116v3", f"pith:{KEY[:8]}", "1706.03762"):
        assert lock.suffix_of(parse_identifier(name)) is None


def test_no_change_of_a_value_is_verified_but_of_one_that_is_not_signed() -> None:
    for path, done, entry in tampered(ENTRY):
        report = examine(entry)
        if done in ("changed", "longer") and isinstance(_value(entry, path), str | int):
            unsigned = path in UNSIGNED or path == COUNT
            assert (report.verdict == "verified") == unsigned, (path, done, report.code)


def test_whatever_is_done_to_an_entry_it_proves_what_was_signed_or_less() -> None:
    seen = set()
    for path, done, entry in tampered(ENTRY):
        for name in ("2402.13116", "2402.13116v4", KEY):
            report = examine(entry, name)
            seen.add(report.code)
            if report.verdict != "verified":
                continue
            record = report.require()
            assert record.canonical_bytes == PROOF.canonical_bytes, (path, done)
            assert record.pith_number == PROOF.pith_number, (path, done)
            assert record.title in (PROOF.title, None), (path, done)
            assert tuple(record.claims) in (tuple(PROOF.claims), ()), (path, done)
    assert seen >= {"digest-mismatch", "title-mismatch", "snapshot-mismatch", "unknown-key"}


@pytest.mark.parametrize(
    ("path", "codes"),
    [
        ("canonical_record.metadata.license", {"digest-mismatch"}),
        ("canonical_record.metadata.submitted_at", {"digest-mismatch", "malformed-document"}),
        ("canonical_record.metadata.title_canon_sha256", {"digest-mismatch"}),
        ("canonical_record.source.id", {"digest-mismatch"}),
        ("canonical_record.source.version", {"digest-mismatch"}),
        ("pith_number", {"number-mismatch", "malformed-document"}),
        ("canonical_sha256", {"digest-mismatch", "malformed-document"}),
        ("receipt.signature_b64", {"invalid-signature", "malformed-document"}),
        ("receipt.key_id", {"unknown-key"}),
        ("receipt.public_key_fingerprint", {"unknown-key", "duplicate-mismatch"}),
        ("paper.title", {"title-mismatch"}),
        ("graph_snapshot.claims.items.0.text", {"snapshot-mismatch"}),
        ("graph_snapshot.claims.snapshot_sha256", {"snapshot-mismatch", "malformed-document"}),
        ("paper.authors_text", {"ok"}),
    ],
)
def test_an_altered_value_is_told_by_the_documented_code(path: str, codes: set[str]) -> None:
    found = {
        examine(entry).code
        for name, done, entry in tampered(ENTRY)
        if name == path and done in ("changed", "longer")
    }

    assert found
    assert found <= codes


def test_an_entry_in_the_place_of_another_is_refused() -> None:
    entry = OTHER.papers[OTHER_KEY_OF_LOCK]
    lock = Lock({KEY: entry, OTHER_KEY_OF_LOCK: ENTRY}, {**LOCK.aliases, **OTHER.aliases})

    for place, name in ((KEY, NAME), (OTHER_KEY_OF_LOCK, OTHER_NAME)):
        for asked in (None, name, parse_identifier(place, context="pith")):
            report = lock.examine(place, asked, TRUST)
            assert (report.verdict, report.code) == ("failed", "id-mismatch")


def test_a_moved_entry_is_refused_though_the_name_it_is_asked_by_is_its_own() -> None:
    lock = Lock({OTHER_KEY_OF_LOCK: ENTRY}, {"arxiv:2402.13116": OTHER_KEY_OF_LOCK})

    assert lock.examine(OTHER_KEY_OF_LOCK, NAME, TRUST).code == "id-mismatch"


@pytest.mark.parametrize(
    "alias", ["arxiv:1706.03762", "pith:AAAAAAAA", f"pith:{OTHER_KEY_OF_LOCK[:16]}"]
)
def test_a_name_bound_to_another_paper_is_refused(alias: str) -> None:
    lock = parse_lock(dump_lock(Lock({KEY: ENTRY}, {alias: KEY})))
    asked = parse_identifier(alias, context="pith")

    report = lock.examine(KEY, asked, TRUST)

    assert lock.suffix_of(asked) == KEY
    assert (report.verdict, report.code) == ("failed", "id-mismatch")


def test_a_doi_that_is_not_signed_is_never_proved_by_a_lock() -> None:
    lock = Lock({KEY: ENTRY}, {"doi:10.1016/j.epsl.2011.11.037": KEY})

    report = lock.examine(KEY, parse_identifier("10.1016/j.epsl.2011.11.037"), TRUST)

    assert (report.verdict, report.code) == ("undecidable", "alias-unprovable")


def test_a_key_that_is_not_trusted_proves_nothing() -> None:
    digest = bytes.fromhex(ENTRY["canonical_sha256"])
    forged = ENTRY | {"receipt": receipt(digest, OTHER_KEY) | {"key_id": "another-key"}}
    claimed = ENTRY | {"receipt": receipt(digest, OTHER_KEY)}
    borrowed = ENTRY | {
        "receipt": receipt(digest, OTHER_KEY)
        | {"public_key_fingerprint": ENTRY["receipt"]["public_key_fingerprint"]}
    }

    assert examine(forged).code == "unknown-key"
    assert examine(claimed).verdict != "verified"
    assert examine(borrowed).code == "invalid-signature"
    assert examine(ENTRY, trust=TrustRoot.bundled()).code == "unknown-key"
    assert examine(ENTRY, trust=TrustRoot(version=1, keys=())).code == "unknown-key"


def test_a_revoked_key_proves_nothing() -> None:
    revoked = replace(TRUST.keys[0], status="revoked")

    assert examine(ENTRY, trust=TrustRoot(version=1, keys=(revoked,))).code == "revoked-key"


def test_a_record_without_what_is_optional_is_locked_as_it_is() -> None:
    document = real_record()
    for name in ("paper", "graph_snapshot", "aliases", "events"):
        document.pop(name, None)
    record = verify(document, TrustRoot.bundled())

    lock = parse_lock(dump_lock(Lock().with_paper(record, [NAME], claims=True)))

    report = lock.examine(SUFFIX, NAME, TrustRoot.bundled())
    assert report.require().title is None
    assert not report.require().claims


def test_pruning_keeps_what_is_listed_and_leaves_no_name_without_its_paper() -> None:
    lock = locked(signed_record(), signed_record(arxiv="1706.03762"))

    assert lock.only([KEY], ["arxiv:2402.13116", "arxiv:1706.03762"]) == LOCK
    assert lock.only([], ["arxiv:2402.13116"]) == Lock()
    assert lock.only([KEY], []) == Lock({KEY: ENTRY})


def test_a_newer_version_moves_the_name_and_leaves_the_older_paper() -> None:
    newer = verify(sign(signed_record(version=5)), TRUST)

    lock = LOCK.with_paper(newer, [NAME], claims=False)

    assert len(lock.papers) == 2
    assert lock.suffix_of(NAME) == newer.pith_number.rpartition(":")[2]
    assert lock.suffix_of(parse_identifier("2402.13116v4")) == KEY


def _value(value, path: str):
    for step in path.split("."):
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value
