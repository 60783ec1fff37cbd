"""The entries that speak of another: found by an index, in old ledgers too."""

import contextlib
import sqlite3

import pytest

from pith_agent.errors import LedgerForkError, StoreDamagedError
from pith_agent.protocol.merkle import leaf_hash
from pith_agent.protocol.retraction import RetractionRequest, draft_retraction
from pith_agent.storage.ledger import Ledger
from pith_agent.storage.ledger_head import PinnedHead
from pith_agent.storage.ledger_schema import VERSION
from tests.documents import CITING_KEY, NOW, request, statement
from tests.unit.memory_backend import MemoryBackend
from tests.unit.test_ledger import RECORD, envelope

ONE, TWO = envelope("one"), envelope("two")


def retraction(citation_id, reason=None):
    said = {"citation_id": citation_id, "reason": reason, "agent": request().agent}
    asked = RetractionRequest.read(said)
    return CITING_KEY.sign(draft_retraction(asked, created_at=NOW, nonce=bytes(16)))


RETRACTED = retraction(ONE.citation_id)
AGAIN = retraction(ONE.citation_id, "again")
NEWER = CITING_KEY.sign(statement(RECORD, supersedes=TWO.citation_id))
WRITTEN = [ONE, TWO, RETRACTED, NEWER, AGAIN]


def about(ledger, one):
    return [entry.index for entry in ledger.about(one.citation_id)]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.sqlite3"


def write(path):
    with contextlib.closing(Ledger.open(path)) as ledger:
        ledger.append(WRITTEN[:3], CITING_KEY)
        ledger.append(WRITTEN[3:], CITING_KEY)


@contextlib.contextmanager
def changing(path):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        yield connection
        connection.commit()


def make_old(path, version):
    """Take away what older versions did not have."""
    with changing(path) as connection:
        connection.execute("DROP TABLE spoken_of")
        if version == 0:
            connection.execute("DROP TABLE nodes")
            connection.execute("DROP TABLE checkpoint")
        connection.execute(f"PRAGMA user_version = {version}")
    if version == 0:
        path.with_suffix(".head").unlink()


def check(ledger):
    assert about(ledger, ONE) == [2, 4]
    assert about(ledger, TWO) == [3]
    assert about(ledger, NEWER) == []
    assert ledger.about("") == ledger.about("pcite:\udcff") == ledger.about("' OR 1=1 --") == []


def test_what_speaks_of_an_entry_is_found_in_order_and_after_a_restart(path):
    write(path)

    for opening in (Ledger.open, Ledger.reading):
        with contextlib.closing(opening(path)) as ledger:
            check(ledger)


def test_it_is_found_in_every_storage(tmp_path):
    backend = MemoryBackend()
    with contextlib.closing(
        Ledger.over(lambda: backend, PinnedHead(tmp_path / "l.head"))
    ) as ledger:
        ledger.append(WRITTEN)
        check(ledger)


def test_a_ledger_that_is_not_there_speaks_of_nothing(path):
    assert Ledger.reading(path).about(ONE.citation_id) == []
    assert Ledger.reading(path).last() is None


@pytest.mark.parametrize("version", [0, 1])
def test_an_older_ledger_is_searched_for_reading_and_indexed_for_writing(path, version):
    write(path)
    make_old(path, version)

    with contextlib.closing(Ledger.reading(path)) as reading:
        check(reading)
        with contextlib.closing(Ledger.open(path)) as writing:
            check(writing)
            writing.append([retraction(TWO.citation_id)], CITING_KEY)
        assert about(reading, TWO) == [3, 5]
    with changing(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
        assert connection.execute("SELECT COUNT(*) FROM spoken_of").fetchone() == (4,)


def test_an_older_ledger_that_grows_while_it_is_read_is_searched_on(path):
    write(path)
    make_old(path, 1)
    later = retraction(TWO.citation_id)

    with contextlib.closing(Ledger.reading(path)) as reading:
        check(reading)
        with contextlib.closing(Ledger.open(path)) as writing:
            writing.append([later], CITING_KEY)
        assert about(reading, TWO) == [3, 5]


def test_the_index_is_not_scanned(path):
    write(path)

    with changing(path) as connection:
        plan = connection.execute(
            "EXPLAIN QUERY PLAN SELECT * FROM entries WHERE idx IN"
            " (SELECT idx FROM spoken_of WHERE payload_sha256 = 'x')"
        ).fetchall()
    assert not any("SCAN" in row[3] for row in plan)


@pytest.mark.parametrize("change", ["UPDATE spoken_of SET idx = 0", "DELETE FROM spoken_of"])
def test_the_index_only_grows(path, change):
    write(path)

    with changing(path) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute(change)


def test_an_index_that_leads_to_another_entry_is_reported(path):
    write(path)
    with changing(path) as connection:
        name = ONE.citation_id.removeprefix("pcite:")
        connection.execute("INSERT INTO spoken_of VALUES (?, 3)", (name,))

    with contextlib.closing(Ledger.reading(path)) as ledger, pytest.raises(StoreDamagedError):
        ledger.about(ONE.citation_id)


def test_an_entry_that_was_exchanged_with_its_hash_is_reported(path):
    write(path)
    other = retraction(ONE.citation_id, "another reason")
    leaf, name = other.canonical(), other.citation_id.removeprefix("pcite:")
    with changing(path) as connection:
        connection.execute("DROP TRIGGER no_update")
        connection.execute(
            "UPDATE entries SET leaf = ?, leaf_hash = ?, payload_sha256 = ? WHERE idx = 4",
            (leaf, leaf_hash(leaf), name),
        )

    with contextlib.closing(Ledger.reading(path)) as ledger, pytest.raises(LedgerForkError):
        ledger.about(ONE.citation_id)


def test_a_damaged_entry_does_not_hinder_the_upgrade(path):
    write(path)
    make_old(path, 1)
    with changing(path) as connection:
        connection.execute("DROP TRIGGER no_update")
        connection.execute("UPDATE entries SET leaf = 7 WHERE idx = 1")

    with contextlib.closing(Ledger.open(path)) as ledger:
        assert about(ledger, ONE) == [2, 4]


def test_the_last_checkpoint_is_that_of_the_last_append(path):
    with contextlib.closing(Ledger.open(path)) as ledger:
        assert ledger.last() is None
        ledger.append([], CITING_KEY)
        assert ledger.last() is None
        ledger.append(WRITTEN[:3], CITING_KEY)
        assert ledger.last().size == 3
        ledger.append(WRITTEN[3:])
        assert ledger.last().size == 3
