"""Bibliographies, retractions and successors, signed with the client; and rule C10."""

import base64
import contextlib
import json
import secrets
from datetime import UTC, datetime, timedelta

import pytest

from pith_agent import Client, Settings
from pith_agent.errors import (
    NoReceiptError,
    NoSigningKeyError,
    NotFoundError,
    NotYourCitationError,
    OfflineError,
    ShortIdentifierError,
    StatementError,
)
from pith_agent.ledgers import keep_export
from pith_agent.protocol.checkpoint import NoteKey, claimed_checkpoint, origin_of
from pith_agent.protocol.retraction import RetractionRequest, draft_retraction
from pith_agent.storage.cache import Stored
from pith_agent.storage.keys import find_key, load_key, new_key, rotate_key
from pith_agent.storage.ledger import Ledger
from pith_agent.storage.ledger_export import export_ledger
from pith_agent.storage.signers import TrustedSigner, checked, now_text, trust_signer
from tests.documents import CITING_KEY, NUMBER, SUFFIX, TRUST, as_bytes, request, signed_record

OTHER = "hep-lat/0305021"
RULE = "citation-standing"
CITING, AGENT = request().citing, request().agent


def cite(client: Client, **changes):
    (citation,) = client.sign_citation(NUMBER, request(claim_id=None, **changes))
    return citation


def retract(client: Client, citation_id, **given):
    return client.retract_citation(citation_id, agent=AGENT, **given)


def listed(client: Client, *papers, **given):
    return client.sign_bibliography(papers, citing=CITING, agent=AGENT, **given)


def standing(client: Client, envelope, signers=()):
    report = client.verify_citation(envelope, signers)
    check = next((check for check in report.checks if check.name == RULE), None)
    assert check is None or check is report.checks[-1]
    return (check.status, check.code) if check else None


def log(client: Client, *envelopes) -> None:
    """Append to a client's ledger what it did not sign."""
    with contextlib.closing(Ledger.open(client.settings.ledger_path)) as ledger:
        ledger.append(envelopes)


def retraction_by(key, citation_id, when=None):
    said = RetractionRequest.read({"citation_id": citation_id, "agent": AGENT})
    when = when or datetime.now(UTC)
    return key.sign(draft_retraction(said, created_at=when, nonce=secrets.token_bytes(16)))


def test_a_bibliography_is_signed_logged_and_verified(signing):
    signed = listed(signing, OTHER, NUMBER, f"arXiv:{OTHER}")

    assert (signed.signed, signed.ledger_index, signed.relationship) == (True, 0, "cites")
    assert len(signed.pith_numbers) == 2
    assert list(signed.pith_numbers) == sorted(signed.pith_numbers)
    entry = signing.ledger.get(signed.citation_id)
    assert json.loads(entry.envelope.canonical()) == signed.envelope
    report = signing.verify_citation(signed.envelope)
    assert (report.verdict, report.kind, len(report.papers)) == ("verified", "bibliography", 2)


def test_proofs_are_signed_for_as_they_are_and_one_paper_may_be_given_alone(signing):
    proofs = [signing.prove(NUMBER), signing.prove(OTHER)]

    by_proof = listed(signing, *proofs, dry_run=True)
    by_name = listed(signing, NUMBER, OTHER, dry_run=True)
    assert by_proof.pith_numbers == by_name.pith_numbers
    alone = signing.sign_bibliography(NUMBER, citing=CITING, agent=AGENT, dry_run=True)
    assert alone.pith_numbers == (NUMBER,)
    assert alone.statement["predicate"]["citing"]["id"] == CITING.id


@pytest.mark.parametrize(
    ("bad", "error"),
    [(f"pith:{SUFFIX[:8]}", ShortIdentifierError), ("arXiv:1706.03762", OfflineError)],
)
@pytest.mark.parametrize("dry_run", [False, True])
def test_if_one_paper_is_not_verified_no_bibliography_is_signed(signing, bad, error, dry_run):
    with pytest.raises(error) as caught:
        listed(signing, NUMBER, bad, dry_run=dry_run)

    assert bad in caught.value.message
    assert NUMBER not in caught.value.message
    assert not signing.settings.ledger_path.exists()


