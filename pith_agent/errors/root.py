"""Base of all deliberate errors."""

from typing import ClassVar


class PithError(Exception):
    """Base of every deliberate error.

    `code` is public API: stable, unique, kebab-case.
    `hint` is one imperative sentence: what to do next.
    """

    code: ClassVar[str] = "pith-error"
    hint: ClassVar[str] = ""

    def __str__(self) -> str:
        return " ".join(filter(None, [super().__str__(), f"[{self.code}]", self.hint]))

    @property
    def message(self) -> str:
        """What happened, without code and hint."""
        return super().__str__()
