"""One document and all it is judged by: the argument of every check."""

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import JsonValue

from pith_agent.protocol.policy import Question
from pith_agent.protocol.record import Exhibit, Source, at
from pith_agent.protocol.trust import TrustedKey, TrustRoot


@dataclass(frozen=True, slots=True)
class Case:
    """One document, and all it is judged by."""

    exhibit: Exhibit
    trust: TrustRoot
    question: Question

    def says(self, path: str) -> JsonValue:
        """What the document says at a dotted path; `None` if nothing."""
        return at(self.exhibit.document, path)

    @property
    def source(self) -> Source | None:
        """The signed source, if the canonical record has the shape of schema 1.0."""
        return self.exhibit.view.source if self.exhibit.view else None

    @property
    def key(self) -> TrustedKey | None:
        """The trusted key that the receipt's hints select."""
        receipt = self.exhibit.receipt
        if receipt is None:
            return None
        return self.trust.select(receipt.key_id, receipt.public_key_fingerprint)

    def aliases(self) -> Iterator[tuple[str, str]]:
        """(kind, value) of each alias that has both."""
        for name in ("aliases", "source_aliases"):
            entries = self.says(name)
            for entry in entries if isinstance(entries, list) else ():
                kind, value = at(entry, "alias_kind"), at(entry, "alias_value")
                if isinstance(kind, str) and isinstance(value, str):
                    yield kind, value