def test_the_papers_that_are_not_verified_are_named(offline):
    client = offline(trust=TRUST)
    new_key(client.settings.key_directory)
    good, bad = signed_record(version=5), [signed_record(version=n) for n in range(10, 17)]
    for document in bad:
        del document["receipt"]
    for document in [good, *bad]:
        client.store.put(Stored.received(as_bytes(document), "test"))

    with pytest.raises(NoReceiptError) as caught:
        listed(client, *(document["pith_number"] for document in [good, *bad]))

    assert "7 of 8" in caught.value.message
    assert all(document["pith_number"] in caught.value.message for document in bad[:5])
    assert good["pith_number"] not in caught.value.message
    assert not client.settings.ledger_path.exists()


def test_a_bibliography_of_nothing_is_refused(signing):
    with pytest.raises(StatementError):
        listed(signing)


def test_dry_runs_need_no_key_and_write_nothing(local):
    signed = listed(local, NUMBER, dry_run=True)

    assert (signed.signed, signed.envelope, signed.citation_id) == (False, None, None)
    assert signed.statement["subject"][0]["name"] == NUMBER
    assert not local.settings.ledger_path.exists()
    with pytest.raises(NoSigningKeyError):
        listed(local, NUMBER)


def note_of(client, size):
    """The checkpoint of the first entries, as a ledger of them has it."""
    with contextlib.closing(Ledger.open(client.settings.home / "copy.sqlite3")) as copy:
        copy.append([entry.envelope for entry in client.ledger.entries(0, size)], CITING_KEY)
        return copy.head().decode()


def test_what_is_signed_names_the_last_checkpoint_of_the_ledger(signing):
    first, second = cite(signing), cite(signing)
    third = listed(signing, NUMBER)
    assert "after" not in first.statement["predicate"]
    assert second.statement["predicate"]["after"]["size"] == 1

    after = third.statement["predicate"]["after"]
    checkpoint, _ = claimed_checkpoint(signing.ledger.head())
    assert (after["origin"], after["size"]) == (checkpoint.origin, 2)
    assert cite(signing).statement["predicate"]["after"]["root"] in note_of(signing, 3)


def test_a_citation_is_not_known_to_be_retracted_until_it_is(signing):
    citation, other = cite(signing), cite(signing)
    assert standing(signing, citation.envelope) == ("pass", "ok")

    signed = retract(signing, citation.citation_id, reason="I misread it.")

    assert (signed.signed, signed.ledger_index, signed.retracts) == (True, 2, citation.citation_id)
    report = signing.verify_citation(citation.envelope)
    assert (report.verdict, report.code) == ("failed", "citation-retracted")
    assert "I misread it." in report.message
    assert standing(signing, other.envelope) == ("pass", "ok")
    said = signing.verify_citation(signed.envelope)
    assert (said.verdict, said.kind, said.retracts) == ("verified", "retraction", signed.retracts)
    assert standing(signing, signed.envelope) is None


def test_the_reason_is_shown_on_one_line_and_without_what_steers_a_terminal(signing):
    citation = cite(signing)
    retract(signing, citation.citation_id, reason=f"one\ntwo\u200b {'x' * 1900}")

    message = signing.verify_citation(citation.envelope).message
    assert "one two x" in message
    assert "\n" not in message
    assert "\u200b" not in message
    assert len(message) < 500


def test_a_bibliography_is_retracted_as_a_citation_is(signing):
    bibliography = listed(signing, NUMBER, OTHER)
    retract(signing, bibliography.citation_id)

    assert standing(signing, bibliography.envelope) == ("fail", "citation-retracted")


def test_a_retraction_is_known_to_the_next_client_too(signing, offline):
    citation = cite(signing)
    retract(signing, citation.citation_id, superseded_by=f"pcite:{'0' * 64}")

    report = offline().verify_citation(citation.envelope)
    assert report.code == "citation-retracted"
    assert f"pcite:{'0' * 64}" in report.message


def test_a_dry_run_of_a_retraction_changes_nothing(signing):
    citation = cite(signing)
    signed = retract(signing, citation.citation_id, dry_run=True)

    assert (signed.signed, signed.envelope) == (False, None)
    assert signed.statement["subject"][0]["name"] == citation.citation_id
    assert len(signing.ledger) == 1
    assert standing(signing, citation.envelope) == ("pass", "ok")


def test_what_the_ledger_has_not_cannot_be_retracted_or_replaced(signing):
    cite(signing)
    unknown = f"pcite:{'0' * 64}"

    with pytest.raises(NotFoundError):
        retract(signing, unknown)
    with pytest.raises(NotFoundError):
        cite(signing, supersedes=unknown)
    assert len(signing.ledger) == 1


