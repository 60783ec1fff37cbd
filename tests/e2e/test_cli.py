"""The command line, as a user and a CI job run it."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pith_agent.cli import main

VECTORS = Path(__file__).parent.parent / "vectors"
RECORD = VECTORS / "record-2402.13116.json"
NUMBER = "pith:2024:ODXWRQYNXKOR3ZX6FVYSFXZLUC"


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("PITH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PITH_OFFLINE", "1")

    def run(*arguments: str | Path, stdin: bytes | None = None) -> Result:
        return CliRunner().invoke(main, [str(a) for a in arguments], input=stdin)

    return run


def results(result: Result) -> list[dict]:
    return json.loads(result.stdout)["results"]


def tampered(tmp_path: Path) -> Path:
    path = tmp_path / "tampered.json"
    path.write_bytes(
        RECORD.read_bytes().replace(b'"version":4},"metadata"', b'"version":5},"metadata"')
    )
    return path


def test_a_genuine_record_is_verified_and_the_exit_status_is_0(run):
    result = run("verify", "arXiv:2402.13116")

    assert result.exit_code == 0
    assert "VERIFIED" in result.stdout
    assert "419 of 14020 bytes are signed" in result.stdout


def test_the_json_of_verify_has_the_documented_shape(run):
    result = run("verify", "--json", "arXiv:2402.13116")

    (answer,) = results(result)
    assert answer["target"] == "arXiv:2402.13116"
    assert (answer["verdict"], answer["code"]) == ("verified", "ok")
    assert answer["pith_number"] == NUMBER
    assert {"name", "status", "code", "detail", "expected", "found"} <= set(answer["checks"][0])
    assert "canonical_record.source.id" in answer["coverage"]["signed"]
    assert "paper.title" in answer["coverage"]["hash_bound"]
    assert "paper.authors_text" in answer["coverage"]["unbound"]


@pytest.mark.parametrize(
    "target",
    [
        NUMBER,
        "ODXWRQYNXKOR3ZX6FVYSFXZLUC",
        "pith:ODXWRQYN",
        "2402.13116v4",
        "https://arxiv.org/pdf/2402.13116.pdf",
        "https://pith.science/paper/2402.13116",
        "https://pith.science/p/2402.13116",
        "https://pith.science/paper/ODXWRQYN",
        "10.48550/arXiv.2402.13116",
    ],
)
def test_a_paper_is_found_by_every_spelling(run, target):
    result = run("verify", "--json", target)

    assert result.exit_code == 0
    assert results(result)[0]["pith_number"] == NUMBER


def test_a_file_a_list_of_lines_and_standard_input_are_verified(run):
    assert run("verify", RECORD).exit_code == 0
    assert run("verify", "-", stdin=RECORD.read_bytes()).exit_code == 0
    lines = run("verify", "--json", VECTORS / "complete.jsonl")
    assert [answer["verdict"] for answer in results(lines)] == ["verified"] * 4
    assert results(lines)[1]["target"].endswith("complete.jsonl:2")


def test_a_changed_byte_is_refused_and_the_check_is_named(run, tmp_path):
    result = run("verify", tampered(tmp_path))

    assert result.exit_code == 1
    assert "fail        canonical-hash" in result.stdout
    assert "code: digest-mismatch" in result.stdout


def test_a_document_is_not_looked_up_anywhere_else(run, tmp_path):
    answers = results(run("verify", "--json", tampered(tmp_path), "arXiv:2402.13116"))

    assert [answer["verdict"] for answer in answers] == ["failed", "verified"]


@pytest.mark.parametrize(
    ("targets", "code", "status"),
    [
        (["no identifier"], "invalid-identifier", 2),
        (["missing.json"], "unreadable-file", 2),
        (["arXiv:1706.03762"], "offline", 4),
        ([str(VECTORS / "records.jsonl")], "no-receipt", 3),
    ],
)
def test_each_kind_of_answer_has_its_own_exit_status(run, targets, code, status):
    result = run("verify", "--json", *targets)

    assert result.exit_code == status
    assert results(result)[0]["code"] == code


def test_a_file_cannot_take_the_place_of_an_identifier(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hep-lat").mkdir()
    (tmp_path / "hep-lat" / "0305021").write_bytes(RECORD.read_bytes())

    by_name = run("verify", "--json", "hep-lat/0305021")
    by_path = run("verify", "--json", "./hep-lat/0305021")

    assert results(by_name)[0]["arxiv"] == "hep-lat/0305021v1"
    assert results(by_path)[0]["pith_number"] == NUMBER


def test_a_list_without_a_document_is_not_verified(run, tmp_path):
    (tmp_path / "empty.jsonl").write_text("\n\n")

    result = run("verify", "--json", tmp_path / "empty.jsonl")

    assert result.exit_code == 1
    assert results(result)[0]["code"] == "malformed-document"


def test_what_is_no_plain_file_is_not_waited_for(run, tmp_path):
    os.mkfifo(tmp_path / "pipe.json")

    result = run("verify", "--json", tmp_path / "pipe.json")

    assert results(result)[0]["code"] == "unreadable-file"


def test_output_that_cannot_be_written_is_no_refutation(tmp_path):
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "pith_agent", "verify", "--offline", "2402.13116"],
            env={**os.environ, "PITH_HOME": str(tmp_path)},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert done.returncode == 5
    assert "Traceback" not in done.stderr


def test_of_many_targets_the_worst_decides(run, tmp_path):
    assert run("verify", "arXiv:2402.13116", "arXiv:1706.03762").exit_code == 4
    assert run("verify", "arXiv:2402.13116", "arXiv:1706.03762", "x y").exit_code == 2
    assert run("verify", "x y", "arXiv:1706.03762", tampered(tmp_path)).exit_code == 1


def test_a_short_form_that_two_records_share_is_ambiguous(run, shared, tmp_path):
    pair = json.loads((shared / "vectors/derived/short_id_collision.json").read_text())
    documents = tmp_path / "pair.jsonl"
    documents.write_text("\n".join(json.dumps(record) for record in pair["records"]))
    assert run("mirror", "add", documents).exit_code == 0

    result = run("verify", "--json", "pith:PNQGBTN4")

    assert result.exit_code == 6
    assert results(result)[0]["code"] == "ambiguous"
    assert results(result)[0]["candidates"] == sorted(r["pith_number"] for r in pair["records"])
    full = run("verify", "--json", pair["records"][0]["pith_number"])
    assert (full.exit_code, results(full)[0]["code"]) == (3, "no-receipt")
    assert run("verify", "arXiv:2402.13116").exit_code == 0


def test_a_damaged_store_is_said_to_be_damaged(run, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / "store.sqlite3").write_bytes(b"this is no database, and never was one" * 40)

    result = run("verify", "--json", "arXiv:2402.13116")

    assert result.exit_code == 5
    assert json.loads(result.stdout)["error"]["code"] == "store-damaged"


def test_no_option_and_unknown_options_are_usage_errors(run):
    assert run("verify").exit_code == 2
    assert run("verify", "--nonsense", "x").exit_code == 2


def test_fetch_writes_the_record_byte_for_byte(run, tmp_path):
    out = tmp_path / "record.json"

    result = run("fetch", "arXiv:2402.13116", "-o", out)

    assert result.exit_code == 0
    assert out.read_bytes() == RECORD.read_bytes()
    assert "Not signed" in result.stdout


def test_resolve_names_the_record(run):
    (answer,) = results(run("resolve", "--json", "hep-lat/0305021"))

    assert answer["pith_number"] == "pith:2003:OMJFN3CZBZK4KRI4XCDIFRLNQH"
    assert answer["title"] == "Monopole clusters at short and large distances"


def test_nothing_is_signed_without_a_key_and_the_error_says_how_to_make_one(run):
    result = run("cite", "arXiv:2402.13116", "-r", "cites", "--id", "an answer")

    assert result.exit_code == 2
    assert "[no-signing-key]" in result.stderr
    assert "pith-agent keys new" in result.stderr


def test_a_citation_is_signed_listed_and_verified(run, tmp_path):
    assert run("keys", "new", "--no-passphrase").exit_code == 0
    paper = tmp_path / "paper.md"
    paper.write_text("As shown in [1] ...")
    envelope = tmp_path / "citation.json"

    signed = run(
        "cite", "arXiv:2402.13116", "-r", "supports", "--in", paper, "--claim", "C1",
        "--quote", "Knowledge Distillation (KD) emerges", "--page", "1", "-o", envelope, "--json",
    )  # fmt: skip

    assert signed.exit_code == 0
    (citation,) = json.loads(signed.stdout)["citations"]
    assert citation["ledger_index"] == 0
    assert citation["statement"]["predicate"]["citing"]["kind"] == "document"
    (entry,) = json.loads(run("citations", "list", "--json").stdout)["citations"]
    assert (entry["citation_id"], entry["citing_id"]) == (citation["citation_id"], str(paper))
    for source in (envelope, citation["citation_id"]):
        checked = run("citations", "verify", "--json", source)
        assert checked.exit_code == 0
        assert results(checked)[0]["relationship"] == "supports"
    shown = run("citations", "show", citation["citation_id"], "--json")
    assert json.loads(shown.stdout) == citation["envelope"]
    shown = run("citations", "show", citation["citation_id"]).stdout
    assert '"relationship": "supports"' in shown
    assert citation["envelope"]["signatures"][0]["keyid"] in shown
    assert citation["envelope"]["payload"] not in shown


@pytest.mark.parametrize("command", ["show", "verify"])
@pytest.mark.parametrize("name", ["pcite:0", "pcite:\udcff"], ids=ascii)
def test_a_citation_that_the_ledger_has_not_is_not_found(run, command, name):
    result = run("citations", command, name, "--json")

    assert result.exit_code == 6
    assert json.loads(result.stdout)["error"]["code"] == "not-found"


def test_a_citation_by_a_stranger_is_undecidable_until_the_key_is_given(run, tmp_path, monkeypatch):
    run("keys", "new", "--no-passphrase")
    key = json.loads(run("keys", "show", "--json").stdout)["keys"][0]["public_key_b64"]
    envelope = tmp_path / "citation.json"
    run("cite", "arXiv:2402.13116", "-r", "cites", "--id", "x", "-o", envelope)
    monkeypatch.setenv("PITH_HOME", str(tmp_path / "another home"))

    stranger = run("citations", "verify", "--json", envelope)
    trusted = run("citations", "verify", "--json", envelope, "--public-key", key)

    assert (stranger.exit_code, results(stranger)[0]["code"]) == (3, "unknown-signer")
    assert trusted.exit_code == 0


def test_a_dry_run_shows_the_statement_and_writes_nothing(run):
    result = run("cite", "arXiv:2402.13116", "-r", "cites", "--id", "x", "--dry-run", "--json")

    assert result.exit_code == 0
    (citation,) = json.loads(result.stdout)["citations"]
    assert citation["signed"] is False
    assert citation["envelope"] is None
    assert json.loads(run("citations", "list", "--json").stdout)["size"] == 0


@pytest.mark.parametrize(
    ("target", "code", "status"),
    [
        ("pith:ODXWRQYN", "short-identifier", 2),
        ("arXiv:2402.13116v3", "offline", 4),
        ("nonsense", "invalid-identifier", 2),
    ],
)
def test_what_is_not_verified_or_not_full_is_not_cited(run, target, code, status):
    run("keys", "new", "--no-passphrase")

    result = run("cite", "arXiv:2402.13116", target, "-r", "cites", "--id", "x", "--json")

    assert result.exit_code == status
    assert json.loads(result.stdout)["error"]["code"] == code
    assert json.loads(run("citations", "list", "--json").stdout)["size"] == 0


def test_a_document_must_be_cited_from_by_its_digest(run):
    run("keys", "new", "--no-passphrase")

    result = run(
        "cite", "arXiv:2402.13116", "-r", "cites", "--id", "x", "--kind", "document", "--json"
    )

    assert result.exit_code == 2
    assert json.loads(result.stdout)["error"]["code"] == "invalid-request"


def test_a_key_file_is_private_and_no_command_prints_its_seed(run, tmp_path):
    outputs = [
        run("keys", "new", "--no-passphrase"),
        run("keys", "list", "--json"),
        run("keys", "show"),
    ]

    path = tmp_path / "home" / "keys" / "default.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    seed = json.loads(path.read_text())["seed"]
    assert not any(seed in output.output for output in outputs)
    assert run("keys", "new", "--no-passphrase").exit_code == 2


def test_a_key_that_others_can_read_is_not_used(run, tmp_path):
    run("keys", "new", "--no-passphrase")
    (tmp_path / "home" / "keys" / "default.json").chmod(0o644)

    result = run("cite", "arXiv:2402.13116", "-r", "cites", "--id", "x", "--json")

    assert json.loads(result.stdout)["error"]["code"] == "unsafe-key-file"


@pytest.mark.parametrize(
    "command",
    [
        [], ["resolve"], ["fetch"], ["verify"], ["cite"], ["citations"], ["citations", "list"],
        ["citations", "verify"], ["keys"], ["keys", "new"], ["mcp"], ["mirror"],
        ["mirror", "serve"],
    ],
)  # fmt: skip
def test_every_command_explains_itself(run, command):
    result = run(*command, "--help")

    assert result.exit_code == 0
    assert "Usage:" in result.stdout


def test_the_module_runs_as_the_console_script_does(tmp_path):
    environment = {**os.environ, "PITH_HOME": str(tmp_path), "PITH_OFFLINE": "1"}

    done = subprocess.run(
        [sys.executable, "-m", "pith_agent", "verify", "--brief", "2402.13116"],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("2402.13116  VERIFIED")
