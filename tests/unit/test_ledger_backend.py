"""What every storage of a ledger must do: SQLite, and one in memory, held to the same."""

import contextlib
import inspect
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pith_agent.errors import CitationError, NotFoundError, StorageError
from pith_agent.protocol.checkpoint import NoteKey, claimed_checkpoint, open_checkpoint, origin_of
from pith_agent.protocol.citation import CitationKey
from pith_agent.protocol.citation_report import read_statement
from pith_agent.protocol.merkle import Tree, consistency_proof, leaf_hash, verify_consistency
from pith_agent.storage.ledger import Ledger
from pith_agent.storage.ledger_backend import LedgerBackend
from pith_agent.storage.ledger_head import PinnedHead
from pith_agent.storage.ledger_sqlite import SqliteBackend
from tests.documents import CITING_KEY
from tests.unit import memory_backend
from tests.unit.memory_backend import MemoryBackend
from tests.unit.test_ledger import envelope

WRITTEN = [envelope(f"{n}") for n in range(13)]
KEY = NoteKey(origin_of(CITING_KEY.public), CITING_KEY.public)


@pytest.fixture(params=["sqlite", "memory"])
def backend(request, tmp_path):
    made: LedgerBackend = (
        MemoryBackend() if request.param == "memory" else SqliteBackend.open(tmp_path / "l.sqlite3")
    )
    yield made
    made.close()


@pytest.fixture
def ledger(backend, tmp_path):
    return Ledger.over(lambda: backend, PinnedHead(tmp_path / "l.head"))


def test_a_second_backend_is_short():
    assert len(inspect.getsource(memory_backend).splitlines()) < 80
    assert Path(memory_backend.__file__).name == "memory_backend.py"


def test_entries_come_back_as_they_were_written(ledger):
    assert (len(ledger), list(ledger.entries()), ledger.head()) == (0, [], None)
    assert ledger.append(WRITTEN[:4], CITING_KEY) == [0, 1, 2, 3]
    assert ledger.append(WRITTEN[4:], CITING_KEY) == list(range(4, 13))

    assert [entry.envelope for entry in ledger.entries()] == WRITTEN
    assert [entry.index for entry in ledger.entries(5, 3)] == [5, 6, 7]
    assert list(ledger.entries(13)) == []
    assert ledger.get(WRITTEN[7].citation_id).index == 7
    assert ledger.get("pcite:00") is None
    with pytest.raises(NotFoundError):
        ledger.require("pcite:00")
    assert len(ledger) == 13


def test_ids_are_completed_newest_first(ledger):
    ledger.append(WRITTEN, CITING_KEY)
    names = [one.citation_id for one in reversed(WRITTEN)]

    assert ledger.complete("", 5) == (names[:5], 13)
    assert ledger.complete("pci", 5) == (names[:5], 13)
    assert ledger.complete(names[3], 5) == ([names[3]], 1)
    assert ledger.complete("citation", 5) == ([], 0)


def test_a_batch_with_a_statement_that_is_there_is_not_written_at_all(ledger):
    ledger.append(WRITTEN[:3], CITING_KEY)
    head = ledger.head()

    for batch in ([WRITTEN[5], WRITTEN[1]], [WRITTEN[6], WRITTEN[6]]):
        with pytest.raises(StorageError):
            ledger.append(batch, CITING_KEY)
        assert [entry.envelope for entry in ledger.entries()] == WRITTEN[:3]
        assert ledger.head() == head
    assert ledger.append([WRITTEN[5]], CITING_KEY) == [3]


