"""Processes that sign into one ledger: many at once, and killed at any moment.

The benchmarks run them too, in the full size.
"""

import base64
import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

from pith_agent.client import Client
from pith_agent.protocol.canon import canonical_bytes
from pith_agent.protocol.checkpoint import NoteKey, open_checkpoint, origin_of
from pith_agent.protocol.merkle import (
    Tree,
    consistency_proof,
    leaf_hash,
    root_at,
    verify_consistency,
)
from pith_agent.settings import Settings
from pith_agent.storage.keys import find_key, new_key
from pith_agent.storage.ledger import Ledger
from pith_agent.storage.ledger_entry import Entry

PROJECT = Path(__file__).parents[1]

PROGRAM = """
import json, sys
from pathlib import Path
from pith_agent import Agent, CitationRequest, Citing, Client, Settings

home, count, every, name = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
with Client(Settings(home=home, offline=True)) as client:
    for n in range(count):
        citing = Citing(kind="agent_output", id=f"{name} {n}")
        agent = Agent(name="writer", version="1")
        request = CitationRequest(relationship="cites", citing=citing, agent=agent)
        (signed,) = client.sign_citation("arXiv:2402.13116", request)
        told = {"index": signed.ledger_index, "id": signed.citation_id, "envelope": signed.envelope}
        if n % every == 0:
            told["head"] = client.checkpoint().decode()
        print(json.dumps(told), flush=True)
"""

Told = dict[str, Any]


def home_with_key(home: Path) -> Path:
    """A home with a key that is not encrypted, and a store that has its first records."""
    new_key(home / "keys")
    # Not left to the processes: what is looked at here is the ledger, not who fills the store.
    with Client(Settings(home=home, offline=True)):
        return home


def signer(home: Path, count: int, name: str, every: int = 10) -> subprocess.Popen[bytes]:
    """A process that signs `count` citations, tells each, and each `every`th time the head."""
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(home), str(count), str(every), name],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def sign_at_once(home: Path, processes: int, count: int, timeout: float) -> list[list[Told]]:
    """What each of several processes told that signed at the same time."""
    running = [signer(home, count, f"process {n}") for n in range(processes)]
    # All are read at once: who waits for a full pipe does not compete with the others.
    with ThreadPoolExecutor(processes) as pool:
        done = list(pool.map(lambda process: process.communicate(timeout=timeout), running))
    errors = [err.decode() for _, err in done if err]
    assert not errors, errors[0]
    return [list(_told(out.splitlines(keepends=True))) for out, _ in done]


def sign_and_kill(home: Path, name: str, chance: random.Random) -> list[Told]:
    """What a process told before it was killed, at a random line or between two."""
    with signer(home, 10_000, name) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(chance.randrange(1, 12))]
        try:
            # Waits for its end, which does not come, so that the kill does not follow a line.
            process.wait(chance.uniform(0, 0.03))
        except subprocess.TimeoutExpired:
            process.kill()
        lines += process.stdout.readlines()
    return list(_told(lines))


def _told(lines: list[bytes]) -> Iterator[Told]:
    for line in lines:
        if line.endswith(b"\n"):  # The last one may be cut off.
            yield json.loads(line)


def check_ledger(home: Path, told: list[Told]) -> int:
    """See that each citation that was told is in the ledger once, and each head extends the last.

    The tree is computed anew from the entries. Returns the size of the ledger.
    """
    public = find_key(home / "keys", "default").public
    key = NoteKey(origin_of(public), public)
    with closing(Ledger.open(Settings(home=home).ledger_path, lambda: [public])) as ledger:
        entries = list(ledger.entries(limit=1_000_000))
        tree = Tree(leaf_hash(entry.envelope.canonical()) for entry in entries)
        assert len({entry.citation_id for entry in entries}) == len(entries) == len(ledger)
        assert [entry.index for entry in entries] == list(range(len(entries)))
        for one in told:
            assert entries[one["index"]].citation_id == one["id"]
            assert entries[one["index"]].envelope.canonical() == canonical_bytes(one["envelope"])
        assert len({one["index"] for one in told}) == len(told)
        for entry in entries:
            _check_after(entry, tree)
        last = ledger.head()
        assert last is not None
        notes = {one["head"].encode() for one in told if "head" in one} | {last}
        heads = sorted((open_checkpoint(note, [key]) for note in notes), key=lambda head: head.size)
        assert (heads[-1].size, heads[-1].root) == (len(tree), tree.root())
        for old, new in pairwise(heads):
            assert ledger.node(0, new.size - 1) == tree.node(0, new.size - 1)
            proof = consistency_proof(old.size, new.size, ledger.node)
            verify_consistency(old.size, old.root, new.size, new.root, proof)
        return len(entries)


def _check_after(entry: Entry, tree: Tree) -> None:
    """See that an entry names a checkpoint of the entries before it."""
    after = json.loads(entry.envelope.payload_bytes)["predicate"].get("after")
    if after is not None:
        assert 0 < after["size"] <= entry.index
        assert base64.b64decode(after["root"]) == root_at(after["size"], tree.node)
