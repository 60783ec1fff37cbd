"""Signing beside bare PyNaCl, with and without a ledger; proofs from a ledger of a million."""

import hashlib
import os
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

from nacl.signing import SigningKey

from benchmarks.citations.stress import stress
from benchmarks.measure import Times, in_turns, machine, median, ms, publish, table
from pith_agent.protocol.checkpoint import NoteKey, origin_of
from pith_agent.protocol.citation import CitationKey, Envelope, Statement, pae
from pith_agent.protocol.merkle import Frontier, Node, leaf_hash
from pith_agent.storage.ledger import Ledger
from tests.documents import proved, statement

SEED = hashlib.sha256(b"pith-agent benchmark").digest()
KEY = CitationKey(SEED)
RECORD = proved()
ROUNDS = 60
WARM_UP = 5
EACH = 20
"""Signatures of each kind in a round."""
LEDGER = 1_000_000
PROOFS = 1000


def main() -> None:
    """Measure, and write the part of the page."""
    with tempfile.TemporaryDirectory() as folder:
        times = signing(Path(folder))
        proofs, entries = proving(Path(folder) / "million.sqlite3")
    load = os.getloadavg()[0]
    publish("citations", report(times, proofs, entries, load) + stress())


def statements() -> Iterator[Statement]:
    """Statements that differ, so that a ledger takes each."""
    return (statement(RECORD, statement=f"{n}") for n in count())


def signing(folder: Path) -> Times:
    """Seconds for `EACH` signatures, of each way to sign."""
    bare, drafts = SigningKey(SEED), statements()
    ledger = Ledger.open(folder / "ledger.sqlite3")

    def timed(sign: Callable[[list[Statement]], object]) -> Callable[[], float]:
        def run() -> float:
            said = [next(drafts) for _ in range(EACH)]
            began = time.perf_counter()
            sign(said)
            return time.perf_counter() - began

        return run

    def raw() -> float:
        messages = [pae(next(drafts).payload()) for _ in range(EACH)]
        began = time.perf_counter()
        for message in messages:
            bare.sign(message)
        return time.perf_counter() - began

    things = {
        "PyNaCl": raw,
        "envelope": timed(lambda said: [KEY.sign(one) for one in said]),
        "ledger": timed(lambda said: [ledger.append([KEY.sign(one)], KEY) for one in said]),
        "batch": timed(lambda said: ledger.append([KEY.sign(one) for one in said], KEY)),
    }
    with closing(ledger):
        in_turns(things, WARM_UP)
        return in_turns(things, ROUNDS)


def proving(path: Path) -> tuple[list[float], int]:
    """Seconds of each proof, and the size of the ledger."""
    chosen = set(random.Random(1).sample(range(LEDGER), PROOFS))
    proved_ = fill(path, chosen)
    key, times = NoteKey(origin_of(KEY.public), KEY.public), []
    with closing(Ledger.open(path)) as ledger:
        ledger.sign_head(KEY)
        for envelope in proved_[:WARM_UP]:
            ledger.prove(envelope.citation_id)
        for envelope in proved_:
            began = time.perf_counter()
            proof = ledger.prove(envelope.citation_id)
            times.append(time.perf_counter() - began)
            # Seen each time: what is quick and wrong proves nothing.
            assert proof.verify(envelope.canonical(), [key]).size == LEDGER
        return times, len(ledger)


def fill(path: Path, chosen: set[int]) -> list[Envelope]:
    """A ledger of which only the chosen entries are citations; the others are short."""
    Ledger.open(path).close()
    drafts, envelopes, tree = statements(), list[Envelope](), Frontier()
    nodes: list[Node] = []

    def rows() -> Iterator[tuple[int, bytes, bytes, str, str]]:
        for index in range(LEDGER):
            leaf, name = b"entry %d" % index, hashlib.sha256(b"%d" % index).hexdigest()
            if index in chosen:
                envelopes.append(KEY.sign(next(drafts)))
                leaf, name = envelopes[-1].canonical(), envelopes[-1].citation_id[6:]
            hashed = leaf_hash(leaf)
            nodes.extend(node for node in tree.append(hashed) if node.level)
            yield index, leaf, hashed, name, "2026-01-01T00:00:00Z"

    with closing(sqlite3.connect(path)) as connection:
        connection.executemany("INSERT INTO entries VALUES (?, ?, ?, ?, ?)", rows())
        connection.executemany("INSERT INTO nodes VALUES (?, ?, ?)", nodes)
        connection.commit()
    return envelopes


def report(times: Times, proofs: list[float], entries: int, load: float) -> str:
    """The tables."""
    least = median(times["PyNaCl"])
    names = {
        "PyNaCl": "PyNaCl alone, over the same bytes",
        "envelope": "statement to envelope, no ledger",
        "ledger": "the same, each in the ledger, on the disk and pinned",
        "batch": f"the same, {EACH} in one append",
    }
    rows = []
    for name, shown in names.items():
        took = median(times[name])
        rows.append([shown, f"{EACH / took:.0f}", ms(took / EACH), f"{took / least:.1f}"])
    signed = table(("", "a second", "ms each", "ratio"), rows)
    p99 = statistics.quantiles(proofs, n=100)[98]
    proof = table(
        ("", "median", "p99"),
        [[f"proof of one in {entries:,} entries", ms(median(proofs)), ms(p99)]],
    )
    return (
        f"{ROUNDS} rounds of {EACH} signatures each way, after {WARM_UP}; {PROOFS} proofs.\n\n"
        f"{machine()}; load {load:.1f}.\n\n{signed}\nMilliseconds:\n\n{proof}\n"
    )
