"""Where the signing key comes from: a file, the keyring, the environment, in this order."""

import base64
import importlib.util
import os
import traceback

import pytest

from pith_agent import Client, Settings
from pith_agent.errors import (
    KeyRetiredError,
    NoKeyringError,
    NoPassphraseError,
    NoSigningKeyError,
    PithError,
    SettingsError,
    SigningKeyError,
)
from pith_agent.storage.key_file import Cost, Secret, dump_stub
from pith_agent.storage.keys import (
    Keeping,
    add_key,
    list_keys,
    load_key,
    new_key,
    rotate_key,
)
from pith_agent.storage.signers import now_text, revoke_key
from tests.documents import NUMBER, request
from tests.secrets_scan import shows, told

SEED = bytes(range(50, 82))
SEED_B64 = base64.b64encode(SEED).decode()
PASSPHRASE = b"a passphrase of some length"
ENCRYPTED = Keeping(Secret(PASSPHRASE), cost=Cost(1, 8192))
HAS_KEYRING = importlib.util.find_spec("keyring") is not None


def sign(client: Client) -> str:
    """The id of the key that a citation is signed with."""
    (citation,) = client.sign_citation(NUMBER, request())
    assert client.verify_citation(citation.envelope).verdict == "verified"
    return citation.envelope["signatures"][0]["keyid"]


@pytest.fixture
def made(tmp_path, offline):
    """Make a client in a home of its own, from variables."""

    def make(**variables: str) -> Client:
        given = {"PITH_HOME": str(tmp_path / "home"), "PITH_OFFLINE": "1", **variables}
        return offline(settings=Settings.from_environment(given))

    return make


@pytest.fixture
def passphrase_file(tmp_path):
    path = tmp_path / "passphrase"
    path.write_bytes(PASSPHRASE + b"\n")
    path.chmod(0o600)
    return path


def test_a_key_of_the_environment_signs_where_there_is_no_file(made, tmp_path):
    key = add_key(tmp_path / "elsewhere", "x", Secret(SEED))
    client = made(PITH_AGENT_KEY=SEED_B64)

    assert sign(client) == key.keyid
    assert not client.settings.key_directory.exists()


def test_a_file_in_the_home_comes_before_the_environment(made):
    client = made(PITH_AGENT_KEY=SEED_B64)
    entry = new_key(client.settings.key_directory)

    assert sign(client) == entry.keyid


def test_a_file_that_is_named_comes_first_and_is_not_passed_over(made, tmp_path):
    named = new_key(tmp_path / "elsewhere", "mine")
    client = made(PITH_AGENT_KEY=SEED_B64, PITH_KEY_FILE=str(named.path))
    new_key(client.settings.key_directory)

    assert sign(client) == named.keyid
    named.path.unlink()
    with pytest.raises(NoSigningKeyError):
        client.sign_citation(NUMBER, request())


def test_an_encrypted_file_is_not_passed_over_for_the_environment(made):
    client = made(PITH_AGENT_KEY=SEED_B64)
    new_key(client.settings.key_directory, keeping=ENCRYPTED)

    with pytest.raises(NoPassphraseError):
        client.sign_citation(NUMBER, request())
    assert len(client.ledger) == 0


def test_an_encrypted_key_signs_with_a_passphrase_file(made, passphrase_file):
    client = made(PITH_PASSPHRASE_FILE=str(passphrase_file))
    entry = new_key(client.settings.key_directory, keeping=ENCRYPTED)

    assert sign(client) == entry.keyid


def test_a_person_is_asked_once_if_there_is_one(offline):
    asked = []
    client = offline(passphrase=lambda path: asked.append(path) or Secret(PASSPHRASE))
    entry = new_key(client.settings.key_directory, keeping=ENCRYPTED)

    assert {sign(client), sign(client)} == {entry.keyid}
    assert asked == [entry.path]


