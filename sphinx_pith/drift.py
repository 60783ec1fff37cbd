"""What has changed at the registry since the lock was written. Only `-b pithcheck` asks."""

from collections.abc import Iterator
from dataclasses import replace

from sphinx.application import Sphinx
from sphinx.util import logging

from pith_agent import Client, Verification, parse_identifier, safe_text
from sphinx_pith.config import NETWORK, OF_THE_REGISTRY, lock_path, settings_of
from sphinx_pith.domain import domain_of
from sphinx_pith.findings import Finding
from sphinx_pith.i18n import _
from sphinx_pith.problems import exempted, finding, problem, tell_all
from sphinx_pith.sources import Sources, ask, not_asked

logger = logging.getLogger(__name__)

CHANGES = OF_THE_REGISTRY | {"not-found"}
"""Codes that are errors here, unless `pith_severity` or the baseline says otherwise: a weekly job
shall be seen. An outage is no such code."""


def check_drift(app: Sphinx) -> None:
    """Ask the registry for each locked paper and name; tell what differs."""
    domain = domain_of(app.env)
    sources, report = domain.sources, domain.report
    if sources is None or report is None:
        return
    errors = CHANGES - app.config.pith_severity.keys()
    drift = [
        replace(one, severity="error") if one.code in errors else one
        for one in _drift(app, sources)
    ]
    findings = exempted(app, (*report.findings, *drift), is_last=True)
    domain.report = replace(report, findings=findings)
    found = findings[len(report.findings) :]
    tell_all(app, found)
    words = _("Pith: %d papers of the lock were compared with the registry, %d differ.")
    # What is refuted differs too; an outage says nothing.
    differ = len({one.target for one in found if one.code not in NETWORK})
    logger.info(words, len(sources.lock.papers), differ)


def _drift(app: Sphinx, sources: Sources) -> Iterator[Finding]:
    lock = sources.lock
    where = f"{lock_path(app)}:1"
    numbers = [f"pith:{suffix}" for suffix in sorted(lock.papers)]
    names = [name for name in sorted(lock.aliases) if not name.startswith("pith:")]
    asked = [parse_identifier(name, context="pith") for name in (*numbers, *names)]
    # The store of the build is fresh, so that nothing but the registry's answer counts.
    settings = settings_of(app, "auto")
    with Client(settings, trust=sources.trust, refresh=True, persistent=False) as client:
        came = ask(client, asked)
    came += [not_asked(name) for name in asked[len(came) :]]
    answers = dict(zip(numbers, came, strict=False))
    named = came[len(numbers) :]
    for number, answer in answers.items():
        if answer.verdict != "verified":
            yield problem(app, number, answer, where)
            continue
        yield from _changed(app, sources, number, answer, where)
    for name, answer in zip(names, named, strict=True):
        bound = lock.aliases[name]
        suffix = (answer.pith_number or "").rpartition(":")[2]
        if answer.verdict == "verified" and suffix != bound:
            message = _("%s is locked to pith:%s; the registry has %s (%s) now.") % (
                name,
                bound,
                answer.pith_number,
                answer.arxiv,
            )
            hint = _("Take it with 'python -m sphinx_pith lock --upgrade'.")
            yield finding(app, "superseded", message, where, target=name, hint=hint)
        elif answer.verdict != "verified" and answers[f"pith:{bound}"].verdict == "verified":
            # Else it is told of the paper itself.
            yield problem(app, name, answer, where)


def _changed(
    app: Sphinx, sources: Sources, number: str, answer: Verification, where: str
) -> Iterator[Finding]:
    """What the registry says otherwise of a paper that is the same, as its number is."""
    record = answer.record
    if record is None:
        return
    state = " ".join(
        safe_text(str(record.document.get(name, "")), 80).lower()
        for name in ("attestation_state", "verification_status")
    )
    if "withdrawn" in state or "retracted" in state:
        message = _("%s is reported as withdrawn by the registry, which signs no such word.")
        yield finding(app, "withdrawn", message % number, where, target=number)
    locked = sources.lock.papers[number.rpartition(":")[2]].get("paper")
    served = record.document.get("paper")
    if not isinstance(locked, dict) or not isinstance(served, dict):
        return
    if locked.get("authors_text") != served.get("authors_text"):
        message = _("%s: the registry states other authors, which are not signed.")
        yield finding(app, "drift", message % number, where, target=number)
