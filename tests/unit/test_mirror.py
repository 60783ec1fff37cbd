"""The mirror's addresses, asked over HTTP by a client that is not ours."""

import hashlib
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from pith_agent import examine
from pith_agent.errors import SettingsError
from pith_agent.listening import listen
from pith_agent.mirror.reply import HTML, JSON, JSON_LD, preferred
from pith_agent.mirror.serve import serve
from pith_agent.network.registry import Registry
from tests.asking import Asking
from tests.documents import TRUST, as_bytes, signed_bundle, signed_compact
from tests.registry import LoopbackRegistry, records_of, suffix_of


@pytest.fixture
def ask(registry: LoopbackRegistry) -> Iterator[Asking]:
    asking = Asking(registry.url)
    yield asking
    asking.close()


@pytest.fixture
def document(registry: LoopbackRegistry) -> dict:
    return registry.publish(title="A title", arxiv_id="hep-th/9901001", version=2)


def test_a_record_is_served_byte_for_byte_and_may_be_kept(registry, ask, document):
    answer = ask(f"/pith/{suffix_of(document)}.json")

    assert (answer.status, answer.body) == (200, as_bytes(document))
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cache-control"] == "public, max-age=86400"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["etag"] == f'"{hashlib.sha256(answer.body).hexdigest()}"'


@pytest.mark.parametrize("spelling", ["{}", "W/{}", '"other", {}', "*"])
def test_a_reader_that_has_the_document_is_told_so(ask, document, spelling):
    path = f"/pith/{suffix_of(document)}.json"
    tag = ask(path).headers["etag"]

    answer = ask(path, If_None_Match=spelling.format(tag))

    assert (answer.status, answer.body, answer.headers["etag"]) == (304, b"", tag)
    assert ask(path, If_None_Match='"other"').status == 200


def test_a_head_request_gives_the_headers_alone(ask, document):
    path = f"/pith/{suffix_of(document)}.json"

    answer = ask(path, method="HEAD")

    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["etag"] == ask(path).headers["etag"]
    assert int(answer.headers["content-length"]) == len(as_bytes(document))


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_can_be_written(ask, document, method):
    answer = ask(f"/pith/{suffix_of(document)}.json", method=method)

    assert (answer.status, answer.json["error"]["code"]) == (405, "method-not-allowed")
    assert "GET" in answer.headers["allow"]


@pytest.mark.parametrize(
    ("accept", "liked"),
    [
        ("", HTML),
        ("*/*", HTML),
        ("application/ld+json", JSON_LD),
        ("application/json", JSON),
        ("application/*", JSON_LD),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", HTML),
        ("application/json;q=0.9, text/html;q=0.5", JSON),
        ("text/html;q=0, application/json;q=0.001", JSON),
        ("text/html;q=0.3, */*;q=0.4", JSON_LD),
        ("APPLICATION/JSON", JSON),
        ("application/json;q=high", JSON),
        ("image/png", HTML),
        (",;,", HTML),
    ],
)
def test_the_reader_gets_the_form_it_likes_best(accept, liked):
    assert preferred(accept, (HTML, JSON_LD, JSON)) == liked


@pytest.mark.parametrize("form", [JSON, JSON_LD])
def test_the_page_s_address_gives_the_record_to_a_program_that_asks_for_it(ask, document, form):
    answer = ask(f"/pith/{suffix_of(document)}", Accept=form)

    assert (answer.body, answer.headers["content-type"]) == (as_bytes(document), form)
    assert answer.headers["vary"] == "Accept"


@pytest.mark.parametrize("path", ["/pith/{}/bundle.json", "/.well-known/pith/{}/bundle.json"])
def test_a_bundle_is_assembled_that_can_be_verified(ask, document, path):
    answer = ask(path.format(suffix_of(document)))

    assert examine(answer.body, TRUST).verdict == "verified"
    bundle = answer.json
    assert (bundle["bundle_type"], bundle["bundle_version"]) == ("pith_open_graph_bundle", "1.0")
    assert bundle["short_pith_number"] == document["short_pith_number"]
    assert {"alias_kind": "arxiv", "alias_value": "hep-th/9901001"} in bundle["source_aliases"]
    assert bundle["events"][0]["payload"]["receipt"] == document["receipt"]


