"""The verification card: what it shows of real, tampered, unknown and hostile answers."""

import copy
from typing import Any

import anyio
import pytest
from mcp import Client as McpClient
from mcp.client.extension import advertise
from mcp.server.apps import APP_MIME_TYPE, EXTENSION_ID

from pith_agent import Client, Settings
from pith_agent.mcp_server.app import CARD_URI, card_html
from pith_agent.mcp_server.server import build_server
from tests import card_host
from tests.documents import NUMBER, REAL, SUFFIX, TITLE, TRUST, as_bytes, signed_record

ERAS = ("auto", "legacy")
KNOWN = "arXiv:2402.13116"
UNKNOWN = "1706.03762"
TAMPERED = REAL.replace(b'"version":4},"metadata"', b'"version":5},"metadata"')
MARKUP = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'
HIDDEN = "\u202egnp.exe\u2066\x1b[31mred\x1b[0m\x1b]0;title\x07\u200b\u200f"
SHAPES = "[...document.querySelectorAll('.verdict path')].map(p => p.getAttribute('d'))"
SHARE = """(bar => bar.firstChild.getBoundingClientRect().width / bar.clientWidth)(
  document.querySelector('.bar'))"""

answer = card_host.answer


def test_a_genuine_record_is_shown_as_verified_with_its_proved_title_and_links(show, verified):
    card = show(verified(KNOWN))

    assert card.text(".verdict") == "Verified"
    assert card.text("h2") == TITLE
    assert {NUMBER, "2402.13116v4", KNOWN} <= set(card.texts("dd code"))
    assert card.text(".tally") == "17 checks passed, 3 had nothing to check"
    assert card.texts(".problems li") == []
    assert len(card.texts(".all li")) == 20
    assert card.links == [
        f"https://pith.science/pith/{SUFFIX}",
        "https://arxiv.org/abs/2402.13116v4",
    ]


def test_the_coverage_is_counted_in_three_groups_and_in_bytes(show, verified):
    card = show(verified(KNOWN))

    groups = ["26 signed", "3 bound by a hash", "38 protected by nothing"]
    assert card.texts(".groups li") == groups
    assert "419 of 14,020 bytes are signed (3.0 %)" in card.texts("p")
    assert card.value(SHARE) == pytest.approx(419 / 14020, rel=0.02)


def test_fields_bound_by_a_hash_say_whether_that_hash_is_signed(show, verified):
    card = show(verified(KNOWN))

    bound = {row for row in card.texts(".paths li") if "(" in row}
    assert "paper.title (the hash is signed)" in bound
    assert "graph_snapshot.claims.items (the hash is not signed)" in bound


def test_a_tampered_record_is_shown_as_failed_with_each_broken_check_and_no_link(show, verified):
    card = show(verified(KNOWN, document=TAMPERED))

    assert card.text(".verdict") == "Failed"
    assert card.text("h2") == KNOWN
    assert TITLE not in card.text("main")
    first, *others = card.texts(".problems li")
    assert "canonical-hash digest-mismatch" in first
    assert "Expected70ef68c30dba" in first
    assert "Found4a4d7e01da95" in first
    assert any("invalid-signature" in other for other in others)
    assert card.texts(".groups li")[0] == "0 signed"
    assert card.links == []


def test_a_title_that_is_not_proved_is_not_shown(show):
    card = show(answer(target=KNOWN, verdict="failed", code="title-mismatch", title="Another"))

    assert card.text("h2") == KNOWN
    assert "Another" not in card.text("main")


def test_a_wrong_claim_about_a_genuine_record_is_told_apart_from_a_false_record(show, verified):
    claim = {"id": KNOWN, "title": TITLE.replace("Distillation of", "Distillation for")}

    card = show(verified(claims=[claim]))

    assert card.text(".verdict") == "Failed"
    assert "The record is genuine; what was claimed" in card.text("article")
    assert card.text("h2") == TITLE
    assert "claimed-title-mismatch" in card.text(".problems li")
    assert card.links[0] == f"https://pith.science/pith/{SUFFIX}"


def test_a_wrong_claim_about_a_false_record_proves_nothing(show, verified):
    claim = {"id": KNOWN, "title": "Another"}

    card = show(verified(claims=[claim], document=TAMPERED))

    assert card.text("h2") == KNOWN
    assert "genuine" not in card.text("article > p + h2 + p")
    assert card.links == []


def test_what_was_not_checked_is_not_shown_as_refuted(show, verified):
    card = show(verified(UNKNOWN))

    assert card.text(".verdict") == "Unreachable"
    assert "This says nothing about the paper." in card.text("article")
    assert "offline" in card.texts("code")
    assert card.links == []


