"""What a verification says: checks, verdict, coverage, and the record it proves.

A report is made by `verify.examine` only.
"""

import json
from functools import lru_cache
from typing import Literal, Self, TypeAlias

from pydantic import JsonValue, PrivateAttr

from pith_agent.errors import PithError, UndecidableError, error_class
from pith_agent.protocol.display import safe_text
from pith_agent.protocol.proof import VerifiedRecord
from pith_agent.protocol.stated import Coverage, Stated

Status: TypeAlias = Literal["pass", "fail", "undecidable", "warn", "skipped"]
Verdict: TypeAlias = Literal["verified", "failed", "undecidable"]

EVIDENCE_LENGTH = 200
"""Characters of a value that a check quotes."""


class Check(Stated):
    """One rule applied to one document."""

    name: str
    """The rule: stable, kebab-case."""
    status: Status
    """`warn` does not change the verdict; `skipped` says that the rule had nothing to check."""
    code: str
    """`ok`, `not-checked`, or the stable code of what is wrong."""
    detail: str
    """One sentence for people."""
    expected: str | None = None
    found: str | None = None

    @classmethod
    def passed(cls, name: str, detail: str, *, expected: JsonValue = None) -> Self:
        """The rule holds; `expected` is the value that was met."""
        value = _quote(expected)
        return cls(
            name=name,
            status="pass",
            code="ok",
            detail=_sentence(detail),
            expected=value,
            found=value,
        )

    # Kept: half of the checks of a small record are skipped, for few reasons, and a check cannot
    # be changed.
    @staticmethod
    @lru_cache(maxsize=64)
    def skipped(name: str, detail: str) -> "Check":
        """The rule has nothing to apply to; `detail` says why."""
        return Check(name=name, status="skipped", code="not-checked", detail=_sentence(detail))

    @classmethod
    def warned(
        cls,
        name: str,
        code: str,
        detail: str,
        *,
        expected: JsonValue = None,
        found: JsonValue = None,
    ) -> Self:
        """Worth knowing, and no reason to refuse."""
        return cls(
            name=name,
            status="warn",
            code=code,
            detail=_sentence(detail),
            expected=_quote(expected),
            found=_quote(found),
        )

    @classmethod
    def refused(
        cls,
        name: str,
        error: type[PithError],
        detail: str,
        *,
        expected: JsonValue = None,
        found: JsonValue = None,
    ) -> Self:
        """The rule is broken, or cannot be decided if `error` is an `UndecidableError`."""
        return cls(
            name=name,
            status="undecidable" if issubclass(error, UndecidableError) else "fail",
            code=error.code,
            detail=_sentence(detail),
            expected=_quote(expected),
            found=_quote(found),
        )

    @property
    def hint(self) -> str:
        """What to do about it; empty when nothing is wrong."""
        return "" if self.status in ("pass", "skipped") else error_class(self.code).hint


def decide(
    checks: tuple[Check, ...], *, warnings_fail: bool = False
) -> tuple[Verdict, Check | None]:
    """The verdict that the checks add up to, and the check that decides it, if one does.

    A failure outweighs what cannot be decided; among equals the first counts.
    """
    outcomes: tuple[tuple[tuple[Status, ...], Verdict], ...] = (
        (("fail", "warn") if warnings_fail else ("fail",), "failed"),
        (("undecidable",), "undecidable"),
    )
    for statuses, verdict in outcomes:
        for check in checks:
            if check.status in statuses:
                return verdict, check
    return "verified", None


class Report(Stated):
    """The answer of a verification."""

    verdict: Verdict
    code: str
    """`ok`, or the code of the first check that stands in the way."""
    pith_number: str | None
    """Computed from the canonical record; what the document calls itself is a check."""
    canonical_sha256: str | None
    """SHA-256 of the canonical record, 64 hex digits: computed."""
    policy: str
    """`name@version` of the policy that was applied."""
    trust_key: str | None
    """SHA-256 of the trusted key that the receipt was checked with, 64 hex digits."""
    checks: tuple[Check, ...]
    coverage: Coverage

    _record: VerifiedRecord | None = PrivateAttr(default=None)

    @property
    def failures(self) -> tuple[str, ...]:
        """The codes of all checks that failed, in order, each once."""
        return tuple(dict.fromkeys(c.code for c in self.checks if c.status == "fail"))

    @property
    def decisive(self) -> Check | None:
        """The first check that stands in the way of `verified`; `None` if there is none."""
        if self.verdict == "verified":
            return None
        # A mention may have the code of a refusal: what refuses comes first.
        for statuses in (("fail", "undecidable"), ("warn",)):
            for check in self.checks:
                if check.status in statuses and check.code == self.code:
                    return check
        return None

    @property
    def record(self) -> VerifiedRecord | None:
        """The proof; `None` unless the verdict is `verified`."""
        return self._record

    def require(self) -> VerifiedRecord:
        """The proof, or the reason why there is none.

        Raises:
            VerificationError: The verdict is `failed`; the subclass and its code say why.
            UndecidableError: The verdict is `undecidable`.
        """
        if self._record is not None:
            return self._record
        check = self.decisive
        detail = check.detail if check else "The document is not verified."
        error = error_class(self.code)(detail)
        error.__dict__["report"] = self
        raise error


def attach(report: Report, record: VerifiedRecord) -> Report:
    """Give a report whose verdict is `verified` its proof. Called by `verify.examine`."""
    if report.verdict != "verified" or report.pith_number != record.pith_number:
        raise TypeError("only a verified document has a proof")
    report._record = record
    return report


_sentence = lru_cache(maxsize=256)(safe_text)
"""A detail as it is shown. Kept: the same ones are said of every record."""


def _quote(value: JsonValue) -> str | None:
    """A value as evidence: short, on one line, and safe to show."""
    if value is None:
        return None
    if not isinstance(value, str):
        try:
            value = json.dumps(value, sort_keys=True, default=repr)
        except (TypeError, ValueError, RecursionError):
            value = f"a {type(value).__name__}"
    return safe_text(value, EVIDENCE_LENGTH)
