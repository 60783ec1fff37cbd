"""Measure the MCP server with the tools of others.

    .venv/bin/python tests/conformance/run.py

Installs Node and the pinned tools from npm under build/node (npm is needed for that), runs the
conformance suite and the Inspector, and packs the MCP bundle. The servers listen on loopback, and
ask no registry. Ends with a table, and with 1 if a line of it failed.
"""

import sys
import tempfile
from pathlib import Path

from tests.conformance.bundle import run_bundle
from tests.conformance.inspector import run_inspector
from tests.conformance.programs import Outcome, install
from tests.conformance.suite import run_suite


def main() -> int:
    """Run everything; the exit status."""
    install()
    with tempfile.TemporaryDirectory(prefix="pith-conformance-") as directory:
        home = Path(directory)
        outcomes = [*run_suite(home), *run_inspector(home), *run_bundle()]
    _show(outcomes)
    return 0 if all(outcome.passed for outcome in outcomes) else 1


def _show(outcomes: list[Outcome]) -> None:
    width = max(len(outcome.what) for outcome in outcomes)
    for outcome in outcomes:
        mark = "pass" if outcome.passed else "FAIL"
        sys.stdout.write(f"{mark}  {outcome.what:<{width}}  {outcome.said}\n")


if __name__ == "__main__":
    sys.exit(main())
