"""A key file that cannot be used: its key counts for nothing, and the others as before."""

import base64
import json
import os

import pytest
from click.testing import CliRunner

from pith_agent import Settings
from pith_agent.cli.main import main
from pith_agent.desk import known_signers, unusable_keys
from pith_agent.errors import SigningKeyError
from pith_agent.storage.keys import find_key, list_keys, load_key, new_key, rotate_key, survey_keys
from pith_agent.storage.signers import note_retired, now_text, revoke_key, trust_signer
from tests.documents import NUMBER, request
from tests.unit.test_signers import at, signer


def cut(path):
    path.write_bytes(path.read_bytes()[:40])


def open_to_others(path):
    path.chmod(0o644)


def linked(path):
    path.rename(path.with_name("elsewhere"))
    path.symlink_to(path.with_name("elsewhere"))


def of_another_version(path):
    path.write_text(json.dumps(json.loads(path.read_text()) | {"v": 2}))


def no_file(path):
    path.unlink()
    path.mkdir()


def of_another_key(path):
    """Its key id is not that of the public key in it."""
    path.write_text(json.dumps(json.loads(path.read_text()) | {"keyid": "0" * 64}))


DAMAGE = [cut, open_to_others, linked, of_another_version, no_file, of_another_key]


def run(home, *arguments):
    env = {"PITH_HOME": str(home), "PITH_OFFLINE": "1"}
    return CliRunner().invoke(main, [str(one) for one in arguments], env=env)


@pytest.fixture
def foreign(offline, tmp_path):
    """A citation that a machine signed which is trusted here, and its key."""
    home = tmp_path / "foreign"
    entry = new_key(home / "keys")
    client = offline(settings=Settings(home=home, offline=True))
    (citation,) = client.sign_citation(NUMBER, request())
    return citation.envelope, entry


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_key_file_is_told_and_other_keys_count_as_before(signing, foreign, damage):
    envelope, entry = foreign
    trust_signer(signing.settings.home, signer(entry.public))
    second = new_key(signing.settings.key_directory, "second")
    (own,) = signing.sign_citation(NUMBER, request())
    broken = find_key(signing.settings.key_directory, "second").path
    damage(broken)

    for citation in (own.envelope, envelope):
        assert signing.verify_citation(citation).verdict == "verified"
    assert signing.sign_citation(NUMBER, request())[0].signed
    assert second.public not in [one.public for one in known_signers(signing.settings)]
    (told,) = unusable_keys(signing.settings)
    assert told.path == broken
    assert told.error.code in ("signing-key", "unsafe-key-file")
    with pytest.raises(SigningKeyError):
        list_keys(signing.settings.key_directory)


@pytest.mark.parametrize("damage", DAMAGE)
def test_what_a_damaged_key_signed_is_not_verified_and_the_file_is_named(signing, damage):
    (citation,) = signing.sign_citation(NUMBER, request())
    path = signing.settings.key_directory / "default.json"
    damage(path)

    report = signing.verify_citation(citation.envelope)
    assert (report.verdict, report.code) == ("undecidable", "unknown-signer")
    assert (report.checks[-1].name, report.checks[-1].status) == ("own-keys", "warn")
    assert str(path) in report.checks[-1].detail
    with pytest.raises(SigningKeyError) as caught:
        signing.sign_citation(NUMBER, request())
    assert caught.value.code == report.checks[-1].code
    assert str(path) in caught.value.message


@pytest.mark.parametrize("damage", DAMAGE)
def test_keys_list_names_the_damaged_file_beside_the_keys(signing, damage):
    home = signing.settings.home
    new_key(home / "keys", "second")
    damage(home / "keys" / "second.json")

    done = run(home, "keys", "list", "--json")
    said = json.loads(done.stdout)
    assert [one["name"] for one in said["keys"]] == ["default"]
    (told,) = said["unusable"]
    assert told["path"] == str(home / "keys" / "second.json")
    assert told["code"] in ("signing-key", "unsafe-key-file")
    assert told["hint"]
    assert done.exit_code == 2
    spoken = run(home, "keys", "list")
    assert told["path"] in spoken.stdout
    assert f"[{told['code']}]" in spoken.stdout
    assert spoken.exit_code == 2


