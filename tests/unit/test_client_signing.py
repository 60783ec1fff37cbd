"""Signing with the client: all or nothing, and written down first."""

import base64
import json
import threading

import pytest

from pith_agent import Client, Settings, TrustRoot
from pith_agent.errors import (
    IdentifierError,
    InvalidSignatureError,
    NoReceiptError,
    NoSigningKeyError,
    OfflineError,
    RequestError,
    ShortIdentifierError,
    SigningKeyError,
    StoreDamagedError,
    StoreUnavailableError,
    UnknownClaimError,
)
from pith_agent.protocol.canon import canonical_bytes
from pith_agent.protocol.citation import MAX_PAYLOAD_BYTES
from pith_agent.storage.cache import Stored
from pith_agent.storage.keys import new_key
from pith_agent.storage.ledger import Ledger
from tests.documents import (
    NUMBER,
    PUBLIC_B64,
    SUFFIX,
    TITLE,
    TRUST,
    as_bytes,
    request,
    signed_record,
)

OTHER = "hep-lat/0305021"


def keep(client: Client, *documents: dict[str, object]) -> None:
    """Store documents without asking whether they are verified."""
    for document in documents:
        client.store.put(Stored.received(as_bytes(document), "test"))


def test_a_citation_is_signed_logged_and_verified(signing):
    (citation,) = signing.sign_citation(NUMBER, request())

    assert (citation.signed, citation.ledger_index, citation.title) == (True, 0, TITLE)
    assert citation.statement["subject"][0]["name"] == NUMBER
    entry = signing.ledger.get(citation.citation_id)
    assert json.loads(entry.envelope.canonical()) == citation.envelope
    report = signing.verify_citation(citation.envelope)
    assert (report.verdict, report.citation_id) == ("verified", citation.citation_id)
    assert signing.verify_citation(json.dumps(citation.envelope).encode()).verdict == "verified"


def test_what_is_returned_is_already_on_the_disk(signing):
    (citation,) = signing.sign_citation(NUMBER, request())
    other = Ledger.open(signing.settings.ledger_path)

    assert other.get(citation.citation_id) is not None
    other.close()


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_statement_too_large_for_an_envelope_is_refused_and_not_logged(signing, dry_run):
    long = request(quote="\U0001f600" * 15_000, with_quote_text=True)

    with pytest.raises(RequestError) as caught:
        signing.sign_citation(NUMBER, long, dry_run=dry_run)

    assert caught.value.code == "invalid-request"
    assert len(signing.ledger) == 0


def test_the_largest_statement_that_is_signed_is_one_that_can_be_verified(signing):
    long = {"quote": "\U0001f600" * 11_300, "with_quote_text": True}
    (drafted,) = signing.sign_citation(NUMBER, request(**long, statement=""), dry_run=True)
    rest = MAX_PAYLOAD_BYTES - len(canonical_bytes(drafted.statement))

    (citation,) = signing.sign_citation(NUMBER, request(**long, statement="x" * rest))

    assert len(canonical_bytes(citation.statement)) == MAX_PAYLOAD_BYTES
    assert signing.verify_citation(citation.envelope).verdict == "verified"


def test_several_papers_are_cited_in_one_call(signing):
    citations = signing.sign_citation([NUMBER, OTHER], request(claim_id=None))

    assert [citation.ledger_index for citation in citations] == [0, 1]
    assert [citation.target for citation in citations] == [NUMBER, OTHER]
    assert len({citation.statement["predicate"]["nonce"] for citation in citations}) == 2


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (f"pith:{SUFFIX[:8]}", ShortIdentifierError),
        (f"pith:{SUFFIX[:16]}", ShortIdentifierError),
        ("nonsense", IdentifierError),
        ("arXiv:1706.03762", OfflineError),
    ],
)
def test_if_one_paper_cannot_be_cited_none_is(signing, bad, error):
    for names in ([NUMBER, bad], [bad, NUMBER], bad):
        for dry_run in (False, True):
            with pytest.raises(error):
                signing.sign_citation(names, request(claim_id=None), dry_run=dry_run)
    assert not signing.settings.ledger_path.exists()


def test_a_claim_that_one_paper_has_not_stops_all(signing):
    with pytest.raises(UnknownClaimError):
        signing.sign_citation([NUMBER, OTHER], request())
    assert not signing.settings.ledger_path.exists()