def test_a_retraction_cannot_be_retracted(signing):
    signed = retract(signing, cite(signing).citation_id)

    with pytest.raises(StatementError):
        retract(signing, signed.citation_id)


def test_a_citation_by_another_key_is_neither_retracted_nor_replaced(signing):
    theirs = CITING_KEY.sign(
        signing.statements.draft([NUMBER], request(claim_id=None))[0].statement
    )
    log(signing, theirs)

    for dry_run in (False, True):
        with pytest.raises(NotYourCitationError) as caught:
            retract(signing, theirs.citation_id, dry_run=dry_run)
        assert caught.value.code == "not-your-citation"
        with pytest.raises(NotYourCitationError):
            signing.sign_citation(
                NUMBER,
                request(claim_id=None, supersedes=theirs.citation_id),
                dry_run=dry_run,
            )


def test_a_retraction_by_another_key_counts_for_nothing_though_it_is_trusted(signing):
    citation = cite(signing)
    log(signing, retraction_by(CITING_KEY, citation.citation_id))

    for signers in ((), (CITING_KEY.public,)):
        assert standing(signing, citation.envelope, signers) == ("pass", "ok")


def test_a_retraction_that_is_forged_or_from_the_future_counts_for_nothing(signing):
    citation = cite(signing)
    key = load_key(find_key(signing.settings.key_directory, "default").path)
    forged = retraction_by(CITING_KEY, citation.citation_id)
    named = forged.signatures[0].model_copy(update={"keyid": key.keyid})
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    log(
        signing,
        forged.model_copy(update={"signatures": (named,)}),
        retraction_by(key, citation.citation_id, tomorrow),
    )

    assert standing(signing, citation.envelope) == ("pass", "ok")
    log(signing, retraction_by(key, citation.citation_id))
    assert standing(signing, citation.envelope) == ("fail", "citation-retracted")


def test_a_citation_in_whose_place_there_is_another_is_verified_with_a_warning(signing):
    old = cite(signing)
    new = cite(signing, supersedes=old.citation_id)

    report = signing.verify_citation(old.envelope)
    assert (report.verdict, report.checks[-1].status) == ("verified", "warn")
    assert report.checks[-1].code == "citation-superseded"
    assert new.citation_id in report.checks[-1].detail
    assert standing(signing, new.envelope) == ("pass", "ok")
    retract(signing, old.citation_id)
    assert standing(signing, old.envelope) == ("fail", "citation-retracted")


def test_after_a_rotation_the_new_key_replaces_and_does_not_retract(signing):
    old = cite(signing)
    rotate_key(signing.settings.key_directory)

    with pytest.raises(NotYourCitationError):
        retract(signing, old.citation_id)
    cite(signing, supersedes=old.citation_id)
    assert standing(signing, old.envelope) == ("warn", "citation-superseded")


def test_a_ledger_that_was_imported_is_looked_at_too(signing, offline, tmp_path):
    theirs = offline(settings=Settings(home=tmp_path / "theirs", offline=True))
    public = new_key(theirs.settings.key_directory).public
    citation = cite(theirs)
    retract(theirs, citation.citation_id, reason="No more.")
    text = {"public": base64.b64encode(public).decode(), "added_at": now_text()}
    trust_signer(signing.settings.home, checked(TrustedSigner, name="them", **text))
    assert standing(signing, citation.envelope) == ("pass", "ok")

    file = tmp_path / "export.jsonl"
    file.write_bytes(b"".join(export_ledger(theirs.ledger, theirs.checkpoint())))
    keep_export(signing, file, [NoteKey(origin_of(public), public)])

    report = signing.verify_citation(citation.envelope)
    assert (report.verdict, report.code) == ("failed", "citation-retracted")
    assert "No more." in report.message


def test_a_ledger_that_cannot_be_read_is_a_warning(signing):
    citation = cite(signing)
    signing.close()
    signing.settings.ledger_path.write_bytes(b"no ledger" * 1000)

    with Client(signing.settings) as client:
        assert standing(client, citation.envelope) == ("warn", "store-damaged")


def test_a_citation_that_is_not_believed_has_no_standing(signing, offline, tmp_path):
    citation = cite(signing)
    stranger = offline(settings=Settings(home=tmp_path / "elsewhere", offline=True))

    assert standing(stranger, citation.envelope) is None
