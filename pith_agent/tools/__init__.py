"""The tools of an agent, for MCP and for any function-calling API.

>>> from pith_agent import Client
>>> from pith_agent.tools import call_tool, definitions
>>> definitions("openai")[0]["function"]["name"]
'resolve'
>>> call_tool(Client(), "resolve", {"ids": ["arXiv:2402.13116"]})["items"][0]["verdict"]
'verified'
"""

from pith_agent.tools.catalogue import TOOLS, call_tool, definitions
from pith_agent.tools.definition import ToolDefinition

__all__ = ["TOOLS", "ToolDefinition", "call_tool", "definitions"]
