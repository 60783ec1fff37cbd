"""The store of records: bytes by digest, never verdicts."""

import dataclasses
import hashlib
import json
import re
import sqlite3
import subprocess
import sys

import pytest

from pith_agent import examine, parse_identifier
from pith_agent.errors import DocumentError, StoreDamagedError, StoreUnavailableError
from pith_agent.storage.cache import STARTER, Store, Stored
from tests.documents import (
    NUMBER,
    REAL,
    SUFFIX,
    VECTORS,
    as_bytes,
    proved,
    real_record,
    rows,
    shared,
    signed_bundle,
    signed_compact,
    signed_record,
)

DIGEST = real_record()["canonical_sha256"]


@pytest.fixture
def store(tmp_path):
    opened = Store.open(tmp_path / "store.sqlite3")
    yield opened
    opened.close()


def found(store: Store, text: str) -> list[str]:
    return [stored.pith_number for stored in store.find(parse_identifier(text, context="pith"))]


def put(store: Store, *documents: dict[str, object]) -> list[Stored]:
    stored = [Stored.received(as_bytes(document), "test") for document in documents]
    for one in stored:
        store.put(one)
    return stored


def sql(store: Store, *statements: str) -> None:
    connection = sqlite3.connect(store._database.path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_names_that_begin_alike_are_given_in_order_and_all_of_them_are_counted(store):
    starters = list(store.documents())
    numbers = sorted(stored.pith_number for stored in starters)

    names, total = store.complete("", 3)
    assert (len(names), total) == (3, 3 * len(starters))
    assert store.complete("pith:", 1) == (numbers[:1], len(starters))
    assert store.complete("2402.", 100) == (["2402.13116"], 1)
    assert store.complete("%", 100) == ([], 0)


def test_a_new_store_holds_the_starter_records_and_each_is_verified(store):
    starters = list(store.documents())

    assert [stored.suffix for stored in starters] == sorted(
        row["pith_number"][10:] for row in rows(VECTORS / "complete.jsonl")
    )
    for stored in starters:
        assert stored.fetched_from == STARTER
        assert examine(stored.body).verdict == "verified"


def test_the_published_record_is_found_by_all_that_may_name_it(store):
    for text in (
        NUMBER,
        SUFFIX,
        SUFFIX[:8],
        SUFFIX[:12],
        SUFFIX[:16],
        "arXiv:2402.13116",
        "2402.13116v4",
        "10.48550/arXiv.2402.13116",
        "10.48550/arXiv.2402.13116v4",
        "https://pith.science/paper/2402.13116",
    ):
        assert found(store, text) == [NUMBER], text
    assert found(store, "hep-lat/0305021") == ["pith:2003:OMJFN3CZBZK4KRI4XCDIFRLNQH"]


@pytest.mark.parametrize(
    "text",
    ["A" * 26, "A" * 8, "2402.13117", "2402.13116v3", "10.1145/3292500.3330701", "10/gf4gqc"],
)
def test_what_is_not_there_is_not_found(store, text):
    assert found(store, text) == []


def test_a_document_comes_back_byte_for_byte(store):
    body = as_bytes(signed_record()) + b"\n \n"
    stored = Stored.received(body, "https://pith.science/pith/X.json")
    store.put(stored)

    assert store.get(stored.digest) == stored
    assert store.get(stored.digest).body == body
    assert store.get("0" * 64) is None
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", stored.fetched_at)


def test_versions_of_one_paper_are_found_newest_first(store):
    put(store, *(signed_record(arxiv="1503.02781", version=n) for n in (2, 1, 10, 3)))

    versions = [stored.source[2] for stored in store.find(parse_identifier("1503.02781"))]
    assert versions == [10, 3, 2, 1]
    assert [s.source[2] for s in store.find(parse_identifier("1503.02781v3"))] == [3]


def test_two_records_may_share_a_short_form(store):
    pair = json.loads(shared("vectors/derived/short_id_collision.json").read_bytes())["records"]
    put(store, *({"canonical_record": row["canonical_record"]} for row in pair))
    numbers = sorted(row["pith_number"] for row in pair)

    assert sorted(found(store, numbers[0][10:18])) == numbers
    assert found(store, numbers[0]) == [numbers[0]]


def test_a_foreign_doi_leads_to_the_documents_that_state_it(store):
    document = signed_record()
    document["aliases"].append({"alias_kind": "doi", "alias_value": "10.1145/ABC.1"})
    (stored,) = put(store, document)

    assert found(store, "10.1145/abc.1") == [stored.pith_number]


def test_malformed_aliases_are_passed_over(store):
    document = signed_record()
    for entry in (None, 7, "x", [], {}, {"alias_kind": "doi"}, {"alias_kind": 1, "alias_value": 2}):
        document["aliases"].append(entry)
    for aliases in (document["aliases"], {"doi": "10.1/x"}, "10.1/x", None):
        put(store, {**document, "aliases": aliases})


@pytest.mark.parametrize("make", [signed_record, signed_bundle, signed_compact])
def test_each_form_can_be_kept(store, make):
    (stored,) = put(store, make())

    assert store.get(stored.digest).source == ("arxiv", "2402.13116", 4)


def test_the_later_document_of_one_record_takes_the_place_of_the_earlier(store):
    put(store, signed_record(), signed_compact())

    assert store.get(signed_record()["canonical_sha256"]).richness == 10
    assert len(list(store.documents())) == 5


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"\xff", b'{"canonical_record":{"a":1.5}}'])
def test_what_is_no_document_is_not_kept(store, body):
    stored = Stored.received(body, "test")

    assert (stored.digest, stored.pith_number, stored.suffix) == ("", "", "")
    with pytest.raises(DocumentError):
        store.put(stored)


