"""`python -m sphinx_pith`: lock, check, verify, report, convert, bib."""

from sphinx_pith.commands import main

if __name__ == "__main__":
    main(prog_name="python -m sphinx_pith")
