"""Times of things done in turns, and the tables made of them.

The machine that this runs on is shared. Single times say little, so each round does every thing
once, in an order that turns, and what is reported are medians and ratios of one run.
"""

import math
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

Times = dict[str, list[float]]
"""Name → seconds of each round."""

DOCS = Path(__file__).parents[1] / "docs" / "reference" / "benchmarks"


def in_turns(things: Mapping[str, Callable[[], float | None]], rounds: int) -> Times:
    """Do all things in each round, each time beginning with another one.

    Args:
        things: Name → function. It returns its own seconds, or `None` to be timed from outside.
        rounds: How often.
    """
    times: Times = {name: [] for name in things}
    names = list(things)
    for turn in range(rounds):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            began = time.perf_counter()
            own = things[name]()
            times[name].append(time.perf_counter() - began if own is None else own)
    return times


def median(times: Iterable[float]) -> float:
    """The median, in seconds."""
    return statistics.median(times)


def p95(times: Iterable[float]) -> float:
    """The time, in seconds, that 95 % of the rounds did not exceed."""
    ordered = sorted(times)
    return ordered[math.ceil(0.95 * len(ordered)) - 1]


def ms(seconds: float) -> str:
    """Milliseconds with three significant digits."""
    value = seconds * 1000
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    lines = [list(head), *map(list, rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def machine() -> str:
    """What the figures were measured on."""
    cores = len(os.sched_getaffinity(0))
    return f"{platform.python_implementation()} {platform.python_version()}, {cores} cores, shared"


def publish(name: str, text: str) -> None:
    """Write a part of the page `docs/reference/benchmarks.md`, and show it."""
    DOCS.mkdir(parents=True, exist_ok=True)
    (DOCS / f"{name}.md").write_text(text, encoding="utf-8")
    print(text)
