"""Exit codes: one table, the same for all commands. docs/reference/cli.md repeats it."""

from collections.abc import Iterable

from pith_agent.answers import Outcome, outcome_of
from pith_agent.errors import (
    CitationError,
    IdentifierError,
    PithError,
    RequestError,
    SettingsError,
    SigningKeyError,
)

EXIT_CODES: dict[Outcome, int] = {
    "verified": 0,
    "failed": 1,
    "invalid": 2,
    "undecidable": 3,
    "unreachable": 4,
    "damaged": 5,
    "not-found": 6,
    "ambiguous": 6,
}

_WORST_FIRST = (1, 5, 2, 6, 3, 4, 0)
"""Something refuted outweighs everything; something not asked outweighs only what is verified."""


def worst(outcomes: Iterable[Outcome]) -> int:
    """The exit code for many outcomes."""
    codes = {EXIT_CODES[outcome] for outcome in outcomes}
    return next((code for code in _WORST_FIRST if code in codes), 0)


def exit_code(error: PithError) -> int:
    """The exit code for a command that ended in an error."""
    if isinstance(error, IdentifierError | RequestError | SettingsError | SigningKeyError):
        return EXIT_CODES["invalid"]
    if isinstance(error, CitationError):
        return EXIT_CODES["failed"]
    return EXIT_CODES[outcome_of(error)]
