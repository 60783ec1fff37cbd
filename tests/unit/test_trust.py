"""The trust root, and one signature checked."""

import base64
import hashlib
import json
from dataclasses import FrozenInstanceError, replace

import pytest
from nacl.signing import SigningKey

from pith_agent.errors import SettingsError
from pith_agent.protocol.canon import canonical_bytes, sha256
from pith_agent.protocol.trust import TrustedKey, TrustRoot, signature_holds
from tests.documents import (
    KEY,
    KEY_ID,
    OTHER_KEY,
    PUBLIC_B64,
    TRUST,
    VECTORS,
    real_record,
    rows,
    shared,
)

RAW = bytes(KEY.verify_key)
FINGERPRINT = hashlib.sha256(RAW).hexdigest()[:32]
MESSAGE = bytes(range(32))
SIGNATURE = KEY.sign(MESSAGE).signature


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


P = 2**255 - 19
LOW_ORDER = [
    bytes(32),
    bytes([1]) + bytes(31),
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"),
    bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
    bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"),
    (P - 1).to_bytes(32, "little"),
    bytes(31) + b"\x80",
]
NON_CANONICAL = [
    P.to_bytes(32, "little"),
    (P + 1).to_bytes(32, "little"),
    (2**255 - 1).to_bytes(32, "little"),
    b"\xff" * 32,
    bytes([1]) + bytes(30) + b"\x80",
]
NOT_ON_THE_CURVE = [bytes([2]) + bytes(31), bytes([7]) + bytes(31)]


@pytest.mark.parametrize("raw", [*LOW_ORDER, *NON_CANONICAL, *NOT_ON_THE_CURVE], ids=bytes.hex)
def test_a_weak_or_ambiguous_key_never_enters_a_trust_root(raw):
    with pytest.raises(SettingsError):
        TrustedKey(key_id="weak", public_key_b64=b64(raw))
    root = {"version": 1, "keys": [{"key_id": "weak", "public_key_b64": b64(raw)}]}
    with pytest.raises(SettingsError) as caught:
        TrustRoot.load(json.dumps(root).encode())
    assert caught.value.code == "invalid-setting"


@pytest.mark.parametrize("raw", [*LOW_ORDER, *NON_CANONICAL, *NOT_ON_THE_CURVE], ids=bytes.hex)
def test_no_signature_holds_under_a_weak_key(raw):
    # With a key of low order, R = key and S = 0 satisfy the equation for some messages.
    for r in (raw, bytes([1]) + bytes(31), bytes(32)):
        for message in (b"", MESSAGE, b"\x01"):
            assert not signature_holds(raw, message, b64(r + bytes(32)))


def root(**changes):
    key = {"key_id": KEY_ID, "public_key_b64": PUBLIC_B64}
    return {"version": 1, "keys": [key]} | changes


def key(**changes):
    return {"key_id": KEY_ID, "public_key_b64": PUBLIC_B64} | changes


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"null",
        b"\xff",
        b'{"version":1,"version":1,"keys":[]}',
        root(version=0),
        root(version=-1),
        root(version="1"),
        root(version=True),
        root(extra=1),
        root(keys={}),
        root(keys=None),
        root(keys=[PUBLIC_B64]),
        root(keys=[key(status="expired")]),
        root(keys=[key(extra=1)]),
        root(keys=[key(key_id=7)]),
        root(keys=[key(public_key_b64=7)]),
        root(keys=[key(public_key_b64="")]),
        root(keys=[key(public_key_b64=PUBLIC_B64[:-1])]),
        root(keys=[key(public_key_b64=PUBLIC_B64 + "\n")]),
        root(keys=[key(public_key_b64=b64(RAW + b"\x00"))]),
        root(keys=[key(public_key_b64=b64(RAW[:31]))]),
        root(keys=[key(public_key_b64=RAW.hex())]),
        {"version": 1},
        {"keys": []},
    ],
    ids=lambda content: ascii(content)[:60],
)
def test_what_is_no_trust_root_is_refused(content):
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    with pytest.raises(SettingsError) as caught:
        TrustRoot.load(data)
    assert caught.value.code == "invalid-setting"


def test_a_trust_root_is_small():
    with pytest.raises(SettingsError):
        TrustRoot.load(json.dumps(root()).encode() + b" " * (64 << 10))


