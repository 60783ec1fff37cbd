"""Client ↔ registry over HTTP: a registry that lies, and what is kept of its answers."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from pith_agent import (
    Client,
    Question,
    RecordFiles,
    Settings,
    TrustRoot,
    examine,
    parse_identifier,
)
from pith_agent.network.registry import Registry
from tests import faults
from tests.documents import OTHER_KEY, TRUST, as_bytes, sign
from tests.registry import LoopbackRegistry, edited, suffix_of

ARXIV = "2401.00001"


@pytest.fixture
def client_of(settings: Settings) -> Iterator[Callable[..., Client]]:
    """Clients that share one home, and differ in what they are told."""
    made: list[Client] = []

    def client_of(
        records: RecordFiles | None = None, trust: TrustRoot = TRUST, **changes: object
    ) -> Client:
        made.append(Client(replace(settings, **changes), trust=trust, records=records))
        return made[-1]

    yield client_of
    for client in made:
        client.close()


def another_version(document: dict) -> None:
    document["canonical_record"]["source"]["version"] = 5


def another_title(document: dict) -> None:
    document["paper"]["title"] = "Another title"


def another_signature(document: dict) -> None:
    sign(document, OTHER_KEY)


def another_number(document: dict) -> None:
    document["pith_number"] = f"pith:2024:{'A' * 26}"


def another_year(document: dict) -> None:
    document["pith_number"] = document["pith_number"].replace(":2024:", ":2025:")


def another_alias(document: dict) -> None:
    document["aliases"][0]["alias_value"] = "2402.13116"


def another_claim(document: dict) -> None:
    document["graph_snapshot"]["claims"]["items"][0]["text"] = "The opposite."


def another_key(document: dict) -> None:
    document["receipt"]["key_id"] = "somebody"


def no_receipt(document: dict) -> None:
    del document["receipt"]


@pytest.mark.parametrize(
    ("tamper", "verdict", "code"),
    [
        (another_version, "failed", "digest-mismatch"),
        (another_title, "failed", "title-mismatch"),
        (another_signature, "undecidable", "unknown-key"),
        (another_number, "failed", "number-mismatch"),
        (another_year, "failed", "year-mismatch"),
        (another_alias, "failed", "alias-mismatch"),
        (another_claim, "failed", "snapshot-mismatch"),
        (another_key, "undecidable", "unknown-key"),
        (no_receipt, "undecidable", "no-receipt"),
    ],
)
def test_a_record_that_was_changed_on_its_way_is_refused_and_not_kept(
    registry, client, tamper, verdict, code
):
    document = registry.publish(arxiv_id=ARXIV)
    name = document["pith_number"]
    registry.break_("/pith/", faults.body(edited(document, tamper)))

    answer = client.verify(name)

    assert (answer.verdict, answer.code) == (verdict, code)
    registry.heal()
    assert client.verify(name).verdict == "verified"


@pytest.mark.parametrize(
    "body", [b"", b"null", b"<html>", b"{}", b'{"canonical_record": {}}', b"\xff", b"[" * 9999]
)
def test_bytes_that_are_no_record_are_refused(registry, client, body):
    document = registry.publish()
    registry.break_("/pith/", faults.body(body))

    assert client.verify(document["pith_number"]).verdict in ("failed", "undecidable")


def test_no_flipped_bit_of_the_signed_part_is_ever_verified(registry, client):
    document = registry.publish()
    body = as_bytes(document)
    start = body.index(b'"canonical_record"')
    for place in range(start + 20, start + 420, 40):
        registry.break_("/pith/", faults.flipped(place), times=1)
        assert client.verify(document["pith_number"]).verdict != "verified"


def test_a_genuine_record_of_another_paper_is_refused(registry, client):
    asked = registry.publish(arxiv_id=ARXIV)
    other = registry.publish(arxiv_id="2402.00002", title="Another paper")
    registry.break_(f"/pith/{suffix_of(asked)}", faults.body(as_bytes(other)))

    for name in (asked["pith_number"], f"arXiv:{ARXIV}", f"pith:{suffix_of(asked)[:8]}"):
        answer = client.verify(name)
        assert (answer.verdict, answer.code) == ("failed", "id-mismatch")
        assert answer.title is None


def test_a_look_up_that_names_another_paper_is_refused(registry, client):
    registry.publish(arxiv_id=ARXIV)
    other = registry.publish(arxiv_id="2402.00002", title="Another paper")
    number = json.dumps({"pith_number": other["pith_number"]}).encode()
    registry.break_("/api/", faults.body(number))

    answer = client.verify(f"arXiv:{ARXIV}")

    assert (answer.verdict, answer.code) == ("failed", "id-mismatch")


def test_an_older_version_than_was_verified_before_is_refused(registry, client_of):
    newer = registry.publish(arxiv_id=ARXIV, version=4)
    older = registry.publish(arxiv_id=ARXIV, version=3)
    project = RecordFiles([(as_bytes(newer), "the project's own copy")])
    assert client_of(project).verify(f"arXiv:{ARXIV}").verdict == "verified"
    registry.break_(
        "/api/", faults.body(json.dumps({"pith_number": older["pith_number"]}).encode())
    )

    client = client_of()
    answer = client.verify(f"arXiv:{ARXIV}")

    assert (answer.verdict, answer.code) == ("failed", "rollback")
    assert client.verify(f"arXiv:{ARXIV}v3").verdict == "verified"


def test_two_signed_records_of_one_version_are_both_refused(registry, client):
    first = registry.publish(arxiv_id=ARXIV, title="A title")
    second = registry.publish(arxiv_id=ARXIV, title="A title of another record")
    assert client.verify(first["pith_number"]).verdict == "verified"

    answer = client.verify(second["pith_number"])

    assert (answer.verdict, answer.code) == ("failed", "equivocation")
    assert {first["canonical_sha256"], second["canonical_sha256"]} == {
        next(c for c in answer.checks if c.name == "history").expected,
        answer.canonical_sha256,
    }


def test_a_key_that_the_registry_serves_is_not_trusted(registry, client_of):
    document = registry.publish()

    answer = client_of(trust=TrustRoot.bundled()).verify(document["pith_number"])

    assert (answer.verdict, answer.code) == ("undecidable", "unknown-key")
    assert "GET /pith-signing-key.json" not in registry.requests


def test_a_verified_record_is_kept_and_answers_without_a_network(registry, client_of):
    document = registry.publish(arxiv_id=ARXIV)
    assert client_of().verify(f"arXiv:{ARXIV}").verdict == "verified"
    asked = len(registry.requests)

    offline = client_of(offline=True)

    for name in (f"arXiv:{ARXIV}", document["pith_number"], document["short_pith_number"]):
        answer = offline.verify(name)
        assert (answer.verdict, answer.pith_number) == ("verified", document["pith_number"])
    assert client_of().fetch_bytes(ARXIV) == as_bytes(document)
    assert len(registry.requests) == asked


def test_a_refuted_record_is_not_kept(registry, client_of):
    document = registry.publish(arxiv_id=ARXIV)
    registry.break_("/pith/", faults.body(edited(document, another_title)))
    assert client_of().verify(document["pith_number"]).verdict == "failed"

    answer = client_of(offline=True).verify(document["pith_number"])

    assert (answer.verdict, answer.code) == ("unreachable", "offline")


def test_nothing_is_asked_while_the_network_is_switched_off(registry, client_of):
    document = registry.publish(arxiv_id=ARXIV)
    names = [document["pith_number"], f"arXiv:{ARXIV}", document["short_pith_number"]]

    answers = client_of(offline=True).verify(names)

    assert [(a.verdict, a.code) for a in answers] == [("unreachable", "offline")] * 3
    assert registry.requests == []


def test_one_record_that_hangs_does_not_hold_up_the_others(registry, client_of):
    documents = [
        registry.publish(arxiv_id=f"2401.{n:05}", title=f"Paper {n}") for n in range(1, 21)
    ]
    registry.break_(f"/pith/{suffix_of(documents[7])}", faults.hang)
    start = time.monotonic()

    answers = client_of(timeout=1.0).verify([d["pith_number"] for d in documents])

    verdicts = [answer.verdict for answer in answers]
    assert verdicts.pop(7) == "unreachable"
    assert verdicts == ["verified"] * 19
    assert time.monotonic() - start < 8
    for place, (answer, document) in enumerate(zip(answers, documents, strict=True)):
        assert answer.pith_number == (None if place == 7 else document["pith_number"])


def test_a_published_record_is_verified_when_it_comes_from_a_mirror(real_record):
    name = parse_identifier("pith:2024:ODXWRQYNXKOR3ZX6FVYSFXZLUC")
    with LoopbackRegistry(starter=True) as mirror:
        asking = Registry((mirror.url,), timeout=5.0)
        try:
            body = asking.record(name).body
            bundle = asking.bundle(name.suffix)
        finally:
            asking.close()

    assert body == real_record
    for document in (body, bundle):
        assert examine(document, question=Question(asked=name)).verdict == "verified"
