"""Key files with a passphrase: what is asked for, what is refused, what is never shown."""

import base64
import copy
import dataclasses
import json
import pickle
import threading

import pytest

from pith_agent.errors import (
    NoPassphraseError,
    PithError,
    SigningKeyError,
    UnsafeKeyFileError,
    WrongPassphraseError,
)
from pith_agent.storage.key_file import (
    MAX_MEMORY,
    MAX_OPS,
    MODERATE,
    Cost,
    Secret,
    dump_key_file,
    parse_key_file,
    unseal,
)
from pith_agent.storage.key_sources import KeyOpener, read_passphrase
from pith_agent.storage.keys import Keeping, add_key, list_keys, load_key, new_key
from tests.documents import proved, statement
from tests.secrets_scan import shows, told

CHEAP = Cost(ops=1, memory=8192)
"""The least that Argon2id takes: these tests are not about its price."""
PASSPHRASE = b"correct horse battery staple"
SEED = bytes(range(100, 132))
KEEPING = Keeping(Secret(PASSPHRASE), cost=CHEAP)


def give(_path):
    return Secret(PASSPHRASE)


def give_another(_path):
    return Secret(b"another passphrase")


@pytest.fixture
def entry(tmp_path):
    return add_key(tmp_path / "keys", "mine", Secret(SEED), KEEPING)


def change(entry, **fields):
    content = json.loads(entry.path.read_bytes()) | fields
    entry.path.write_text(json.dumps(content))


def test_an_encrypted_key_opens_with_its_passphrase_and_signs(entry):
    key = load_key(entry.path, give)

    assert (key.public, key.keyid, entry.kdf) == (entry.public, entry.keyid, "argon2id13")
    assert key.sign(statement(proved())).signatures[0].keyid == entry.keyid


def test_the_file_has_the_documented_fields_and_no_seed(entry):
    content = json.loads(entry.path.read_bytes())

    assert list(content) == [
        "v", "kdf", "ops", "mem", "salt", "box", "nonce", "ct", "public", "keyid",
    ]  # fmt: skip
    assert (content["v"], content["kdf"], content["box"]) == (1, "argon2id13", "xsalsa20poly1305")
    lengths = {name: len(base64.b64decode(content[name])) for name in ("salt", "nonce", "ct")}
    assert lengths == {"salt": 16, "nonce": 24, "ct": 48}
    assert shows(entry.path.read_text(), SEED, PASSPHRASE) == []


def test_a_new_key_costs_a_guesser_three_passes_over_256_mebibytes(tmp_path):
    path = new_key(tmp_path / "keys", "costly", Keeping(Secret(PASSPHRASE))).path

    content = json.loads(path.read_bytes())
    assert (content["ops"], content["mem"]) == (3, 256 << 20) == (MODERATE.ops, MODERATE.memory)
    assert load_key(path, give).keyid == content["keyid"]


def test_one_seed_is_never_encrypted_to_the_same_bytes_twice():
    files = [dump_key_file(Secret(SEED), Secret(PASSPHRASE), CHEAP) for _ in range(3)]

    assert len(set(files)) == 3


def test_a_wrong_passphrase_is_refused(entry):
    with pytest.raises(WrongPassphraseError) as caught:
        load_key(entry.path, give_another)

    assert caught.value.code == "wrong-passphrase"


def test_without_a_passphrase_the_key_is_refused_and_the_hint_says_where_one_comes_from(entry):
    for use in (lambda: load_key(entry.path), lambda: KeyOpener().open(entry.path)):
        with pytest.raises(NoPassphraseError) as caught:
            use()
        assert caught.value.code == "no-passphrase"
        assert "PITH_PASSPHRASE_FILE" in caught.value.hint


def test_listing_needs_no_passphrase_and_says_what_is_encrypted(tmp_path, entry):
    plain = new_key(tmp_path / "keys", "plain")

    assert list_keys(tmp_path / "keys") == [entry, plain]
    assert [key.kdf for key in list_keys(tmp_path / "keys")] == ["argon2id13", "none"]


@pytest.mark.parametrize("length", [1, 1024])
def test_a_passphrase_is_any_bytes(tmp_path, length):
    secret = Secret(b"\xff" * length)
    path = new_key(tmp_path / "keys", "mine", Keeping(secret, cost=CHEAP)).path

    assert load_key(path, lambda _: secret)


