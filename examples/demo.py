"""The whole of pith-agent in one run, with no network: `make demo`.

1. An agent, over MCP: resolve a paper, fetch it, verify it, sign a citation, verify that.
2. A docs build whose citations are verified.
3. One byte of a record is changed, and both refuse it, naming the check.

Everything is written to a temporary directory. Exits 0 only if each step went as it says.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path
from typing import Any

import anyio
from mcp import Client
from mcp.client.stdio import StdioServerParameters

PAPER = "arXiv:2402.13116"
HERE = Path(__file__).parent
RECORD = Path("records/2402.13116.json")


def main() -> None:
    """Run the three parts, one after the other."""
    with tempfile.TemporaryDirectory(prefix="pith-demo-") as scratch:
        work = Path(scratch)
        environment = {**os.environ, "PITH_HOME": str(work / "home"), "PITH_OFFLINE": "1"}
        title("1. An agent cites a paper, over MCP")
        run([sys.executable, "-m", "pith_agent", "keys", "new", "--no-passphrase"], environment)
        anyio.run(agent, environment)

        title("2. A docs build verifies its citations")
        docs = Path(shutil.copytree(HERE / "docs", work / "docs"))
        say("$ sphinx-build -b text docs _build")
        output = build(docs, expect=0)
        say(output or "(no warnings)")
        say((work / "text" / "index.txt").read_text(encoding="utf-8"))

        title("3. One byte of the record is changed")
        tamper(docs / RECORD)
        say(f"$ pith-agent verify {RECORD}")
        refused = run(
            [sys.executable, "-m", "pith_agent", "verify", str(RECORD)],
            environment,
            cwd=docs,
            expect=1,
        )
        expect("canonical-hash" in refused and "digest-mismatch" in refused, "the check is named")
        say("$ sphinx-build -b text docs _build")
        output = build(docs, expect=1)
        first, *others, last = output.splitlines()
        say(f"{first}\n... {len(others)} more, one for each citation of the record ...\n{last}")
        expect("digest-mismatch" in output, "the build names the check")
        say("(exit status 1)")
        title("Done: verified where it is genuine, refused where it is not.")


async def agent(environment: dict[str, str]) -> None:
    """What an agent does: each call uses only what the answer before it said."""
    server = StdioServerParameters(
        command=sys.executable, args=["-m", "pith_agent", "mcp"], env=environment
    )
    async with Client(server) as session:
        resolved = await call(session, "resolve", ids=[PAPER])
        say(f"  {resolved['verdict']}: {resolved['pith_number']}\n  {resolved['title']}")
        number = resolved["pith_number"]

        fetched = await call(session, "fetch", ids=[number])
        claim = fetched["untrusted"]["claims"][0]
        say(f"  arXiv:{fetched['arxiv']}, {fetched['primary_category']}, {fetched['submitted_at']}")
        say(f"  not signed: authors: {fetched['untrusted']['authors']}")
        say(f"  not signed: claim {claim['claim_id']}: {claim['text']}")

        verified = await call(session, "verify", ids=[number])
        show_report(verified)
        show_coverage(verified["coverage"])
        expect(verified["verdict"] == "verified", "the record is verified")

        signed = await call(
            session,
            "sign_citation",
            ids=[number],
            relationship="supports",
            citing_id="answer to a user's question",
            claim_id=claim["claim_id"],
            agent_name="demo agent",
        )
        citation = signed["citation"]
        statement = citation["statement"]["predicate"]
        say(f"  signed: {citation['citation_id']}")
        say(
            f"  entry {citation['ledger_index']} of the ledger; {statement['relationship']}"
            f" claim {statement['claim']['id']}, by {statement['agent']['name']}"
        )

        checked = await call(session, "verify_citation", citations=[citation["envelope"]])
        show_report(checked)
        expect(checked["verdict"] == "verified", "the citation is verified")


async def call(session: Client, tool: str, **arguments: object) -> dict[str, Any]:
    """Call a tool for one item, show the call, and return the item."""
    shown = json.dumps(arguments)
    say(f"\n> {tool}({shown if len(shown) < 300 else shown[:120] + ' … }'})")
    result = await session.call_tool(tool, arguments)
    expect(not result.is_error and result.structured_content is not None, f"{tool} answers")
    item: dict[str, Any] = (result.structured_content or {})["items"][0]
    return item


def show_report(item: dict[str, Any]) -> None:
    """The verdict and each check on a line."""
    say(f"  {item['verdict']} ({item['code']})")
    for check in item["checks"]:
        say(f"    {check['status']:<8} {check['name']:<19} {check['detail']}")


def show_coverage(coverage: dict[str, Any]) -> None:
    """Which fields are signed, bound by a hash, or neither."""
    share = 100 * coverage["signed_bytes"] / coverage["document_bytes"]
    say(
        f"  coverage: {coverage['signed_bytes']} of {coverage['document_bytes']} bytes"
        f" are signed ({share:.1f} %)"
    )
    for name in ("signed", "hash_bound", "unbound"):
        fields = textwrap.wrap(", ".join(coverage[name]), 82)
        for place, line in enumerate(fields):
            say(f"    {name.replace('_', '-') if place == 0 else '':<12}{line}")


def tamper(path: Path) -> None:
    """Change one byte: the paper becomes version 5 instead of 4 in the signed part."""
    data = bytearray(path.read_bytes())
    place = data.index(b'"version"', data.index(b'"canonical_record"')) + len(b'"version":')
    while data[place] == ord(" "):
        place += 1
    say(f"byte {place} of {RECORD}: {chr(data[place])!r} becomes '5'\n")
    data[place] = ord("5")
    path.write_bytes(data)


def build(docs: Path, *, expect: int) -> str:
    """Build the docs as text, afresh; the messages of the build."""
    out = docs.parent / "text"
    command = [sys.executable, "-m", "sphinx", "-q", "-E", "-b", "text", str(docs), str(out)]
    return run(command, dict(os.environ), expect=expect, show=False)


def run(
    command: list[str],
    environment: dict[str, str],
    *,
    cwd: Path | None = None,
    expect: int = 0,
    show: bool = True,
) -> str:
    """Run a command that has to end with a certain exit status; its output."""
    done = subprocess.run(
        command, env=environment, cwd=cwd, capture_output=True, text=True, check=False
    )
    output = (done.stdout + done.stderr).strip()
    if show or done.returncode != expect:
        say(output)
    if done.returncode != expect:
        raise SystemExit(f"{command} ended with {done.returncode}, not {expect}")
    return output


def expect(holds: bool, what: str) -> None:
    """End the demo if it is not as it says."""
    if not holds:
        raise SystemExit(f"The demo failed: not true that {what}.")


def title(text: str) -> None:
    """A heading."""
    print(f"\n{'=' * 88}\n{text}\n{'=' * 88}", flush=True)


def say(text: str) -> None:
    """A line of the transcript."""
    print(text, flush=True)


if __name__ == "__main__":
    main()