def test_keys_in_a_directory_that_others_can_look_into_count_for_nothing(signing, foreign):
    envelope, entry = foreign
    trust_signer(signing.settings.home, signer(entry.public))
    (own,) = signing.sign_citation(NUMBER, request())
    signing.settings.key_directory.chmod(0o755)

    assert signing.verify_citation(envelope).verdict == "verified"
    report = signing.verify_citation(own.envelope)
    assert (report.code, report.checks[-1].code) == ("unknown-signer", "unsafe-key-file")
    assert json.loads(run(signing.settings.home, "keys", "list", "--json").stdout)["error"]["code"]


def test_a_key_file_of_the_settings_that_is_gone_stops_no_verifying(offline, foreign, tmp_path):
    envelope, entry = foreign
    settings = Settings(home=tmp_path / "home", offline=True, key_file=tmp_path / "gone.json")
    client = offline(settings=settings)

    assert client.verify_citation(envelope, [entry.public]).verdict == "verified"
    report = client.verify_citation(envelope)
    assert (report.code, report.checks[-1].code) == ("unknown-signer", "no-signing-key")


@pytest.mark.parametrize("damage", [None, os.unlink, *DAMAGE])
@pytest.mark.parametrize("accepted_by", ["this machine", "a policy", "a list", "the caller"])
def test_a_retired_key_gains_nothing_when_its_file_is_damaged(signing, damage, accepted_by):
    """A thief has the old seed, and dates what he signs after the rotation."""
    home = signing.settings.home
    (citation,) = signing.sign_citation(NUMBER, request())
    thief = load_key(home / "keys" / "default.json")
    _, retired = rotate_key(home / "keys")
    stub = home / "keys" / "default.1.json"
    stub.write_text(json.dumps(json.loads(stub.read_text()) | {"retired_at": at(hours=1)}))
    note_retired(home, find_key(home / "keys", "default.1"))
    signers = []
    if accepted_by == "a policy":
        public = base64.b64encode(thief.public).decode()
        text = f'policy_version = 1\n[[signer]]\npublic_key = "{public}"\n'
        (home / "policy.toml").write_text(text)
    elif accepted_by == "a list":
        trust_signer(home, signer(thief.public, "me"))
    elif accepted_by == "the caller":
        signers = [thief.public]
    if damage is not None:
        damage(stub)

    assert retired.public == thief.public
    report = signing.verify_citation(citation.envelope, signers)
    assert (report.verdict, report.code) == ("failed", "expired-signer")


def test_what_a_retired_key_signed_before_still_verifies_without_its_file(signing):
    home = signing.settings.home
    (citation,) = signing.sign_citation(NUMBER, request())

    assert run(home, "keys", "rotate", "--no-passphrase").exit_code == 0
    cut(home / "keys" / "default.1.json")

    assert signing.verify_citation(citation.envelope).verdict == "verified"


def test_a_retired_key_that_is_brought_back_counts_as_a_key_does(signing, tmp_path):
    home = signing.settings.home
    kept = (home / "keys" / "default.json").read_bytes()
    assert run(home, "keys", "rotate", "--no-passphrase").exit_code == 0
    back = home / "keys" / "back.json"
    back.write_bytes(kept)
    back.chmod(0o600)

    found = {one.name: one.until for one in known_signers(signing.settings)}
    assert found == {"default": None, "back": None}


def test_a_revocation_keeps_what_is_known_of_retired_keys_and_the_other_way_round(signing):
    home = signing.settings.home
    first = find_key(home / "keys", "default")
    revoke_key(home, first, now_text())
    assert run(home, "keys", "rotate", "--no-passphrase").exit_code == 0
    revoke_key(home, find_key(home / "keys", "default"), now_text())

    said = json.loads((home / "revoked.json").read_text())
    assert [one["name"] for one in said["revoked"]] == ["default", "default"]
    assert [one["name"] for one in said["retired"]] == ["default.1"]


def test_a_rotation_passes_over_a_damaged_file_and_leaves_it(signing):
    home = signing.settings.home
    (home / "keys" / "default.1.json").write_text("{}")
    (home / "keys" / "default.1.json").chmod(0o600)

    assert run(home, "keys", "rotate", "--no-passphrase").exit_code == 0

    entries, unusable = survey_keys(home / "keys")
    assert [entry.name for entry in entries] == ["default", "default.2"]
    assert [one.path.name for one in unusable] == ["default.1.json"]


def test_nothing_is_rotated_where_the_old_key_cannot_be_written_down(signing):
    home = signing.settings.home
    before = (home / "keys" / "default.json").read_bytes()
    (home / "revoked.json").write_text("{}x")

    assert run(home, "keys", "rotate", "--no-passphrase").exit_code == 5

    assert (home / "keys" / "default.json").read_bytes() == before
