"""`citations sign-bibliography` and `citations retract`, and what lists and reports say of them."""

import hashlib
import json

import pytest
from click.testing import CliRunner

from pith_agent.cli.main import main
from pith_agent.storage.keys import new_key
from tests.documents import NUMBER

PAPER, OTHER = "arXiv:2402.13116", "hep-lat/0305021"


@pytest.fixture
def run(tmp_path):
    """Run the command line at a home with a key, and return what it prints."""
    new_key(tmp_path / "home" / "keys")

    def run(*arguments, code=0):
        env = {"PITH_HOME": str(tmp_path / "home"), "PITH_OFFLINE": "1"}
        done = CliRunner().invoke(main, list(map(str, arguments)), env=env)
        assert done.exit_code == code, done.output
        return done.stdout

    return run


@pytest.fixture
def document(tmp_path):
    file = tmp_path / "paper.md"
    file.write_text(f"As {PAPER} shows (see {NUMBER}), and arXiv:{OTHER} before it.\n")
    return file


def cited(run, *arguments):
    (citation,) = json.loads(run("cite", PAPER, "-r", "cites", "--id", "x", *arguments, "--json"))[
        "citations"
    ]
    return citation


def verified(run, *sources, code=0):
    results = json.loads(run("citations", "verify", *sources, "--json", code=code))["results"]
    return [(result["verdict"], result["code"], result["kind"]) for result in results]


def test_all_papers_that_a_document_mentions_are_signed_for_at_once(run, document, tmp_path):
    file = tmp_path / "signed.json"
    shown = run("citations", "sign-bibliography", document, "-o", file)
    envelope = json.loads(file.read_text())

    assert "SIGNED" in shown
    assert "cites 2 papers" in shown
    assert len(envelope["signatures"]) == 1
    assert verified(run, file) == [("verified", "ok", "bibliography")]
    assert "cites 2 papers" in run("citations", "verify", file)
    said = json.loads(run("citations", "verify", file, "--json"))["results"][0]["statement"]
    digest = hashlib.sha256(document.read_bytes()).hexdigest()
    assert said["predicate"]["citing"]["digest"]["sha256"] == digest
    assert [one["name"] for one in said["subject"]] == sorted(
        one["name"] for one in said["subject"]
    )


def test_papers_that_are_named_are_signed_for_instead_of_those_mentioned(run, document, tmp_path):
    ids = tmp_path / "ids.txt"
    ids.write_text(f"# mine\n\n{PAPER}\n")
    named = (("--ids", ids), (PAPER,), (PAPER, "--ids", ids, "-r", "extends"))

    for arguments in named:
        signed = json.loads(
            run("citations", "sign-bibliography", document, *arguments, "--json", "--dry-run")
        )
        assert (signed["pith_numbers"], signed["signed"]) == ([NUMBER], False)
    assert signed["relationship"] == "extends"


@pytest.mark.parametrize("dry_run", [(), ("--dry-run",)])
def test_a_document_with_a_paper_that_is_not_verified_is_not_signed(run, document, dry_run):
    document.write_text(f"{document.read_text()} And arXiv:1706.03762.")

    error = json.loads(run("citations", "sign-bibliography", document, *dry_run, "--json", code=4))[
        "error"
    ]
    assert error["code"] == "offline"
    assert "1 of 4" in error["message"]
    assert "1706.03762" in error["message"]
    assert json.loads(run("citations", "--json"))["size"] == 0


@pytest.mark.parametrize("content", [b"", b"no paper at all", b"\xff\xfe"])
def test_a_document_that_mentions_no_paper_is_a_mistake_of_the_caller(run, document, content):
    document.write_bytes(content)

    run("citations", "sign-bibliography", document, code=2)
    signed = run("citations", "sign-bibliography", document, PAPER, "--json")
    assert json.loads(signed)["pith_numbers"] == [NUMBER]


def test_a_retraction_is_shown_first_when_it_is_a_dry_run_and_then_counts(run, tmp_path):
    citation_id = cited(run)["citation_id"]
    arguments = ("citations", "retract", citation_id, "--reason", "Wrong paper.")

    assert "DRY RUN" in run(*arguments, "--dry-run")
    assert verified(run, citation_id) == [("verified", "ok", "citation")]
    file = tmp_path / "retraction.json"
    assert "SIGNED" in run(*arguments, "-o", file)
    assert verified(run, citation_id, code=1) == [("failed", "citation-retracted", "citation")]
    assert "Wrong paper." in run("citations", "verify", citation_id, code=1)


