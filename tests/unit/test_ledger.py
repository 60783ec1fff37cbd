"""The ledger: appended to, never changed."""

import contextlib
import hashlib
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from pith_agent.errors import NotFoundError, StorageError, StoreDamagedError, StoreUnavailableError
from pith_agent.protocol.citation import Envelope
from pith_agent.storage.ledger import Ledger
from tests.documents import CITING_KEY, proved, statement

RECORD = proved()
PROJECT = Path(__file__).parents[2]


def envelope(text: str) -> Envelope:
    return CITING_KEY.sign(statement(RECORD, statement=text))


@pytest.fixture
def ledger(tmp_path):
    opened = Ledger.open(tmp_path / "ledger.sqlite3")
    yield opened
    opened.close()


def sql(ledger: Ledger, *statements: str) -> None:
    connection = sqlite3.connect(ledger._backend._database.path)
    try:
        for one in statements:
            connection.execute(one)
        connection.commit()
    finally:
        connection.close()


def unlocked(ledger: Ledger, *statements: str) -> None:
    """What somebody does who has the file and no respect for triggers."""
    sql(ledger, "DROP TRIGGER no_update", "DROP TRIGGER no_delete", *statements)


def test_entries_are_numbered_from_0_in_the_order_of_appending(ledger):
    written = [envelope(f"{n}") for n in range(5)]

    assert ledger.append(written[:2]) == [0, 1]
    assert ledger.append([]) == []
    assert ledger.append(written[2:]) == [2, 3, 4]
    assert [(entry.index, entry.envelope) for entry in ledger.entries()] == list(enumerate(written))
    assert len(ledger) == 5


def test_an_entry_is_found_by_its_citation_id(ledger):
    (one, two) = envelope("one"), envelope("two")
    ledger.append([one, two])

    assert ledger.get(two.citation_id).index == 1
    assert ledger.get(two.citation_id).citation_id == two.citation_id
    assert ledger.get(f"pcite:{'0' * 64}") is None
    assert ledger.get("") is None
    assert ledger.get("' OR 1=1 --") is None


@pytest.mark.parametrize(
    "name", [f"pcite:{'0' * 64}", "", "' OR 1=1 --", "pcite:\udcff"], ids=ascii
)
def test_an_entry_that_is_required_and_missing_is_not_found(ledger, name):
    ledger.append([envelope("one")])

    with pytest.raises(NotFoundError) as caught:
        ledger.require(name)

    assert caught.value.code == "not-found"
    assert "list" in caught.value.hint
    assert ledger.require(envelope("one").citation_id).index == 0


def test_the_newest_ids_that_begin_alike_are_given_and_all_of_them_are_counted(ledger):
    written = [envelope(f"{n}") for n in range(120)]
    ledger.append(written)
    names = [one.citation_id for one in reversed(written)]

    assert ledger.complete("", 100) == (names[:100], 120)
    assert ledger.complete("pcite:", 3) == (names[:3], 120)
    assert ledger.complete(names[-1], 100) == ([names[-1]], 1)
    start = names[-1][:8]
    alike = [name for name in names if name.startswith(start)]
    assert ledger.complete(start, 100) == (alike, len(alike))
    for nothing in ("pcite:%", "PCITE:", "pcite:_", "x"):
        assert ledger.complete(nothing, 100) == ([], 0)


def test_entries_are_read_in_pages(ledger):
    ledger.append([envelope(f"{n}") for n in range(7)])

    assert [entry.index for entry in ledger.entries(2, 3)] == [2, 3, 4]
    assert [entry.index for entry in ledger.entries(6)] == [6]
    assert list(ledger.entries(7)) == []


def test_a_leaf_is_hashed_as_in_rfc_6962(ledger):
    one = envelope("one")
    ledger.append([one])
    row = ledger._backend._database.read("SELECT * FROM entries")[0]

    assert row["leaf"] == one.canonical()
    assert row["leaf_hash"] == hashlib.sha256(b"\x00" + one.canonical()).digest()
    assert row["payload_sha256"] == hashlib.sha256(one.payload_bytes).hexdigest()


def test_the_same_envelope_is_not_logged_twice_and_nothing_of_its_batch_is(ledger):
    one, two = envelope("one"), envelope("two")
    ledger.append([one])

    for batch in ([two, one], [two, two]):
        with pytest.raises(StorageError):
            ledger.append(batch)
        assert [entry.envelope for entry in ledger.entries()] == [one]
    assert ledger.append([two]) == [1]