def test_several_identifiers_have_a_card_each_in_order_below_a_summary(show, verified):
    card = show(verified(KNOWN, UNKNOWN, "nonsense"))

    assert card.texts(".verdict") == ["Verified", "Unreachable", "Invalid"]
    assert card.texts("h2") == [TITLE, UNKNOWN, "nonsense"]
    assert card.text("#status") == "3 entries: 1 verified, 1 unreachable, 1 invalid"


@pytest.mark.parametrize(
    ("verdict", "word"),
    [
        ("undecidable", "Undecidable"),
        ("not-found", "Not found"),
        ("ambiguous", "Ambiguous"),
        ("damaged", "Damaged"),
        ("excellent", "Unknown verdict"),
        ("__proto__", "Unknown verdict"),
        (None, "Unknown verdict"),
    ],
)
def test_each_verdict_has_a_word(show, verdict, word):
    card = show(answer(target="x", verdict=verdict, code="some-code"))

    assert card.text(".verdict") == word
    assert card.links == []


def test_each_verdict_has_a_shape_of_its_own_beside_its_colour(show):
    verdicts = ("verified", "failed", "undecidable", "not-found", "ambiguous", "unreachable")
    items = [{"target": "x", "verdict": v, "code": "ok", "pith_number": NUMBER} for v in verdicts]
    card = show({"content": [], "structuredContent": {"items": items}})

    assert len(set(card.value(SHAPES))) == len(verdicts)


@pytest.mark.parametrize(
    "change",
    [
        {"code": "digest-mismatch"},
        {"pith_number": "pith:2024:SHORT"},
        {"pith_number": f"{NUMBER}\n"},
        {"checks": [{"name": "signature", "status": "fail", "code": "invalid-signature"}]},
    ],
)
def test_an_answer_that_contradicts_itself_is_not_shown_as_verified(show, change):
    item = {"target": "x", "verdict": "verified", "code": "ok", "pith_number": NUMBER}

    card = show(answer(**(item | change)))

    assert card.text(".verdict") == "Unknown verdict"
    assert card.links == []


def test_a_warning_is_listed_and_leaves_the_verdict(show, verified):
    result = verified(KNOWN)
    check = {"name": "history", "status": "warn", "code": "older-version", "detail": "Older."}
    result["structuredContent"]["items"][0]["checks"][-1] = check

    card = show(result)

    assert card.text(".verdict") == "Verified"
    assert card.text(".tally") == "17 checks passed, 1 with a warning, 2 had nothing to check"
    assert card.texts(".problems li") == ["warning history older-versionOlder."]


def test_a_brief_answer_does_not_claim_checks_that_it_does_not_show(show, verified):
    card = show(verified(*[KNOWN] * 6))

    assert card.texts(".verdict") == ["Verified"] * 6
    assert card.text(".tally") == "The checks that passed are not part of this answer."
    assert card.texts(".bar") == []


def test_a_signed_title_with_markup_is_text(show, verified):
    document = as_bytes(signed_record(title=f"On {MARKUP}{HIDDEN} titles"))

    card = show(verified(KNOWN, document=document, trust=TRUST))

    assert card.text(".verdict") == "Verified"
    assert card.text("h2").startswith(f"On {MARKUP}")
    assert_harmless(card)


def test_an_identifier_with_markup_and_hidden_characters_is_text_without_them(show, verified):
    card = show(verified(f"{MARKUP}{HIDDEN}"))

    assert card.text(".verdict") == "Invalid"
    assert card.text("h2") == f"{MARKUP}gnp.exered"
    assert_harmless(card)


def test_a_hostile_answer_runs_nothing_and_links_nowhere(show, verified):
    card = show(hostile(verified(KNOWN)["structuredContent"]["items"][0]))

    assert card.text(".verdict") == "Unknown verdict"
    assert card.links == []
    assert_harmless(card)


@pytest.mark.parametrize("arxiv", ["javascript:alert(1)", "2402.13116v4?x", "../x", "1v1", 7])
def test_only_a_valid_arxiv_id_becomes_a_link(show, verified, arxiv):
    result = verified(KNOWN)
    result["structuredContent"]["items"][0]["arxiv"] = arxiv

    assert show(result).links == [f"https://pith.science/pith/{SUFFIX}"]


def test_an_old_arxiv_id_becomes_a_link(show, verified):
    result = verified(KNOWN)
    result["structuredContent"]["items"][0]["arxiv"] = "hep-lat/0305021v1"

    assert show(result).links[1] == "https://arxiv.org/abs/hep-lat/0305021v1"


