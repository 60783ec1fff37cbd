"""The command line: the same verbs as commands."""

from pith_agent.cli.main import main, run

__all__ = ["main", "run"]
