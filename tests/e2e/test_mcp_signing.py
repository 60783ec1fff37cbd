"""`sign_citation` and its ledger, as a host sees them: what is signed is signed at once."""

import json
import sqlite3

import pytest

from pith_agent import Agent, Citing, Client, Settings
from pith_agent.errors import DigestFormError, StoreUnavailableError
from pith_agent.storage.keys import new_key
from pith_agent.tools import call_tool
from pith_agent.tools.budget import MAX_ANSWER
from tests.agents import StdioAgent, asking, unseen
from tests.documents import NUMBER, TRUST, real_record
from tests.registry import edited

SIGNING = {"relationship": "cites", "citing_id": "x"}
OTHER = "1510.03516"


@pytest.fixture
def home(tmp_path):
    path = tmp_path / "home"
    new_key(path / "keys")
    return path


@pytest.fixture
def offline(home):
    client = Client(Settings(home=home, offline=True))
    yield client
    client.close()


@pytest.fixture
def agent(home):
    with StdioAgent(home, "--offline") as running:
        yield running


def sign(client, *ids, **more):
    return call_tool(client, "sign_citation", {"ids": list(ids), **SIGNING, **more})["items"]


def test_a_damaged_record_is_the_answer_for_itself_and_the_others_are_signed(home, offline):
    database = sqlite3.connect(home / "store.sqlite3")
    database.execute("UPDATE records SET body = body || 'x' WHERE pith_number = ?", (NUMBER,))
    database.commit()
    database.close()

    first, second, third = sign(offline, OTHER, NUMBER, "1604.02957")

    assert [first["status"], second["status"], third["status"]] == ["signed", "damaged", "signed"]
    assert second["code"] == "store-damaged"
    logged = [entry.citation_id for entry in offline.ledger.entries()]
    assert logged == [item["citation"]["citation_id"] for item in (first, third)]


def test_if_the_ledger_fails_for_one_citation_none_is_signed(home, offline):
    sign(offline, NUMBER)
    database = sqlite3.connect(home / "ledger.sqlite3")
    database.execute(
        "CREATE TRIGGER full BEFORE INSERT ON entries WHEN NEW.idx >= 2"
        " BEGIN SELECT RAISE(ABORT, 'disk full'); END"
    )
    database.commit()
    database.close()

    with pytest.raises(StoreUnavailableError):
        sign(offline, NUMBER, OTHER)

    assert len(offline.ledger) == 1


def test_a_paper_that_is_named_twice_is_cited_once(offline):
    first, again, other = sign(offline, NUMBER, "arXiv:2402.13116", OTHER)

    assert (first["status"], other["status"]) == ("signed", "signed")
    assert (again["status"], again["code"]) == ("refused", "duplicate")
    assert len(offline.ledger) == 2


def test_a_dry_run_names_no_citation_since_its_id_would_not_stay(offline):
    (item,) = sign(offline, NUMBER, dry_run=True)

    assert item["status"] == "drafted"
    assert "citation_id" not in item["citation"]


def test_the_list_says_what_was_retracted_and_finds_bibliographies_by_their_papers(offline):
    agent = Agent(name="x", version="1")
    citing = Citing(kind="agent_output", id="a report")
    old, kept = sign(offline, NUMBER), sign(offline, OTHER)
    offline.sign_bibliography([NUMBER, OTHER], citing=citing, agent=agent)
    offline.retract_citation(old[0]["citation"]["citation_id"], agent=agent)

    every = call_tool(offline, "list_citations", {})["items"]
    assert [item["kind"] for item in every] == [
        "citation",
        "citation",
        "bibliography",
        "retraction",
    ]
    assert [item.get("standing") for item in every] == ["retracted", None, None, None]
    assert every[3]["retracts"] == every[0]["citation_id"]
    number = kept[0]["citation"]["pith_number"]
    found = call_tool(offline, "list_citations", {"pith_number": number})["items"]
    assert [item["index"] for item in found] == [1, 2]
    ids = [item["citation_id"] for item in every]
    checked = call_tool(offline, "verify_citation", {"citations": ids})["items"]
    assert [item["code"] for item in checked] == ["citation-retracted", "ok", "ok", "ok"]
    assert [item["kind"] for item in checked] == [item["kind"] for item in every]


def test_tools_that_only_read_begin_no_ledger(home, offline):
    assert call_tool(offline, "list_citations", {}) == {"size": 0, "items": []}
    (item,) = call_tool(offline, "verify_citation", {"citations": ["pcite:" + "0" * 64]})["items"]

    assert item["code"] == "not-found"
    assert not list(home.glob("ledger*"))


