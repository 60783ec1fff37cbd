"""`verify` with claims as models write them: a bad one is the answer for itself."""

import pytest

from pith_agent import Client, Settings
from pith_agent.tools import call_tool
from tests.agents import StdioAgent, unseen
from tests.documents import NUMBER, TITLE

GOOD = {"id": NUMBER, "title": TITLE}


@pytest.fixture
def client(tmp_path):
    made = Client(Settings(home=tmp_path, offline=True))
    yield made
    made.close()


def verify(client, *claims):
    return call_tool(client, "verify", {"claims": list(claims), "detail": "brief"})["items"]


@pytest.mark.parametrize(
    "bad",
    [
        {"title": "no id"},
        {"id": "", "title": "x"},
        {"id": None},
        {"id": NUMBER, "year": 0},
        {"id": NUMBER, "title": "x" * 5000},
        {"id": NUMBER, "venue": "NeurIPS"},
        {"id": NUMBER, "authors": [5]},
        {"id": NUMBER, "\u202eevil": 1},
        5,
        None,
        ["x"],
    ],
)
def test_a_claim_that_cannot_be_read_is_invalid_and_the_others_are_answered(client, bad):
    before, item, after = verify(client, GOOD, bad, GOOD)

    assert (item["verdict"], item["code"]) == ("invalid", "invalid-arguments")
    assert item["message"]
    assert item["hint"]
    assert not unseen(item)
    assert before["verdict"] == after["verdict"] == "verified"
    assert before["title_match"] == "exact"


def test_a_bare_string_is_the_id_of_a_claim(client):
    assert [item["verdict"] for item in verify(client, NUMBER, "nonsense")] == [
        "verified",
        "invalid",
    ]


@pytest.mark.parametrize(
    ("authors", "code"),
    [
        ("Can Xu and Xiaohan Xu", None),
        ("Xu, Xiaohan and Xu, Can", None),
        ("Xiaohan Xu, Ming Li et al.", None),
        ("Ada Lovelace and Can Xu", "claimed-authors-differs"),
    ],
)
def test_authors_in_one_string_are_read_name_by_name(client, authors, code):
    (item,) = verify(client, {**GOOD, "authors": authors})

    assert item["verdict"] == "verified"
    assert [check["code"] for check in item.get("checks", ())] == ([code] if code else [])


@pytest.mark.parametrize("id", [NUMBER, "2402.13116", "10.48550/arXiv.2402.13116"])
def test_a_version_that_the_record_is_not_of_does_not_read_as_verified(client, id):
    (item,) = verify(client, {"id": id, "title": TITLE, "version": 2})

    assert (item["verdict"], item["code"]) == ("failed", "conflicting-identifiers")
    assert item["arxiv"] == "2402.13116v4"


def test_the_claimed_version_is_looked_up(client):
    (item,) = verify(client, {"id": "2402.13116", "version": 4})

    assert (item["verdict"], item["code"]) == ("verified", "ok")


def test_an_empty_title_is_no_claim(client):
    (item,) = verify(client, {"id": NUMBER, "title": "  "})

    assert item["verdict"] == "verified"
    assert "title_match" not in item


def test_a_list_may_be_sent_as_a_string_or_left_null(tmp_path):
    with StdioAgent(tmp_path, "--offline") as agent:
        reply = agent.call("verify", claims=f'["{NUMBER}", "nonsense"]', ids=None, records=None)
        assert [item["verdict"] for item in reply.items] == ["verified", "invalid"]
        (item,) = agent.call("fetch", ids=NUMBER, sections='["claims"]').items
        assert item["untrusted"]["sections"]["claims"]["value"]
        (item,) = agent.call("fetch", ids=NUMBER, sections="canonical").items
        assert item["signed"]["canonical"]["value"]
