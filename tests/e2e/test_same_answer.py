"""The same record has the same verdict and code wherever it is checked."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest
from mcp import Client as McpClient

from pith_agent import Client, RecordFiles, Settings, examine
from pith_agent.mcp_server.server import build_server

RECORD = Path(__file__).parent.parent / "vectors" / "record-2402.13116.json"
PAPER = "arXiv:2402.13116"

Change = tuple[bytes, bytes]
CHANGES: dict[str, Change] = {
    "ok": (b"", b""),
    "digest-mismatch": (b'"version":4},"metadata"', b'"version":5},"metadata"'),
    "number-mismatch": (b'"pith_number":"pith:2024:O', b'"pith_number":"pith:2024:P'),
    "year-mismatch": (b'"pith_number":"pith:2024', b'"pith_number":"pith:2023'),
    "invalid-signature": (b'"signature_b64":"w', b'"signature_b64":"x'),
    "unknown-key": (b'"key_id":"pith-v1', b'"key_id":"pith-v2'),
    "unsupported-receipt": (b'"algorithm":"ed25519"', b'"algorithm":"ed448"'),
    "title-mismatch": (b'"title":"A Survey on Kno', b'"title":"A Survey of Kno'),
    "duplicate-mismatch": (b'"primary_cat":"cs.CL","authors', b'"primary_cat":"cs.AI","authors'),
    "no-receipt": (b'"receipt":{', b'"no_receipt":{'),
}


@pytest.fixture(params=CHANGES, ids=list(CHANGES))
def document(request, tmp_path):
    """(path, bytes, code) of the real record with one change."""
    old, new = CHANGES[request.param]
    data = RECORD.read_bytes()
    assert old in data
    path = tmp_path / "record.json"
    path.write_bytes(data.replace(old, new, 1))
    return path, request.param


@pytest.fixture
def client(tmp_path, document):
    path, _ = document
    client = Client(
        Settings(home=tmp_path / "home", offline=True), records=RecordFiles.load([path])
    )
    yield client
    client.close()


def library(path: Path, client: Client) -> tuple[str, str]:
    report = examine(path.read_bytes())
    return report.verdict, report.code


def verb(path: Path, client: Client) -> tuple[str, str]:
    answer = client.verify(PAPER)
    return answer.verdict, answer.code


def command(path: Path, client: Client) -> tuple[str, str]:
    done = run("-m", "pith_agent", "verify", "--json", str(path))
    (answer,) = json.loads(done.stdout)["results"]
    return answer["verdict"], answer["code"]


def tool(path: Path, client: Client) -> tuple[str, str]:
    async def call():
        async with McpClient(build_server(client)) as session:
            return await session.call_tool("verify", {"ids": [PAPER]})

    (item,) = anyio.run(call).structured_content["items"]
    return item["verdict"], item["code"]


def sphinx(path: Path, client: Client) -> tuple[str, str]:
    project = path.parent / "docs"
    project.mkdir()
    (project / "record.json").write_bytes(path.read_bytes())
    (project / "conf.py").write_text(
        "extensions = ['sphinx_pith']\npith_records = ['record.json']\n"
    )
    (project / "index.rst").write_text(f"Title\n=====\n\n:pith:`{PAPER}`\n")
    done = run("-m", "sphinx", "-b", "text", str(project), str(path.parent / "out"))
    if done.returncode == 0:
        return "verified", "ok"
    code = next(code for code in CHANGES if f"[pith.{code}]" in done.stderr)
    verdict = (
        "undecidable" if code in ("unknown-key", "unsupported-receipt", "no-receipt") else "failed"
    )
    return verdict, code


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "PITH_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("surface", [verb, command, tool, sphinx])
def test_every_surface_says_the_same(
    surface: Callable[[Path, Client], tuple[str, str]], document, client
):
    path, code = document
    expected = library(path, client)
    assert expected[1] == code

    assert surface(path, client) == expected
