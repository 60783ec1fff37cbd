"""Many writers at once, and kills at any moment, in the full size. It asserts; it is not a time."""

import random
import tempfile
import time
from itertools import chain
from pathlib import Path

from tests.signing import Told, check_ledger, home_with_key, sign_and_kill, sign_at_once

PROCESSES, CITATIONS, KILLS = 8, 1000, 100


def stress() -> str:
    """Run both, and say what was seen; an error if one citation is lost or doubled."""
    with tempfile.TemporaryDirectory() as folder:
        home = home_with_key(Path(folder) / "writers")
        began = time.monotonic()
        told = list(chain(*sign_at_once(home, PROCESSES, CITATIONS, timeout=3600)))
        took = time.monotonic() - began
        size = check_ledger(home, told)
        assert size == len(told) == PROCESSES * CITATIONS
        heads = sum("head" in one for one in told)
        killed = home_with_key(Path(folder) / "killed")
        kept: list[Told] = []
        chance = random.Random(20_261)
        for n in range(KILLS):
            kept += sign_and_kill(killed, f"killed {n}", chance)
            check_ledger(killed, kept)
        logged = check_ledger(killed, kept)
    return (
        f"\n{PROCESSES} processes signed {CITATIONS:,} citations each at the same time, in"
        f" {took:.0f} s: {size:,} entries, none lost or doubled, and\neach of {heads:,} checkpoints"
        f" taken on the way is extended by the next.\n\n{KILLS} processes were killed while they"
        f" signed. They had given out {len(kept):,} citations: all are\namong the {logged:,}"
        " entries of the ledger.\n"
    )