@pytest.mark.parametrize("items", [[None, 7, "x", []], [{}], []])
def test_malformed_items_do_not_break_the_card(show, items):
    card = show({"structuredContent": {"items": items}})

    assert card.texts(".verdict") == ["Unknown verdict"] * len(items)


@pytest.mark.parametrize(
    "result",
    [
        [],
        "text",
        {"structuredContent": {"items": "x"}},
        {"content": "x"},
        {"content": [None, {"type": "image"}]},
        {"content": [{"type": "text", "text": "{"}]},
    ],
)
def test_a_malformed_result_is_said_to_be_no_answer(show, result):
    card = show(None)
    card.told("ui/notifications/tool-result", result)
    card.until(card_host.SHOWN)

    assert card.text(".verdict") == "No answer"


def test_an_error_of_the_whole_call_is_shown_in_its_own_words(show, verified):
    result = verified()
    assert result["isError"] is True

    card = show(result)

    assert card.text(".verdict") == "The call failed"
    assert "1 to 100" in card.text("article")


def test_items_beside_an_error_of_the_whole_call_are_not_shown(show, verified):
    card = show(verified(KNOWN) | {"isError": True})

    assert card.text(".verdict") == "The call failed"
    assert TITLE not in card.texts("h2")


@pytest.mark.parametrize("era", ERAS)
def test_a_host_reads_the_card_with_its_type_and_an_empty_list_of_domains(tmp_path, era):
    async def once(client: Client) -> Any:
        async with McpClient(build_server(client), mode=era) as session:
            tools = (await session.list_tools()).tools
            (content,) = (await session.read_resource(CARD_URI)).contents
            return tools, content, session.server_capabilities.extensions

    with_no_network = Client(Settings(home=tmp_path, offline=True))
    tools, content, extensions = anyio.run(once, with_no_network)
    with_no_network.close()

    assert content.mime_type == "text/html;profile=mcp-app"
    assert content.text == card_html()
    domains = content.meta["ui"]["csp"]
    assert (len(domains), any(domains.values())) == (4, False)
    # The handshake of 2025-11-25 has no field for it: hosts of that era go by the tool's `_meta`.
    assert (EXTENSION_ID in (extensions or {})) is (era != "legacy")
    tied = {tool.name: tool.meta["ui"]["resourceUri"] for tool in tools if tool.meta}
    assert tied == {"verify": CARD_URI}


@pytest.mark.parametrize("era", ERAS)
def test_a_client_with_apps_and_one_without_get_the_same_answer(tmp_path, era):
    client = Client(Settings(home=tmp_path, offline=True))
    client.verify(KNOWN)  # From now on the record is one that was seen before.
    apps = advertise(EXTENSION_ID, {"mimeTypes": [APP_MIME_TYPE]})
    ids = (KNOWN, UNKNOWN)

    with_apps = card_host.asked(client, ids, mode=era, extensions=[apps])
    without = card_host.asked(client, ids, mode=era)
    client.close()

    assert with_apps["structuredContent"] == without["structuredContent"]
    assert with_apps["content"] == without["content"]


def assert_harmless(card: card_host.Card) -> None:
    assert card.value("typeof hacked") == "undefined"
    assert card.page.evaluate("typeof hacked") == "undefined"
    kinds = card.value("[...document.body.querySelectorAll('*')].map(e => e.localName)")
    assert not {"img", "iframe", "form", "object", "base", "meta"} & set(kinds)
    assert card.value("document.scripts.length") == 1
    assert not set(card.text("main")) & set("\u202e\u2066\u200b\u200f\x1b\x07")
    assert not any(url.endswith("/x") for url in card.page.requests)


def hostile(item: dict[str, Any]) -> dict[str, Any]:
    """The same answer with every string spoilt, and shapes that the schema forbids."""

    def spoil(value: Any) -> Any:
        if isinstance(value, dict):
            return {spoil(name) if "." in name else name: spoil(v) for name, v in value.items()}
        if isinstance(value, list):
            return [spoil(v) for v in value]
        return f"{MARKUP}{HIDDEN}{value}" if isinstance(value, str) else value

    spoilt = spoil(copy.deepcopy(item))
    spoilt |= {"verdict": "verified", "code": "ok", "candidates": ["javascript:alert(1)", {}]}
    spoilt["pith_number"] = f"{NUMBER}/../../javascript:alert(1)"
    spoilt["checks"] += [None, 7, {"name": {"a": 1}, "status": "constructor"}]
    spoilt["coverage"] |= {"signed_bytes": -1, "bindings": [1], "hash_bound": {"length": 1e9}}
    return {"content": [{"type": "text", "text": MARKUP}], "structuredContent": {"items": [spoilt]}}