def test_verifying_asks_for_no_passphrase(made, passphrase_file):
    client = made(PITH_PASSPHRASE_FILE=str(passphrase_file))
    entry = new_key(client.settings.key_directory, keeping=ENCRYPTED)
    (citation,) = client.sign_citation(NUMBER, request())

    other = made()
    assert other.verify_citation(citation.envelope).signed_by == (entry.keyid,)
    named = made(PITH_KEY_FILE=str(entry.path))
    assert named.verify_citation(citation.envelope).verdict == "verified"


@pytest.mark.parametrize(
    "value", ["x", SEED_B64[:-4], SEED_B64 + "AAAA", SEED.hex(), "é", SEED_B64 + "!"]
)
def test_a_variable_that_holds_no_seed_is_refused_and_not_quoted(value):
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({"PITH_AGENT_KEY": value})

    assert "PITH_AGENT_KEY" in caught.value.message
    assert len(value) < 5 or value not in str(caught.value)


def test_settings_with_a_key_do_not_show_it(monkeypatch):
    monkeypatch.setenv("PITH_AGENT_KEY", SEED_B64)
    settings = Settings.from_environment()
    assert settings.agent_key is not None
    assert shows(f"{settings!r} {settings.agent_key!r}", SEED) == []

    monkeypatch.setenv("PITH_TIMEOUT", "soon")
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment()
    assert shows(told(caught.value), SEED) == []


def test_no_error_of_a_client_shows_the_key_or_the_passphrase(made, passphrase_file, tmp_path):
    passphrase_file.chmod(0o644)
    client = made(PITH_AGENT_KEY=SEED_B64, PITH_PASSPHRASE_FILE=str(passphrase_file))
    add_key(client.settings.key_directory, "default", Secret(SEED), ENCRYPTED)

    for use in (
        lambda: client.sign_citation(NUMBER, request()),
        lambda: client.sign_citation("nonsense", request()),
    ):
        with pytest.raises(PithError) as caught:
            use()
        assert shows(told(caught.value), SEED, PASSPHRASE) == []
        shown = "".join(traceback.format_exception(caught.value))
        assert shows(shown, SEED, PASSPHRASE) == []


@pytest.mark.parametrize("mode", [0o750, 0o705])
def test_a_key_in_a_directory_that_others_can_look_into_signs_nothing(signing, mode):
    signing.settings.key_directory.chmod(mode)

    with pytest.raises(SigningKeyError) as caught:
        signing.sign_citation(NUMBER, request())
    assert caught.value.code == "unsafe-key-file"


def test_a_revoked_key_signs_nothing_more_wherever_it_comes_from(made, tmp_path):
    client = made()
    entry = add_key(client.settings.key_directory, "default", Secret(SEED))
    assert sign(client) == entry.keyid
    revoke_key(client.settings.home, entry, now_text())

    for one in (client, made(PITH_KEY_FILE=str(entry.path))):
        with pytest.raises(KeyRetiredError) as caught:
            one.sign_citation(NUMBER, request())
        assert caught.value.code == "key-retired"
    entry.path.unlink()
    with pytest.raises(KeyRetiredError):
        made(PITH_AGENT_KEY=SEED_B64).sign_citation(NUMBER, request())


def test_what_a_retired_key_signed_verifies_and_the_new_key_signs(local):
    new_key(local.settings.key_directory)
    (before,) = local.sign_citation(NUMBER, request())
    made, retired = rotate_key(local.settings.key_directory)

    assert sign(local) == made.keyid
    report = local.verify_citation(before.envelope)
    assert (report.verdict, report.signed_by) == ("verified", (retired.keyid,))


@pytest.mark.skipif(HAS_KEYRING, reason="the package keyring is installed")
def test_without_the_package_the_keyring_is_refused_and_nothing_is_written(tmp_path):
    with pytest.raises(NoKeyringError) as caught:
        new_key(tmp_path / "keys", keeping=Keeping(in_keyring=True))

    assert caught.value.code == "no-keyring"
    assert "pith-agent[keyring]" in caught.value.hint
    assert list((tmp_path / "keys").iterdir()) == []


