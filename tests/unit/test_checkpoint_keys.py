"""The keys of checkpoints: what they sign, what they are named, and that they do not leak."""

import base64
import copy
import hashlib
import pickle

import pytest

from pith_agent.errors import CheckpointError, CheckpointSignatureError, PithError, SettingsError
from pith_agent.protocol.checkpoint import (
    Checkpoint,
    CheckpointKey,
    NoteKey,
    open_checkpoint,
    open_note,
    sign_checkpoint,
)
from pith_agent.protocol.citation import CitationKey, pae
from pith_agent.protocol.merkle import leaf_hash
from pith_agent.protocol.trust import signature_holds
from tests.documents import proved, statement

SEED = hashlib.sha256(b"pith-agent test agent").digest()
KEY = CheckpointKey(SEED)
OTHER = CheckpointKey(hashlib.sha256(b"another ledger").digest())
HEAD = Checkpoint(KEY.origin, 1, leaf_hash(b"entry"))
NOTE = sign_checkpoint(HEAD, KEY)


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def code_of(refused, *arguments) -> str:
    with pytest.raises(PithError) as caught:
        refused(*arguments)
    return caught.value.code


def key_id(kind: int, name: str, public: bytes) -> str:
    return hashlib.sha256(name.encode() + bytes([0x0A, kind]) + public).hexdigest()[:8]


def test_a_key_signs_checkpoints_of_its_own_ledger_and_nothing_else():
    public = {name for name in dir(KEY) if not name.startswith("_")}

    assert public == {"SEED_BYTES", "origin", "verifier"}
    assert code_of(sign_checkpoint, HEAD, OTHER) == "malformed-checkpoint"
    for value in (b"bytes", "text", {}, None):
        with pytest.raises(AttributeError):
            sign_checkpoint(value, KEY)


def test_a_ledger_may_keep_its_name_when_its_key_changes():
    renewed = CheckpointKey(hashlib.sha256(b"the next key").digest(), origin=KEY.origin)
    note = sign_checkpoint(HEAD, renewed)

    assert open_checkpoint(note, [KEY.verifier, renewed.verifier]) == HEAD
    assert code_of(open_checkpoint, note, [KEY.verifier]) == "unknown-ledger"


def test_a_key_neither_prints_nor_copies_itself():
    for text in (repr(KEY), str(KEY), f"{[KEY]}"):
        assert not any(s in text for s in (SEED.hex(), b64(SEED), repr(SEED)[2:-1]))
    assert not hasattr(KEY, "__dict__")
    for copied in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            copied(KEY)


def test_a_checkpoint_passes_for_no_citation_of_the_same_key_nor_a_citation_for_a_checkpoint():
    envelope = CitationKey(SEED).sign(statement(proved()))
    said = pae(envelope.payload_bytes)
    signature = base64.b64decode(envelope.signatures[0].sig)
    line = f"— {KEY.origin} {b64(KEY.verifier.key_id + signature)}\n".encode()
    raw = base64.b64decode(NOTE.split(b" ")[2])

    assert signature_holds(KEY.verifier.public, said, b64(signature))
    for note in (said + b"\n\n" + line, said + b"\n" + line, HEAD.text().encode() + b"\n" + line):
        with pytest.raises((CheckpointError, CheckpointSignatureError)):
            open_note(note, [KEY.verifier])
    assert signature_holds(KEY.verifier.public, HEAD.text().encode(), b64(raw[4:]))
    assert not signature_holds(KEY.verifier.public, pae(HEAD.text().encode()), b64(raw[4:]))
    assert not HEAD.text().startswith("DSSEv1")
    for seed, origin in ((SEED, "DSSEv1"), (SEED, "DSSEv1.example")):
        with pytest.raises(SettingsError):
            CheckpointKey(seed, origin)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u2003b", "a\nb", "\x7f", "\ud800", "DSSEv1"])
def test_a_name_that_could_not_stand_in_a_signature_line_is_none(name):
    assert code_of(NoteKey, name, KEY.verifier.public) == "invalid-setting"


@pytest.mark.parametrize("public", [b"", bytes(31), bytes(32), b"\1" + bytes(31), bytes(33)])
def test_a_key_with_which_anything_can_be_made_to_hold_is_none(public):
    assert code_of(NoteKey, "example.com", public) == "invalid-setting"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "example.com",
        str(OTHER.verifier).replace("pith", "path"),
        str(OTHER.verifier).replace("+", "-"),
        str(OTHER.verifier).upper(),
        f"{OTHER.verifier} ",
        f"{OTHER.verifier}+",
        f"example.com+00000000+{b64(bytes(33))}",
        f"example.com+{key_id(2, 'example.com', OTHER.verifier.public)}"
        f"+{b64(bytes([2]) + OTHER.verifier.public)}",
        f"example.com+{key_id(1, 'example.com', bytes(32))}+{b64(bytes([1]) + bytes(32))}",
    ],
)
def test_a_verifier_key_in_another_form_is_refused(text):
    public = OTHER.verifier.public
    good = f"{OTHER.origin}+{key_id(1, OTHER.origin, public)}+{b64(bytes([1]) + public)}"
    assert str(OTHER.verifier) == good
    assert NoteKey.parse(good) == OTHER.verifier

    assert code_of(NoteKey.parse, text) == "invalid-setting"
