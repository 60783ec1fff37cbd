"""The baseline: what it exempts, what it never does, and what it tells of itself."""

import tomllib
from datetime import date
from typing import Any

import pytest

from sphinx_pith.baseline import (
    REASON,
    Baseline,
    BaselineError,
    Exemption,
    apply,
    load_baseline,
    write_baseline,
)
from sphinx_pith.findings import BuildReport, Finding, Place
from tests.documents import NUMBER

TODAY = date(2026, 12, 1)
TARGET = "arXiv:1706.03762"


def finding(code: str = "not-found", severity: Any = "error", **given: Any) -> Finding:
    values = {"message": "Message.", "hint": "Hint.", "place": Place("guide/a.rst", 3)}
    return Finding(code=code, severity=severity, **({"target": TARGET} | values | given))


def entry(**given: object) -> str:
    lines = [f"{name} = {value}" for name, value in given.items()]
    return "\n".join(["baseline_version = 1", "[[exempt]]", *lines])


def exempting(**given: Any) -> Baseline:
    return Baseline("baseline.toml", (Exemption(**({"reason": "Known."} | given)),))


def applied(one: Finding, baseline: Baseline, today: date = TODAY) -> Finding:
    return apply((one,), baseline, today)[0]


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"target": TARGET},
        {"target": "https://arxiv.org/abs/1706.03762"},
        {"path": "guide/*"},
        {"path": "*.rst", "target": TARGET},
        {"pith_number": NUMBER},
    ],
)
def test_what_is_exempt_becomes_info_is_marked_and_tells_the_reason(given) -> None:
    problem = finding(pith_number=NUMBER)

    (known,) = apply((problem,), exempting(code="not-found", **given), TODAY)

    assert (known.severity, known.exempt) == ("info", True)
    assert known.hint == "Hint. Exempt: Known."
    assert (known.code, known.message, known.place) == (
        problem.code,
        problem.message,
        problem.place,
    )


@pytest.mark.parametrize(
    "given",
    [
        {"code": "offline"},
        {"target": "arXiv:1706.03762v1"},
        {"target": "arXiv:2402.13116"},
        {"path": "*.md"},
        {"path": "a.rst"},
        {"pith_number": NUMBER},
        {"target": TARGET, "path": "other/*"},
    ],
)
def test_an_exemption_that_does_not_fit_changes_nothing_and_is_told_as_unused(given) -> None:
    problem = finding()

    judged, unused = apply((problem,), exempting(**({"code": "not-found"} | given)), TODAY)

    assert judged == problem
    assert (unused.code, unused.severity) == ("unused-exemption", "info")
    assert unused.place.path == "baseline.toml"
    assert unused.location == "baseline.toml:1"


@pytest.mark.parametrize(("until", "exempt"), [("12-01", True), ("12-02", True), ("11-30", False)])
def test_an_exemption_counts_on_its_last_day_and_not_after(until, exempt) -> None:
    baseline = exempting(code="not-found", until=date.fromisoformat(f"2026-{until}"))

    judged = applied(finding(), baseline)

    assert (judged.exempt, judged.severity) == (exempt, "info" if exempt else "error")
    assert ("ended on 2026-11-30" in judged.hint) is not exempt


def test_an_exemption_that_is_over_is_no_unused_one() -> None:
    baseline = exempting(code="not-found", until=date(2026, 1, 1))

    assert len(apply((finding(),), baseline, TODAY)) == 1


def test_a_second_exemption_counts_when_the_first_is_over() -> None:
    over = Exemption("not-found", "Old.", until=date(2026, 1, 1))
    baseline = Baseline("b.toml", (over, Exemption("not-found", "New.")))

    assert applied(finding(), baseline).hint.endswith("Exempt: New.")


@pytest.mark.parametrize("code", ["digest-mismatch", "invalid-signature", "claimed-title-mismatch"])
@pytest.mark.parametrize("given", [{}, {"path": "*"}, {"pith_number": NUMBER}])
def test_a_refutation_is_exempt_by_its_target_only(code, given) -> None:
    problem = finding(code, pith_number=NUMBER)

    assert applied(problem, exempting(code=code, **given)) == problem
    assert applied(problem, exempting(code=code, target=TARGET, **given)).exempt


def test_an_exemption_that_names_the_target_goes_before_one_for_all() -> None:
    broad, exact = Exemption("not-found", "All."), Exemption("not-found", "This.", TARGET)

    (judged,) = apply((finding(),), Baseline("b.toml", (broad, exact)), TODAY)

    assert judged.hint.endswith("Exempt: This.")


@pytest.mark.parametrize("severity", ["info", "ignore"])
def test_a_low_severity_is_never_raised(severity) -> None:
    assert applied(finding(severity=severity), exempting(code="not-found")).severity == severity


def test_findings_keep_their_order_and_what_is_unused_comes_last() -> None:
    findings = (finding("offline"), finding(), finding("unknown-key"))
    baseline = Baseline(
        "b.toml", (Exemption("no-receipt", "Old.", line=4), Exemption("not-found", "New."))
    )

    judged = apply(findings, baseline, TODAY)

    assert [one.code for one in judged] == [
        "offline",
        "not-found",
        "unknown-key",
        "unused-exemption",
    ]
    assert judged[-1].location == "b.toml:4"