def test_a_key_with_spare_bits_set_in_its_base64_is_refused():
    # 32 bytes leave two bits of the last letter free.
    assert PUBLIC_B64.endswith("=")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    last = alphabet.index(PUBLIC_B64[-2])
    twin = f"{PUBLIC_B64[:-2]}{alphabet[last | 1]}="
    assert twin != PUBLIC_B64
    assert base64.b64decode(twin, validate=True) == RAW

    with pytest.raises(SettingsError):
        TrustedKey(key_id=KEY_ID, public_key_b64=twin)


def test_the_bundled_root_holds_the_one_published_key():
    (only,) = TrustRoot.bundled().keys

    assert (only.key_id, only.status) == ("pith-v1-2026-05", "active")
    assert only.public_key_b64 == "stVStoiQhXFxp4s2pdzPNoqVNBMojDU/fJ2db5S3CbM="
    assert only.fingerprint == "8d4b5ee74e4693bcd1df2446408b0d54"
    assert only.sha256.startswith(only.fingerprint)
    assert base64.b32encode(bytes.fromhex(only.sha256))[:26] == b"RVFV5Z2OI2J3ZUO7ERDEBCYNKS"


def test_a_trust_root_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        TRUST.keys = ()
    with pytest.raises(FrozenInstanceError):
        TRUST.keys[0].status = "active"


TWO = TrustRoot(
    version=1,
    keys=(
        TRUST.keys[0],
        TrustedKey(key_id="second", public_key_b64=b64(bytes(OTHER_KEY.verify_key))),
    ),
)


@pytest.mark.parametrize(
    ("key_id", "fingerprint", "selected"),
    [
        (KEY_ID, FINGERPRINT, KEY_ID),
        (KEY_ID, None, KEY_ID),
        (None, FINGERPRINT, KEY_ID),
        ("second", None, "second"),
        (None, None, None),
        ("second", FINGERPRINT, None),
        (KEY_ID, "0" * 32, None),
        (KEY_ID, FINGERPRINT.upper(), None),
        (KEY_ID, FINGERPRINT[:16], None),
        (KEY_ID, "", None),
        ("", FINGERPRINT, None),
        ("", "", None),
        (KEY_ID + "\n", None, None),
        (KEY_ID.upper(), None, None),
    ],
)
def test_a_key_is_selected_only_when_every_hint_names_it(key_id, fingerprint, selected):
    found = TWO.select(key_id, fingerprint)

    assert (found.key_id if found else None) == selected


def test_of_two_keys_with_one_name_the_fingerprint_decides():
    second = replace(TWO.keys[1], key_id=KEY_ID)
    both = TrustRoot(version=1, keys=(TRUST.keys[0], second))

    assert both.select(KEY_ID, second.fingerprint) == second


def test_a_signature_holds_for_its_key_and_message_only():
    assert signature_holds(RAW, MESSAGE, b64(SIGNATURE))
    assert not signature_holds(bytes(OTHER_KEY.verify_key), MESSAGE, b64(SIGNATURE))
    assert not signature_holds(RAW, MESSAGE + b"\x00", b64(SIGNATURE))
    assert not signature_holds(RAW, MESSAGE.hex().encode(), b64(SIGNATURE))
    assert not signature_holds(RAW, b"", b64(SIGNATURE))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "=",
        "A",
        "not base64!",
        b64(SIGNATURE) + "\n",
        " " + b64(SIGNATURE),
        b64(SIGNATURE).rstrip("="),
        b64(SIGNATURE) + "=",
        b64(SIGNATURE[:63]),
        b64(SIGNATURE + b"\x00"),
        b64(bytes(64)),
        SIGNATURE.hex(),
        base64.urlsafe_b64encode(b"\xfb" * 64).decode(),
        "é" * 88,
        "\ud800" * 88,
        "Ａ" * 88,
    ],
    ids=lambda text: ascii(text)[:30],
)
def test_what_is_no_base64_of_64_bytes_is_no_signature(text):
    assert not signature_holds(RAW, MESSAGE, text)


