"""The client without a registry: answers from the store and from files, and signing."""

import copy
import json
import sqlite3

import pytest

from pith_agent import STRICT, Client, RecordFiles, Settings, parse_identifier
from pith_agent.errors import (
    InvalidSignatureError,
    NoReceiptError,
    PithError,
    SettingsError,
    StoreDamagedError,
)
from pith_agent.storage.cache import STARTER, Stored
from tests.documents import (
    NUMBER,
    REAL,
    SUFFIX,
    TITLE,
    TRUST,
    as_bytes,
    real_record,
    request,
    shared,
    signed_compact,
    signed_record,
)

OTHER = "hep-lat/0305021"


def keep(client: Client, *documents: dict[str, object]) -> None:
    """Store documents without asking whether they are verified."""
    for document in documents:
        client.store.put(Stored.received(as_bytes(document), "test"))


def test_a_starter_record_is_verified_without_a_network(local):
    for name in (NUMBER, "arXiv:2402.13116", "10.48550/arXiv.2402.13116", parse_identifier(SUFFIX)):
        answer = local.verify(name)

        assert (answer.verdict, answer.code, answer.pith_number) == ("verified", "ok", NUMBER)
        assert (answer.title, answer.arxiv, answer.found_in) == (TITLE, "2402.13116v4", STARTER)
        assert (answer.target, answer.message, answer.hint) == (str(name), "", "")
        assert answer.coverage.signed


@pytest.mark.parametrize(
    ("name", "verdict", "code"),
    [
        ("not an identifier", "invalid", "invalid-identifier"),
        ("", "invalid", "invalid-identifier"),
        ("pith:AAAAAAAAAAAAAAAAAAAAAAAAAA", "unreachable", "offline"),
        ("arXiv:1706.03762", "unreachable", "offline"),
        ("10.1145/3292500.3330701", "unreachable", "offline"),
        ("arXiv:2402.13116v3", "unreachable", "offline"),
        (f"pith:{SUFFIX[:8]}", "verified", "ok"),
        (f"pith:2023:{SUFFIX}", "verified", "ok"),
    ],
)
def test_every_verb_gives_every_identifier_an_answer_of_its_own(local, name, verdict, code):
    for verb in (local.resolve, local.fetch, local.verify):
        answer = verb(name)

        assert (answer.verdict, answer.code) == (verdict, code)
        assert bool(answer.hint) == (verdict != "verified")
        assert (answer.title is None) == (verdict != "verified")


def test_many_identifiers_get_as_many_answers_in_their_order(local):
    names = [NUMBER, "nonsense", OTHER, "arXiv:1706.03762", NUMBER]

    for verb in (local.resolve, local.fetch, local.verify):
        answers = verb(iter(names))
        assert [answer.target for answer in answers] == names
        assert [answer.verdict for answer in answers] == [
            "verified",
            "invalid",
            "verified",
            "unreachable",
            "verified",
        ]
    assert local.verify([]) == []
    assert [answer.verdict for answer in local.verify([NUMBER])] == ["verified"]


def test_a_long_target_is_repeated_short(local):
    assert len(local.verify("x" * 10_000).target) == 200


def test_a_refuted_document_is_failed_and_shown_without_title(offline):
    document = signed_record()
    document["paper"]["title"] = "Another Title"
    client = offline(trust=TRUST)
    keep(client, document)
    answer = client.verify(document["pith_number"])

    assert (answer.verdict, answer.code) == ("failed", "title-mismatch")
    assert (answer.title, answer.arxiv) == (None, None)
    assert answer.coverage.signed == ()
    assert client.fetch(document["pith_number"]).document == document


def test_a_document_without_a_receipt_is_undecidable(offline):
    document = signed_record()
    del document["receipt"]
    client = offline(trust=TRUST)
    keep(client, document)

    assert client.verify(document["pith_number"]).verdict == "undecidable"
    with pytest.raises(NoReceiptError):
        client.prove(document["pith_number"])


def test_an_ambiguous_short_form_lists_what_it_may_mean(local):
    pair = json.loads(shared("vectors/derived/short_id_collision.json").read_bytes())["records"]
    keep(local, *({"canonical_record": row["canonical_record"]} for row in pair))
    numbers = sorted(row["pith_number"] for row in pair)
    answer = local.resolve(f"pith:{numbers[0][10:18]}")

    assert (answer.verdict, answer.code) == ("ambiguous", "ambiguous")
    assert answer.candidates == tuple(numbers)
    assert answer.pith_number is None
    assert local.resolve(numbers[0]).verdict == "undecidable"


def test_a_damaged_document_is_the_answer_for_its_own_identifier_only(local):
    local.close()
    connection = sqlite3.connect(local.settings.store_path)
    connection.execute("UPDATE records SET body = x'00' WHERE suffix = ?", (SUFFIX,))
    connection.commit()
    connection.close()
    again = Client(local.settings)
    answers = again.verify([NUMBER, OTHER])
    again.close()

    assert [(answer.verdict, answer.code) for answer in answers] == [
        ("damaged", "store-damaged"),
        ("verified", "ok"),
    ]


def test_a_store_that_is_no_store_is_said_at_once(tmp_path):
    (tmp_path / "store.sqlite3").write_bytes(b"no database" * 500)

    with pytest.raises(StoreDamagedError):
        Client(Settings(home=tmp_path, offline=True))


