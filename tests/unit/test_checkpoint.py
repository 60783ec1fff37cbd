"""Checkpoints: read and written as C2SP has them, and refused when anything else."""

import base64
import hashlib
import json
import re
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from pith_agent.errors import (
    CheckpointError,
    CheckpointSignatureError,
    PithError,
    UnknownLedgerError,
)
from pith_agent.protocol.checkpoint import (
    MAX_NOTE_BYTES,
    Checkpoint,
    CheckpointKey,
    NoteKey,
    advances,
    open_checkpoint,
    open_note,
    origin_of,
    sign_checkpoint,
)
from pith_agent.protocol.merkle import EMPTY_ROOT, MAX_SIZE, Tree, consistency_proof, leaf_hash
from tests.documents import CITING_KEY, shared

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "ledger-format.md"
SEED = hashlib.sha256(b"pith-agent test agent").digest()
KEY = CheckpointKey(SEED)
OTHER = CheckpointKey(hashlib.sha256(b"another ledger").digest())
TREE = Tree(leaf_hash(b"entry %d" % n) for n in range(7))
HEAD = Checkpoint(KEY.origin, len(TREE), TREE.root())
NOTE = sign_checkpoint(HEAD, KEY)
TEXT, _, LINE = NOTE.decode("utf-8").rpartition("\n\n")


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def code_of(refused, *arguments) -> str:
    with pytest.raises(PithError) as caught:
        refused(*arguments)
    assert len(str(caught.value)) < 400
    return caught.value.code


