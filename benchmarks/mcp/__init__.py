"""The MCP server beside a minimal server of the same SDK."""
