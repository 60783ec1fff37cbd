"""Signing keys as files."""

import base64
import errno
import io
import json
import logging
import os
import stat
import traceback

import pytest

from pith_agent.errors import (
    NoSigningKeyError,
    PithError,
    SigningKeyError,
    StoreUnavailableError,
    UnsafeKeyFileError,
)
from pith_agent.protocol.citation import CitationKey
from pith_agent.storage.keys import key_path, list_keys, load_key, new_key
from tests.documents import proved, statement


def content(path) -> dict[str, object]:
    return json.loads(path.read_bytes())


def write(path, changed, mode=0o600):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(changed if isinstance(changed, bytes) else json.dumps(changed).encode())
    path.chmod(mode)
    return path


def test_a_new_key_is_written_once_and_loads_as_the_same_key(tmp_path):
    entry = new_key(tmp_path / "keys")
    key = load_key(entry.path)

    assert (entry.name, entry.path) == ("default", tmp_path / "keys" / "default.json")
    assert (key.public, key.keyid) == (entry.public, entry.keyid)
    assert key.sign(statement(proved())).signatures[0].keyid == entry.keyid
    assert list_keys(tmp_path / "keys") == [entry]
    assert list(tmp_path.glob("keys/*")) == [entry.path]


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_a_key_file_is_its_owners_whatever_the_umask(tmp_path, umask):
    before = os.umask(umask)
    try:
        entry = new_key(tmp_path / "keys")
    finally:
        os.umask(before)

    assert stat.S_IMODE(entry.path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


def test_no_two_keys_are_alike(tmp_path):
    entries = [new_key(tmp_path, name) for name in ("a", "b", "c.d_e-1")]

    assert len({entry.keyid for entry in entries}) == 3
    assert list_keys(tmp_path) == entries


def test_a_key_is_never_overwritten(tmp_path):
    entry = new_key(tmp_path)
    before = entry.path.read_bytes()

    with pytest.raises(SigningKeyError) as caught:
        new_key(tmp_path)

    assert caught.value.code == "signing-key"
    assert entry.path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [entry.path]


def test_a_link_in_the_place_of_a_new_key_is_not_followed(tmp_path):
    (tmp_path / "default.json").symlink_to(tmp_path / "elsewhere.json")

    with pytest.raises(SigningKeyError):
        new_key(tmp_path)
    assert not (tmp_path / "elsewhere.json").exists()


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../x", "a/b", "/etc/x", "A", "a b", "a\n", "a\x00", "-a", ".a", "é", "a" * 41],
    ids=ascii,
)
def test_a_name_cannot_lead_out_of_the_directory(tmp_path, name):
    for use in (new_key, key_path):
        with pytest.raises(SigningKeyError) as caught:
            use(tmp_path / "keys", name)
        assert caught.value.message.isprintable()
    assert not (tmp_path / "keys").exists()


def test_without_a_file_there_is_no_key(tmp_path):
    with pytest.raises(NoSigningKeyError) as caught:
        load_key(tmp_path / "default.json")

    assert caught.value.code == "no-signing-key"
    assert list_keys(tmp_path / "absent") == []


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o620, 0o610, 0o604, 0o602, 0o601, 0o666, 0o777])
def test_a_key_that_others_may_use_is_refused(tmp_path, mode):
    entry = new_key(tmp_path)
    entry.path.chmod(mode)

    for use in (lambda: load_key(entry.path), lambda: list_keys(tmp_path)):
        with pytest.raises(UnsafeKeyFileError) as caught:
            use()
        assert caught.value.code == "unsafe-key-file"


def test_a_key_may_be_read_only(tmp_path):
    entry = new_key(tmp_path)
    entry.path.chmod(0o400)

    assert load_key(entry.path).keyid == entry.keyid