def key_id(name: str, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\x0a\x01" + public).digest()[:4]


def others_verify(note: bytes, name: str, public: bytes) -> tuple[str, int, bytes] | None:
    """A second reader, of C2SP's own words and OpenSSL's Ed25519: origin, size and root."""
    head, _, tail = note.rpartition(b"\n\n")
    text = head + b"\n"
    for line in tail.removesuffix(b"\n").split(b"\n"):
        dash, signer, encoded = line.decode().split(" ")
        raw = base64.b64decode(encoded)
        if (dash, signer, raw[:4]) == ("\u2014", name, key_id(name, public)):
            try:
                Ed25519PublicKey.from_public_bytes(public).verify(raw[4:], text)
            except InvalidSignature:
                return None
            origin, size, root = text.decode().split("\n")[:3]
            return origin, int(size), base64.b64decode(root)
    return None


def others_sign(text: str, name: str, seed: bytes) -> bytes:
    """A note by a signer that is not ours."""
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public = key.public_key().public_bytes_raw()
    signature = key_id(name, public) + key.sign(text.encode())
    return f"{text}\n\u2014 {name} {b64(signature)}\n".encode()


def signature_line(name: str = "witness.example", raw: bytes = bytes(68)) -> str:
    return f"\u2014 {name} {b64(raw)}\n"


def test_a_checkpoint_is_three_lines_and_a_signature():
    assert HEAD.text() == f"{KEY.origin}\n7\n{b64(TREE.root())}\n"
    assert HEAD.text() == TEXT + "\n"
    assert re.fullmatch(rf"— {re.escape(KEY.origin)} [A-Za-z0-9+/]{{91}}=\n", LINE)
    assert KEY.origin == f"pith-agent.local/{CITING_KEY.keyid[:16]}" == origin_of(CITING_KEY.public)


def test_a_signed_checkpoint_is_read_back():
    assert open_checkpoint(NOTE, [KEY.verifier]) == HEAD
    assert open_note(NOTE, [KEY.verifier]).text == HEAD.text()
    assert open_note(NOTE, [OTHER.verifier, KEY.verifier]).signers == (KEY.verifier,)


def test_another_implementation_verifies_our_checkpoints_and_we_verify_its():
    for size in range(8):
        head = Checkpoint(KEY.origin, size, Tree(TREE.node(0, n) for n in range(size)).root())
        note = sign_checkpoint(head, KEY)
        name, public = KEY.origin, KEY.verifier.public

        assert others_verify(note, name, public) == (name, size, head.root)
        longer = note.replace(b"\n%d\n" % size, b"\n%d\n" % (size + 1))
        assert others_verify(longer, name, public) is None
        assert others_sign(head.text(), name, SEED) == note
        assert open_checkpoint(others_sign(head.text(), name, SEED), [KEY.verifier]) == head


def test_the_example_of_the_reference_is_what_this_key_signs():
    key, note = re.findall(r"```text\n(.*?)```", PAGE.read_text("utf-8"), re.S)
    head = Checkpoint(KEY.origin, 2, Tree([leaf_hash(b"one"), leaf_hash(b"two")]).root())

    assert key.strip() == str(KEY.verifier)
    assert note.encode("utf-8") == sign_checkpoint(head, KEY)
    assert open_checkpoint(note.encode("utf-8"), [NoteKey.parse(key.strip())]) == head


def test_published_notes_are_opened_with_their_published_keys():
    for row in json.loads(shared("vectors/signed_note.json").read_bytes())["tests"]:
        key = NoteKey.parse(row["vkey"])
        note = f"{row['text']}\n{row['sig_line']}".encode()

        assert str(key) == row["vkey"]
        assert open_note(note, [key]).text == row["text"]
        assert open_note(note, [key]).signers == (key,)
        assert code_of(open_note, note.replace(b"is", b"was", 1), [key]) == "checkpoint-signature"


def test_the_golden_checkpoint_is_made_byte_for_byte():
    golden = json.loads(shared("vectors/derived/golden_citation.json").read_bytes())
    rfc_8032 = json.loads(shared("vectors/ed25519_rfc8032.json").read_bytes())
    seed = re.search(r"9d61b19d[0-9a-f]{56}", json.dumps(rfc_8032))
    key = CheckpointKey(bytes.fromhex(seed[0]))
    head = open_checkpoint(golden["checkpoint"].encode("utf-8"), [NoteKey.parse(golden["vkey"])])

    assert head == Checkpoint(key.origin, 1, bytes.fromhex(golden["ledger_leaf_sha256"]))
    assert sign_checkpoint(head, key).decode("utf-8") == golden["checkpoint"]
    assert str(key.verifier) == golden["vkey"]


def test_extension_lines_are_signed_and_kept():
    head = Checkpoint(KEY.origin, 7, TREE.root(), ("one more line", "– and another"))

    assert open_checkpoint(sign_checkpoint(head, KEY), [KEY.verifier]) == head
    assert Checkpoint.parse(head.text()) == head


@pytest.mark.parametrize("position", range(len(NOTE)))
def test_no_bit_of_a_checkpoint_is_free(position):
    for bit in range(8):
        altered = bytearray(NOTE)
        altered[position] ^= 1 << bit
        # In name or key id it names no key that is trusted.
        with pytest.raises((CheckpointError, CheckpointSignatureError, UnknownLedgerError)):
            open_checkpoint(bytes(altered), [KEY.verifier])


@pytest.mark.parametrize("length", range(len(NOTE)))
def test_a_checkpoint_that_was_cut_short_is_refused(length):
    assert code_of(open_checkpoint, NOTE[:length], [KEY.verifier]) == "malformed-checkpoint"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"\n\n",
        TEXT.encode(),
        f"{TEXT}\n\n".encode(),
        f"{TEXT}\n{LINE}".encode(),
        f"{TEXT}\n\n{LINE}\n".encode(),
        f"{TEXT}\n\n{LINE}{LINE[:-1]}".encode(),
        NOTE + b"x",
        NOTE[:-1],
        NOTE.replace(b"\n", b"\r\n"),
        NOTE.replace(b"pith", b"pi\x00th"),
        NOTE.replace(b"pith", b"pi\x1bth"),
        NOTE.replace(b"pith", b"pi\tth"),
        NOTE.replace(b"pith", b"pi\x7fth"),
        NOTE.replace(b"pith", "pi\u0085th".encode()),
        NOTE.replace(b"pith", b"pi\xffth"),
        NOTE.replace(b"pith", b"pi\xed\xa0\x80th"),
        NOTE.replace(b"pith", b"pi\xc0\xafth"),
        NOTE.decode().encode("utf-16"),
        NOTE.replace("—".encode(), b"--"),
        NOTE.replace("—".encode(), "–".encode()),
        f"{TEXT}\n\n {LINE}".encode(),
        f"{TEXT}\n\n{LINE.replace(' ', '  ')}".encode(),
        f"{TEXT}\n\n{LINE.replace(' ', chr(0xA0))}".encode(),
        f"{TEXT}\n\n{LINE[:-1]} \n".encode(),
        f"{TEXT}\n\n{LINE[:-1]} more\n".encode(),
        f"{TEXT}\n\n{LINE[:-2]}\n".encode(),
        f"{TEXT}\n\n{LINE[:-1]}=\n".encode(),
        f"{TEXT}\n\n— {KEY.origin}\n".encode(),
        f"{TEXT}\n\n— {KEY.origin} \n".encode(),
        f"{TEXT}\n\n{LINE}{signature_line('')}".encode(),
        f"{TEXT}\n\n{LINE}{signature_line('a+b')}".encode(),
        f"{TEXT}\n\n{LINE}{signature_line(f'a{chr(0x2003)}b')}".encode(),
        f"{TEXT}\n\n{LINE}{signature_line(raw=b'')}".encode(),
        f"{TEXT}\n\n{LINE}{signature_line(raw=bytes(4))}".encode(),
        f"{TEXT}\n\n{LINE}— witness.example AAAAAAB=\n".encode(),
        f"{TEXT}\n\n{LINE}— witness.example AAAA_AA=\n".encode(),
        f"{TEXT}\n\n{LINE}— witness.example ÄAAAAAA=\n".encode(),
        f"{TEXT}\n\n{LINE}no signature\n".encode(),
        f"{TEXT}\n\n{LINE}{signature_line() * 16}".encode(),
        f"{TEXT}\n\n{signature_line(raw=bytes(48_000)) * 2}{LINE}".encode(),
        bytes(MAX_NOTE_BYTES + 1),
    ],
)
def test_bytes_that_are_no_signed_note_are_refused_as_such(data):
    assert code_of(open_note, data, [KEY.verifier]) == "malformed-checkpoint"


