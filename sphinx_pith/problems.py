"""Problems: made of an answer or of words, and told in the log and by the exit status."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx.application import Sphinx
from sphinx.errors import ConfigError
from sphinx.util import logging

from pith_agent import error_class, safe_text
from sphinx_pith.config import OF_THE_REGISTRY, severity_of
from sphinx_pith.findings import Finding, Severity
from sphinx_pith.i18n import _
from sphinx_pith.places import place_of

if TYPE_CHECKING:
    from pith_agent import Verification

logger = logging.getLogger(__name__)

MESSAGE_LENGTH = 1000
"""Characters of one warning, so that a hostile record cannot flood the log."""


def finding(
    app: Sphinx,
    code: str,
    message: str,
    location: str,
    *,
    target: str = "",
    hint: str = "",
    severity: Severity | None = None,
    check: str = "",
) -> Finding:
    """A problem that is not the answer of a verification."""
    return Finding(
        code=code,
        severity=severity or severity_of(app.config, code),
        message=safe_text(message, MESSAGE_LENGTH),
        hint=hint or _HINTS.get(code, "") or error_class(code).hint,
        place=place_of(app, location),
        location=location,
        target=target,
        check=check,
    )


def problem(
    app: Sphinx,
    name: str,
    answer: "Verification",
    location: str,
    *,
    severity: Severity | None = None,
) -> Finding:
    """A verification that did not end well."""
    check = next((check.name for check in answer.checks if check.code == answer.code), "")
    where = f" (check: {check}, record: {answer.found_in})" if check else ""
    return Finding(
        code=answer.code,
        severity=severity or severity_of(app.config, answer.code),
        message=safe_text(f"{name}: {answer.message}{where}", MESSAGE_LENGTH),
        hint=answer.hint,
        place=place_of(app, location),
        location=location,
        target=name,
        pith_number=answer.pith_number,
        check=check,
    )


_HINTS = {
    "unused": "Remove it with 'python -m sphinx_pith lock --prune'.",
    "unverified-link": "Convert it with 'python -m sphinx_pith convert'.",
}


def exempted(app: Sphinx, findings: tuple[Finding, ...], *, is_last: bool) -> tuple[Finding, ...]:
    """The findings, lowered where the baseline lets them stay; then what it no longer needs.

    Args:
        app: Names the baseline.
        findings: All of this build so far.
        is_last: Whether no more will come: only then is it known which exemptions nothing needs.

    Raises:
        ConfigError: The baseline cannot be used.
    """
    name = app.config.pith_baseline
    if name is None:
        return findings
    # Imported here: most projects have no baseline.
    from sphinx_pith.baseline import BaselineError, apply, read_baseline  # noqa: PLC0415

    try:
        baseline = read_baseline(Path(app.confdir), name)
    except (OSError, BaselineError) as error:
        raise ConfigError(f"pith_baseline: {error}") from error
    codes = {one.code for one in baseline.exemptions}
    found_here = codes if app.builder.name == "pithcheck" else codes - OF_THE_REGISTRY
    today = datetime.now(UTC).date()
    return apply(findings, baseline, today, complete=found_here if is_last else ())


def tell_all(app: Sphinx, findings: tuple[Finding, ...]) -> bool:
    """Log each problem; set the exit status if one is an error, with or without `-W`.

    Returns:
        Whether one is.
    """
    for one in findings:
        tell(one)
    errors = [one.code for one in findings if one.severity == "error"]
    if not errors:
        return False
    app.statuscode = 1
    codes = ", ".join(f"{code} ({count})" for code, count in Counter(errors).items())
    # Without a type, so that suppress_warnings cannot hide why the build fails.
    logger.warning(_("Pith: the build fails: %s."), codes)
    return True


def tell(one: Finding) -> None:
    """Log a problem as its severity says."""
    if one.severity == "ignore":
        return
    log = logger.info if one.severity == "info" else logger.warning
    text = f"{one.message} {one.hint}".strip()
    log("%s", text, type="pith", subtype=one.code, location=one.location or None)
