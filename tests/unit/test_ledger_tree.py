"""The tree of a ledger: written with the entries, never changed, added to older ledgers."""

import contextlib
import sqlite3

import pytest

from pith_agent.errors import (
    CitationError,
    LedgerForkError,
    StoreDamagedError,
    StoreUnavailableError,
)
from pith_agent.protocol.checkpoint import NoteKey, open_checkpoint, origin_of
from pith_agent.protocol.citation import CitationKey
from pith_agent.protocol.citation_report import read_statement
from pith_agent.protocol.merkle import Tree, leaf_hash
from pith_agent.storage.ledger import Ledger
from pith_agent.storage.ledger_schema import SCHEMA, VERSION
from tests.documents import CITING_KEY
from tests.unit.test_ledger import envelope

WRITTEN = [envelope(f"{n}") for n in range(21)]
TREE = Tree(leaf_hash(one.canonical()) for one in WRITTEN)
KEY = NoteKey(origin_of(CITING_KEY.public), CITING_KEY.public)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.sqlite3"


@contextlib.contextmanager
def changing(path):
    """A connection that is committed and closed."""
    connection = sqlite3.connect(path)
    try:
        yield connection
        connection.commit()
    finally:
        connection.close()


def write(path):
    with contextlib.closing(Ledger.open(path)) as ledger:
        ledger.append(WRITTEN, CITING_KEY)


def make_old(path):
    """Take away what version 0 did not have."""
    with changing(path) as connection:
        connection.execute("DROP TABLE nodes")
        connection.execute("DROP TABLE checkpoint")
        connection.execute("DROP TABLE spoken_of")
        connection.execute("PRAGMA user_version = 0")
    path.with_suffix(".head").unlink(missing_ok=True)


def nodes_of(path):
    with changing(path) as connection:
        return {
            (level, place): made
            for level, place, made in connection.execute("SELECT level, place, hash FROM nodes")
        }


def expected_nodes(size):
    return {
        (level, place): TREE.node(level, place)
        for level in range(1, size.bit_length())
        for place in range(size >> level)
    }


@pytest.mark.parametrize("batches", [[21], [1] * 21, [3, 0, 8, 10]])
def test_each_complete_node_is_stored_once_however_the_entries_came(path, batches):
    with contextlib.closing(Ledger.open(path)) as ledger:
        done = 0
        for count in batches:
            ledger.append(WRITTEN[done : done + count], CITING_KEY)
            done += count
        checkpoint = open_checkpoint(ledger.head(), [KEY])

    assert nodes_of(path) == expected_nodes(21)
    assert (checkpoint.size, checkpoint.root) == (21, TREE.root())


def test_a_checkpoint_comes_with_each_append_and_names_the_key(path):
    with contextlib.closing(Ledger.open(path)) as ledger:
        for count, one in enumerate(WRITTEN[:5], 1):
            ledger.append([one], CITING_KEY)
            assert open_checkpoint(ledger.head(), [KEY]).size == count
        assert ledger.append([], CITING_KEY) == []
        ledger.append([WRITTEN[5]])
        assert ledger.head() is None
        assert open_checkpoint(ledger.sign_head(CITING_KEY), [KEY]).size == 6
        assert open_checkpoint(ledger.head(), [KEY]).size == 6


def test_a_ledger_without_a_tree_is_given_one_when_it_is_opened_for_writing(path):
    write(path)
    make_old(path)
    with contextlib.closing(Ledger.reading(path)) as reading:
        assert [entry.envelope for entry in reading.entries()] == WRITTEN
        assert reading.get(WRITTEN[3].citation_id).index == 3
        assert reading.head() is None
        with contextlib.closing(Ledger.open(path)) as ledger:
            assert nodes_of(path) == expected_nodes(21)
            ledger.sign_head(CITING_KEY)
        assert open_checkpoint(reading.head(), [KEY]).root == TREE.root()
    with changing(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)


