"""The pinned head: what happens to a ledger is noticed outside of it."""

import contextlib
import os
import shutil
import stat

import pytest

from pith_agent.errors import (
    CheckpointError,
    CheckpointSignatureError,
    CitationError,
    LedgerForkError,
    LedgerRollbackError,
    StoreDamagedError,
    StoreUnavailableError,
    UnknownLedgerError,
    UnsafeKeyFileError,
)
from pith_agent.protocol.checkpoint import NoteKey, open_checkpoint, origin_of
from pith_agent.protocol.citation import CitationKey
from pith_agent.storage.ledger import Ledger
from tests.documents import CITING_KEY
from tests.unit.test_ledger import envelope
from tests.unit.test_ledger_tree import changing

OTHER_KEY = CitationKey(bytes(range(32)))
WRITTEN = [envelope(f"{n}") for n in range(20)]
ORIGIN = origin_of(CITING_KEY.public)
OPENINGS = [Ledger.open, Ledger.reading]


def publics():
    return [CITING_KEY.public]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.sqlite3"


def head_of(path):
    return path.with_suffix(".head")


def write(path, envelopes, key=CITING_KEY):
    with contextlib.closing(Ledger.open(path, publics)) as ledger:
        return ledger.append(envelopes, key)


def copy(path, name):
    """The ledger as it is now, without its head."""
    return shutil.copy(path, path.with_name(name))


def size_of(path, opening=Ledger.reading):
    with contextlib.closing(opening(path, publics)) as ledger:
        return len(ledger)


def refused(path, opening):
    with pytest.raises(CitationError) as caught:
        size_of(path, opening)
    return caught.value.code


def cut(path, size):
    """Take the newest entries out, and all that the tree had of them."""
    with changing(path) as connection:
        connection.execute("DROP TRIGGER no_delete")
        connection.execute("DROP TRIGGER no_node_delete")
        connection.execute("DELETE FROM entries WHERE idx >= ?", (size,))
        connection.execute("DELETE FROM nodes WHERE (place + 1) << level > ?", (size,))


def test_the_head_is_a_private_file_with_the_last_checkpoint(path):
    old = os.umask(0)
    try:
        write(path, WRITTEN[:3])
    finally:
        os.umask(old)

    head = head_of(path)
    key = NoteKey(ORIGIN, CITING_KEY.public)
    assert stat.S_IMODE(head.stat().st_mode) == 0o600
    assert open_checkpoint(head.read_bytes(), [key]).size == 3
    assert [one.name for one in path.parent.glob(".new-*")] == []


@pytest.mark.parametrize("opening", OPENINGS)
def test_a_ledger_that_was_cut_short_is_a_rollback(path, opening):
    write(path, WRITTEN)
    cut(path, 12)

    assert refused(path, opening) == "ledger-rollback"


@pytest.mark.parametrize("opening", OPENINGS)
def test_an_older_copy_of_the_ledger_is_a_rollback(path, opening):
    write(path, WRITTEN[:5])
    old = copy(path, "old")
    write(path, WRITTEN[5:])
    shutil.copy(old, path)

    assert refused(path, opening) == "ledger-rollback"


@pytest.mark.parametrize("opening", OPENINGS)
def test_a_ledger_that_was_removed_is_a_rollback(path, opening):
    write(path, WRITTEN[:5])
    path.unlink()

    assert refused(path, opening) == "ledger-rollback"


@pytest.mark.parametrize("opening", OPENINGS)
@pytest.mark.parametrize("size", [5, 20])
def test_another_history_of_the_same_ledger_is_a_fork(path, tmp_path, opening, size):
    write(path, WRITTEN[:5])
    (tmp_path / "other").mkdir()
    other = tmp_path / "other" / path.name
    write(other, [envelope("forked"), *WRITTEN[1:size]])
    shutil.copy(other, path)

    assert refused(path, opening) == "ledger-fork"


@pytest.mark.parametrize("opening", OPENINGS)
def test_the_ledger_of_another_key_is_a_fork_even_with_the_same_entries(path, tmp_path, opening):
    write(path, WRITTEN)
    (tmp_path / "other").mkdir()
    other = tmp_path / "other" / path.name
    write(other, WRITTEN, OTHER_KEY)
    shutil.copy(other, path)

    assert refused(path, opening) == "ledger-fork"


def test_a_head_of_an_older_time_is_brought_forward(path):
    write(path, WRITTEN[:5])
    older = head_of(path).read_bytes()
    write(path, WRITTEN[5:])
    newer = head_of(path).read_bytes()
    head_of(path).write_bytes(older)

    assert size_of(path) == 20
    assert head_of(path).read_bytes() == older, "who only reads pins nothing"
    assert size_of(path, Ledger.open) == 20
    assert head_of(path).read_bytes() == newer


def test_without_a_head_the_ledgers_own_checkpoint_counts_and_is_pinned_again(path):
    write(path, WRITTEN)
    head = head_of(path).read_bytes()
    whole = copy(path, "whole")
    cut(path, 12)
    head_of(path).unlink()

    assert refused(path, Ledger.open) == "ledger-rollback"
    shutil.copy(whole, path)
    assert size_of(path, Ledger.open) == 20
    assert head_of(path).read_bytes() == head


