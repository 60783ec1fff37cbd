"""What a document is judged by, beside its own receipt."""

from dataclasses import dataclass

from pith_agent.protocol.identifier import Identifier


@dataclass(frozen=True, slots=True)
class Policy:
    """What is demanded beyond a valid receipt."""

    name: str
    version: int
    warnings_fail: bool = False
    """Whether a check that only warns makes the verdict `failed`."""

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"


STANDARD = Policy("standard", 1)
STRICT = Policy("strict", 1, warnings_fail=True)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was verified before about the same paper."""

    highest_version: int
    digests: frozenset[str]
    """SHA-256, in hex, of its verified records with the version now examined."""


@dataclass(frozen=True, slots=True)
class Question:
    """What the document has to answer."""

    asked: Identifier | None = None
    """The identifier that the document was fetched for."""
    abstract: str | None = None
    """The whole abstract, from another source."""
    seen: Seen | None = None


NO_QUESTION = Question()
