"""The tools as any function-calling API uses them: no MCP here."""

import json
from importlib import resources
from pathlib import Path

import pytest
from click.testing import CliRunner

from pith_agent import Client, RecordFiles, Settings
from pith_agent.cli import main
from pith_agent.errors import ArgumentsError
from pith_agent.tools import TOOLS, call_tool, definitions
from pith_agent.tools.budget import within_budget
from pith_agent.tools.catalogue import computed_schemas
from pith_agent.tools.schema import compact
from pith_agent.tools.sections import section

RECORD = Path(__file__).parent.parent / "vectors" / "record-2402.13116.json"
NUMBER = "pith:2024:ODXWRQYNXKOR3ZX6FVYSFXZLUC"


@pytest.fixture
def client(tmp_path):
    client = Client(Settings(home=tmp_path, offline=True))
    yield client
    client.close()


def test_the_stored_schemas_are_those_of_the_models():
    stored = resources.files("pith_agent.tools").joinpath("schemas.json").read_text("utf-8")

    assert stored == computed_schemas()


def test_a_definition_stands_where_it_is_used_unless_several_places_use_it():
    schema = {
        "properties": {
            "once": {"$ref": "#/$defs/Once"},
            "any": {"items": {"$ref": "#/$defs/Any"}, "type": "array"},
            "a": {"$ref": "#/$defs/Twice"},
            "b": {"$ref": "#/$defs/Twice"},
        },
        "$defs": {"Any": {}, "Once": {"type": "string"}, "Twice": {"type": "integer"}},
    }

    assert compact(schema, lambda keyword, value: False) == {
        "properties": {
            "once": {"type": "string"},
            "any": {"type": "array"},
            "a": {"$ref": "#/$defs/Twice"},
            "b": {"$ref": "#/$defs/Twice"},
        },
        "$defs": {"Twice": {"type": "integer"}},
    }


@pytest.mark.parametrize("shape", ["openai", "anthropic", "json"])
def test_each_format_names_every_tool_with_a_closed_schema(shape):
    found = [entry.get("function", entry) for entry in definitions(shape)]

    assert [entry["name"] for entry in found] == [tool.name for tool in TOOLS]
    for entry in found:
        schema = entry.get("parameters") or entry["input_schema"]
        assert schema["type"] == "object"
        assert schema["additionalProperties"] is False


def test_the_command_prints_what_the_function_gives():
    result = CliRunner().invoke(main, ["tools", "--format", "openai"])

    assert json.loads(result.stdout) == definitions("openai")


def test_a_call_by_name_runs_the_tool(client):
    answer = call_tool(client, "resolve", {"ids": ["arXiv:2402.13116"]})

    assert answer["items"][0]["pith_number"] == NUMBER


@pytest.mark.parametrize(
    ("name", "arguments", "part"),
    [
        ("nonsense", {}, "resolve"),
        ("resolve", {}, "ids"),
        ("resolve", {"ids": 7}, "ids"),
        ("resolve", {"ids": [7, "x", None]}, "ids.2"),
        ("resolve", {"ids": [], "idz": []}, "idz"),
        ("resolve", {"ids": ["x"] * 10_000}, "1 to 100"),
        ("fetch", {"ids": ["x"], "sections": ["nonsense"]}, "sections.0"),
        ("fetch", {"ids": ["x"], "limit": 101}, "limit"),
        ("verify", {"ids": ["x"], "detail": "much"}, "detail"),
        (
            "sign_citation",
            {"ids": ["x"], "relationship": "likes", "citing_id": "y"},
            "relationship",
        ),
        ("list_citations", {"start": -1}, "start"),
    ],
)
def test_arguments_that_do_not_fit_are_named_and_their_values_are_not_repeated(
    client, name, arguments, part
):
    with pytest.raises(ArgumentsError) as caught:
        call_tool(client, name, arguments)

    assert part in str(caught.value)
    assert len(str(caught.value)) < 800
    assert "http" not in str(caught.value)


def test_progress_is_told_as_a_batch_goes_on(client):
    told = []
    tool = next(tool for tool in TOOLS if tool.name == "resolve")

    tool.call(client, {"ids": [NUMBER] * 40}, lambda done, total: told.append((done, total)))

    assert told == [(16, 40), (32, 40), (40, 40)]


