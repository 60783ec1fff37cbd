"""`pith-agent`: the group that all commands belong to."""

import os
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import NoReturn

import click

from pith_agent import __version__
from pith_agent.cli.exit_codes import EXIT_CODES
from pith_agent.cli.loading import kept_for_good

INTERRUPTED = 130
"""128 + SIGINT, as shells say it."""

EPILOG = (
    "Exit codes: 0 verified, 1 failed, 2 usage, 3 undecidable, 4 unreachable, 5 local damage,"
    " 6 not found or ambiguous. Of several, the worst."
)

MODULES = {
    "cite": "citations",
    "citations": "citations",
    "fetch": "papers",
    "keys": "keys",
    "mcp": "servers",
    "mirror": "servers",
    "resolve": "papers",
    "tools": "servers",
    "verify": "papers",
}
"""Name of a command → module in this package."""


class Commands(Mapping[str, click.Command]):
    """Name → command, loaded when it is asked for: a host waits for `mcp` to start."""

    def __getitem__(self, name: str) -> click.Command:
        with kept_for_good():
            module = import_module(f"pith_agent.cli.{MODULES[name]}")
        command: click.Command = getattr(module, name)
        return command

    def __iter__(self) -> Iterator[str]:
        return iter(MODULES)

    def __len__(self) -> int:
        return len(MODULES)


@click.group(
    commands=Commands(),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=EPILOG,
)
@click.version_option(__version__, prog_name="pith-agent")
def main() -> None:
    """Citations that can be proved.

    Resolve an arXiv id, DOI, URL or Pith Number to its signed record, verify that record, and
    sign what you say about the paper. Independent of pith.science.
    """


def run() -> NoReturn:
    """The console script. Exit 1 says "refuted", so no crash and no interruption may end so."""
    try:
        main.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.stderr.write("Interrupted.\n")
        sys.exit(INTERRUPTED)
    except (OSError, MemoryError) as error:
        _cut_off_output()
        sys.stderr.write(f"Error: {type(error).__name__}: {error}\n")
        sys.exit(EXIT_CODES["damaged"])
    sys.exit(0)


def _cut_off_output() -> None:
    """Give up what is left to print, so that the end of the program does not try once more."""
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, sys.stdout.fileno())