def test_where_the_home_cannot_be_written_records_are_read_from_memory(tmp_path, caplog):
    (tmp_path / "file").write_text("in the way")
    for home in (tmp_path / "file", tmp_path / "file" / "below"):
        client = Client(Settings(home=home, offline=True))

        assert client.verify(NUMBER).verdict == "verified"
        with pytest.raises(PithError) as caught:
            client.sign_citation(NUMBER, request())
        assert caught.value.code in ("no-signing-key", "unsafe-key-file")
        client.close()
    assert "memory" in caplog.text


def test_records_of_the_project_come_before_those_of_the_store(offline):
    document = signed_record()
    client = offline(trust=TRUST, records=RecordFiles([(as_bytes(document), "project.json")]))
    answer = client.verify("arXiv:2402.13116")

    assert (answer.verdict, answer.found_in) == ("verified", "project.json")
    assert client.verify(OTHER).code == "unknown-key"


def test_a_tampered_record_of_the_project_is_not_passed_over(offline):
    document = real_record()
    document["canonical_record"]["metadata"]["license"] = ""
    client = offline(records=RecordFiles([(as_bytes(document), "forged.json")]))

    assert client.verify(NUMBER).verdict == "failed"
    assert client.verify("arXiv:2402.13116").verdict == "failed"


def test_the_newest_verified_version_is_chosen_and_an_older_one_only_by_name(offline):
    client = offline(trust=TRUST)
    keep(client, *(signed_record(version=n) for n in (5, 6)))
    forged = signed_record(version=7)
    forged["receipt"]["signature_b64"] = "A" * 86 + "=="
    keep(client, forged)

    assert client.verify("arXiv:2402.13116").arxiv == "2402.13116v6"
    assert client.verify("arXiv:2402.13116v5").arxiv == "2402.13116v5"
    assert client.verify("arXiv:2402.13116v7").verdict == "failed"


def test_an_older_version_than_was_verified_before_is_a_rollback(offline):
    newer = offline(trust=TRUST, records=RecordFiles([(as_bytes(signed_record(version=6)), "6")]))
    assert newer.verify("arXiv:2402.13116").verdict == "verified"
    older = offline(trust=TRUST, records=RecordFiles([(as_bytes(signed_record(version=5)), "5")]))

    assert older.verify("arXiv:2402.13116").code == "rollback"
    assert older.verify("arXiv:2402.13116v5").verdict == "verified"
    assert older.verify(signed_record(version=5)["pith_number"]).verdict == "verified"


def test_two_signed_records_of_one_version_are_refused_and_stay_refused(offline):
    client = offline(trust=TRUST)
    one, two = signed_record(arxiv="1503.02781"), signed_record(arxiv="1503.02781", title="Other")
    keep(client, one)
    assert client.verify("arXiv:1503.02781").verdict == "verified"
    keep(client, two)

    for name in ("arXiv:1503.02781", one["pith_number"], two["pith_number"]):
        assert client.verify(name).code == "equivocation", name
        with pytest.raises(PithError) as caught:
            client.sign_citation(name, request())
        assert caught.value.code == "equivocation"


def test_the_policy_and_the_trust_of_the_client_are_applied(offline, tmp_path):
    document = signed_record()
    document["aliases"].append({"alias_kind": "doi", "alias_value": "10.1145/1.2"})
    client = offline(trust=TRUST)
    keep(client, document)
    strict = offline(trust=TRUST, policy=STRICT)

    assert client.verify(document["pith_number"]).verdict == "verified"
    assert strict.verify(document["pith_number"]).verdict == "failed"
    # A store keeps no verdict: without the key, nothing is verified any more.
    assert offline().verify(document["pith_number"]).code == "unknown-key"

    root = tmp_path / "root.json"
    root.write_text(TRUST.dump())
    settings = Settings(home=tmp_path / "home", offline=True, trust_root=root)
    assert offline(settings=settings).verify(document["pith_number"]).verdict == "verified"


@pytest.mark.parametrize("content", [None, b"", b"{}", b'{"version":1,"keys":[{}]}'])
def test_a_trust_root_that_cannot_be_used_is_no_reason_to_use_another(tmp_path, content):
    root = tmp_path / "root.json"
    if content is not None:
        root.write_bytes(content)

    with pytest.raises(SettingsError):
        Client(Settings(home=tmp_path, offline=True, trust_root=root))


def test_a_document_at_hand_is_verified_without_being_kept(local):
    body = as_bytes(signed_record())

    assert local.verify_document(REAL, "x.json").verdict == "verified"
    assert local.verify_document(REAL, "x.json").target == "x.json"
    assert local.verify_document(body).code == "unknown-key"
    assert local.verify_document(b"{").code == "malformed-json"
    assert local.verify_document(b"\xff" * 100).verdict == "failed"
    assert local.verify(signed_record()["pith_number"]).verdict == "unreachable"


def test_a_document_is_added_unless_it_is_refuted_or_worse_than_what_is_there(offline):
    client = offline(trust=TRUST)
    whole, number = signed_record(), signed_record()["pith_number"]
    bare = {"canonical_record": whole["canonical_record"]}
    forged = copy.deepcopy(whole)
    forged["receipt"]["signature_b64"] = "A" * 86 + "=="

    with pytest.raises(InvalidSignatureError):
        client.add_document(as_bytes(forged), "forged")
    assert client.verify(number).verdict == "unreachable"
    assert client.add_document(as_bytes(bare), "bare").verdict == "undecidable"
    assert client.verify(number).verdict == "undecidable"
    for document in (whole, signed_compact(), bare):
        client.add_document(as_bytes(document), "later")
        assert client.fetch(number).document == whole


def test_a_refresh_without_a_network_is_a_contradiction(tmp_path):
    with pytest.raises(SettingsError):
        Client(Settings(home=tmp_path, offline=True), refresh=True)
