"""Keys of others, revoked keys, and rule C9."""

import base64
import json
import os
import resource
import stat
from datetime import UTC, datetime, timedelta

import pytest

from pith_agent import Settings, TrustRoot
from pith_agent.errors import (
    SettingsError,
    SigningKeyError,
    StoreDamagedError,
    StoreUnavailableError,
    UnsafeKeyFileError,
)
from pith_agent.protocol.citation_signer import Signer, with_signers
from pith_agent.protocol.moment import TIME, parse_time
from pith_agent.storage.keys import list_keys, new_key, rotate_key
from pith_agent.storage.signers import (
    TrustedSigner,
    checked,
    now_text,
    read_revoked,
    read_signers,
    remove_signer,
    revoke_key,
    trust_signer,
)
from tests.documents import NUMBER, request


def at(**ago: float) -> str:
    return (datetime.now(UTC) - timedelta(**ago)).strftime(TIME)


def signer(public: bytes, name: str = "bob", **about: str | None) -> TrustedSigner:
    text = base64.b64encode(public).decode()
    return checked(TrustedSigner, name=name, public=text, added_at=now_text(), **about)


@pytest.fixture
def keys(tmp_path):
    """Public keys of others."""
    return [new_key(tmp_path / "others", f"k{place}").public for place in range(3)]


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def foreign(offline, tmp_path):
    """A citation by somebody else, with the entry of the key."""
    settings = Settings(home=tmp_path / "theirs", offline=True)
    client = offline(settings=settings)
    entry = new_key(settings.key_directory)
    (citation,) = client.sign_citation(NUMBER, request())
    return citation.envelope, entry


def c9(report):
    return [check for check in report.checks if check.name == "citation-signer"][-1]


def test_a_signer_is_kept_changed_and_removed(home, keys):
    trust_signer(home, signer(keys[0], identity="Bob's agent"))
    trust_signer(home, signer(keys[1], "alice"))
    trust_signer(home, signer(keys[0], until="2027-01-01T00:00:00Z"))

    alice, bob = read_signers(home)
    assert (alice.name, alice.raw) == ("alice", keys[1])
    assert (bob.identity, bob.until, bob.raw) == ("Bob's agent", "2027-01-01T00:00:00Z", keys[0])
    assert remove_signer(home, "bob") == bob
    assert read_signers(home) == (alice,)
    with pytest.raises(SigningKeyError):
        remove_signer(home, "bob")


def test_a_name_or_a_key_that_is_taken_is_not_given_again(home, keys):
    trust_signer(home, signer(keys[0]))

    for other in (signer(keys[1]), signer(keys[0], "alice")):
        with pytest.raises(SigningKeyError):
            trust_signer(home, other)
    assert [one.raw for one in read_signers(home)] == [keys[0]]


def test_a_revocation_is_never_moved_to_a_later_time_or_taken_back(home, keys):
    early, late = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"
    for moment in (late, early, late, None):
        trust_signer(home, signer(keys[0], distrust_after=moment))
    assert read_signers(home)[0].distrust_after == early

    entry = new_key(home / "keys")
    for moment in (late, early, late):
        revoke_key(home, entry, moment)
    (revoked,) = read_revoked(home)
    assert (revoked.distrust_after, revoked.raw) == (early, entry.public)


def test_a_registrys_key_is_not_trusted_for_citations(home):
    raw = TrustRoot.bundled().keys[0].raw

    with pytest.raises(SigningKeyError):
        trust_signer(home, signer(raw), [raw])
    assert read_signers(home) == ()


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "Bob"},
        {"name": "../bob"},
        {"name": "bob\n"},
        {"public": base64.b64encode(bytes(32)).decode()},
        {"public": "AAAA"},
        {"until": "2027-01-01"},
        {"until": "2027-13-01T00:00:00Z"},
        {"until": "2027-01-01T00:00:00+00:00"},
        {"distrust_after": "soon"},
        {"identity": ""},
        {"identity": "x" * 201},
        {"weight": 2},
    ],
    ids=str,
)
def test_an_entry_that_cannot_be_used_is_refused(keys, fields):
    good = {"name": "bob", "public": base64.b64encode(keys[0]).decode(), "added_at": now_text()}

    with pytest.raises(SettingsError) as caught:
        checked(TrustedSigner, **{**good, **fields})
    assert caught.value.code == "invalid-setting"