def test_who_removes_head_and_checkpoint_and_entries_is_not_noticed_here(path):
    """The limit of a head beside the ledger: keep a checkpoint, or an export, elsewhere."""
    write(path, WRITTEN[:12])
    old, head = copy(path, "old"), head_of(path).read_bytes()
    write(path, WRITTEN[12:])
    shutil.copy(old, path)
    head_of(path).write_bytes(head)

    assert size_of(path, Ledger.open) == 12


@pytest.mark.parametrize("content", [b"", b"no note", b"\xff" * 99, b"x" * 70_000])
def test_a_head_that_is_none_is_refused(path, content):
    write(path, WRITTEN[:2])
    head_of(path).write_bytes(content)

    with pytest.raises(CheckpointError) as caught:
        size_of(path)
    assert caught.value.code == "malformed-checkpoint"


def test_a_head_that_a_key_of_this_machine_did_not_sign_is_refused(path):
    write(path, WRITTEN[:2])
    older = head_of(path).read_text("utf-8")
    write(path, WRITTEN[2:4])
    signature = head_of(path).read_text("utf-8").partition("\n\n")[2]
    forged = older.partition("\n\n")[0] + "\n\n" + signature
    head_of(path).write_text(forged, "utf-8")

    for opening in OPENINGS:
        with pytest.raises(CheckpointSignatureError) as caught:
            size_of(path, opening)
        assert caught.value.code == "checkpoint-signature"


def test_a_head_that_cannot_be_read_is_not_a_missing_one(path):
    write(path, WRITTEN[:2])
    head_of(path).unlink()
    head_of(path).mkdir()

    with pytest.raises(StoreUnavailableError):
        size_of(path)


def test_a_machine_without_keys_reads_and_compares_all_the_same(path):
    write(path, WRITTEN[:5])
    with contextlib.closing(Ledger.reading(path)) as ledger:
        assert len(ledger) == 5
        assert ledger.prove(WRITTEN[2].citation_id).index == 2
    cut(path, 4)
    with pytest.raises(LedgerRollbackError), contextlib.closing(Ledger.reading(path)) as ledger:
        len(ledger)


def test_after_a_rotation_the_new_key_signs_under_the_old_name(path):
    write(path, WRITTEN[:5])
    write(path, WRITTEN[5:9], OTHER_KEY)
    head = head_of(path).read_bytes()

    assert open_checkpoint(head, [NoteKey(ORIGIN, OTHER_KEY.public)]).size == 9
    with pytest.raises(UnknownLedgerError):
        open_checkpoint(head, [NoteKey(ORIGIN, CITING_KEY.public)])
    write(path, WRITTEN[9:])
    assert size_of(path) == 20


def test_a_head_that_does_not_move_after_the_commit_loses_no_citation(path):
    write(path, WRITTEN[:5])
    with contextlib.closing(Ledger.open(path, publics)) as ledger:
        with ledger._head.moving() as stage:
            stage(b"staged, and then the body ends")
            head_of(path).unlink()
            head_of(path).mkdir()
        assert head_of(path).is_dir()
        head_of(path).rmdir()
        assert ledger.append(WRITTEN[5:6], CITING_KEY) == [5]
    assert size_of(path) == 6


def test_an_append_that_fails_moves_no_head(path):
    write(path, WRITTEN[:5])
    before = head_of(path).read_bytes()

    with pytest.raises(StoreUnavailableError):
        write(path, [WRITTEN[6], WRITTEN[1]])

    assert head_of(path).read_bytes() == before
    assert size_of(path) == 5
    assert write(path, [WRITTEN[6]]) == [5]


def test_an_unsigned_append_is_covered_by_the_next_signed_one(path):
    write(path, WRITTEN[:5])
    write(path, WRITTEN[5:7], None)
    with contextlib.closing(Ledger.open(path, publics)) as ledger:
        assert ledger.head() is None
        with pytest.raises(CitationError) as caught:
            ledger.prove(WRITTEN[6].citation_id)
        assert caught.value.code == "ledger-proof"
        ledger.append(WRITTEN[7:8], CITING_KEY)
        assert ledger.prove(WRITTEN[6].citation_id).index == 6


def test_a_fork_is_not_signed(path):
    write(path, WRITTEN[:8])
    ledger = Ledger.open(path, publics)
    head_of(path).write_bytes(forked_head(path))

    with pytest.raises(LedgerForkError), contextlib.closing(ledger):
        ledger.append(WRITTEN[8:], CITING_KEY)


def forked_head(path):
    """What the same key signed over other entries."""
    other = path.parent / "other" / path.name
    write(other, [envelope("forked")])
    return head_of(other).read_bytes()


@pytest.mark.parametrize("error", [UnsafeKeyFileError, StoreDamagedError])
def test_keys_that_cannot_be_read_hinder_neither_reading_nor_the_comparison(path, error):
    def unusable():
        raise error("for the test")

    write(path, WRITTEN[:5])
    with contextlib.closing(Ledger.reading(path, unusable)) as ledger:
        assert len(ledger) == 5
    cut(path, 4)
    with pytest.raises(LedgerRollbackError):
        len(Ledger.reading(path, unusable))
