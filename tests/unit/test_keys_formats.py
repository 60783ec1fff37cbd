"""Keys in the forms of other tools, checked with tools that are not ours."""

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey

from pith_agent.errors import (
    FileError,
    NoPassphraseError,
    PithError,
    SettingsError,
    SigningKeyError,
    UnsafeKeyFileError,
)
from pith_agent.storage.key_file import Cost, Secret, dump_key_file, dump_stub
from pith_agent.storage.key_formats import dump_public, is_public, read_public, read_seed
from pith_agent.storage.keys import add_key, load_key, new_key
from tests.documents import proved, statement
from tests.secrets_scan import shows, told

SEED = bytes(range(7, 39))
KEY = Ed25519PrivateKey.from_private_bytes(SEED)
PUBLIC = KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
PUBLIC_B64 = base64.b64encode(PUBLIC).decode()
SEED_B64 = base64.b64encode(SEED)


def pkcs8(key, encryption=None):
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())


def pem_of(der: bytes, label: str = "PRIVATE KEY") -> bytes:
    body = base64.b64encode(der).decode()
    return f"-----BEGIN {label}-----\n{body[:64]}\n{body[64:]}\n-----END {label}-----\n".encode()


V2 = bytes.fromhex("3051020101300506032b657004220420") + SEED + bytes.fromhex("812100") + PUBLIC


@pytest.fixture
def file(tmp_path):
    """Write a file, and give its path."""

    def write(content: bytes, mode: int = 0o600):
        path = tmp_path / "given"
        path.write_bytes(content)
        path.chmod(mode)
        return path

    return write


@pytest.mark.parametrize("form", ["pem", "base64", "json"])
def test_what_is_exported_is_read_as_the_same_key(file, form):
    path = file(dump_public(PUBLIC, form, name="mine").encode(), 0o644)

    assert read_public(str(path)) == {"public": PUBLIC_B64}
    assert is_public(path) is (form != "base64")


def test_other_tools_read_the_pem_and_write_the_same(file):
    text = dump_public(PUBLIC, "pem").encode()

    assert load_pem_public_key(text) == KEY.public_key()
    spki = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    assert spki == text


def test_securesystemslib_checks_a_citation_with_the_exported_pem(tmp_path):
    entry = new_key(tmp_path)
    signed = load_key(entry.path).sign(statement(proved()))
    pem = dump_public(entry.public, "pem").encode()
    key = SSlibKey.from_crypto(load_pem_public_key(pem), keyid=entry.keyid)

    found = Envelope.from_dict(signed.model_dump(mode="json", by_alias=True)).verify([key], 1)
    assert set(found) == {entry.keyid}


def test_the_json_says_until_when_the_key_counts(file):
    text = dump_public(PUBLIC, "json", until="2027-01-01T00:00:00Z", distrust_after=None)

    assert json.loads(text)["until"] == "2027-01-01T00:00:00Z"
    assert "distrust_after" not in json.loads(text)
    assert read_public(str(file(text.encode())))["until"] == "2027-01-01T00:00:00Z"


def test_a_public_key_may_be_given_as_text():
    assert read_public(PUBLIC_B64) == {"public": PUBLIC_B64}


NO_PUBLIC = {
    "empty": b"",
    "a private key": pkcs8(KEY),
    "an RSA key": generate_private_key(65537, 2048)
    .public_key()
    .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    "31 bytes": base64.b64encode(PUBLIC[:31]),
    "low order": base64.b64encode(bytes(32)),
    "low order in PEM": pem_of(bytes.fromhex("302a300506032b6570032100") + bytes(32), "PUBLIC KEY"),
    "JSON of another kind": b'{"public": "x"}',
    "JSON with another key id": dump_public(PUBLIC, "json").replace("keyid", "keyId").encode(),
    "JSON of version 2": dump_public(PUBLIC, "json").replace('"v": 1', '"v": 2').encode(),
    "too long": dump_public(PUBLIC, "pem").encode() + b" " * 5000,
    "half of it": dump_public(PUBLIC, "pem").encode()[:60],
    "spelled otherwise": base64.b64encode(PUBLIC)[:-2] + b"F=",
}