def test_signatures_alone_are_no_note():
    note = others_sign("\n", KEY.origin, SEED)

    assert open_note(note, [KEY.verifier]).text == "\n"
    assert code_of(open_note, note.lstrip(), [KEY.verifier]) == "malformed-checkpoint"


@pytest.mark.parametrize(
    "text",
    [
        "\n",
        "origin\n7\n",
        f"\n7\n{b64(bytes(32))}\n",
        f"\norigin\n7\n{b64(bytes(32))}\n",
        f"origin\n\n7\n{b64(bytes(32))}\n",
        f"origin\n07\n{b64(bytes(32))}\n",
        f"origin\n+7\n{b64(bytes(32))}\n",
        f"origin\n-7\n{b64(bytes(32))}\n",
        f"origin\n7 \n{b64(bytes(32))}\n",
        f"origin\n7.0\n{b64(bytes(32))}\n",
        f"origin\n1_0\n{b64(bytes(32))}\n",
        f"origin\n٧\n{b64(bytes(32))}\n",
        f"origin\n{'9' * 5000}\n{b64(bytes(32))}\n",
        f"origin\n{MAX_SIZE + 1}\n{b64(bytes(32))}\n",
        f"origin\n0\n{b64(bytes(32))}\n",
        f"origin\n7\n{b64(bytes(31))}\n",
        f"origin\n7\n{b64(bytes(33))}\n",
        f"origin\n7\n{b64(bytes(32))[:-1]}\n",
        f"origin\n7\n{b64(bytes(32))[:-2]}B=\n",
        f"origin\n7\n{bytes(32).hex()}\n",
        f"origin\n7\n{b64(b'?' * 32).replace('/', '_')}\n",
        f"origin\n7\n{b64(bytes(32))}\n\n",
        f"origin\n7\n{b64(bytes(32))}\n\nextension\n",
        f"DSSEv1 28 application/vnd.in-toto+json\n7\n{b64(bytes(32))}\n",
    ],
)
def test_a_signed_text_that_is_no_checkpoint_is_refused(text):
    name = "pith-agent.local/someone"
    key = NoteKey(name, KEY.verifier.public)
    note = others_sign(text, name, SEED)

    assert open_note(note, [key]).text == text
    assert code_of(open_checkpoint, note, [key]) == "malformed-checkpoint"


