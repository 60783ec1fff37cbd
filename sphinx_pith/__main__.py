"""`python -m sphinx_pith`: lock, check, verify, convert, report."""

from sphinx_pith.commands import main

if __name__ == "__main__":
    main(prog_name="python -m sphinx_pith")