HOSTILE = {
    "100 GiB": {"mem": 100 << 30},
    "one byte more than is accepted": {"mem": MAX_MEMORY + 1},
    "more passes than are accepted": {"ops": MAX_OPS + 1},
    "a billion passes": {"ops": 10**9},
    "no passes": {"ops": 0},
    "no memory": {"mem": 8191},
    "negative memory": {"mem": -8192},
    "memory as text": {"mem": "8192"},
    "passes as truth": {"ops": True},
    "another derivation": {"kdf": "scrypt"},
    "a derivation as a list": {"kdf": ["none"]},
    "another box": {"box": "aes256gcm"},
    "a short salt": {"salt": base64.b64encode(bytes(15)).decode()},
    "a short nonce": {"nonce": base64.b64encode(bytes(23)).decode()},
    "a short box": {"ct": base64.b64encode(bytes(47)).decode()},
    "a long box": {"ct": base64.b64encode(bytes(49)).decode()},
    "no salt": {"salt": None},
    "a field that is not known": {"comment": "x"},
    "a seed beside": {"seed": base64.b64encode(bytes(32)).decode()},
    "a key id of another key": {"keyid": "0" * 64},
    "a public key of low order": {
        "public": base64.b64encode(bytes(32)).decode(),
        "keyid": "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925",
    },
}


@pytest.mark.parametrize("fields", HOSTILE.values(), ids=HOSTILE)
def test_a_file_that_asks_for_too_much_or_contradicts_itself_is_refused_at_once(entry, fields):
    change(entry, **fields)

    for use in (lambda: load_key(entry.path, give), lambda: list_keys(entry.path.parent)):
        with pytest.raises(SigningKeyError) as caught:
            use()
        assert caught.value.code == "signing-key"


@pytest.mark.parametrize("field", ["salt", "nonce", "ct"])
@pytest.mark.parametrize("place", [0, 7, 15])
def test_one_changed_bit_is_refused(entry, field, place):
    content = json.loads(entry.path.read_bytes())
    raw = bytearray(base64.b64decode(content[field]))
    raw[place] ^= 1
    change(entry, **{field: base64.b64encode(raw).decode()})

    with pytest.raises(WrongPassphraseError):
        load_key(entry.path, give)


def test_the_public_half_of_another_key_is_noticed_when_the_file_is_opened(tmp_path, entry):
    other = new_key(tmp_path / "others")
    public = base64.b64encode(other.public).decode()
    change(entry, public=public, keyid=other.keyid)

    with pytest.raises(WrongPassphraseError):
        load_key(entry.path, give)


def test_an_encrypted_seed_of_another_key_does_not_pass_for_this_one(entry):
    other = parse_key_file(dump_key_file(Secret(bytes(32)), Secret(PASSPHRASE), CHEAP))
    mine = parse_key_file(entry.path.read_bytes())

    assert unseal(dataclasses.replace(mine, sealed=other.sealed), Secret(PASSPHRASE)) is None
    assert unseal(mine, Secret(PASSPHRASE)).reveal() == SEED


def test_no_error_shows_the_seed_or_the_passphrase_even_with_local_variables(tmp_path, entry):
    plain = add_key(tmp_path / "keys", "plain", Secret(SEED))
    change(plain, public=base64.b64encode(bytes(32)).decode())
    open_file = tmp_path / "passphrase"
    open_file.write_bytes(PASSPHRASE)
    open_file.chmod(0o644)
    long_file = tmp_path / "long"
    long_file.write_bytes(PASSPHRASE * 100)
    long_file.chmod(0o600)
    damaged = add_key(tmp_path / "keys", "damaged", Secret(SEED), KEEPING)
    change(damaged, ops=2)

    for use in (
        lambda: load_key(plain.path),
        lambda: load_key(entry.path, give_another),
        lambda: load_key(damaged.path, give),
        lambda: KeyOpener(open_file).open(entry.path),
        lambda: KeyOpener(long_file).open(entry.path),
        lambda: add_key(tmp_path / "keys", "mine", Secret(SEED), KEEPING),
        lambda: add_key(tmp_path / "keys", "A", Secret(SEED), KEEPING),
        lambda: add_key(open_file / "x", "mine", Secret(SEED), KEEPING),
        lambda: new_key(tmp_path / "k", "m", Keeping(Secret(PASSPHRASE), cost=Cost(1, 1 << 50))),
    ):
        with pytest.raises(PithError) as caught:
            use()
        shown = told(caught.value)
        assert "storage/" in shown or "load_key" in shown or "_key" in shown
        assert shows(shown, SEED, PASSPHRASE) == []


