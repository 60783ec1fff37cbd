"""`python -m pith_agent` is `pith-agent`."""

from pith_agent.cli import main

if __name__ == "__main__":
    main()