def test_a_stored_bundle_is_served_as_it_is(registry, ask):
    bundle = signed_bundle()
    registry.serve(bundle)

    answer = ask(f"/pith/{suffix_of(bundle)}/bundle.json")

    assert answer.body == as_bytes(bundle)
    events = ask(f"/api/pith-number/{suffix_of(bundle)}/events.json").json["events"]
    assert events == bundle["events"]


def test_state_and_events_say_only_what_the_record_says(ask, document):
    suffix = suffix_of(document)

    state = ask(f"/pith/{suffix}/state.json").json
    events = ask(f"/api/pith-number/{suffix}/events.json").json["events"]

    assert state["current"]["canonical_record"] == document["canonical_record"]
    assert state["current"]["graph_snapshots"][0]["payload"] == document["graph_snapshot"]
    assert (state["event_count"], len(events)) == (1, 1)
    assert not {"merge_version", "valid_event_count"} & set(state)
    assert not {"event_id", "signer", "signature"} & set(events[0])


def test_the_graph_is_the_stored_one_or_none(registry, ask, document):
    compact = signed_compact()
    registry.serve(compact)
    (other,) = (s.suffix for s in registry.store.documents() if s.suffix != suffix_of(document))

    graph = ask(f"/api/pith-number/{suffix_of(document)}/graph.json")
    none = ask(f"/api/pith-number/{other}/graph.json")

    assert graph.json == document["graph_snapshot"]
    assert (none.status, none.json["error"]["code"]) == (404, "not-found")


def test_a_record_without_a_receipt_has_no_events(registry, ask, document):
    del document["receipt"]
    document["canonical_record"]["source"]["version"] = 9
    registry.serve(document)
    (stored,) = (s for s in registry.store.documents() if s.source[2] == 9)

    assert ask(f"/api/pith-number/{stored.suffix}/events.json").json["events"] == []
    assert ask(f"/pith/{stored.suffix}/bundle.json").json["events"] == []


@pytest.mark.parametrize(
    ("asked", "version"),
    [("2401.00001", 3), ("2401.00001v3", 3), ("2401.00001v1", 1), ("arXiv%3A2401.00001v1", 1)],
)
def test_an_arxiv_id_leads_to_the_version_named_or_else_the_newest(registry, ask, asked, version):
    numbers = {v: registry.publish(version=v)["pith_number"] for v in (1, 3, 2)}

    answer = ask(f"/api/pith-number/resolve?arxiv={asked}&json=true")
    redirect = ask(f"/api/pith-number/resolve?arxiv={asked}")

    assert answer.json["pith_number"] == numbers[version]
    assert answer.headers["cache-control"] == "public, max-age=300"
    suffix = numbers[version].rpartition(":")[2]
    assert (redirect.status, redirect.headers["location"]) == (302, f"/pith/{suffix}")


@pytest.mark.parametrize(
    "path",
    ["/paper/hep-th/9901001", "/p/hep-th/9901001", "/paper/hep-th/9901001v2", "/paper/{short}"],
)
def test_the_addresses_that_people_link_to_lead_to_the_page(ask, document, path):
    suffix = suffix_of(document)

    answer = ask(path.format(short=suffix[:8]))

    assert (answer.status, answer.headers["location"]) == (302, f"/pith/{suffix}")


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        ("/pith/{}.json", "/pith/{}.json"),
        ("/pith/{}", "/pith/{}"),
        ("/pith/{}/bundle.json", "/pith/{}/bundle.json"),
        ("/api/pith-number/{}/graph.json", "/api/pith-number/{}/graph.json"),
    ],
)
@pytest.mark.parametrize("length", [8, 12, 16])
def test_a_short_form_leads_to_the_one_record_it_names(ask, document, path, leads_to, length):
    suffix = suffix_of(document)

    answer = ask(path.format(suffix[:length].lower()))

    assert (answer.status, answer.headers["location"]) == (302, leads_to.format(suffix))


