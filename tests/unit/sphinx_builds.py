"""Reports of builds, made of real answers."""

from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

from pith_agent import Client, RecordFiles, Verification
from sphinx_pith.findings import BuildReport, CitedPlace, Finding, Place
from tests.documents import REAL

KNOWN = "arXiv:2402.13116"
TAMPERED = REAL.replace(b'"version":4},"metadata"', b'"version":5},"metadata"')
HOSTILE = (
    "</script><script>alert(1)</script>\n::error file=x::%0A injected\r\n"
    "`|*_[a](javascript:x)\" onload='x' &amp; \x1b[31m\u202egnp.exe\u2066 {0} ]]> \ufffe\ud800"
)


def cited(answer: Verification, line: int = 3, **given: Any) -> CitedPlace:
    """A citation with this answer."""
    values = {"docname": "guide/intro", "place": Place("guide/intro.rst", line), "source": "none"}
    return CitedPlace(target=answer.target, answer=answer, **(values | given))


def finding(cited: CitedPlace, severity: str = "error", **given: Any) -> Finding:
    """The finding that tells of a citation that is not verified."""
    answer = cited.answer
    return Finding(
        code=answer.code,
        severity=severity,
        message=answer.message,
        hint=answer.hint,
        place=cited.place,
        target=cited.target,
        pith_number=answer.pith_number,
        **given,
    )


def report(*citations: CitedPlace, findings: tuple[Finding, ...] = (), **given: Any) -> BuildReport:
    """A build of the project Guide."""
    values: dict[str, Any] = {"project": "Guide", "builder": "html", "mode": "locked"}
    values |= {"root": PurePosixPath("/repo/docs"), **given}
    return BuildReport(gather=lambda: citations, findings=findings, **values)


def real_answers(offline: Callable[..., Client]) -> dict[str, Verification]:
    """Real answers: a genuine record, one that was tampered with, and one that is not at hand."""
    genuine = offline(records=RecordFiles([(REAL, "records/a.json")]))
    tampered = offline(records=RecordFiles([(TAMPERED, "records/b.json")]))
    verified, missing, wrong = genuine.verify([KNOWN, "arXiv:1706.03762", "nonsense"])
    (failed,) = tampered.verify([KNOWN])
    assert [a.verdict for a in (verified, missing, wrong, failed)] == [
        "verified",
        "unreachable",
        "invalid",
        "failed",
    ]
    return {"verified": verified, "missing": missing, "invalid": wrong, "failed": failed}


def mixed_build(answers: dict[str, Verification]) -> BuildReport:
    """Citations and findings of every kind, in a project below /repo."""
    good = cited(answers["verified"], 3, source="records")
    bad = cited(answers["failed"], 5, source="records")
    missing = cited(answers["missing"], 7, docname="index", place=Place("index.rst", 7))
    wrong = cited(answers["invalid"], 2, place=Place("/repo/src/mod.py", 2, "docstring of mod.f"))
    return report(
        good,
        bad,
        missing,
        wrong,
        findings=(
            finding(missing, "warning"),
            finding(bad, check="canonical-hash"),
            finding(wrong, "info", exempt=True),
            Finding("unused", "info", "Nobody cites it.", "Prune the lock.", Place("pith.lock", 4)),
            Finding("malformed-lock", "error", "The lock is no JSON.", "", Place("")),
            Finding("year-hint", "ignore", "Another year.", "", good.place, target=KNOWN),
        ),
        fetched=2,
    )


def hostile_build(answers: dict[str, Verification]) -> BuildReport:
    """One citation in which every text that others choose is an attack."""
    answer = answers["failed"].model_copy(
        update=dict.fromkeys(("target", "message", "hint", "title", "policy"), HOSTILE)
    )
    place = Place(f"{HOSTILE}.rst", 1, HOSTILE)
    one = cited(answer, docname=HOSTILE, place=place)
    return report(one, findings=(finding(one, check=HOSTILE),), project=HOSTILE, builder=HOSTILE)
