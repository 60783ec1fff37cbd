"""The signed citations that a project keeps: each build verifies each of them.

Loaded only if `pith_citations` names some.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import ConfigError

from pith_agent import (
    CitationReport,
    Client,
    PithError,
    RecordFiles,
    Settings,
    Verification,
    error_class,
    parse_identifier,
    read_policy,
)
from sphinx_pith.config import settings_of
from sphinx_pith.findings import Finding
from sphinx_pith.i18n import _
from sphinx_pith.places import location_of
from sphinx_pith.problems import finding, problem
from sphinx_pith.records import split
from sphinx_pith.signature import record_file
from sphinx_pith.sources import Answered, Sources, ask, not_asked

NOT_AT_HAND = "offline"
"""The code of a check whose record is not at hand and was not asked for."""


def verify_kept(
    app: Sphinx, sources: Sources, answered: Mapping[str, Answered]
) -> Iterator[Finding]:
    """What is wrong with the signed citations of the project.

    Args:
        app: Names the files.
        sources: The lock and the records, and whether a registry may be asked.
        answered: What was verified of the documents.

    Raises:
        ConfigError: The policy, or a setting of the environment, cannot be used.
    """
    bodies: dict[str, bytes] = {}
    for pattern in app.config.pith_citations:
        paths = sorted(path for path in Path(app.confdir).glob(pattern) if path.is_file())
        if not paths:
            message = _("%s of pith_citations matches no file.") % repr(pattern)
            yield finding(app, "unreadable-file", message, "", target=pattern)
        for path in paths:
            place = path.relative_to(app.confdir).as_posix()
            try:
                # One citation a file, or in a `.jsonl` file one a line, as `cite -o` writes them.
                bodies |= {one.place: one.body for one in split(place, path.read_bytes())}
            except OSError as error:
                message = _("%s cannot be read: %s.") % (place, error.strerror)
                yield finding(app, "unreadable-file", message, f"{path}:1", target=place)
    try:
        verified = _Verified(app, sources, answered, bodies)
    except PithError as error:
        if isinstance(error, error_class("invalid-setting")):
            raise ConfigError(f"pith_citations: {error}") from error
        yield finding(app, error.code, error.message, "", hint=error.hint)
        return
    for place in sorted(bodies):
        yield from verified.findings(app, place)


class _Verified:
    """The reports on the signed citations of one build."""

    def __init__(
        self,
        app: Sphinx,
        sources: Sources,
        answered: Mapping[str, Answered],
        bodies: Mapping[str, bytes],
    ) -> None:
        """Verify all, first with the records that are at hand.

        A registry is asked for no record before a signature that is accepted names it.

        Raises:
            PithError: A setting, a key file or a list of keys cannot be used.
        """
        self._sources = sources
        # Whose signatures are accepted is known to this machine, unless a policy says it.
        name = app.config.pith_policy
        self._policy = read_policy(Path(app.confdir) / name) if name else None
        self._settings = Settings.from_environment(offline=True)
        files = list(_at_hand(sources, answered))
        self.reports = self._examine(bodies, files)
        self.answers: dict[str, Verification] = {}
        """Pith Number → what came of asking for it."""
        lacking = [place for place, report in self.reports.items() if _lacks_record(report)]
        if lacking and sources.mode != "locked":
            names = [name for place in lacking for name in _cited(self.reports[place])]
            self.answers = self._ask(app, list(dict.fromkeys(names)))
            found = [one.record for one in self.answers.values() if one.record is not None]
            files += map(record_file, found)
            self.reports |= self._examine({place: bodies[place] for place in lacking}, files)

    def _examine(
        self, bodies: Mapping[str, bytes], files: Iterable[tuple[bytes, str]]
    ) -> dict[str, CitationReport]:
        # Its store is not the machine's, so that each machine comes to the same answer.
        with Client(
            self._settings,
            trust=self._sources.trust,
            records=RecordFiles(files),
            persistent=False,
        ) as client:
            return {
                place: client.verify_citation(body, policy=self._policy)
                for place, body in bodies.items()
            }

    def _ask(self, app: Sphinx, names: list[str]) -> dict[str, Verification]:
        """The answer of the build's store, or else of a registry, for each Pith Number."""
        asked = list(map(parse_identifier, names))
        with Client(settings_of(app, self._sources.mode), trust=self._sources.trust) as client:
            came = ask(client, asked)
        came += [not_asked(name) for name in asked[len(came) :]]
        self._sources.fetched += sum(answer.fetched_now for answer in came)
        return dict(zip(names, came, strict=True))

    def findings(self, app: Sphinx, place: str) -> Iterator[Finding]:
        """What is wrong with one citation."""
        report = self.reports[place]
        location = location_of(app, place)
        if report.verdict != "verified":
            absent = [self.answers.get(name) for name in _cited(report)]
            for answer in absent if report.code == NOT_AT_HAND else ():
                if answer is not None and answer.record is None:
                    yield problem(app, place, answer, location)
                    return
            named = (check.name for check in report.checks if check.code == report.code)
            message = f"{place}: {report.message}"
            yield finding(
                app,
                report.code,
                message,
                location,
                target=place,
                hint=report.hint,
                check=next(named, ""),
            )
            return
        for check in report.checks:
            if check.status == "warn":
                message = f"{place}: {check.detail}"
                yield finding(
                    app,
                    check.code,
                    message,
                    location,
                    target=place,
                    hint=check.hint,
                    severity=app.config.pith_severity.get(check.code, "warning"),
                    check=check.name,
                )


def _at_hand(sources: Sources, answered: Mapping[str, Answered]) -> Iterator[tuple[bytes, str]]:
    """The records of the project, of the lock, and those that the documents cite."""
    for document in sources.project.documents:
        yield document.body, document.place
    proved = {one.suffix: one.record for one in answered.values()}
    for suffix in sources.lock.papers:
        if suffix not in proved:
            name = parse_identifier(f"pith:{suffix}")
            proved[suffix] = sources.lock.prove(suffix, name, sources.trust)
    for record in proved.values():
        if record is not None:
            yield record_file(record)


def _lacks_record(report: CitationReport) -> bool:
    return any(check.code == NOT_AT_HAND for check in report.checks)


def _cited(report: CitationReport) -> list[str]:
    """The Pith Numbers that a statement names whose signature holds."""
    subjects = (report.statement or {}).get("subject")
    listed = subjects if isinstance(subjects, list) else []
    names = [one.get("name") for one in listed if isinstance(one, dict)]
    return [name for name in names if isinstance(name, str) and name.startswith("pith:")]