def test_a_short_form_of_two_records_names_both(registry, ask, shared):
    pair = records_of(shared / "vectors/derived/short_id_collision.json")
    numbers = [registry.publish_canonical(r["canonical_record"])["pith_number"] for r in pair]

    answer = ask("/pith/PNQGBTN4.json")

    assert (answer.status, answer.json["error"]["code"]) == (300, "ambiguous")
    assert answer.json["candidates"] == sorted(numbers)


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (f"/pith/{'A' * 26}.json", 404, "not-found"),
        ("/pith/AAAAAAAA.json", 404, "not-found"),
        ("/pith/AAAAAAA.json", 400, "invalid-identifier"),
        ("/pith/2402.13116.json", 400, "invalid-identifier"),
        ("/pith/AAAAAAA1.json", 400, "invalid-identifier"),
        ("/pith/%3Cscript%3E.json", 400, "invalid-identifier"),
        ("/paper/2402.13116", 404, "not-found"),
        ("/paper/not-a-paper", 400, "invalid-identifier"),
        ("/paper/../../etc/passwd", 400, "invalid-identifier"),
        ("/api/pith-number/resolve", 400, "invalid-identifier"),
        ("/api/pith-number/resolve?arxiv=10.1016/x&json=true", 400, "invalid-identifier"),
        ("/api/pith-number/resolve?arxiv=2402.13116&json=true", 404, "not-found"),
        ("/nowhere", 404, "not-found"),
        ("/pith/X/action/citation_signature", 404, "not-found"),
    ],
)
def test_what_is_not_there_is_answered_with_a_code(ask, path, status, code):
    answer = ask(path)

    assert (answer.status, answer.json["error"]["code"]) == (status, code)
    assert answer.json["error"]["message"]
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["access-control-allow-origin"] == "*"


def test_a_damaged_store_is_a_fault_of_this_server(registry, ask, document):
    with registry.store._database.transaction() as connection:
        connection.execute("UPDATE records SET body = x'7b7d'")

    answer = ask(f"/pith/{suffix_of(document)}.json")

    assert (answer.status, answer.json["error"]["code"]) == (500, "store-damaged")


def test_the_lists_of_mirrors_and_keys_name_this_one(registry, ask):
    mirrors = ask("/pith-mirrors.json").json
    keys = ask("/pith-signing-key.json").json["keys"]

    assert mirrors["manifest_type"] == "pith_mirror_manifest"
    assert mirrors["mirrors"][0]["base_url"] == registry.url
    assert keys[0]["public_key_b64"] == TRUST.keys[0].public_key_b64


def test_the_server_says_that_it_is_well(ask):
    assert ask("/healthz").json == {"status": "ok"}
    assert ask("/").status == 200


def test_an_address_that_is_taken_is_a_setting_to_correct(registry):
    port = urlsplit(registry.url).port

    with pytest.raises(SettingsError):
        listen("127.0.0.1", port)
    with pytest.raises(SettingsError):
        serve(registry.store, TRUST, port=port)


SERVE = """
import sys
from pith_agent import TrustRoot
from pith_agent.mirror.serve import serve
from pith_agent.storage.cache import Store

store = Store.open(None)
serve(store, TrustRoot.bundled(), port=0, ready=lambda url: sys.stderr.write(url + "\\n"))
store.close()
sys.stderr.write("closed\\n")
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_and_lets_its_caller_clean_up(number):
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    try:
        assert select.select([process.stderr], [], [], 30)[0]
        url = process.stderr.readline().decode().strip()
        registry = Registry((url,), timeout=10)
        assert registry.signing_key()
        registry.close()
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()

    assert (process.returncode, stdout, stderr) == (0, b"", b"closed\n")