def test_a_statement_with_other_signatures_is_an_entry_of_its_own(ledger):
    ledger.append(WRITTEN[:3], CITING_KEY)
    one = WRITTEN[1]
    (second,) = CitationKey(bytes(32)).sign(read_statement(one.payload_bytes)).signatures
    both = one.model_copy(update={"signatures": (*one.signatures, second)})
    swapped = one.model_copy(update={"signatures": (second, *one.signatures)})
    assert ledger.append([both], CITING_KEY) == [3]
    assert ledger.append([WRITTEN[3], swapped], CITING_KEY) == [4, 5]

    entries = ledger.all_of(one.citation_id)
    assert [(entry.index, entry.envelope) for entry in entries] == [
        (1, one), (3, both), (5, swapped),
    ]  # fmt: skip
    assert ledger.get(one.citation_id).index == ledger.prove(one.citation_id).index == 5
    assert [ledger.holding(given).index for given in (one, both, swapped)] == [1, 3, 5]
    (third,) = CitationKey(bytes(31) + b"1").sign(read_statement(one.payload_bytes)).signatures
    more = both.model_copy(update={"signatures": (*both.signatures, third)})
    assert ledger.holding(more).index == 3
    assert ledger.holding(one.model_copy(update={"signatures": (second,)})) is None
    for entry in entries:
        proof = ledger.prove_entry(entry)
        assert proof.verify(entry.envelope.canonical(), [KEY]).size == 6
    names = [WRITTEN[1].citation_id, WRITTEN[3].citation_id, WRITTEN[2].citation_id]
    assert ledger.complete("", 3) == (names, 4)
    with pytest.raises(StorageError):
        ledger.append([both], CITING_KEY)


def test_a_transaction_that_fails_leaves_entries_nodes_and_checkpoint(ledger, backend):
    ledger.append(WRITTEN[:3], CITING_KEY)
    (stored,) = backend.read(2, 1)
    before = backend.size(), backend.note(), backend.node(1, 0)

    def fail() -> None:
        with backend.transaction():
            backend.write((), (), b"another note")
            assert backend.note() == b"another note"
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert (backend.size(), backend.note(), backend.node(1, 0)) == before
    assert backend.find(stored.name) == [stored]


def test_every_entry_is_proved_against_the_checkpoint(ledger):
    ledger.append(WRITTEN, CITING_KEY)

    for index, one in enumerate(WRITTEN):
        proof = ledger.prove(one.citation_id)
        assert proof.index == index
        assert proof.verify(one.canonical(), [KEY]).size == 13


def test_every_checkpoint_is_consistent_with_every_later_one(ledger):
    heads = []
    for one in WRITTEN:
        ledger.append([one], CITING_KEY)
        heads.append(open_checkpoint(ledger.head(), [KEY]))

    for place, old in enumerate(heads):
        for new in heads[place:]:
            proof = consistency_proof(old.size, new.size, ledger.node)
            verify_consistency(old.size, old.root, new.size, new.root, proof)


def test_threads_that_append_at_once_lose_and_double_nothing(ledger):
    def write(n: int) -> list[int]:
        return ledger.append([envelope(f"{n}-a"), envelope(f"{n}-b")], CITING_KEY)

    with ThreadPoolExecutor(4) as pool:
        places = list(pool.map(write, range(20)))

    assert sorted(place for pair in places for place in pair) == list(range(40))
    assert all(second == first + 1 for first, second in places)
    written = [entry.envelope for entry in ledger.entries()]
    tree = Tree(leaf_hash(one.canonical()) for one in written)
    checkpoint, _ = claimed_checkpoint(ledger.head())
    assert (checkpoint.size, checkpoint.root) == (40, tree.root())
    assert {ledger.get(one.citation_id).index for one in written} == set(range(40))


def test_what_was_pinned_holds_in_every_storage(ledger, tmp_path):
    ledger.append(WRITTEN, CITING_KEY)

    for others, code in (([envelope("x")], "ledger-rollback"), (WRITTEN[::-1], "ledger-fork")):
        other = MemoryBackend()
        elsewhere = PinnedHead(tmp_path / code / "l.head")
        with contextlib.closing(Ledger.over(lambda b=other: b, elsewhere)) as filled:
            filled.append(others, CITING_KEY)
        with pytest.raises(CitationError) as caught:
            Ledger.over(lambda b=other: b, PinnedHead(tmp_path / "l.head"))
        assert caught.value.code == code
