"""What the MCP bundle runs: `pith-agent mcp`, for hosts that start a file."""

from pith_agent.cli import main

if __name__ == "__main__":
    main(["mcp"])