@pytest.mark.parametrize("content", NO_PUBLIC.values(), ids=NO_PUBLIC)
def test_what_is_no_public_key_is_refused(file, content):
    with pytest.raises(SettingsError) as caught:
        read_public(str(file(content)))
    assert caught.value.code == "invalid-setting"


@pytest.mark.parametrize("given", ["missing", "AAAA", "", "a\x00b", "x" * 5000])
def test_what_is_neither_a_key_nor_a_file_is_refused(given, tmp_path):
    with pytest.raises(FileError) as caught:
        read_public(str(tmp_path / given) if given == "missing" else given)
    assert caught.value.message.isprintable()


PRIVATE = {
    "PKCS #8 of another program": pkcs8(KEY),
    "PKCS #8, version 2": pem_of(V2),
    "with Windows line ends": pkcs8(KEY).replace(b"\n", b"\r\n"),
    "base64": SEED_B64,
    "base64 and a line end": SEED_B64 + b"\n",
    "a plain key file": dump_key_file(Secret(SEED), None),
}


@pytest.mark.parametrize("content", PRIVATE.values(), ids=PRIVATE)
def test_a_private_key_is_imported_from(file, tmp_path, content):
    seed, asked = read_seed(file(content))
    entry = add_key(tmp_path / "keys", "mine", seed)

    assert (load_key(entry.path).public, asked) == (PUBLIC, None)


def test_an_encrypted_key_file_is_imported_with_its_passphrase(file):
    path = file(dump_key_file(Secret(SEED), Secret(b"pass"), Cost(1, 8192)))

    seed, asked = read_seed(path, lambda _: Secret(b"pass"))
    assert (seed.reveal(), asked and asked.reveal()) == (SEED, b"pass")
    with pytest.raises(NoPassphraseError):
        read_seed(path)


OPENSSH = b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"
NO_PRIVATE = {
    "empty": b"",
    "a public key": dump_public(PUBLIC, "pem").encode(),
    "encrypted": pkcs8(KEY, BestAvailableEncryption(b"pass")),
    "OpenSSH": OPENSSH,
    "RSA": pkcs8(generate_private_key(65537, 2048)),
    "another public half": pem_of(V2[:-1] + b"\x00"),
    "DER cut off": pem_of(V2[:47]),
    "DER with more": pem_of(V2 + b"\x00"),
    "two keys": pkcs8(KEY) * 2,
    "31 bytes": base64.b64encode(SEED[:31]),
    "a seed in hex": SEED.hex().encode(),
    "no JSON": b"{",
    "a retired key": dump_stub(PUBLIC, "retired", retired_at="2026-01-01T00:00:00Z"),
    "too long": SEED_B64 + b" " * 5000,
    "not ASCII": b"\xff" * 44,
}


@pytest.mark.parametrize("content", NO_PRIVATE.values(), ids=NO_PRIVATE)
def test_what_is_no_private_key_is_refused_and_not_quoted(file, content):
    with pytest.raises(SigningKeyError) as caught:
        read_seed(file(content))

    assert caught.value.hint
    assert shows(told(caught.value), SEED) == []


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602])
@pytest.mark.parametrize("content", PRIVATE.values(), ids=PRIVATE)
def test_a_private_key_that_others_can_read_is_not_imported(file, content, mode):
    with pytest.raises(UnsafeKeyFileError) as caught:
        read_seed(file(content, mode))
    assert shows(told(caught.value), SEED) == []


def test_a_link_to_a_private_key_is_not_followed(file, tmp_path):
    (tmp_path / "link").symlink_to(file(SEED_B64))

    with pytest.raises(UnsafeKeyFileError):
        read_seed(tmp_path / "link")


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(PithError) as caught:
        read_seed(tmp_path / "none")
    assert caught.value.code == "no-signing-key"
    assert is_public(tmp_path / "none") is False
