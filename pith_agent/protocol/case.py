"""One document and all it is judged by: the argument of every check."""

from dataclasses import dataclass
from functools import cached_property

from pydantic import JsonValue

from pith_agent.protocol.policy import Question
from pith_agent.protocol.record import Exhibit, Source, at
from pith_agent.protocol.trust import TrustedKey, TrustRoot


@dataclass(frozen=True)
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

    @cached_property
    def key(self) -> TrustedKey | None:
        """The trusted key that the receipt's hints select."""
        receipt = self.exhibit.receipt
        if receipt is None:
            return None
        return self.trust.select(receipt.key_id, receipt.public_key_fingerprint)

    @cached_property
    def aliases(self) -> tuple[tuple[str, str], ...]:
        """(kind, value) of each alias that has both."""
        found: list[tuple[str, str]] = []
        for name in ("aliases", "source_aliases"):
            entries = self.says(name)
            for entry in entries if isinstance(entries, list) else ():
                if not isinstance(entry, dict):
                    continue
                kind, value = entry.get("alias_kind"), entry.get("alias_value")
                if isinstance(kind, str) and isinstance(value, str):
                    found.append((kind, value))
        return tuple(found)