@pytest.mark.parametrize(
    "changes",
    [
        {"origin": ""},
        {"origin": "a\nb"},
        {"origin": "\ud800"},
        {"origin": "DSSEv1"},
        {"size": -1},
        {"size": MAX_SIZE + 1},
        {"size": 0},
        {"root": b""},
        {"root": bytes(33)},
        {"extensions": ("",)},
        {"extensions": ("one\ntwo",)},
        {"extensions": ("\x1b[31m",)},
    ],
    ids=str,
)
def test_no_checkpoint_is_made_of_values_that_could_not_be_read_back(changes):
    values = {"origin": "origin", "size": 7, "root": bytes(32)}
    assert Checkpoint(**values).size == 7

    assert code_of(lambda: Checkpoint(**{**values, **changes})) == "malformed-checkpoint"


def test_an_empty_ledger_has_a_checkpoint():
    head = Checkpoint(KEY.origin, 0, EMPTY_ROOT)

    assert open_checkpoint(sign_checkpoint(head, KEY), [KEY.verifier]) == head


def test_sixteen_signatures_are_read_and_unknown_ones_passed_over():
    note = f"{TEXT}\n\n{signature_line() * 15}{LINE}".encode()

    assert open_checkpoint(note, [KEY.verifier]) == HEAD


def test_a_note_may_be_64_kib_long():
    room = MAX_NOTE_BYTES - len(NOTE) - 1
    head = Checkpoint(KEY.origin, 7, TREE.root(), ("x" * room,))
    longer = Checkpoint(KEY.origin, 7, TREE.root(), ("x" * (room + 1),))

    assert len(sign_checkpoint(head, KEY)) == MAX_NOTE_BYTES
    assert open_checkpoint(sign_checkpoint(head, KEY), [KEY.verifier]) == head
    assert code_of(sign_checkpoint, longer, KEY) == "malformed-checkpoint"


def test_a_text_may_have_empty_lines_and_ends_at_the_last_one():
    text = "first\n\nsecond\n\n\u2014 no signature\n"
    note = others_sign(text, "example.com/notes", SEED)

    assert open_note(note, [NoteKey("example.com/notes", KEY.verifier.public)]).text == text


def test_a_note_that_no_trusted_key_signed_is_not_believed():
    for keys in ([], [OTHER.verifier], [NoteKey("another.name", KEY.verifier.public)]):
        assert code_of(open_note, NOTE, keys) == "unknown-ledger"
    # The name of the ledger, and another key.
    impostor = NoteKey(KEY.origin, OTHER.verifier.public)
    assert code_of(open_note, NOTE, [impostor]) == "unknown-ledger"