def test_a_record_that_is_not_verified_is_not_cited(offline):
    client = offline(trust=TRUST)
    new_key(client.settings.key_directory)
    undecided, refuted = signed_record(version=5), signed_record(version=6)
    del undecided["receipt"]
    refuted["receipt"]["signature_b64"] = "A" * 86 + "=="
    keep(client, undecided, refuted)

    for document, error in ((undecided, NoReceiptError), (refuted, InvalidSignatureError)):
        with pytest.raises(error):
            client.sign_citation(document["pith_number"], request())
    assert not client.settings.ledger_path.exists()


def test_a_dry_run_needs_no_key_and_writes_nothing(local):
    (citation,) = local.sign_citation(NUMBER, request(), dry_run=True)

    assert (citation.signed, citation.envelope, citation.ledger_index) == (False, None, None)
    assert citation.statement["predicate"]["relationship"] == "supports"
    assert not local.settings.ledger_path.exists()
    assert not local.settings.key_directory.exists()


def test_without_a_key_nothing_is_signed_or_written(local):
    with pytest.raises(NoSigningKeyError):
        local.sign_citation(NUMBER, request())
    assert not local.settings.ledger_path.exists()


def test_a_key_of_another_name_is_named_where_none_signs(local):
    entry = new_key(local.settings.key_directory, "ci")

    with pytest.raises(NoSigningKeyError) as caught:
        local.sign_citation(NUMBER, request())

    assert f"--key: ci; or point PITH_KEY_FILE at its file, as {entry.path}" in caught.value.hint


def test_the_key_file_of_the_settings_is_used_and_believed(offline, tmp_path):
    entry = new_key(tmp_path / "elsewhere", "mine")
    settings = Settings(home=tmp_path / "home", offline=True, key_file=entry.path)
    client = offline(settings=settings)
    (citation,) = client.sign_citation(NUMBER, request())

    assert client.verify_citation(citation.envelope).signed_by == (entry.keyid,)
    # Another machine has to be told the key.
    other = offline(settings=Settings(home=tmp_path / "other", offline=True))
    assert other.verify_citation(citation.envelope).code == "unknown-signer"
    assert other.verify_citation(citation.envelope, [entry.public]).verdict == "verified"


def test_the_registrys_key_does_not_sign_citations(signing):
    (citation,) = signing.sign_citation(NUMBER, request())
    registry = [TrustRoot.bundled().keys[0].raw, base64.b64decode(PUBLIC_B64)]
    (signing.settings.key_directory / "default.json").unlink()

    assert signing.verify_citation(citation.envelope, registry).code == "unknown-signer"


def test_a_damaged_ledger_gives_out_no_citation(signing):
    signing.settings.ledger_path.write_bytes(b"no database" * 500)

    with pytest.raises(StoreDamagedError):
        signing.sign_citation(NUMBER, request())


def test_a_ledger_that_cannot_be_written_gives_out_no_citation(signing):
    signing.settings.ledger_path.mkdir()

    with pytest.raises(StoreUnavailableError):
        signing.sign_citation(NUMBER, request())


def test_an_unsafe_key_signs_nothing_and_is_not_believed(signing):
    (citation,) = signing.sign_citation(NUMBER, request())
    (signing.settings.key_directory / "default.json").chmod(0o644)

    with pytest.raises(SigningKeyError) as caught:
        signing.sign_citation(NUMBER, request())
    assert caught.value.code == "unsafe-key-file"
    report = signing.verify_citation(citation.envelope)
    assert (report.verdict, report.code) == ("undecidable", "unknown-signer")
    assert (report.checks[-1].status, report.checks[-1].code) == ("warn", "unsafe-key-file")
    assert len(signing.ledger) == 1


def test_a_citation_of_a_record_that_is_not_at_hand_is_undecided(signing, offline, tmp_path):
    (citation,) = signing.sign_citation(NUMBER, request())
    public = signing.ledger.get(citation.citation_id)
    keys = [entry.read_bytes() for entry in signing.settings.key_directory.iterdir()]
    raw = base64.b64decode(json.loads(keys[0])["public"])
    elsewhere = Settings(home=tmp_path / "other", offline=True)
    other = offline(settings=elsewhere)
    other.store._database.read("DELETE FROM records")

    report = other.verify_citation(citation.envelope, [raw])
    assert public is not None
    assert (report.verdict, report.code) == ("undecidable", "offline")


def test_several_threads_share_a_client(signing):
    told: list[str] = []

    def work() -> None:
        told.extend(answer.verdict for answer in signing.verify([NUMBER, OTHER]))
        told.append(str(signing.sign_citation(NUMBER, request())[0].ledger_index))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert told.count("verified") == 16
    assert sorted(int(place) for place in told if place.isdigit()) == list(range(8))