def test_a_secret_does_not_show_itself_and_is_not_copied():
    secret = Secret(SEED)

    assert shows(f"{secret} {secret!r} {[secret]} {Keeping(secret)}", SEED) == []
    for use in (pickle.dumps, copy.copy, copy.deepcopy, lambda s: dataclasses.asdict(Keeping(s))):
        with pytest.raises(TypeError):
            use(secret)


def test_a_key_is_decrypted_once_and_its_file_is_looked_at_each_time(entry):
    asked = []

    def ask(path):
        asked.append(path)
        return Secret(PASSPHRASE)

    opener = KeyOpener(ask=ask)
    assert {opener.open(entry.path).keyid for _ in range(3)} == {entry.keyid}
    assert asked == [entry.path]

    entry.path.chmod(0o640)
    with pytest.raises(UnsafeKeyFileError):
        opener.open(entry.path)


def test_a_key_that_was_exchanged_is_asked_for_again(entry, tmp_path):
    opener = KeyOpener(ask=give)
    first = opener.open(entry.path)
    other = new_key(tmp_path / "others", "mine", KEEPING)
    other.path.replace(entry.path)

    assert (first.keyid, opener.open(entry.path).keyid) == (entry.keyid, other.keyid)


def test_a_key_that_is_open_does_not_sign_for_a_file_that_names_another_one(entry, tmp_path):
    opener = KeyOpener(ask=give)
    opener.open(entry.path)
    other = new_key(tmp_path / "others")
    change(entry, public=base64.b64encode(other.public).decode(), keyid=other.keyid)

    with pytest.raises(WrongPassphraseError):
        opener.open(entry.path)


def test_a_plain_file_that_names_another_public_key_is_not_listed(tmp_path, entry):
    plain, other = new_key(tmp_path / "keys", "plain"), new_key(tmp_path / "others")
    change(plain, public=base64.b64encode(other.public).decode(), keyid=other.keyid)

    with pytest.raises(SigningKeyError):
        list_keys(tmp_path / "keys")


def test_eight_threads_decrypt_a_key_once(entry):
    asked = []
    opener = KeyOpener(ask=lambda path: asked.append(path) or Secret(PASSPHRASE))
    found = []

    threads = [
        threading.Thread(target=lambda: found.append(opener.open(entry.path).keyid))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert (set(found), len(found), len(asked)) == ({entry.keyid}, 8, 1)


def test_a_wrong_passphrase_is_not_remembered(entry):
    answers = [Secret(b"wrong"), Secret(PASSPHRASE)]
    opener = KeyOpener(ask=lambda _: answers.pop(0))

    with pytest.raises(WrongPassphraseError):
        opener.open(entry.path)
    assert opener.open(entry.path).keyid == entry.keyid


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_a_passphrase_file_is_read_without_its_line_end(tmp_path, entry, end):
    path = tmp_path / "passphrase"
    path.write_bytes(PASSPHRASE + end)
    path.chmod(0o600)

    assert read_passphrase(path).reveal() == PASSPHRASE
    assert KeyOpener(path, ask=give_another).open(entry.path).keyid == entry.keyid


@pytest.mark.parametrize(
    ("content", "mode", "code"),
    [
        (None, 0o600, "no-passphrase"),
        (b"", 0o600, "no-passphrase"),
        (b"\n", 0o600, "no-passphrase"),
        (b"x" * 1025, 0o600, "no-passphrase"),
        (PASSPHRASE, 0o640, "unsafe-key-file"),
        (PASSPHRASE, 0o604, "unsafe-key-file"),
    ],
)
def test_a_passphrase_file_that_cannot_be_used_is_refused(tmp_path, content, mode, code):
    path = tmp_path / "passphrase"
    if content is not None:
        path.write_bytes(content)
        path.chmod(mode)

    with pytest.raises(SigningKeyError) as caught:
        read_passphrase(path)
    assert caught.value.code == code
