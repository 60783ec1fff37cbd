"""Base of all deliberate errors."""

from typing import ClassVar


class PithError(Exception):
    """Base of every deliberate error.

    `code` is public API: stable, unique, kebab-case.
    `hint` is one imperative sentence: what to do next. An error that knows more has its own.
    """

    code: ClassVar[str] = "pith-error"
    hint: str = ""

    def __init__(self, message: str = "", *, hint: str | None = None) -> None:
        super().__init__(message)
        if hint is not None:
            self.hint = hint

    def __str__(self) -> str:
        return " ".join(filter(None, [super().__str__(), f"[{self.code}]", self.hint]))

    @property
    def message(self) -> str:
        """What happened, without code and hint."""
        return super().__str__()
