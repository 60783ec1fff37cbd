"""`-b pithlock` writes the lock; `-b pithcheck` asks the registry what has changed since.

Only a build finds all citations, those in docstrings and included files too, so that locking and
checking are builders. Neither writes pages.
"""

from collections.abc import Set

from docutils import nodes
from sphinx.builders import Builder


class _NoPages(Builder):
    """A builder that reads documents and writes none."""

    allow_parallel = True

    def get_outdated_docs(self) -> set[str]:
        """No page is ever written."""
        return set()

    def get_target_uri(self, docname: str, typ: str | None = None) -> str:
        """No page has an address."""
        return ""

    def prepare_writing(self, docnames: Set[str]) -> None:
        """Nothing to prepare."""

    def write_doc(self, docname: str, doctree: nodes.document) -> None:
        """Nothing to write."""

    def write_documents(self, docnames: Set[str]) -> None:
        """Nothing to write."""


class LockBuilder(_NoPages):
    """Adds what is cited to the lock. `verify_citations` does it, in mode `update`."""

    name = "pithlock"
    epilog = "The lock is up to date."


class CheckBuilder(_NoPages):
    """Compares each locked paper with the registry."""

    name = "pithcheck"
    epilog = "The lock was compared with the registry."

    def finish(self) -> None:
        """Ask for every paper, and tell what differs."""
        # Imported here, with the client: no other builder asks for what has changed.
        from sphinx_pith.drift import check_drift  # noqa: PLC0415

        check_drift(self.app)