def test_a_verified_retraction_is_shown_as_a_retraction(run, tmp_path):
    citation_id, file = cited(run)["citation_id"], tmp_path / "retraction.json"
    run("citations", "retract", citation_id, "-o", file)

    assert verified(run, file) == [("verified", "ok", "retraction")]
    shown = run("citations", "verify", file)
    assert "RETRACTION VERIFIED" in shown
    assert f"retracts {citation_id}" in shown


def test_what_is_not_there_or_no_id_is_not_retracted(run, tmp_path):
    unknown = f"pcite:{'0' * 64}"

    said = json.loads(run("citations", "retract", unknown, "--json", code=6))
    assert said["error"]["code"] == "not-found"
    said = json.loads(run("citations", "retract", "pcite:1", "--json", code=2))
    assert said["error"]["code"] == "invalid-request"
    said = json.loads(run("citations", "retract", tmp_path / "none.json", "--json", code=2))
    assert said["error"]["code"] == "unreadable-file"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--page", "3"), "page"),
        (("--with-quote-text",), "with_quote_text"),
        (("--supersedes", "x"), "supersedes"),
        (("--statement", "x" * 2001), "at most 2000 characters"),
        (("--agent", ""), "agent.name: this is empty"),
        (("--quote", "a\u202eb"), "quote"),
    ],
)
def test_what_cannot_be_said_is_a_mistake_of_the_caller(run, arguments, named):
    command = ("cite", PAPER, "-r", "cites", "--id", "x", *arguments, "--json")
    error = json.loads(run(*command, code=2))["error"]

    assert error["code"] == "invalid-request"
    assert named in error["message"]
    assert "String should" not in error["message"]


def test_a_citation_is_retracted_by_its_file(run, tmp_path):
    file = tmp_path / "citation.json"
    citation_id = cited(run, "-o", file)["citation_id"]

    retracted = json.loads(run("citations", "retract", file, "--json"))

    assert retracted["retracts"] == citation_id
    assert verified(run, file, code=1) == [("failed", "citation-retracted", "citation")]


def test_a_citation_takes_the_place_of_another(run):
    old = cited(run)["citation_id"]
    new = cited(run, "--supersedes", old)

    assert new["statement"]["predicate"]["supersedes"] == old
    (result,) = json.loads(run("citations", "verify", old, "--json"))["results"]
    assert result["checks"][-1]["code"] == "citation-superseded"


def test_the_list_says_what_each_statement_is_and_whether_it_stands(run, document):
    old, other = cited(run)["citation_id"], cited(run)["citation_id"]
    new = cited(run, "--supersedes", other)["citation_id"]
    run("citations", "sign-bibliography", document)
    run("citations", "retract", old)
    rows = json.loads(run("citations", "list", "--json"))["citations"]

    assert [row["kind"] for row in rows] == [*["citation"] * 3, "bibliography", "retraction"]
    assert [row.get("standing") for row in rows] == ["retracted", "superseded", None, None, None]
    assert (rows[3]["papers"], rows[4]["retracts"], rows[2]["citation_id"]) == (2, old, new)
    shown = run("citations", "list").splitlines()
    assert shown[1].endswith("retracted")
    assert shown[3].endswith("superseded")
    assert "2 papers" in shown[6]
    assert f"retracts    {old}" in shown[8]


def test_a_citation_is_retracted_once(run):
    citation_id = cited(run)["citation_id"]
    run("citations", "retract", citation_id)

    for more in ((), ("--dry-run",), ("--reason", "Once more.")):
        said = json.loads(run("citations", "retract", citation_id, *more, "--json", code=2))
        assert said["error"]["code"] == "already-retracted"
    assert json.loads(run("citations", "--json"))["size"] == 2


@pytest.mark.parametrize("dry_run", [(), ("--dry-run",)])
def test_a_paper_that_is_named_twice_is_cited_by_nothing(run, dry_run):
    names = (PAPER, OTHER, NUMBER)
    command = ("cite", *names, "-r", "cites", "--id", "x", *dry_run, "--json")

    said = json.loads(run(*command, code=2))

    assert said["error"]["code"] == "duplicate"
    assert json.loads(run("citations", "--json"))["size"] == 0
