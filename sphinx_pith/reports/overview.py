"""What all reports for people say in the same words: verdicts, counts, the headline."""

from collections import Counter
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from pith_agent import safe_text
from sphinx_pith.findings import BuildReport, CitedPlace, Finding, Place

Kind: TypeAlias = Literal["good", "bad", "warn", "none"]

TEXT_LENGTH = 1000
"""Characters of one text of a report, so that a hostile record cannot flood it."""


@dataclass(frozen=True, slots=True)
class Word:
    """How a verdict is shown."""

    text: str
    kind: Kind
    meaning: str


WORDS: Final[dict[str, Word]] = {
    "failed": Word("Refuted", "bad", "A check found the record, or what is said of it, wrong."),
    "invalid": Word("No identifier", "bad", "The text names no paper in a form that is known."),
    "not-found": Word("Not found", "bad", "Every source that was asked has no such record."),
    "ambiguous": Word("Ambiguous", "bad", "Several records share this short form."),
    "undecidable": Word("Not proved", "warn", "Nothing is refuted, but the proof is incomplete."),
    "unreachable": Word(
        "Not checked", "warn", "No source was asked, or none answered. Nothing is known."
    ),
    "damaged": Word("Not checked", "warn", "The store of this machine cannot be used."),
    "verified": Word("Verified", "good", "A trusted key signed this record. No check failed."),
}
"""All verdicts, worst first."""

UNCHECKED: Final = frozenset({"unreachable", "damaged"})
"""Verdicts that say that no check was made."""

SEVERITIES: Final = ("error", "warning", "info", "ignore")


@dataclass(frozen=True, slots=True)
class Pairing:
    """Which finding tells of which citation."""

    told: dict[tuple[str, Place, str], Finding]
    """Target, place and code → the finding."""
    others: tuple[Finding, ...]
    """Findings that are not the verdict on a citation, in order."""

    def of(self, cited: CitedPlace) -> Finding | None:
        """The finding on a citation that is not verified, if it was told."""
        return self.told.get(_key(cited))


def paired(report: BuildReport) -> Pairing:
    """Connect citations with the findings that were made of them."""
    wanted = {_key(cited) for cited in report.citations if cited.answer.verdict != "verified"}
    told: dict[tuple[str, Place, str], Finding] = {}
    others: list[Finding] = []
    for finding in report.findings:
        key = (finding.target, finding.place, finding.code)
        if key in wanted:
            told.setdefault(key, finding)
        else:
            others.append(finding)
    return Pairing(told, tuple(others))


def verdict_counts(report: BuildReport) -> dict[str, int]:
    """How many citations have each verdict. Every verdict is there, worst first."""
    found = Counter[str](cited.answer.verdict for cited in report.citations)
    return {verdict: found[verdict] for verdict in WORDS}


def severity_counts(report: BuildReport) -> dict[str, int]:
    """How many findings have each severity. Every severity is there."""
    found = Counter(finding.severity for finding in report.findings)
    return {severity: found[severity] for severity in SEVERITIES}


def headline(report: BuildReport) -> str:
    """The outcome in one or two sentences."""
    total = len(report.citations)
    verified = verdict_counts(report)["verified"]
    errors = severity_counts(report)["error"]
    if not total:
        said = "The documents cite no paper."
    elif total == 1:
        said = f"The one citation is {'verified' if verified else 'not verified'}."
    elif verified == total:
        said = f"All {total} citations are verified."
    else:
        is_or_are = "is" if total - verified == 1 else "are"
        said = f"{total - verified} of {total} citations {is_or_are} not verified."
    return f"{said} The build fails: {counted(errors, 'error')}." if errors else said


def counted(number: int, noun: str) -> str:
    """`1 error`, `2 errors`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def statement(finding: Finding) -> str:
    """What is wrong. A log names the target first; a report has it in a place of its own."""
    return clean(finding.message.removeprefix(f"{finding.target}: "))


def sentence(finding: Finding) -> str:
    """What is wrong, and what to do, on one line."""
    return clean(" ".join(filter(None, (statement(finding), finding.hint))))


def announcement(finding: Finding) -> str:
    """The same with the target before it, where the target has no place of its own."""
    return clean(f"{finding.target}: {sentence(finding)}" if finding.target else sentence(finding))


def clean(text: str) -> str:
    """Third-party text on one line, without what cannot be seen, of bounded length."""
    return safe_text(text, TEXT_LENGTH)


def _key(cited: CitedPlace) -> tuple[str, Place, str]:
    return cited.target, cited.place, cited.answer.code