def test_a_definition_inside_a_shared_one_stands_where_it_is_used():
    inner = {"type": "string", "description": "What the model is called."}
    schema = {
        "properties": {"a": {"$ref": "#/$defs/Twice"}, "b": {"$ref": "#/$defs/Twice"}},
        "$defs": {
            "Inner": inner,
            "Twice": {"properties": {"in": {"$ref": "#/$defs/Inner"}}, "type": "object"},
        },
    }

    assert compact(schema, lambda keyword, value: False) == {
        "properties": {"a": {"$ref": "#/$defs/Twice"}, "b": {"$ref": "#/$defs/Twice"}},
        "$defs": {"Twice": {"properties": {"in": {"type": "string"}}, "type": "object"}},
    }


def test_a_property_that_may_be_anything_is_still_named():
    schema = {
        "properties": {
            "any": {"$ref": "#/$defs/Any"},
            "items": {"$ref": "#/$defs/Any"},
            "object": {"additionalProperties": {"$ref": "#/$defs/Any"}, "type": "object"},
        },
        "$defs": {"Any": {}},
    }

    assert compact(schema, lambda keyword, value: False) == {
        "properties": {"any": {}, "items": {}, "object": {"type": "object"}}
    }


def test_many_reports_are_brief_unless_full_ones_are_asked_for(client):
    few = call_tool(client, "verify", {"ids": [NUMBER] * 5})["items"]
    many = call_tool(client, "verify", {"ids": [NUMBER] * 6})["items"]
    full = call_tool(client, "verify", {"ids": [NUMBER] * 6, "detail": "full"})["items"]

    assert "checks" in few[0]
    assert "checks" not in many[0]
    assert many[0]["verdict"] == "verified"
    assert "checks" in full[0]


def test_a_brief_report_keeps_the_checks_that_did_not_pass(tmp_path):
    document = RECORD.read_bytes().replace(b'"signature_b64":"w', b'"signature_b64":"x')
    client = Client(
        Settings(home=tmp_path, offline=True), records=RecordFiles([(document, "changed.json")])
    )

    (item,) = call_tool(client, "verify", {"ids": [NUMBER], "detail": "brief"})["items"]
    client.close()

    assert [check["code"] for check in item["checks"]] == ["invalid-signature"]


def test_a_section_is_given_page_by_page_and_apart_from_what_is_signed(client):
    arguments = {"ids": [NUMBER], "sections": ["cited_by", "canonical"], "limit": 20}

    (first,) = call_tool(client, "fetch", arguments)["items"]
    (second,) = call_tool(client, "fetch", {**arguments, "offset": 20})["items"]

    page = first["untrusted"]["sections"]["cited_by"]
    assert (len(page["value"]), page["in_record"], page["total"]) == (20, 22, 22)
    assert page["next_offset"] == 20
    rest = second["untrusted"]["sections"]["cited_by"]
    assert len(rest["value"]) == 2
    assert "next_offset" not in rest
    assert first["signed"]["canonical"]["value"]["source"]["id"] == "2402.13116"
    assert "canonical" not in first["untrusted"]["sections"]


@pytest.mark.parametrize(
    "name",
    ["paper", "claims", "verdict", "references", "aliases", "status", "receipt"],
)
def test_every_section_of_the_real_record_has_a_value(client, name):
    (item,) = call_tool(client, "fetch", {"ids": [NUMBER], "sections": [name]})["items"]

    assert item["untrusted"]["sections"][name]["value"]


def test_what_is_not_verified_carries_no_content(tmp_path):
    document = RECORD.read_bytes().replace(b'"version":4},"metadata"', b'"version":5},"metadata"')
    client = Client(
        Settings(home=tmp_path, offline=True), records=RecordFiles([(document, "changed.json")])
    )

    (item,) = call_tool(
        client, "fetch", {"ids": ["2402.13116"], "sections": ["paper", "canonical"]}
    )["items"]
    client.close()

    assert item["code"] == "digest-mismatch"
    assert not {"title", "untrusted", "signed", "export"} & set(item)


TITLE = "A Survey on Knowledge Distillation of Large Language Models"


@pytest.mark.parametrize(
    ("claim", "verdict", "code", "match"),
    [
        ({"title": TITLE}, "verified", "ok", "exact"),
        ({"title": "{{" + TITLE + "}}"}, "verified", "ok", "variant"),
        ({"title": TITLE.replace(" on ", " of ")}, "failed", "claimed-title-mismatch", "near-miss"),
        ({"title": "Attention Is All You Need"}, "failed", "claimed-title-mismatch", "different"),
        ({"doi": "10.48550/arXiv.1706.03762"}, "invalid", "conflicting-identifiers", None),
        ({"year": 1999, "authors": ["A. Stranger"]}, "verified", "ok", None),
    ],
)
def test_what_is_claimed_of_a_paper_is_compared_with_what_is_signed(
    client, claim, verdict, code, match
):
    (item,) = call_tool(client, "verify", {"claims": [{"id": "2402.13116", **claim}]})["items"]

    assert (item["verdict"], item["code"]) == (verdict, code)
    assert item.get("title_match") == match


