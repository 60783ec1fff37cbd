"""What a build found: every citation with its verdict, and every problem.

`verify_citations` makes a `BuildReport`; the log, the reports and the exit status are made of it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePath
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from pith_agent import Verification

Severity: TypeAlias = Literal["error", "warning", "info", "ignore"]
Mode: TypeAlias = Literal["locked", "auto", "update"]


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the sources."""

    path: str
    """Relative to the directory of conf.py where the file lies below it, with `/`; else absolute.
    Empty for what concerns the project as a whole."""
    line: int | None = None
    """From 1; `None` if it is not known."""
    within: str = ""
    """What Sphinx says beside the file, such as `docstring of mod.f`."""

    def __str__(self) -> str:
        text = f"{self.path}:{self.line}" if self.line else self.path
        return f"{text} ({self.within})" if self.within else text


@dataclass(frozen=True, slots=True)
class CitedPlace:
    """One citation in the sources, and the verdict on it."""

    target: str
    """As it was typed, without the text around it."""
    docname: str
    place: Place
    answer: "Verification"
    source: Literal["lock", "records", "store", "registry", "none"]
    """Where the document came from that was verified."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem, where it is, and what it does to the build."""

    code: str
    """Stable, kebab-case: the subtype of the warning."""
    severity: Severity
    """After `pith_severity` and the baseline were applied."""
    message: str
    """What is wrong, in one sentence."""
    hint: str
    """What to do; may be empty."""
    place: Place
    location: str = ""
    """The same for Sphinx's own logger, which prints it before a warning."""
    target: str = ""
    """What was cited; empty if the problem is not of a citation."""
    pith_number: str | None = None
    """Computed, never taken on trust; `None` if there is no record."""
    check: str = ""
    """The check that decided, such as `canonical-hash`; empty if none did."""
    exempt: bool = False
    """Whether the baseline has lowered the severity."""


@dataclass(frozen=True)
class BuildReport:
    """All that a build can say of its citations, in the order of documents and places."""

    project: str
    builder: str
    mode: Mode
    gather: Callable[[], Iterable[CitedPlace]] = tuple
    """Makes `citations`: most builds write no report, and need none of them."""
    findings: tuple[Finding, ...] = ()
    fetched: int = 0
    """Records that a registry sent in this build."""
    root: PurePath = field(default_factory=PurePath)
    """The directory of conf.py."""

    @cached_property
    def citations(self) -> tuple[CitedPlace, ...]:
        """Every citation of the sources."""
        return tuple(self.gather())

    @property
    def failed(self) -> bool:
        """Whether a finding fails the build."""
        return any(finding.severity == "error" for finding in self.findings)