def test_a_baseline_is_read_with_its_dates_and_lines() -> None:
    text = (
        "# Ours.\nbaseline_version = 1\n\n"
        '[[exempt]]\ncode = "offline"\nreason = "No network."\n\n'
        '[[exempt]]\ncode = "digest-mismatch"\ntarget = "a"\nreason = "Seen."\nuntil = 2027-06-30\n'
    )

    assert load_baseline(text, "b.toml") == Baseline(
        "b.toml",
        (
            Exemption("offline", "No network.", line=4),
            Exemption("digest-mismatch", "Seen.", "a", until=date(2027, 6, 30), line=8),
        ),
    )


def test_a_line_is_not_told_where_a_text_looks_like_a_table() -> None:
    text = entry(code='"offline"', reason='"""\n[[exempt]]\n"""')

    assert load_baseline(text, "b.toml").exemptions[0].line is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no toml",
        "baseline_version = 2",
        "baseline_version = true",
        'baseline_version = "1"',
        "baseline_version = 1\nexempt = 1",
        "baseline_version = 1\nexempt = [1]",
        "baseline_version = 1\nexemptions = []",
        entry(code='"offline"'),
        entry(reason='"Why."'),
        entry(code='"offline"', reason='"  "'),
        entry(code="1", reason='"Why."'),
        entry(code='"offline"', reason='"Why."', target='""'),
        entry(code='"offline"', reason='"Why."', until='"2027-06-30"'),
        entry(code='"offline"', reason='"Why."', until="2027-06-30T00:00:00"),
        entry(code='"offline"', reason='"Why."', unitl="2027-06-30"),
        entry(code='"unused-exemption"', reason='"Why."'),
        entry(code='"digest-mismatch"', reason='"Why."'),
        entry(code='"digest-mismatch"', reason='"Why."', path='"*"'),
    ],
)
def test_a_baseline_that_cannot_be_used_is_refused_by_name(text) -> None:
    with pytest.raises(BaselineError, match=r"b\.toml"):
        load_baseline(text, "b.toml")


def test_all_faults_of_a_baseline_are_told_at_once() -> None:
    text = entry(code='"offline"') + "\n[[exempt]]\nreason = 1\n"

    with pytest.raises(BaselineError) as caught:
        load_baseline(text, "b.toml")

    assert str(caught.value).splitlines() == [
        "b.toml, exemption 1: reason is missing.",
        "b.toml, exemption 2: reason is 1; it must be a text that is not empty.",
        "b.toml, exemption 2: code is missing.",
    ]


def report(*findings: Finding) -> BuildReport:
    return BuildReport(project="Guide", builder="html", mode="locked", findings=findings)


def test_a_new_baseline_exempts_what_was_found_and_nothing_else() -> None:
    findings = (
        finding(),
        finding(place=Place("guide/b.rst", 9)),
        finding("unknown-key", "warning", target='quo"te\\\x7f\n\U0001f600'),
        finding("store-unavailable", target="", place=Place("records/[a]*.json")),
        finding("unused", "info"),
    )

    baseline = load_baseline(write_baseline(report(*findings)), "b.toml")

    assert len(baseline.exemptions) == 3
    assert {one.reason for one in baseline.exemptions} == {REASON}
    judged = apply(findings, baseline, TODAY)
    assert [one.exempt for one in judged] == [True, True, True, True, False]
    other = finding("store-unavailable", target="", place=Place("records/b.json"))
    assert not applied(other, baseline).exempt


def test_a_new_baseline_leaves_refutations_and_the_project_out_and_names_them() -> None:
    refuted = finding("digest-mismatch")
    whole = finding("malformed-lock", target="", place=Place(""))

    text = write_baseline(report(refuted, whole))

    assert tomllib.loads(text) == {"baseline_version": 1}
    assert "digest-mismatch arXiv:1706.03762 (guide/a.rst:3)" in text
    assert "malformed-lock" in text


def test_a_hostile_target_stays_in_its_comment() -> None:
    text = write_baseline(report(finding("digest-mismatch", target="a\n[[exempt]]\ncode = 1")))

    assert tomllib.loads(text) == {"baseline_version": 1}


def test_a_baseline_that_is_renewed_keeps_reasons_and_repeats_nothing() -> None:
    kept = Exemption("not-found", "We asked them.", TARGET, NUMBER, "guide/*", date(2027, 1, 1))
    baseline = Baseline("b.toml", (kept,))
    judged = apply((finding(pith_number=NUMBER), finding("offline")), baseline, TODAY)

    text = write_baseline(report(*judged), baseline)

    first, second = load_baseline(text, "b.toml").exemptions
    assert (first.reason, first.until, first.path) == (kept.reason, kept.until, kept.path)
    assert (second.code, second.reason) == ("offline", REASON)


def test_a_claim_is_exempt_in_any_spelling_of_its_paper() -> None:
    exempt = Exemption("unknown-claim", "Known.", "arXiv:1706.03762#C9")
    said = [finding("unknown-claim", target=one) for one in ("1706.03762#C9", "1706.03762#C8")]

    judged = apply(tuple(said), Baseline("b.toml", (exempt,)), TODAY)

    assert [one.exempt for one in judged] == [True, False]
