"""Full, incremental and no-op builds of 200 pages with 2,000 citations of 500 papers."""

import importlib.util
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from benchmarks.measure import machine, median, publish, table
from benchmarks.sphinx.projects import (
    CITATIONS,
    PAGES,
    PAPERS,
    VARIANTS,
    Variant,
    make_lock,
    page,
    write_project,
)

ROUNDS = 5
SHORT = 5
"""Turns of short builds in each round: a second of a shared machine says little."""


class Cost(NamedTuple):
    """Seconds of one build."""

    wall: float
    cpu: float
    """Of the process and all its children."""


Costs = dict[tuple[str, str], list[Cost]]
"""(variant, kind of build) → its rounds."""


def main() -> None:
    """Measure, and write the part of the page."""
    chosen = [one for one in VARIANTS if one.name != "bibtex" or _has("sphinxcontrib.bibtex")]
    costs: Costs = defaultdict(list)
    with tempfile.TemporaryDirectory() as name:
        folder, lock = Path(name), make_lock()
        for variant in chosen:
            write_project(folder / variant.name / "docs", variant, lock)
        for turn in range(ROUNDS):
            first = turn % len(chosen)
            ordered = chosen[first:] + chosen[:first]
            for variant in ordered:
                for kind, cost in full_builds(folder / variant.name):
                    costs[variant.name, kind].append(cost)
            for _ in range(SHORT):
                for variant in ordered:
                    for kind, cost in short_builds(folder / variant.name, variant):
                        costs[variant.name, kind].append(cost)
    publish("sphinx", report(chosen, costs))


def full_builds(folder: Path) -> Iterator[tuple[str, Cost]]:
    """Builds of one project from nothing; the last one stays."""
    for jobs in (2, 1):
        for left in ("out", "doctrees"):
            shutil.rmtree(folder / left, ignore_errors=True)
        yield f"full -j{jobs}", build(folder, jobs)


def short_builds(folder: Path, variant: Variant) -> Iterator[tuple[str, Cost]]:
    """Builds of one project that was built: with one page changed, and with nothing to do."""
    source = folder / "docs" / "page007.rst"
    source.write_text(page(7, variant, changed=f"Changed at {time.time_ns()}."), "utf-8")
    yield "one page", build(folder, 1)
    yield "no-op", build(folder, 1)


def build(folder: Path, jobs: int) -> Cost:
    """Run Sphinx in a process of its own. A build that fails is not measured but raised."""
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "-b", "html", f"-j{jobs}"]
    command += ["-d", str(folder / "doctrees"), str(folder / "docs"), str(folder / "out")]
    clean = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    before, began = _cpu(), time.perf_counter()
    subprocess.run(command, check=True, env=clean)
    return Cost(time.perf_counter() - began, _cpu() - before)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _has(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def report(chosen: list[Variant], costs: Costs) -> str:
    """The part of the page."""
    rows = []
    for variant in chosen:
        row = [variant.name]
        for kind in ("full -j1", "full -j2"):
            row.append(f"{median(cost.wall for cost in costs[variant.name, kind]):.2f}")
        over = [
            mine.cpu / plain.cpu - 1
            for mine, plain in zip(
                costs[variant.name, "full -j1"], costs["plain", "full -j1"], strict=True
            )
        ]
        row.append(f"{100 * median(over):+.0f} %")
        for kind in ("one page", "no-op"):
            added = [
                mine.wall - plain.wall
                for mine, plain in zip(costs[variant.name, kind], costs["plain", kind], strict=True)
            ]
            row.append(f"{median(added):+.2f}")
        rows.append(row)
    head = (
        "",
        "full, -j1, s",
        "full, -j2, s",
        "CPU of a full build over plain",
        "one page changed, s over plain",
        "no-op, s over plain",
    )
    return (
        f"{ROUNDS} rounds, in each {SHORT} turns of short builds;"
        f" {PAGES} pages, {PAGES * CITATIONS:,} citations, {PAPERS} papers.\n\n"
        f"{machine()}. Medians.\n\n{table(head, rows)}"
    )