@pytest.mark.skipif(HAS_KEYRING, reason="the package keyring is installed")
def test_without_the_package_a_key_in_the_keyring_is_listed_and_not_opened(tmp_path):
    entry = new_key(tmp_path / "keys")
    entry.path.write_bytes(dump_stub(entry.public, "keyring"))

    (listed,) = list_keys(tmp_path / "keys")
    assert (listed.kdf, listed.keyid) == ("keyring", entry.keyid)
    with pytest.raises(NoKeyringError):
        load_key(entry.path)


@pytest.fixture
def keyring():
    """A keyring that lives in this process, through the interface for backends of the package."""
    package = pytest.importorskip("keyring", reason="the package keyring is not installed")
    backend = pytest.importorskip("keyring.backend")
    errors = pytest.importorskip("keyring.errors")

    class InProcess(backend.KeyringBackend):
        priority = 1

        def __init__(self):
            super().__init__()
            self.held: dict[tuple[str, str], str] = {}
            self.locked = False

        def get_password(self, service, username):
            if self.locked:
                raise errors.KeyringLocked("locked")
            return self.held.get((service, username))

        def set_password(self, service, username, password):
            if self.locked:
                raise errors.KeyringLocked(password)
            self.held[service, username] = password

        def delete_password(self, service, username):
            if self.held.pop((service, username), None) is None:
                raise errors.PasswordDeleteError("none")

    before = package.get_keyring()
    package.set_keyring(InProcess())
    yield package.get_keyring()
    package.set_keyring(before)


IN_KEYRING = Keeping(in_keyring=True)


def test_a_key_in_the_keyring_signs_and_its_file_holds_the_public_half_only(keyring, local):
    entry = new_key(local.settings.key_directory, keeping=IN_KEYRING)

    assert (entry.kdf, sign(local)) == ("keyring", entry.keyid)
    (text,) = keyring.held.values()
    assert text not in entry.path.read_text()
    assert list(keyring.held) == [("pith-agent", entry.keyid)]


def test_a_rotated_key_leaves_the_keyring(keyring, local):
    entry = new_key(local.settings.key_directory, keeping=IN_KEYRING)
    made, retired = rotate_key(local.settings.key_directory, keeping=IN_KEYRING)

    assert list(keyring.held) == [("pith-agent", made.keyid)]
    assert (retired.keyid, sign(local)) == (entry.keyid, made.keyid)


def test_a_locked_keyring_gives_and_takes_nothing(keyring, local):
    entry = new_key(local.settings.key_directory, keeping=IN_KEYRING)
    (text,) = keyring.held.values()
    keyring.locked = True

    for use in (
        lambda: new_key(local.settings.key_directory, "other", IN_KEYRING),
        lambda: rotate_key(local.settings.key_directory, keeping=IN_KEYRING),
        lambda: load_key(entry.path),
    ):
        with pytest.raises(SigningKeyError) as caught:
            use()
        assert text not in told(caught.value)
    assert os.listdir(local.settings.key_directory) == ["default.json"]


def test_a_keyring_that_keeps_nothing_is_noticed(keyring, tmp_path):
    package = pytest.importorskip("keyring")
    null = pytest.importorskip("keyring.backends.null")
    package.set_keyring(null.Keyring())

    with pytest.raises(NoKeyringError):
        new_key(tmp_path / "keys", keeping=IN_KEYRING)
    assert list((tmp_path / "keys").iterdir()) == []


def test_an_entry_of_another_key_in_the_keyring_is_refused(keyring, tmp_path):
    entry = new_key(tmp_path / "keys", keeping=IN_KEYRING)
    keyring.held["pith-agent", entry.keyid] = SEED_B64

    with pytest.raises(SigningKeyError):
        load_key(entry.path)