def test_a_key_that_was_given_is_checked_even_if_another_holds():
    raw = KEY.verifier.key_id + bytes(64)
    forged = signature_line(KEY.origin, raw)
    cosigned = others_sign(HEAD.text(), OTHER.origin, hashlib.sha256(b"another ledger").digest())
    both = [KEY.verifier, OTHER.verifier]

    assert open_note(cosigned, both).signers == (OTHER.verifier,)
    for note in (NOTE + forged.encode(), cosigned + forged.encode(), NOTE[:-1] + b"\n" + NOTE):
        assert code_of(open_note, note, both) in ("checkpoint-signature", "malformed-checkpoint")
    assert code_of(open_note, cosigned + forged.encode(), both) == "checkpoint-signature"
    assert code_of(open_note, NOTE + forged.encode(), both) == "checkpoint-signature"
    assert open_note(cosigned + forged.encode(), [OTHER.verifier]).signers == (OTHER.verifier,)


def test_signatures_that_share_a_name_or_a_key_id_with_a_trusted_key_are_passed_over():
    others_key = signature_line(KEY.origin, b"\0\0\0\0" + bytes(64))
    others_name = signature_line("witness.example", KEY.verifier.key_id + bytes(64))

    note = NOTE + others_key.encode() + others_name.encode()
    assert open_checkpoint(note, [KEY.verifier]) == HEAD


def test_a_key_that_signs_several_times_counts_once():
    note = NOTE + LINE.encode() * 3

    assert open_note(note, [KEY.verifier, KEY.verifier]).signers == (KEY.verifier,)


def test_a_checkpoint_is_believed_of_the_key_of_its_own_ledger_only():
    of_another = others_sign(HEAD.text(), OTHER.origin, hashlib.sha256(b"another ledger").digest())
    cosigned = NOTE + of_another.rpartition(b"\n\n")[2]
    both = [KEY.verifier, OTHER.verifier]

    assert open_note(of_another, both).signers == (OTHER.verifier,)
    assert code_of(open_checkpoint, of_another, both) == "unknown-ledger"
    assert open_checkpoint(cosigned, both) == HEAD
    assert open_note(cosigned, both).signers == (KEY.verifier, OTHER.verifier)


def head(size: int, leaves: str = "entry %d", origin: str = KEY.origin) -> Checkpoint:
    tree = Tree(leaf_hash((leaves % n).encode()) for n in range(size))
    return Checkpoint(origin, size, tree.root())


@pytest.mark.parametrize(("old", "new"), [(0, 0), (0, 7), (1, 7), (3, 7), (4, 7), (7, 7)])
def test_a_ledger_advances_when_it_has_all_that_it_had(old, new):
    advances(head(old), head(new), consistency_proof(old, new, TREE.node))


PROOF = consistency_proof(3, 7, TREE.node)


@pytest.mark.parametrize(
    ("pinned", "new", "proof", "code"),
    [
        (head(7), head(3), PROOF, "ledger-rollback"),
        (head(7), head(3), [], "ledger-rollback"),
        (head(7), head(0), [], "ledger-rollback"),
        (head(7), head(6, "other %d"), [], "ledger-rollback"),
        (head(7), head(7, "other %d"), [], "ledger-fork"),
        (head(3), head(7, "other %d"), PROOF, "ledger-fork"),
        (head(3, "other %d"), head(7), PROOF, "ledger-fork"),
        (head(3), head(7), [], "ledger-fork"),
        (head(3), head(7), [b"no hash"], "ledger-fork"),
        (head(0), head(7), PROOF, "ledger-fork"),
        (head(3), head(7, origin=OTHER.origin), PROOF, "ledger-fork"),
        (head(7), head(3, origin=OTHER.origin), PROOF, "ledger-fork"),
        (head(7), head(7), PROOF, "ledger-proof"),
        (head(0), head(0), PROOF, "ledger-proof"),
    ],
)
def test_a_ledger_that_went_back_or_was_rewritten_is_refused(pinned, new, proof, code):
    advances(head(3), head(7), PROOF)

    assert code_of(advances, pinned, new, proof) == code
