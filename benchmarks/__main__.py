"""Run all benchmarks: `make bench`. Names as arguments choose some: `python -m benchmarks mcp`."""

import sys

from benchmarks.citations.run import main as citations
from benchmarks.mcp.run import main as mcp
from benchmarks.sphinx.run import main as sphinx

BENCHMARKS = {"citations": citations, "mcp": mcp, "sphinx": sphinx}

for name in sys.argv[1:] or BENCHMARKS:
    print(f"== {name}")
    BENCHMARKS[name]()
