"""The one pass that verifies: in the main process, after all documents are read, every build.

It is here that problems are told, so that an unchanged document repeats them, and that the
exit status is set, so that suppressing the warnings does not hide it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

from pith_agent import (
    Client,
    Identifier,
    IdentifierError,
    PithError,
    Verification,
    error_class,
    parse_identifier,
    safe_text,
)
from sphinx_pith.config import YEAR_HINT, Severity, settings_of, severity_of
from sphinx_pith.domain import Citation, domain_of
from sphinx_pith.records import Project, load_project

logger = logging.getLogger(__name__)

MESSAGE_LENGTH = 1000
"""Characters of one warning, so that a hostile record cannot flood the log."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to tell, and where."""

    code: str
    text: str
    location: str


def verify_citations(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Verify all that is cited, tell what is wrong, and name the pages to write again."""
    domain = domain_of(env)
    cites = [cite for docname in sorted(domain.cites) for cite in domain.cites[docname]]
    project = load_project(Path(app.confdir), app.config.pith_records)
    bad_files = [Verification.without_record(place, error) for place, error in project.faults]
    if cites or project.documents:
        domain.answers, refuted = _ask(app, project, dict.fromkeys(cite.target for cite in cites))
        bad_files += refuted
    problems = [_problem(answer.target, answer, _location(app, answer)) for answer in bad_files]
    for target, location in cites:
        answer = domain.answers[target]
        if answer.verdict != "verified":
            problems.append(_problem(target, answer, location))
        else:
            problems += _mentions(target, answer, location)
    _tell(app, problems, cites)
    return domain.changed(f"{app.builder.name} {app.outdir}")


def _ask(
    app: Sphinx, project: Project, targets: Iterable[str]
) -> tuple[dict[str, Verification], list[Verification]]:
    """The answer for each target, and the refuted records of the project that no answer met."""
    try:
        settings = settings_of(app)
        # A build with no network depends on nothing but the project and the package.
        client = Client(settings, records=project.files, persistent=not settings.offline)
    except PithError as error:
        return {target: Verification.without_record(target, error) for target in targets}, []
    try:
        answers = dict(_answers(client, targets))
        met = {answer.found_in for answer in answers.values()}
        others = [
            client.verify_document(document.body, document.place)
            for document in project.documents
            if document.place not in met
        ]
    except PithError as error:  # A setting, such as a proxy: the fault of no record.
        return {target: Verification.without_record(target, error) for target in targets}, []
    finally:
        # Before Sphinx forks its writers: SQLite's files must not be shared with them.
        client.close()
    return answers, [answer for answer in others if answer.verdict == "failed"]


def _answers(client: Client, targets: Iterable[str]) -> Iterator[tuple[str, Verification]]:
    """Verify each paper once, however it is spelled."""
    asked: dict[str, Identifier] = {}
    for target in targets:
        try:
            identifier = parse_identifier(target)
        except IdentifierError as error:
            yield target, Verification.without_record(target, error)
            continue
        if identifier.kind == "pith_short":
            yield target, _short(client, target, identifier)
        else:
            asked[target] = identifier
    unique = list(dict.fromkeys(asked.values()))
    found = dict(zip(unique, client.verify(unique), strict=True))
    for target, identifier in asked.items():
        yield target, found[identifier]


def _short(client: Client, target: str, identifier: Identifier) -> Verification:
    """Short forms are no citations: two records can share one. The hint gives the full number."""
    meant = client.resolve(identifier)
    numbers = [meant.pith_number] if meant.verdict == "verified" else meant.candidates
    error = error_class("short-identifier")(f"{identifier} may name several papers.")
    answer = Verification.without_record(target, error)
    hint = f"Write {' or '.join(filter(None, numbers))}." if numbers else answer.hint
    return answer.model_copy(update={"hint": hint})


def _location(app: Sphinx, answer: Verification) -> str:
    """File and line; without a line, Sphinx would take the file for a document."""
    place = answer.target if ":" in answer.target else f"{answer.target}:1"
    return str(Path(app.confdir) / place)


def _problem(name: str, answer: Verification, location: str) -> Problem:
    check = next((check.name for check in answer.checks if check.code == answer.code), "")
    where = f"(check: {check}, record: {answer.found_in})" if check else ""
    parts = filter(None, (f"{name}:", answer.message, where, answer.hint))
    return Problem(answer.code, safe_text(" ".join(parts), MESSAGE_LENGTH), location)


def _mentions(name: str, answer: Verification, location: str) -> list[Problem]:
    """What the author of a verified citation can correct: a year that is not the record's."""
    return [
        Problem(check.code, f"{name}: {check.detail} The year is {check.found}.", location)
        for check in answer.checks
        if check.code == YEAR_HINT
    ]


def _tell(app: Sphinx, problems: Sequence[Problem], cites: Sequence[Citation]) -> None:
    """Log each problem; set the exit status if one is an error, with or without `-W`."""
    errors: list[str] = []
    for problem in problems:
        severity = severity_of(app.config, problem.code)
        _log(severity, problem)
        if severity == "error":
            errors.append(problem.code)
    if errors:
        app.statuscode = 1
        codes = ", ".join(f"{code} ({count})" for code, count in Counter(errors).items())
        # Without a type, so that suppress_warnings cannot hide why the build fails.
        logger.warning("Pith: the build fails: %s.", codes)
    elif cites:
        network = "offline" if app.config.pith_offline else "network allowed"
        text = "Pith: %d citations, %d problems that do not fail the build, %s."
        logger.info(text, len(cites), len(problems), network)


def _log(severity: Severity, problem: Problem) -> None:
    if severity == "ignore":
        return
    log = logger.info if severity == "info" else logger.warning
    log("%s", problem.text, type="pith", subtype=problem.code, location=problem.location or None)