@pytest.mark.parametrize("name", ["signers.json", "revoked.json"])
@pytest.mark.parametrize(
    "content", [b"", b"[]", b'{"v":2}', b'{"v":1,"v":1}', b'{"v":1,"signers":[{}],"revoked":[{}]}']
)
def test_a_damaged_list_is_told_and_stops_verifying(local, foreign, name, content):
    local.settings.home.mkdir(mode=0o700, exist_ok=True)
    (local.settings.home / name).write_bytes(content)

    with pytest.raises(StoreDamagedError) as caught:
        local.verify_citation(foreign[0])
    assert caught.value.code == "store-damaged"
    assert name in caught.value.hint


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_list_that_others_may_write_is_refused(local, keys, mode):
    trust_signer(local.settings.home, signer(keys[0]))
    path = local.settings.home / "signers.json"
    path.chmod(mode)

    with pytest.raises(UnsafeKeyFileError):
        read_signers(local.settings.home)
    path.chmod(0o644)
    assert len(read_signers(local.settings.home)) == 1


def test_a_list_that_cannot_be_written_is_as_it_was(home, keys):
    trust_signer(home, signer(keys[0]))
    before = (home / "signers.json").read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, hard))
    try:
        with pytest.raises(StoreUnavailableError):
            trust_signer(home, signer(keys[1], "alice"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert (home / "signers.json").read_bytes() == before
    assert [path.name for path in home.iterdir()] == ["signers.json"]


def test_lists_are_private_whatever_the_umask(home, keys):
    before = os.umask(0)
    try:
        trust_signer(home, signer(keys[0]))
    finally:
        os.umask(before)

    assert stat.S_IMODE((home / "signers.json").stat().st_mode) == 0o600
    assert [path.name for path in home.iterdir()] == ["signers.json"]


def test_a_trusted_signer_is_named_in_the_report(local, foreign):
    envelope, entry = foreign
    assert local.verify_citation(envelope).code == "unknown-signer"

    trust_signer(local.settings.home, signer(entry.public, identity="Bob's\x1b[31m agent"))
    report = local.verify_citation(envelope)
    assert (report.verdict, report.signed_by) == ("verified", (entry.keyid,))
    assert c9(report).detail == "Signed with trusted signer bob (Bob's agent)."

    remove_signer(local.settings.home, "bob")
    assert local.verify_citation(envelope).code == "unknown-signer"


def test_a_key_that_the_caller_names_needs_no_entry(local, foreign):
    report = local.verify_citation(foreign[0], [foreign[1].public])

    assert (report.verdict, c9(report).status) == ("verified", "pass")


def test_a_citation_that_is_dated_after_the_last_day_is_refused(local, foreign):
    envelope, entry = foreign
    trust_signer(local.settings.home, signer(entry.public, until=at(days=1)))

    report = local.verify_citation(envelope)
    assert (report.verdict, report.code, report.signed_by) == ("failed", "expired-signer", ())


def test_a_citation_that_is_dated_before_the_last_day_is_verified(local, foreign):
    envelope, entry = foreign
    trust_signer(local.settings.home, signer(entry.public, until=at(days=-1)))

    assert local.verify_citation(envelope).verdict == "verified"


def test_a_citation_after_the_revocation_is_refused(local, foreign):
    envelope, entry = foreign
    trust_signer(local.settings.home, signer(entry.public, distrust_after=at(hours=1)))

    report = local.verify_citation(envelope)
    assert (report.verdict, report.code, report.signed_by) == ("failed", "revoked-signer", ())
    # Nor does it help to name the key.
    assert local.verify_citation(envelope, [entry.public]).code == "revoked-signer"


def test_a_citation_that_only_says_that_it_is_older_than_the_revocation_is_undecided(
    local, foreign
):
    envelope, entry = foreign
    trust_signer(local.settings.home, signer(entry.public, distrust_after=at(hours=-1)))

    report = local.verify_citation(envelope)
    assert (report.verdict, report.code) == ("undecidable", "revoked-later")
    assert report.signed_by == ()


def test_a_citation_that_was_logged_before_the_revocation_says_so_and_is_verified(signing):
    (citation,) = signing.sign_citation(NUMBER, request())
    (entry,) = list_keys(signing.settings.key_directory)
    revoke_key(signing.settings.home, entry, at(hours=-1))

    report = signing.verify_citation(citation.envelope)
    assert (report.verdict, report.signed_by) == ("verified", (entry.keyid,))
    assert (c9(report).status, c9(report).code) == ("warn", "revoked-later")


def test_a_citation_that_was_logged_after_the_revocation_is_not_believed_to_be_older(
    local, foreign
):
    envelope, entry = foreign
    report = local.verify_citation(envelope, [entry.public])
    revoked = parse_time(at(hours=-1))
    bob = Signer("bob", entry.public, distrust_after=revoked)

    for seen, verdict in (
        (revoked + timedelta(seconds=1), "undecidable"),
        (revoked, "verified"),
        (None, "undecidable"),
    ):
        found = with_signers(report, [bob], lambda *_, seen=seen: seen)
        assert (found.verdict, c9(found).code) == (verdict, "revoked-later")


def test_a_citation_that_was_logged_after_the_revocation_is_refused(signing):
    (citation,) = signing.sign_citation(NUMBER, request())
    (entry,) = list_keys(signing.settings.key_directory)
    revoke_key(signing.settings.home, entry, at(hours=1))

    assert signing.verify_citation(citation.envelope).code == "revoked-signer"


def test_a_revocation_outlives_the_key_file_and_its_rotation(signing):
    (citation,) = signing.sign_citation(NUMBER, request())
    (entry,) = list_keys(signing.settings.key_directory)
    revoke_key(signing.settings.home, entry, at(hours=1))
    rotate_key(signing.settings.key_directory)
    assert signing.verify_citation(citation.envelope).code == "revoked-signer"

    for path in signing.settings.key_directory.iterdir():
        path.unlink()
    report = signing.verify_citation(citation.envelope, [entry.public])
    assert report.code == "revoked-signer"


def test_a_retired_key_is_not_believed_for_what_is_dated_later(signing, offline, tmp_path):
    kept = tmp_path / "copy.json"
    kept.write_bytes((signing.settings.key_directory / "default.json").read_bytes())
    kept.chmod(0o600)
    rotate_key(signing.settings.key_directory)
    stub = signing.settings.key_directory / "default.1.json"
    stub.write_text(json.dumps(json.loads(stub.read_text()) | {"retired_at": at(hours=1)}))
    thief = offline(settings=Settings(home=tmp_path / "thief", offline=True, key_file=kept))
    (citation,) = thief.sign_citation(NUMBER, request())

    assert signing.verify_citation(citation.envelope).code == "expired-signer"


def test_of_two_entries_of_one_key_the_stricter_one_counts(signing):
    (citation,) = signing.sign_citation(NUMBER, request())
    (entry,) = list_keys(signing.settings.key_directory)
    trust_signer(signing.settings.home, signer(entry.public, "me", until=at(days=1)))

    assert signing.verify_citation(citation.envelope).code == "expired-signer"


def test_a_forged_citation_is_told_by_its_signature_and_has_no_signer(local, foreign):
    envelope, entry = foreign
    trust_signer(local.settings.home, signer(entry.public))
    envelope["signatures"][0]["sig"] = base64.b64encode(bytes(64)).decode()

    report = local.verify_citation(envelope)
    assert report.code == "invalid-signature"
    assert "citation-signer" not in [check.name for check in report.checks]
