"""The proof file: C2SP's form, read strictly."""

import pytest

from pith_agent.errors import CheckpointError, LedgerProofError, UnknownLedgerError
from pith_agent.protocol.checkpoint import Checkpoint, CheckpointKey, NoteKey, sign_checkpoint
from pith_agent.protocol.merkle import Tree, inclusion_proof, leaf_hash
from pith_agent.protocol.tlog_proof import MAX_PROOF_BYTES, TlogProof

KEY = CheckpointKey(bytes(range(32)))
LEAVES = [f"entry {n}".encode() for n in range(7)]
TREE = Tree(map(leaf_hash, LEAVES))
NOTE = sign_checkpoint(Checkpoint(KEY.origin, 7, TREE.root()), KEY)


def proof_of(index):
    return TlogProof(index, tuple(inclusion_proof(index, 7, TREE.node)), NOTE)


FILE = proof_of(4).dump()


@pytest.mark.parametrize("index", range(7))
def test_a_proof_is_read_as_it_was_written_and_holds_for_its_entry_only(index):
    proof = TlogProof.parse(proof_of(index).dump())

    assert proof == proof_of(index)
    assert proof.verify(LEAVES[index], [KEY.verifier]).size == 7
    for other in LEAVES[:index] + LEAVES[index + 1 :]:
        with pytest.raises(LedgerProofError):
            proof.verify(other, [KEY.verifier])


def test_a_proof_has_the_form_that_c2sp_gives():
    lines = FILE.split(b"\n")

    assert lines[:2] == [b"c2sp.org/tlog-proof@v1", b"index 4"]
    assert lines[5] == b""
    assert FILE.endswith(b"\n\n" + NOTE)


def test_extra_data_of_other_logs_is_passed_over():
    extra = FILE.replace(b"@v1\n", b"@v1\nextra YWJj\n")

    assert TlogProof.parse(extra) == proof_of(4)


def test_the_only_entry_of_a_ledger_has_a_proof_without_hashes():
    root = leaf_hash(b"one")
    note = sign_checkpoint(Checkpoint(KEY.origin, 1, root), KEY)
    proof = TlogProof.parse(TlogProof(0, (), note).dump())

    assert proof.verify(b"one", [KEY.verifier]).size == 1


HASH = FILE.split(b"\n")[2]
BROKEN = {
    "nothing": b"",
    "no checkpoint": FILE.partition(b"\n\n")[0],
    "another format": FILE.replace(b"@v1", b"@v2"),
    "no index": FILE.replace(b"index 4\n", b""),
    "a leading zero": FILE.replace(b"index 4", b"index 04"),
    "a negative index": FILE.replace(b"index 4", b"index -4"),
    "digits of another script": FILE.replace(b"index 4", "index ٤".encode()),
    "an index that no ledger has": FILE.replace(b"index 4", b"index 9999999999999999999"),
    "a larger index": FILE.replace(b"index 4", b"index 7"),
    "another index": FILE.replace(b"index 4", b"index 5"),
    "a hash too few": FILE.replace(HASH + b"\n", b""),
    "a hash too many": FILE.replace(HASH, HASH + b"\n" + HASH),
    "a short hash": FILE.replace(HASH, b"YWJj"),
    "no base64": FILE.replace(HASH, b"*" * 44),
    "a spelling of base64": FILE.replace(HASH, HASH[:-2] + bytes([HASH[-2] + 1]) + b"="),
    "carriage returns": FILE.replace(b"\n", b"\r\n"),
    "65 hashes": FILE.replace(HASH + b"\n", (HASH + b"\n") * 65),
    "too long": FILE + b"x" * MAX_PROOF_BYTES,
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
def test_a_file_that_proves_nothing_is_refused(data):
    with pytest.raises(LedgerProofError) as caught:
        TlogProof.parse(data).verify(LEAVES[4], [KEY.verifier])
    assert caught.value.code == "ledger-proof"


def test_a_checkpoint_in_a_proof_is_held_to_its_own_rules():
    cut = TlogProof.parse(FILE[:-2] + b"\n")
    other = CheckpointKey(bytes(32))

    with pytest.raises(CheckpointError):
        cut.verify(LEAVES[4], [KEY.verifier])
    for keys in ([], [other.verifier], [NoteKey(KEY.origin, other.verifier.public)]):
        with pytest.raises(UnknownLedgerError):
            TlogProof.parse(FILE).verify(LEAVES[4], keys)
        # Whose ledger it is makes no difference to a proof that does not hold.
        with pytest.raises(LedgerProofError):
            TlogProof.parse(FILE).verify(LEAVES[3], keys)
