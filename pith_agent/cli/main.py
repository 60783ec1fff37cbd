"""`pith-agent`: the group that all commands belong to."""

import click

from pith_agent import __version__
from pith_agent.cli.citations import citations, cite
from pith_agent.cli.keys import keys
from pith_agent.cli.papers import fetch, resolve, verify
from pith_agent.cli.servers import mcp, mirror, tools

EPILOG = (
    "Exit codes: 0 verified, 1 failed, 2 usage, 3 undecidable, 4 unreachable, 5 local damage,"
    " 6 not found or ambiguous. Of several, the worst."
)


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=EPILOG,
)
@click.version_option(__version__, prog_name="pith-agent")
def main() -> None:
    """Citations that can be proved.

    Resolve an arXiv id, DOI, URL or Pith Number to its signed record, verify that record, and
    sign what you say about the paper. Independent of pith.science.
    """


for command in (resolve, fetch, verify, cite, citations, keys, mcp, tools, mirror):
    main.add_command(command)
