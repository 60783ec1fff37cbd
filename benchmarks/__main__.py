"""Run all benchmarks: `make bench`. Names as arguments choose some: `python -m benchmarks mcp`."""

import sys

from benchmarks.mcp.run import main as mcp

BENCHMARKS = {"mcp": mcp}

for name in sys.argv[1:] or BENCHMARKS:
    print(f"== {name}")
    BENCHMARKS[name]()