@pytest.mark.parametrize("public", [b"", RAW[:31], RAW + b"\x00", None, "key", 7])
def test_under_what_is_no_key_no_signature_holds(public):
    assert not signature_holds(public, MESSAGE, b64(SIGNATURE))


def test_spare_bits_of_the_base64_are_not_free():
    text = b64(SIGNATURE)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    last = alphabet.index(text[-3])
    twins = [f"{text[:-3]}{alphabet[last & ~15 | spare]}==" for spare in range(16)]

    assert [base64.b64decode(twin, validate=True) for twin in twins] == [SIGNATURE] * 16
    assert [twin for twin in twins if signature_holds(RAW, MESSAGE, twin)] == [text]


def test_a_signature_with_s_beyond_the_group_order_is_refused():
    order = 2**252 + 27742317777372353535851937790883648493
    s = int.from_bytes(SIGNATURE[32:], "little")
    for multiple in range(1, 16):
        if (larger := s + multiple * order) < 2**256:
            forged = SIGNATURE[:32] + larger.to_bytes(32, "little")
            assert not signature_holds(RAW, MESSAGE, b64(forged))


def test_every_bit_of_a_signature_counts():
    for bit in range(512):
        forged = bytearray(SIGNATURE)
        forged[bit // 8] ^= 1 << bit % 8
        assert not signature_holds(RAW, MESSAGE, b64(bytes(forged))), bit


def test_signatures_of_rfc_8032_hold():
    for row in json.loads(shared("vectors/ed25519_rfc8032.json").read_bytes())["tests"]:
        public, message, signature = (
            bytes.fromhex(row[name]) for name in ("public", "message", "signature")
        )
        assert signature_holds(public, message, b64(signature)), row["name"]
        assert not signature_holds(public, message + b"\x00", b64(signature)), row["name"]


def test_a_prehashed_signature_of_rfc_8032_does_not_hold():
    row = json.loads(shared("vectors/ed25519_rfc8032.json").read_bytes())["ed25519ph_7_3"]
    seed, message, signature = (
        bytes.fromhex(row[name]) for name in ("seed", "message", "signature")
    )
    public = bytes(SigningKey(seed).verify_key)

    assert not signature_holds(public, message, b64(signature))
    assert not signature_holds(public, hashlib.sha512(message).digest(), b64(signature))


def test_signatures_of_wycheproof_hold_or_not_as_stated():
    tests = json.loads(shared("vectors/ed25519_wycheproof.json").read_bytes())["tests"]
    wrong = [
        row["tc"]
        for row in tests
        if signature_holds(
            bytes.fromhex(row["pk"]), bytes.fromhex(row["msg"]), b64(bytes.fromhex(row["sig"]))
        )
        is not row["valid"]
    ]

    assert (len(tests), sum(row["valid"] for row in tests)) == (151, 88)
    assert wrong == []


@pytest.mark.parametrize(
    "row",
    rows(VECTORS / "receipts.jsonl"),
    ids=lambda row: row["pith_number"],
)
def test_a_published_receipt_is_the_bundled_keys_signature_over_the_raw_digest(row):
    (only,) = TrustRoot.bundled().keys
    digest = bytes.fromhex(row["canonical_sha256"])

    assert signature_holds(only.raw, digest, row["signature_b64"])
    assert not signature_holds(only.raw, row["canonical_sha256"].encode(), row["signature_b64"])


def test_published_receipts_sign_the_canonical_records_that_are_at_hand():
    (only,) = TrustRoot.bundled().keys
    known = {
        row["pith_number"]: row["canonical_record"]
        for row in (*rows(VECTORS / "records.jsonl"), *rows(VECTORS / "complete.jsonl"))
    }
    joined = [r for r in rows(VECTORS / "receipts.jsonl") if r["pith_number"] in known]

    assert len(joined) >= 4
    for row in joined:
        digest = sha256(canonical_bytes(known[row["pith_number"]]))
        assert signature_holds(only.raw, digest, row["signature_b64"])


def test_the_key_that_a_record_links_to_is_not_trusted_for_it():
    # Nothing in a document adds to the trust root.
    document = real_record() | {"public_key": {"key_id": KEY_ID, "public_key_b64": PUBLIC_B64}}

    assert document["public_key"]
    assert TrustRoot.bundled().select(KEY_ID, FINGERPRINT) is None
