"""MCP: thin tools over the client's four verbs. The only place that imports mcp."""