@pytest.mark.parametrize(
    "quote", ["  \n", "\u0958" * 15_000, "a\u202eb"], ids=["blank", "longer in NFC", "steering"]
)
def test_a_quote_that_cannot_be_hashed_as_it_is_shown_is_refused(agent, quote):
    for dry_run in (False, True):
        reply = agent.call("sign_citation", ids=[NUMBER], **SIGNING, quote=quote, dry_run=dry_run)

        assert reply.code == "invalid-arguments"
        assert "quote" in reply.text
    assert agent.call("list_citations").items == []


def test_a_quote_is_hashed_as_it_will_be_verified(agent):
    (item,) = agent.call(
        "sign_citation", ids=[NUMBER], **SIGNING, quote=" e\u0301 \n x ", with_quote_text=True
    ).items
    stated = item["citation"]["statement"]["predicate"]["quote"]

    (checked,) = agent.call("verify_citation", citations=[item["citation"]["envelope"]]).items
    assert (stated["text"], stated["length"]) == ("\u00e9 x", 3)
    assert (checked["verdict"], checked["code"]) == ("verified", "ok")


def test_what_a_caller_types_comes_back_without_what_cannot_be_seen(agent):
    typed = "\x1b[2J\u202eevil\u200b"

    for tool, arguments in (
        ("resolve", {"ids": [typed]}),
        ("verify", {"claims": [{"id": typed}]}),
        ("sign_citation", {"ids": [typed], **SIGNING}),
        ("verify_citation", {"citations": [typed]}),
    ):
        reply = agent.call(tool, **arguments)
        assert not unseen(reply.items)


@pytest.mark.parametrize("typed", ["AB" * 32, "ab" * 31, "ab" * 33, "\u0661" * 64, "", "xy" * 32])
def test_the_hash_of_what_cites_has_one_spelling(offline, typed):
    for tool, arguments in (
        ("sign_citation", {"ids": [NUMBER], **SIGNING}),
        ("verify_citation", {"citations": ["pcite:" + "0" * 64]}),
    ):
        with pytest.raises(DigestFormError) as caught:
            call_tool(offline, tool, {**arguments, "citing_sha256": typed})
        assert caught.value.code == "invalid-digest"
    assert not offline.settings.ledger_path.exists()


def test_the_citations_of_one_paper_are_found_page_by_page(offline):
    for _ in range(2):
        sign(offline, NUMBER, OTHER)
    wanted = {"pith_number": NUMBER, "limit": 1}

    first = call_tool(offline, "list_citations", wanted)
    second = call_tool(offline, "list_citations", {**wanted, "start": first["next_start"]})

    assert [item["index"] for item in first["items"] + second["items"]] == [0, 2]
    rest = call_tool(offline, "list_citations", {**wanted, "start": second["next_start"]})
    assert (rest["items"], rest.get("next_start")) == ([], None)


def test_an_envelope_may_be_sent_as_a_string(offline):
    (item,) = sign(offline, NUMBER)
    text = json.dumps(item["citation"]["envelope"])

    (checked,) = call_tool(offline, "verify_citation", {"citations": [text]})["items"]

    assert checked["verdict"] == "verified"


def test_an_answer_stays_within_what_a_model_can_read(registry, home, tmp_path):
    ids = [registry.publish(arxiv_id=f"2401.{n:05d}")["pith_number"] for n in range(1, 41)]
    settings = Settings(home=home, registry=(registry.url,))
    client = Client(settings, trust=TRUST)
    try:
        items = sign(client, *ids, statement="s" * 2000)
        papers = call_tool(client, "verify", {"records": [real_record()] * 40, "detail": "full"})
    finally:
        client.close()

    assert {item["status"] for item in items} == {"signed"}
    assert len(json.dumps(items, ensure_ascii=False, separators=(",", ":"))) <= MAX_ANSWER
    assert "citation" in items[0]
    left = [item for item in items if "omitted" in item]
    assert left
    for item in left:
        assert item["citation_id"].startswith("pcite:")
        assert item["hint"]
    shown = papers["items"]
    assert len(json.dumps(shown, ensure_ascii=False, separators=(",", ":"))) <= MAX_ANSWER
    assert all(item["verdict"] and item["target"] for item in shown)
    assert "omitted" not in shown[0]
    assert "omitted" in shown[-1]


def test_claims_of_a_record_that_cannot_be_cited_are_not_offered(registry, tmp_path):
    document = registry.publish()

    def unbind(record):
        record["graph_snapshot"]["claims"] |= {"count": 7, "snapshot_sha256": "nonsense"}

    registry.serve(edited(document, unbind))
    with StdioAgent(tmp_path / "home", *asking(registry.url, tmp_path)) as agent:
        (item,) = agent.call("fetch", ids=[document["pith_number"]]).items
        assert item["verdict"] == "verified"
        assert "claims" not in item["untrusted"]
        assert item["untrusted"]["claims_unbound"] is True
        (refused,) = agent.call(
            "sign_citation", ids=[document["pith_number"]], **SIGNING, claim_id="C1", dry_run=True
        ).items
        assert (refused["status"], refused["code"]) == ("refused", "unknown-claim")
