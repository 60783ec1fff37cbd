"""`python -m pith_agent` is `pith-agent`."""

from pith_agent.cli import run

if __name__ == "__main__":
    run()