def test_a_difference_in_what_nothing_signs_is_a_warning(client):
    claim = {"id": "2402.13116", "year": 1999, "authors": ["A. Stranger"]}

    (item,) = call_tool(client, "verify", {"claims": [claim], "detail": "brief"})["items"]

    assert [(check["status"], check["code"]) for check in item["checks"]] == [
        ("warn", "claimed-year-differs"),
        ("warn", "claimed-authors-differs"),
    ]


def test_ids_claims_and_records_are_answered_in_that_order(client):
    record = json.loads(RECORD.read_bytes())
    record["receipt"]["signature_b64"] = "A" * 86 + "=="

    answer = call_tool(
        client,
        "verify",
        {"ids": ["nonsense"], "claims": [{"id": NUMBER, "title": TITLE}], "records": [record]},
    )

    assert [item["code"] for item in answer["items"]] == [
        "invalid-identifier",
        "ok",
        "invalid-signature",
    ]


@pytest.mark.parametrize("form", ["bibtex", "csl-json", "ris", "cff", "markdown"])
def test_an_export_carries_the_number_and_marks_what_is_not_signed(client, form):
    (item,) = call_tool(client, "fetch", {"ids": [NUMBER], "format": form})["items"]

    assert NUMBER in item["export"]
    assert "signed" in item["export"].lower()


def test_a_section_or_page_that_is_too_long_says_so_or_ends_early():
    entries = [{"text": "x" * 999}] * 60
    document = {"graph_snapshot": {"claims": {"items": entries}}, "paper": {"a": ["x" * 999] * 30}}

    page = section(document, "claims", 0, 100)
    rest = section(document, "claims", page["next_offset"], 100)

    assert 10 < len(page["value"]) < 20
    assert page["next_offset"] == len(page["value"])
    assert page["value"] + rest["value"] == entries[: len(page["value"] + rest["value"])]
    assert section(document, "paper", 0, 100) == {"value": {"omitted": 30_097}}


def test_in_place_of_an_entry_that_is_too_long_by_itself_stands_its_length():
    entries = [{"a": ["x" * 999] * 30}, "short", {"a": ["x" * 999] * 31}]
    document = {"graph_snapshot": {"claims": {"items": entries}}}

    page = section(document, "claims", 0, 100)

    assert page == {"value": [{"omitted": 30_097}, "short", {"omitted": 31_100}], "in_record": 3}


def test_what_a_caller_does_to_a_definition_stays_with_the_caller():
    mine = definitions("openai")[0]["function"]
    mine["parameters"]["properties"]["more"] = {"type": "string"}
    mine["parameters"]["required"].append("more")

    for shape in ("openai", "anthropic", "json"):
        assert "more" not in json.dumps(definitions(shape)[0])


def test_a_format_that_is_not_known_is_refused():
    with pytest.raises(ValueError, match="openai, anthropic, json"):
        definitions("gemini")


def test_arguments_may_be_the_json_text_that_an_api_hands_out(client):
    answer = call_tool(client, "resolve", json.dumps({"ids": [NUMBER]}))

    assert answer["items"][0]["verdict"] == "verified"


@pytest.mark.parametrize("arguments", ["nonsense", "[1]", "5", ""])
def test_a_text_that_is_no_json_object_is_no_arguments(client, arguments):
    with pytest.raises(ArgumentsError) as caught:
        call_tool(client, "resolve", arguments)

    assert caught.value.code == "invalid-arguments"


def test_items_beyond_the_budget_keep_what_names_them():
    items = [{"target": f"t{n}", "verdict": "verified", "text": "x" * 400} for n in range(5)]

    answer = within_budget({"items": items, "size": 5}, 1500)

    assert answer["size"] == 5
    assert answer["items"][0] == items[0]
    assert [item["target"] for item in answer["items"]] == [item["target"] for item in items]
    last = answer["items"][-1]
    whole = len(json.dumps(items[0], separators=(",", ":")))
    assert (last["verdict"], last["omitted"]) == ("verified", whole)
    assert last["hint"]
    assert within_budget({"items": items}, 10_000) == {"items": items}