def test_an_entry_can_be_neither_changed_nor_removed(ledger):
    ledger.append([envelope("one")])

    for statement_ in (
        "UPDATE entries SET logged_at = '2000-01-01T00:00:00Z'",
        "UPDATE entries SET leaf = x'00'",
        "DELETE FROM entries",
        "REPLACE INTO entries SELECT idx, x'00', leaf_hash, payload_sha256, '' FROM entries",
    ):
        with contextlib.suppress(sqlite3.IntegrityError):
            sql(ledger, statement_)
        assert [entry.envelope for entry in ledger.entries()] == [envelope("one")], statement_


ELSEWHERE = envelope("elsewhere").canonical()
ELSEWHERE_HASH = hashlib.sha256(b"\x00" + ELSEWHERE).hexdigest()
EMPTY_HASH = hashlib.sha256(b"\x00{}").hexdigest()
DAMAGE = {
    "leaf": "UPDATE entries SET leaf = x'7b7d' WHERE idx = 1",
    "leaf and hash": (
        f"UPDATE entries SET leaf = x'7b7d', leaf_hash = x'{EMPTY_HASH}' WHERE idx = 1"
    ),
    "leaf of another": (
        f"UPDATE entries SET leaf = x'{ELSEWHERE.hex()}', leaf_hash = x'{ELSEWHERE_HASH}'"
        " WHERE idx = 1"
    ),
    "hash": "UPDATE entries SET leaf_hash = x'00' WHERE idx = 1",
    "name": f"UPDATE entries SET payload_sha256 = '{'0' * 64}' WHERE idx = 1",
    "leaf as text": "UPDATE entries SET leaf = CAST(leaf AS TEXT) WHERE idx = 1",
    "leaf as number": "UPDATE entries SET leaf = 7 WHERE idx = 1",
    "a gap": "DELETE FROM entries WHERE idx = 1",
    "renumbered": "UPDATE entries SET idx = 7 WHERE idx = 1",
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_ledger_that_was_changed_behind_its_back_is_reported(ledger, damage):
    ledger.append([envelope(f"{n}") for n in range(3)])
    unlocked(ledger, damage)

    with pytest.raises(StoreDamagedError) as caught:
        list(ledger.entries())
    assert caught.value.code == "store-damaged"


@pytest.mark.parametrize("statement_", ["CREATE TABLE other (x)", "CREATE TABLE entries (x)"])
def test_another_programs_database_takes_no_entry(tmp_path, statement_):
    connection = sqlite3.connect(tmp_path / "ledger.sqlite3")
    connection.execute(statement_)
    connection.commit()
    connection.close()

    def write() -> None:
        with contextlib.closing(Ledger.open(tmp_path / "ledger.sqlite3")) as ledger:
            ledger.append([envelope("one")])

    with pytest.raises(StoreDamagedError):
        write()


def test_what_was_appended_is_there_after_a_restart(tmp_path):
    ledger = Ledger.open(tmp_path / "ledger.sqlite3")
    ledger.append([envelope("one")])
    ledger.close()
    again = Ledger.open(tmp_path / "ledger.sqlite3")

    assert again.append([envelope("two")]) == [1]
    assert len(again) == 2
    again.close()


def test_a_full_disk_leaves_the_old_ledger_and_can_be_recovered_from(ledger):
    ledger.append([envelope("one")])
    pages = ledger._backend._database.read("PRAGMA page_count")[0][0]
    ledger._backend._database.read(f"PRAGMA max_page_count = {pages}")

    with pytest.raises(StoreUnavailableError) as caught:
        ledger.append([envelope(f"{n}" * 1000) for n in range(1, 8)])

    assert caught.value.code == "store-unavailable"
    assert [entry.envelope for entry in ledger.entries()] == [envelope("one")]
    ledger._backend._database.read("PRAGMA max_page_count = 1000000")
    assert ledger.append([envelope("two")]) == [1]


FILLING = """
import resource, sys
from pathlib import Path
from pith_agent.errors import StoreUnavailableError
from pith_agent.storage.ledger import Ledger
from tests.unit.test_ledger import envelope

ledger = Ledger.open(Path(sys.argv[1]))
written = 0
try:
    while written < 1000:
        ledger.append([envelope(f"{written}-{n}" * 50) for n in range(3)])
        written += 3
        if written == 3:
            size = Path(sys.argv[1] + "-wal").stat().st_size
            resource.setrlimit(resource.RLIMIT_FSIZE, (size + 60_000, resource.RLIM_INFINITY))
except StoreUnavailableError as error:
    assert len(ledger) == written, (len(ledger), written)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert ledger.append([envelope("after")]) == [written]
    print(written, error.code)
"""


def run(program: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_file_that_cannot_grow_loses_no_entry_that_was_reported_as_written(tmp_path):
    out, err = run(FILLING, str(tmp_path / "ledger.sqlite3")).communicate(timeout=120)
    written, code = out.split()

    assert err == ""
    assert code == "store-unavailable"
    ledger = Ledger.open(tmp_path / "ledger.sqlite3")
    assert len(list(ledger.entries())) == int(written) + 1
    ledger.close()


APPENDING = """
import json, sys
from pathlib import Path
from pith_agent.storage.ledger import Ledger
from tests.unit.test_ledger import envelope

ledger = Ledger.open(Path(sys.argv[1]))
places = [ledger.append([envelope(f"{sys.argv[2]}-{n}-{k}") for k in (0, 1)]) for n in range(6)]
ledger.close()
print(json.dumps(places))
"""


def test_eight_processes_append_and_nothing_is_lost_or_doubled(tmp_path):
    path = str(tmp_path / "ledger.sqlite3")
    processes = [run(APPENDING, path, str(n)) for n in range(8)]
    told = [process.communicate(timeout=120) for process in processes]

    assert [err for _, err in told] == [""] * 8
    batches = [batch for out, _ in told for batch in json.loads(out)]
    assert sorted(place for batch in batches for place in batch) == list(range(96))
    assert all(second == first + 1 for first, second in batches)
    ledger = Ledger.open(tmp_path / "ledger.sqlite3")
    said = {entry.citation_id for entry in ledger.entries()}
    assert len(said) == len(ledger) == 96
    ledger.close()


KILLED = """
import sys
from pathlib import Path
from pith_agent.storage.ledger import Ledger
from tests.unit.test_ledger import envelope

ledger = Ledger.open(Path(sys.argv[1]))
for n in range(10_000):
    ledger.append([envelope(f"{n}")])
    print(n, flush=True)
"""


def test_a_killed_process_loses_no_entry_that_it_reported(tmp_path):
    process = run(KILLED, str(tmp_path / "ledger.sqlite3"))
    with process:
        told = [process.stdout.readline() for _ in range(20)]
        process.kill()
        told += process.stdout.readlines()
    reported = len([line for line in told if line.endswith("\n")])
    ledger = Ledger.open(tmp_path / "ledger.sqlite3")

    assert reported >= 20
    assert reported <= len(list(ledger.entries())) <= reported + 1
    assert ledger.append([envelope("after")]) == [len(ledger) - 1]
    ledger.close()


def test_a_ledger_for_reading_begins_none_and_sees_the_one_that_another_began(tmp_path):
    path = tmp_path / "home" / "ledger.sqlite3"
    reading = Ledger.reading(path)
    assert (len(reading), list(reading.entries()), reading.get("pcite:00")) == (0, [], None)
    assert reading.complete("", 10) == ([], 0)
    assert not path.parent.exists()
    with pytest.raises(StoreUnavailableError):
        reading.append([envelope("one")])

    writing = Ledger.open(path)
    assert len(reading) == 0
    writing.append([envelope("one")])
    assert [entry.envelope for entry in reading.entries()] == [envelope("one")]
    with pytest.raises(StoreUnavailableError):
        reading.append([envelope("two")])
    writing.append([envelope("two")])
    writing.close()
    assert len(reading) == 2
    reading.close()


def test_a_file_that_is_being_created_is_no_ledger_yet(tmp_path):
    path = tmp_path / "ledger.sqlite3"
    path.touch()
    reading = Ledger.reading(path)

    assert len(reading) == 0
    assert path.read_bytes() == b""
    reading.close()


@pytest.mark.parametrize("damage", ["no database", "a directory"])
def test_a_ledger_that_cannot_be_read_is_not_an_empty_one(tmp_path, damage):
    path = tmp_path / "ledger.sqlite3"
    if damage == "a directory":
        path.mkdir()
    else:
        path.write_bytes(b"no ledger" * 1000)

    with pytest.raises(StorageError):
        len(Ledger.reading(path))