def test_a_record_without_a_year_has_a_number_without_one(store):
    (stored,) = put(store, {"canonical_record": {"schema_version": "9.9"}})

    assert re.fullmatch("pith:[A-Z2-7]{26}", stored.pith_number)
    assert stored.source is None
    assert found(store, stored.pith_number) == [stored.pith_number]


def test_a_stored_document_that_changed_is_reported_and_not_returned(store):
    changed = b"{" + REAL[2:]
    sql(store, f"UPDATE records SET body = x'{changed.hex()}' WHERE digest = '{DIGEST}'")

    for read in (
        lambda: store.get(DIGEST),
        lambda: found(store, NUMBER),
        lambda: list(store.documents()),
    ):
        with pytest.raises(StoreDamagedError) as caught:
            read()
        assert caught.value.code == "store-damaged"
    assert found(store, "hep-lat/0305021")


def test_a_document_put_in_the_place_of_another_is_reported(store):
    # Whoever changes body and checksum together still cannot pass one record for another.
    other = as_bytes(signed_record())
    checksum = hashlib.sha256(other).hexdigest()
    sql(
        store,
        f"UPDATE records SET body = x'{other.hex()}', body_sha256 = x'{checksum}'"
        f" WHERE digest = '{DIGEST}'",
    )

    with pytest.raises(StoreDamagedError):
        store.get(DIGEST)


@pytest.mark.parametrize("value", ["'text'", "7", "1.5", "x''"])
def test_a_value_of_another_type_is_reported(store, value):
    sql(store, f"UPDATE records SET body = {value} WHERE digest = '{DIGEST}'")

    with pytest.raises(StoreDamagedError):
        store.get(DIGEST)


def test_what_was_verified_is_remembered_by_version(store):
    assert store.seen("arxiv", "2402.13116", 4) is None
    four, five = proved(), proved(version=5)
    for record in (four, four, five):
        store.remember(record)

    seen = store.seen("arxiv", "2402.13116", 4)
    assert (seen.highest_version, seen.digests) == (5, frozenset({four.canonical_sha256}))
    assert store.seen("arxiv", "2402.13116", 5).digests == {five.canonical_sha256}
    assert store.seen("arxiv", "2402.13116", 6).digests == frozenset()
    assert store.seen("arxiv", "2402.13117", 4) is None
    assert store.seen("ssrn", "2402.13116", 4) is None


def test_two_records_of_one_version_are_both_remembered(store):
    one, two = proved(), proved(title="Another")
    store.remember(one)
    store.remember(two)

    digests = store.seen("arxiv", "2402.13116", 4).digests
    assert digests == {one.canonical_sha256, two.canonical_sha256}


def test_memory_of_what_was_verified_survives_a_restart(tmp_path):
    store = Store.open(tmp_path / "store.sqlite3")
    store.remember(proved(version=7))
    put(store, signed_record(arxiv="1503.02781"))
    store.close()
    again = Store.open(tmp_path / "store.sqlite3")

    assert again.seen("arxiv", "2402.13116", 1).highest_version == 7
    assert len(found(again, "1503.02781")) == 1
    again.close()


def test_a_store_keeps_no_verdict(store):
    columns = [row["name"] for row in store._database.read("PRAGMA table_info(records)")]

    assert not {"verdict", "verified", "status", "trusted"} & set(columns)


def test_names_from_documents_are_data_and_no_sql(store):
    quote = "'; DROP TABLE records; --"
    document = signed_record()
    document["canonical_record"]["source"]["id"] = quote
    document["aliases"].append({"alias_kind": "doi", "alias_value": f"10.1/{quote}"})
    (stored,) = put(store, document)

    assert store.get(stored.digest).source == ("arxiv", quote, 4)
    assert found(store, NUMBER) == [NUMBER]


def test_a_store_in_memory_works_alike():
    store = Store.open(None)

    assert found(store, NUMBER) == [NUMBER]
    store.close()


def test_a_store_that_was_emptied_is_filled_again(store, tmp_path):
    sql(store, "DELETE FROM records")
    again = Store.open(tmp_path / "store.sqlite3")

    assert found(again, NUMBER) == [NUMBER]
    again.close()


def test_another_programs_database_is_no_store(tmp_path):
    connection = sqlite3.connect(tmp_path / "store.sqlite3")
    connection.execute("CREATE TABLE other (x)")
    connection.commit()
    connection.close()

    with pytest.raises(StoreDamagedError):
        Store.open(tmp_path / "store.sqlite3")


def test_where_nothing_can_be_written_the_store_is_unavailable(tmp_path):
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(StoreUnavailableError):
        Store.open(tmp_path / "file" / "store.sqlite3")


def test_a_full_disk_leaves_what_was_there(store):
    pages = store._database.read("PRAGMA page_count")[0][0]
    store._database.read(f"PRAGMA max_page_count = {pages}")
    large = signed_record() | {"padding": "x" * 100_000}

    with pytest.raises(StoreUnavailableError):
        put(store, large)

    assert len(list(store.documents())) == 4
    assert store.get(signed_record()["canonical_sha256"]) is None


def test_what_is_stored_cannot_be_changed_in_memory(store):
    with pytest.raises(dataclasses.FrozenInstanceError):
        store.get(DIGEST).body = b""


def test_processes_that_open_a_new_store_together_all_find_every_starter_record(tmp_path):
    program = (
        "import sys; from pathlib import Path; from pith_agent.storage.cache import Store;"
        "print(len(list(Store.open(Path(sys.argv[1])).documents())))"
    )
    path = str(tmp_path / "store.sqlite3")
    started = [
        subprocess.Popen([sys.executable, "-c", program, path], stdout=subprocess.PIPE, text=True)
        for _ in range(6)
    ]

    assert len({process.communicate(timeout=60)[0] for process in started}) == 1