def test_what_is_no_plain_file_is_refused_without_waiting(tmp_path):
    entry = new_key(tmp_path / "real")
    (tmp_path / "link.json").symlink_to(entry.path)
    (tmp_path / "dangling.json").symlink_to(tmp_path / "nothing")
    (tmp_path / "directory.json").mkdir(mode=0o700)
    os.mkfifo(tmp_path / "pipe.json", 0o600)

    for name in ("link", "dangling", "directory", "pipe"):
        with pytest.raises(UnsafeKeyFileError):
            load_key(tmp_path / f"{name}.json")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_key_of_somebody_else_is_refused(tmp_path):
    entry = new_key(tmp_path)
    try:
        os.chown(entry.path, 12345, 12345)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        pytest.skip("in this user namespace there is nobody else to give a file to")

    with pytest.raises(UnsafeKeyFileError):
        load_key(entry.path)


DAMAGE = {
    "empty": b"",
    "no JSON": b"seed",
    "a list": b"[]",
    "not UTF-8": b"\xff\xfe",
    "too long": b"{}" + b" " * 5000,
    "duplicate": b'{"v":1,"v":1}',
    "version 2": lambda c: c | {"v": 2},
    "version as text": lambda c: c | {"v": "1"},
    "encrypted": lambda c: c | {"kdf": "argon2id13"},
    "no seed": lambda c: {k: v for k, v in c.items() if k != "seed"},
    "short seed": lambda c: c | {"seed": base64.b64encode(bytes(31)).decode()},
    "seed and key": lambda c: c | {"seed": base64.b64encode(bytes(64)).decode()},
    "seed no base64": lambda c: c | {"seed": "!"},
    "seed beyond ASCII": lambda c: c | {"seed": "é"},
    "seed a number": lambda c: c | {"seed": 7},
    "no public key": lambda c: {k: v for k, v in c.items() if k != "public"},
    "another public key": lambda c: c | {"public": base64.b64encode(bytes(32)).decode()},
    "public key cut": lambda c: c | {"public": c["public"][:-4]},
    "another seed": lambda c: c | {"seed": base64.b64encode(bytes(32)).decode()},
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_key_file_is_refused_and_not_quoted(tmp_path, damage):
    entry = new_key(tmp_path)
    known = content(entry.path)
    write(entry.path, damage if isinstance(damage, bytes) else damage(known))

    with pytest.raises(SigningKeyError) as caught:
        load_key(entry.path)

    assert caught.value.code == "signing-key"
    shown = "".join(traceback.format_exception(caught.value))
    assert str(known["seed"]) not in shown


def test_a_key_id_that_is_not_the_keys_is_refused(tmp_path):
    entry = new_key(tmp_path)
    write(entry.path, content(entry.path) | {"keyid": "0" * 64})

    with pytest.raises(SigningKeyError):
        load_key(entry.path)


def test_a_traceback_with_local_variables_does_not_show_the_seed(tmp_path):
    entry = new_key(tmp_path)
    known = content(entry.path)
    seed = base64.b64decode(str(known["seed"]))
    damaged = write(entry.path, known | {"public": base64.b64encode(bytes(32)).decode()})

    with pytest.raises(PithError) as caught:
        load_key(damaged)
    told = traceback.TracebackException.from_exception(caught.value, capture_locals=True)

    frames = [frame for frame in told.stack if frame.filename.endswith("keys.py")]
    shown = "".join(f"{frame.locals}" for frame in frames if "test_keys" not in frame.filename)
    for spelling in (str(known["seed"]), seed.hex(), repr(seed)[2:-1]):
        assert spelling not in shown


def test_nothing_that_is_logged_or_said_shows_the_seed(tmp_path):
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logging.getLogger().addHandler(handler)
    try:
        entry = new_key(tmp_path)
        key = load_key(entry.path)
        logging.getLogger().warning("%s %r %s", key, key, entry)
    finally:
        logging.getLogger().removeHandler(handler)

    assert str(content(entry.path)["seed"]) not in stream.getvalue() + repr(entry)
    assert isinstance(key, CitationKey)


def test_where_no_directory_can_be_made_the_key_is_not_made(tmp_path):
    (tmp_path / "file").write_text("in the way")

    for directory in (tmp_path / "file", tmp_path / "file" / "keys"):
        with pytest.raises((StoreUnavailableError, SigningKeyError)) as caught:
            new_key(directory)
        assert caught.value.code == "store-unavailable"


def test_a_path_under_a_file_holds_no_key(tmp_path):
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(SigningKeyError):
        load_key(tmp_path / "file" / "default.json")
    assert list_keys(tmp_path / "file") == []