@pytest.mark.parametrize("with_entries", [True, False])
def test_a_ledger_with_one_entry_of_each_statement_is_brought_up_to_date(path, with_entries):
    with contextlib.closing(Ledger.open(path)) as ledger:
        ledger.append(WRITTEN if with_entries else [], CITING_KEY)
    make_version_2(path)
    one = WRITTEN[3] if with_entries else envelope("one")
    (second,) = CitationKey(bytes(32)).sign(read_statement(one.payload_bytes)).signatures
    both = one.model_copy(update={"signatures": (*one.signatures, second)})

    with contextlib.closing(Ledger.reading(path)) as reading:
        assert [entry.envelope for entry in reading.entries()] == WRITTEN[: len(reading)]
        with contextlib.closing(Ledger.open(path)) as ledger:
            place = ledger.append([both], CITING_KEY)[0]
            assert place == (len(WRITTEN) if with_entries else 0)
        assert reading.get(one.citation_id).index == place
        assert reading.prove(one.citation_id).verify(both.canonical(), [KEY]).size == place + 1
    with changing(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
        made = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        assert "older" not in made
        assert {"no_replace", "no_update", "no_delete", "entries_by_name"} <= made
        for change in ("UPDATE entries SET idx = 99", "DELETE FROM entries"):
            with pytest.raises(sqlite3.IntegrityError):
                connection.execute(change)


def make_version_2(path):
    """The table of entries as it was when it took one entry of each statement."""
    with changing(path) as connection:
        connection.execute("ALTER TABLE entries RENAME TO newer")
        connection.execute(
            "CREATE TABLE entries (idx INTEGER PRIMARY KEY, leaf BLOB NOT NULL,"
            " leaf_hash BLOB NOT NULL, payload_sha256 TEXT NOT NULL UNIQUE,"
            " logged_at TEXT NOT NULL)"
        )
        connection.execute("INSERT INTO entries SELECT * FROM newer")
        connection.execute("DROP TABLE newer")
        for trigger in (
            "no_replace BEFORE INSERT ON entries WHEN EXISTS (SELECT 1 FROM entries"
            " WHERE idx = NEW.idx OR payload_sha256 = NEW.payload_sha256)",
            "no_update BEFORE UPDATE ON entries",
            "no_delete BEFORE DELETE ON entries",
        ):
            connection.execute(
                f"CREATE TRIGGER {trigger} BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END"
            )
        connection.execute("PRAGMA user_version = 2")


def test_an_upgrade_that_fails_leaves_the_old_ledger(path):
    write(path)
    make_old(path)
    with changing(path) as connection:
        connection.execute("DROP TRIGGER no_delete")
        connection.execute("DELETE FROM entries WHERE idx = 9")

    with pytest.raises(StoreDamagedError):
        Ledger.open(path)

    with changing(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (0,)
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    assert not names & {"nodes", "checkpoint", "spoken_of"}


@pytest.mark.parametrize("opening", [Ledger.open, Ledger.reading])
def test_a_ledger_of_a_newer_version_is_refused_and_left_alone(path, opening):
    write(path)
    with changing(path) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    before = path.read_bytes()

    with pytest.raises(StoreUnavailableError) as caught:
        len(opening(path))

    assert caught.value.code == "store-unavailable"
    assert "Upgrade" in caught.value.hint
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE nodes SET hash = x'00'",
        "DELETE FROM nodes",
        "REPLACE INTO nodes SELECT level, place, x'00' FROM nodes",
        "UPDATE entries SET leaf = x'00'",
        "DELETE FROM entries",
    ],
)
def test_neither_entries_nor_nodes_can_be_changed_or_removed(path, statement):
    write(path)

    with pytest.raises(sqlite3.IntegrityError), changing(path) as connection:
        connection.execute(statement)

    assert nodes_of(path) == expected_nodes(21)


def rewritten(path, index, *, upwards):
    """Put another genuine citation in the place of one, with its hashes up to a level."""
    other = envelope("another")
    with changing(path) as connection:
        for name in ("no_update", "no_node_update"):
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(
            "UPDATE entries SET leaf = ?, leaf_hash = ?, payload_sha256 = ? WHERE idx = ?",
            (
                other.canonical(),
                leaf_hash(other.canonical()),
                other.citation_id.removeprefix("pcite:"),
                index,
            ),
        )
        tree = Tree(
            leaf_hash(one.canonical()) for one in (*WRITTEN[:index], other, *WRITTEN[index + 1 :])
        )
        for level in range(1, upwards + 1):
            place = index >> level
            connection.execute(
                "UPDATE nodes SET hash = ? WHERE level = ? AND place = ?",
                (tree.node(level, place), level, place),
            )
    return other


@pytest.mark.parametrize("upwards", [0, 1, 2, 3])
def test_an_entry_that_was_rewritten_with_its_hashes_is_neither_shown_nor_proved(path, upwards):
    write(path)
    other = rewritten(path, 5, upwards=upwards)

    with contextlib.closing(Ledger.open(path)) as ledger:
        for ask in (ledger.get, ledger.prove):
            with pytest.raises(LedgerForkError) as caught:
                ask(other.citation_id)
            assert caught.value.code == "ledger-fork"
        assert ledger.get(WRITTEN[5].citation_id) is None


def test_a_ledger_that_was_rewritten_up_to_the_root_is_refused_at_the_next_append(path):
    write(path)
    ledger = Ledger.open(path)
    rewritten(path, 5, upwards=4)

    with pytest.raises(LedgerForkError), contextlib.closing(ledger):
        ledger.append([envelope("after")], CITING_KEY)
    with pytest.raises(LedgerForkError):
        Ledger.open(path)


def test_a_ledger_that_lost_a_node_is_damaged(path):
    write(path)
    with changing(path) as connection:
        connection.execute("DROP TRIGGER no_node_delete")
        connection.execute("DELETE FROM nodes WHERE level = 4")

    with pytest.raises((StoreDamagedError, CitationError)) as caught:
        Ledger.open(path)
    assert caught.value.code == "store-damaged"


def test_a_schema_is_made_whole_or_not_at_all():
    assert f"user_version = {VERSION}" in SCHEMA
