"""Client ↔ registry over HTTP: looking up, and what a bad network may and may not do."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from urllib.parse import quote

import pytest

from pith_agent import Client, Settings, parse_identifier
from pith_agent.errors import (
    AmbiguousError,
    IdentifierError,
    NotFoundError,
    ResponseError,
    SettingsError,
    ShortIdentifierError,
    UnprovableAliasError,
    UnreachableError,
)
from pith_agent.network.registry import Registry
from pith_agent.protocol.record import MAX_RECORD_BYTES
from tests import faults
from tests.documents import TRUST, as_bytes
from tests.registry import LoopbackRegistry, edited, records_of, suffix_of

ARXIV = "2401.00001"


@pytest.fixture
def document(registry: LoopbackRegistry) -> dict:
    return registry.publish(arxiv_id=ARXIV, version=4, title="A title")


@pytest.fixture
def second() -> Iterator[LoopbackRegistry]:
    with LoopbackRegistry() as running:
        yield running


@pytest.fixture
def client_of(settings: Settings) -> Iterator[Callable[..., Client]]:
    """Clients that share one home, and differ in what they are told."""
    made: list[Client] = []

    def client_of(*registries: LoopbackRegistry, **changes: object) -> Client:
        urls = tuple(one.url for one in registries)
        made.append(Client(replace(settings, registry=urls, **changes), trust=TRUST))
        return made[-1]

    yield client_of
    for client in made:
        client.close()


def look_up(registry: LoopbackRegistry, name: str, timeout: float = 5.0):
    asking = Registry((registry.url,), timeout=timeout)
    try:
        return asking.record(parse_identifier(name, context="pith"))
    finally:
        asking.close()


@pytest.mark.parametrize(
    "name",
    [
        "{number}",
        "{suffix}",
        "https://pith.science/pith/{suffix}",
        "pith:{suffix:.8}",
        "pith:{suffix:.12}",
        "pith:{suffix:.16}",
        "arXiv:2401.00001",
        "2401.00001v4",
        "https://arxiv.org/abs/2401.00001v4",
        "doi:10.48550/arXiv.2401.00001",
        "https://pith.science/paper/2401.00001",
    ],
)
def test_every_kind_of_identifier_leads_to_the_verified_record(client, document, name):
    spelled = name.format(number=document["pith_number"], suffix=suffix_of(document))

    answer = client.verify(spelled)

    assert (answer.verdict, answer.code) == ("verified", "ok")
    assert answer.pith_number == document["pith_number"]
    assert (answer.title, answer.arxiv) == ("A title", "2401.00001v4")
    assert client.resolve(spelled).pith_number == document["pith_number"]
    assert client.fetch(spelled).document == document


def test_an_old_arxiv_id_is_encoded_on_its_way(registry, client):
    registry.publish(arxiv_id="hep-th/9901001", submitted_at="1999-01-01T12:00:00Z")

    assert client.verify("hep-th/9901001v1").verdict == "verified"
    asked = quote("hep-th/9901001v1", safe="")
    assert registry.requests[0] == f"GET /api/pith-number/resolve?arxiv={asked}&json=true"


def test_a_bibcode_is_looked_up_by_the_arxiv_id_in_it(registry, client):
    registry.publish(arxiv_id="1610.02026", submitted_at="2016-10-06T00:00:00Z")

    assert client.verify("2016arXiv161002026S").verdict == "verified"


@pytest.mark.parametrize("name", ["doi:10.1016/j.epsl.2011.11.037", "doi:10/gf4gqc"])
def test_a_publisher_s_doi_is_not_looked_up(registry, client, name):
    answer = client.verify(name)

    assert (answer.verdict, answer.code) == ("undecidable", "alias-unprovable")
    assert registry.requests == []
    with pytest.raises(UnprovableAliasError):
        look_up(registry, name)


@pytest.mark.parametrize("name", ["arXiv:2402.99999", f"pith:{'A' * 26}", "pith:AAAAAAAA"])
def test_what_no_registry_has_is_not_found(client, second, client_of, registry, name):
    assert client.verify(name).verdict == "not-found"
    assert client_of(registry, second).verify(name).verdict == "not-found"
    assert second.requests


def answers(registry: LoopbackRegistry, document: dict) -> list[faults.Fault]:
    suffix, number = suffix_of(document), document["pith_number"]
    return [
        faults.redirect(f"/pith/{suffix}"),
        faults.redirect(f"{registry.url}/pith/{suffix}", code=301),
        faults.redirect(f"/pith/{suffix}.json"),
        faults.body(as_bytes(document)),
        faults.body(b'{"result": 1.5, "pith_number": "%b"}' % number.encode()),
        faults.body(b'{"pith_number": "pith:%b"}' % suffix.encode()),
    ]


@pytest.mark.parametrize("shape", range(6))
def test_an_alias_look_up_may_answer_in_any_of_the_shapes_that_are_accepted(
    registry, client, document, shape
):
    registry.break_("/api/", answers(registry, document)[shape])

    answer = client.verify(f"arXiv:{ARXIV}")

    assert answer.verdict == "verified"
    assert registry.requests[-1] == f"GET /pith/{suffix_of(document)}.json"


@pytest.mark.parametrize(
    "fault",
    [
        faults.body(b""),
        faults.body(b"<html>pith:2024:ODXWRQYNXKOR3ZX6FVYSFXZLUC</html>"),
        faults.body(b"[1]"),
        faults.body(b"null"),
        faults.body(b"{}"),
        faults.body(b'{"pith_number": null}'),
        faults.body(b'{"pith_number": 1}'),
        faults.body(b'{"pith_number": "pith:ODXWRQYN"}'),
        faults.body(b'{"pith_number": "arXiv:2402.13116"}'),
        faults.body(b'{"pith_number": "../../etc/passwd"}'),
        faults.body(b'{"pith_number": "https://evil.example/pith/ODXWRQYNXKOR3ZX6FVYSFXZLUC"}'),
        faults.body(b'{"url": "https://evil.example/pith/ODXWRQYNXKOR3ZX6FVYSFXZLUC.json"}'),
        faults.body(b'{"pith_number": "pith:A", "pith_number": "pith:B"}'),
        faults.body(b"[" * 100_000),
        faults.body(b"\xff\xfe{}"),
        faults.status(300, body=b'{"pith_number": "pith:2024:ODXWRQYNXKOR3ZX6FVYSFXZLUC"}'),
    ],
)
def test_an_alias_look_up_that_answers_anything_else_is_no_answer(registry, fault):
    registry.break_("/api/", fault)

    with pytest.raises(ResponseError):
        look_up(registry, ARXIV)
    assert len(registry.requests) == 1


def test_addresses_inside_a_document_are_never_asked(registry, second, client, document):
    changed = edited(document, lambda d: d["links"].update(json=f"{second.url}/pith/X.json"))
    registry.break_("/pith/", faults.body(changed))

    assert client.verify(document["pith_number"]).verdict == "verified"
    assert second.requests == []


def test_an_ambiguous_short_form_names_its_candidates(registry, client, shared):
    pair = records_of(shared / "vectors/derived/short_id_collision.json")
    numbers = [registry.publish_canonical(r["canonical_record"])["pith_number"] for r in pair]

    answer = client.verify("pith:PNQGBTN4")

    assert (answer.verdict, answer.code) == ("ambiguous", "ambiguous")
    assert answer.candidates == tuple(sorted(numbers))


def test_only_candidates_that_begin_with_the_short_form_are_named(registry):
    names = [f"pith:2024:ODXWRQYN{'A' * 18}", f"pith:ODXWRQYN{'B' * 18}"]
    others = [f"pith:2024:{'C' * 26}", "ODXWRQYN<script>", 1, None, "pith:ODXWRQYN"]
    body = json.dumps({"candidates": names + others}).encode()
    registry.break_("/pith/", faults.status(300, body=body))

    with pytest.raises(AmbiguousError) as error:
        look_up(registry, "pith:ODXWRQYN")
    assert set(error.value.candidates) == set(names)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"candidates": []}', b'{"candidates": 1}'])
def test_an_ambiguity_without_candidates_is_no_answer(registry, body):
    registry.break_("/pith/", faults.status(300, body=body))

    with pytest.raises(ResponseError):
        look_up(registry, "pith:ODXWRQYN")


def test_the_other_documents_are_fetched_by_full_number_only(registry, document):
    asking = Registry((registry.url,), timeout=5.0)
    suffix = suffix_of(document)
    try:
        assert b"pith_open_graph_bundle" in asking.bundle(suffix)
        assert b"pith_open_graph_state" in asking.state(document["pith_number"])
        assert b"claims" in asking.graph(suffix.lower())
        assert b"record_created" in asking.events(suffix)
        assert b"pith_mirror_manifest" in asking.mirrors()
        assert b"ed25519" in asking.signing_key()
        before = len(registry.requests)
        with pytest.raises(ShortIdentifierError):
            asking.bundle(suffix[:8])
        with pytest.raises(IdentifierError):
            asking.graph("2401.00001")
        with pytest.raises(IdentifierError):
            asking.events("../../x")
        assert len(registry.requests) == before
        with pytest.raises(NotFoundError):
            asking.graph("A" * 26)
        registry.break_("/pith-mirrors.json", faults.oversize((64 << 10) + 1))
        with pytest.raises(ResponseError):
            asking.mirrors()
    finally:
        asking.close()


@pytest.mark.parametrize("bases", [(), ("http://pith.science",), ("https://u:p@pith.science",)])
def test_a_registry_that_may_not_be_asked_is_a_setting_to_correct(bases):
    with pytest.raises(SettingsError):
        Registry(bases, timeout=1.0)


def test_a_base_url_may_have_a_path(registry, document):
    suffix = suffix_of(document)
    registry.break_("/below/api/", faults.redirect(f"/below/pith/{suffix}"))
    registry.break_(f"/below/pith/{suffix}.json", faults.body(as_bytes(document)))
    registry.break_(f"/below/pith/{suffix}", faults.body(b"<!doctype html>"))
    asking = Registry((f"{registry.url}/below/",), timeout=5.0)
    try:
        assert asking.record(parse_identifier(ARXIV)).body == as_bytes(document)
    finally:
        asking.close()
    assert registry.requests[-1] == f"GET /below/pith/{suffix}.json"


def test_a_registry_that_asks_to_wait_a_little_is_waited_for(registry, client, document):
    registry.break_("/pith/", faults.status(429, {"retry-after": "0"}), times=2)

    assert client.verify(document["pith_number"]).verdict == "verified"


def test_a_registry_that_asks_to_wait_long_says_nothing_about_the_paper(registry, client, document):
    registry.break_("/pith/", faults.status(429, {"retry-after": "3600"}))
    start = time.monotonic()

    answer = client.verify(document["pith_number"])

    assert (answer.verdict, answer.code) == ("unreachable", "rate-limited")
    assert "3600" in answer.message
    assert time.monotonic() - start < 2


def test_a_registry_that_recovers_is_asked_again_the_next_time(registry, client, document):
    registry.break_("/pith/", faults.status(500), times=1)

    answer = client.verify(document["pith_number"])
    assert (answer.verdict, answer.code) == ("unreachable", "bad-response")
    assert client.verify(document["pith_number"]).verdict == "verified"


@pytest.mark.parametrize("fault", [faults.hang, faults.drip])
def test_a_registry_that_takes_its_time_is_given_up(registry, client_of, document, fault):
    registry.break_("/pith/", fault)
    start = time.monotonic()

    answer = client_of(registry, timeout=0.6).verify(document["pith_number"])

    assert (answer.verdict, answer.code) == ("unreachable", "unreachable")
    assert time.monotonic() - start < 2


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (faults.oversize(MAX_RECORD_BYTES + 1), "bad-response"),
        (faults.bomb(100 << 20), "bad-response"),
        (faults.encoded("br"), "bad-response"),
        (faults.encoded("zstd"), "bad-response"),
        (faults.redirect("https://evil.example/pith/X.json"), "unsafe-address"),
        (faults.redirect("/pith/loop.json"), "bad-response"),
    ],
)
def test_an_answer_that_cannot_be_used_says_nothing_about_the_paper(
    registry, client, document, fault, code
):
    registry.break_("/pith/", fault)

    answer = client.verify(document["pith_number"])

    assert (answer.verdict, answer.code) == ("unreachable", code)
    registry.heal()
    assert client.verify(document["pith_number"]).verdict == "verified"


@pytest.mark.parametrize("fault", [faults.gzipped(), faults.deflated()])
def test_a_compressed_record_is_the_same_record(registry, client, document, fault):
    registry.break_("/pith/", fault)

    assert client.fetch_bytes(document["pith_number"]) == as_bytes(document)


def test_an_answer_that_is_cut_off_once_is_asked_for_again(registry, client, document):
    registry.break_("/pith/", faults.truncated(), times=1)

    assert client.verify(document["pith_number"]).verdict == "verified"


@pytest.mark.parametrize("broken", [faults.status(500), faults.status(404), faults.hang])
def test_the_next_mirror_is_asked_when_one_does_not_help(
    registry, second, client_of, document, broken
):
    second.serve(document)
    registry.break_("/", broken)

    answer = client_of(registry, second, timeout=2.0).verify(f"arXiv:{ARXIV}")

    assert answer.verdict == "verified"
    assert answer.found_in.startswith(second.url)


def test_mirrors_are_asked_in_order_and_no_further_than_needed(
    registry, second, client_of, document
):
    second.serve(document)

    answer = client_of(registry, second).verify(f"arXiv:{ARXIV}")

    assert answer.found_in.startswith(registry.url)
    assert second.requests == []


@pytest.mark.parametrize("order", [1, -1])
def test_a_paper_is_not_called_missing_while_one_mirror_is_silent(
    registry, second, client_of, order
):
    second.break_("/", faults.status(500))

    answer = client_of(*[registry, second][::order]).verify(f"arXiv:{ARXIV}")

    assert answer.verdict == "unreachable"


def test_all_mirrors_together_have_the_time_of_one_document(registry, second):
    for one in (registry, second):
        one.break_("/", faults.hang)
    asking = Registry((registry.url, second.url), timeout=0.8)
    start = time.monotonic()
    try:
        with pytest.raises(UnreachableError):
            asking.record(parse_identifier(ARXIV))
    finally:
        asking.close()
    assert time.monotonic() - start < 2
    assert second.requests


def test_a_version_that_nobody_has_is_not_found_and_the_one_at_hand_is_named(registry, client):
    registry.publish(arxiv_id="2401.00001", version=4)
    assert client.resolve("2401.00001v4").verdict == "verified"

    answer = client.resolve("2401.00001v3")

    assert (answer.verdict, answer.code) == ("not-found", "not-found")
    assert "2401.00001v4" in answer.message
