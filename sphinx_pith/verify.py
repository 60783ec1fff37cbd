"""The one pass that verifies: in the main process, after all documents are read, every build.

It is here that problems are told, so that an unchanged document repeats them, and that the
exit status is set, so that suppressing the warnings does not hide it.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import PurePath

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

from sphinx_pith.config import ABSENT, lock_path, mode_of
from sphinx_pith.domain import Citation, PithDomain, domain_of
from sphinx_pith.findings import BuildReport, CitedPlace, Finding
from sphinx_pith.i18n import _
from sphinx_pith.locking import pruned, renew_lock
from sphinx_pith.places import location_of, place_of
from sphinx_pith.problems import exempted, finding, problem, tell_all
from sphinx_pith.shown import ShownPages
from sphinx_pith.sources import Answered, Sources
from sphinx_pith.targets import parse_target

logger = logging.getLogger(__name__)


def open_sources(app: Sphinx) -> None:
    """Read the lock and the records before any document is.

    Raises:
        ConfigError: The lock is no lock.
    """
    domain_of(app.env).sources = Sources.open(app, mode_of(app))


def verify_citations(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Verify all that is cited, tell what is wrong, and name the pages to write again."""
    domain = domain_of(env)
    sources = domain.sources
    if sources is None:
        raise TypeError("the sources were not opened")
    targets = [cite.target for cites in domain.cites.values() for cite in cites]
    answered = sources.answer(app, targets, domain.claimed())
    domain.settle(answered, app.tags)
    findings = list(_findings(app, domain, answered))
    renew_lock(app, domain, sources, answered)
    if app.config.pith_citations:
        # Imported here: it needs the client.
        from sphinx_pith.kept import verify_kept  # noqa: PLC0415

        findings += verify_kept(app, sources, answered)
    report = BuildReport(
        project=app.config.project,
        builder=app.builder.name,
        mode=sources.mode,
        gather=partial(_cited, app, domain, answered),
        findings=exempted(app, tuple(findings), is_last=app.builder.name != "pithcheck"),
        fetched=sources.fetched,
        root=PurePath(app.confdir),
    )
    _tell(app, report, len(targets))
    domain.report = report
    domain.pages = ShownPages(app, domain)
    return domain.pages.changed


def _cited(app: Sphinx, domain: PithDomain, answered: dict[str, Answered]) -> Iterator[CitedPlace]:
    for docname in sorted(domain.cites):
        for cite in domain.cites[docname]:
            one = answered[cite.target]
            place = place_of(app, cite.location)
            yield CitedPlace(cite.target, docname, place, one.answer, one.source)


def _findings(app: Sphinx, domain: PithDomain, answered: dict[str, Answered]) -> Iterator[Finding]:
    """The problems of this build, files first, then citations in the order of documents."""
    for answer in domain.sources.refuted if domain.sources else ():
        yield problem(app, answer.target, answer, location_of(app, answer.target))
    for docname in sorted(domain.cites):
        for cite in domain.cites[docname]:
            yield from _of_citation(app, domain, cite, answered[cite.target])
    yield from _unused(app, domain, answered)
    for docname in sorted(domain.links):
        for uri, location in domain.links[docname]:
            message = _("%s could be a verified citation.") % uri
            yield finding(app, "unverified-link", message, location, target=uri)


def _of_citation(
    app: Sphinx, domain: PithDomain, cite: Citation, one: Answered
) -> Iterator[Finding]:
    if one.verdict != "verified":
        answer = one.answer
        plain = bool(cite.fallback) and answer.code in ABSENT
        yield problem(app, cite.target, answer, cite.location, severity="info" if plain else None)
        return
    for check in () if one.proved else one.answer.checks:
        # What the author of a verified citation can correct: a year that is not the record's.
        if check.code == "year-hint":
            message = f"{cite.target}: {check.detail} The year is {check.found}."
            yield finding(app, check.code, message, cite.location, target=cite.target)
    if "#" not in cite.target:
        return
    target = parse_target(cite.target)
    paper = domain.papers[domain.suffix(cite.target)]
    if target.claim and paper.claim(target.claim) is None:
        known = ", ".join(str(item.get("claim_id")) for item in paper.record.claims) or "none"
        message = f"{target.name} has no claim {target.claim}; at hand are: {known}."
        again = _("Add the claims with 'python -m sphinx_pith lock', if the paper has that claim.")
        hint = again if one.source == "lock" and known == "none" else ""
        yield finding(
            app, "unknown-claim", message, cite.location, target=cite.target, hint=str(hint)
        )


def _unused(app: Sphinx, domain: PithDomain, answered: dict[str, Answered]) -> Iterator[Finding]:
    """The papers of the lock that nobody cites, and the names that nobody cites them by."""
    if domain.sources is None or app.builder.name == "pithlock":
        return
    lock = domain.sources.lock
    kept = pruned(lock, answered)
    papers = sorted(set(lock.papers) - set(kept.papers))
    # A name of a paper that is told goes with it.
    names = sorted(
        name for name in set(lock.aliases) - set(kept.aliases) if lock.aliases[name] in kept.papers
    )
    for name in (*(f"pith:{suffix}" for suffix in papers), *names):
        message = _("%s holds %s, which nothing cites.") % (app.config.pith_lock, name)
        yield finding(app, "unused", message, f"{lock_path(app)}:1", target=name)


def _tell(app: Sphinx, report: BuildReport, citations: int) -> None:
    """Log each problem, and what they add up to."""
    if not tell_all(app, report.findings) and citations:
        words = _(
            "Pith: %d citations, %d problems that do not fail the build, mode %s, %d fetched."
        )
        told = sum(one.severity != "ignore" for one in report.findings)
        logger.info(words, citations, told, report.mode, report.fetched)
