"""Where a build takes its papers from: the lock, the records beside the sources, a registry.

A paper is taken from the first that has it, and is verified whatever it comes from.
"""

from collections.abc import Callable, Container, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from sphinx.application import Sphinx

from pith_agent import (
    Identifier,
    IdentifierError,
    Lock,
    PithError,
    error_class,
    is_floating,
    parse_identifier,
)
from sphinx_pith.config import lock_path, settings_of, trust_of
from sphinx_pith.findings import Mode
from sphinx_pith.lockfile import read_lock
from sphinx_pith.records import Project, load_project
from sphinx_pith.targets import parse_target

if TYPE_CHECKING:
    from pith_agent import Client, TrustRoot, Verification, VerifiedRecord

BATCH = 16
"""Papers asked for before it is judged whether the registry answers at all: two for each of the
client's threads."""

THREADS = 2
"""They verify at once. While libsodium works, half of the time, another can run; a third has to
wait."""

PART = 25
"""Papers that a thread verifies at once."""

Source: TypeAlias = Literal["lock", "records", "store", "registry", "none"]


@dataclass(frozen=True)
class Answered:
    """The answer for one target."""

    say: Callable[[], "Verification"]
    """Makes `answer`, check by check: where the proof is at hand, few builds ask for it."""
    source: Source
    identifier: Identifier | None = None
    """What the target names; `None` if it names nothing."""
    proved: "VerifiedRecord | None" = None
    """The proof, where it was found without a report; then nothing else is to be said."""

    @cached_property
    def answer(self) -> "Verification":
        """What the checks say."""
        return self.say()

    @cached_property
    def record(self) -> "VerifiedRecord | None":
        """The proof; `None` unless the paper is verified."""
        return self.proved or self.answer.record

    @cached_property
    def suffix(self) -> str:
        """The suffix of the paper; empty unless it is verified."""
        return self.record.pith_number.rpartition(":")[2] if self.record else ""

    @property
    def verdict(self) -> str:
        """`verified`, `failed`, `undecidable`, or why there was nothing to check."""
        return "verified" if self.proved else self.answer.verdict


def said(answer: "Verification", source: Source, identifier: Identifier | None = None) -> Answered:
    """An answer that is there already."""
    return Answered(lambda: answer, source, identifier)


@dataclass
class Sources:
    """The papers of one build."""

    mode: Mode
    lock: Lock
    project: Project
    trust: "TrustRoot"
    """Read once, so that one build believes the same keys throughout."""
    refuted: "list[Verification]" = field(default_factory=list)
    """The files that are no records, and the records that are refuted, which no answer met."""
    fetched: int = 0
    """Records that a registry sent."""

    @classmethod
    def open(cls, app: Sphinx, mode: Mode) -> "Sources":
        """Read the lock and the records.

        Raises:
            ConfigError: The lock is no lock.
        """
        project = load_project(Path(app.confdir), app.config.pith_records)
        return cls(mode, read_lock(lock_path(app)) or Lock(), project, trust_of(app))

    def answer(
        self, app: Sphinx, targets: Iterable[str], claimed: Container[str] = ()
    ) -> dict[str, Answered]:
        """The answer for each target, as it was typed; of those in `claimed`, with the claims."""
        answers: dict[str, Answered] = {}
        asked: dict[str, Identifier] = {}
        bound: dict[Identifier, tuple[str, str]] = {}
        locked: dict[str, Identifier] = {}
        for target in dict.fromkeys(targets):
            try:
                identifier = parse_identifier(parse_target(target).name)
            except IdentifierError as error:
                answers[target] = said(_without_record(target, error), "none")
                continue
            suffix = self._locked(app, identifier, claims=target in claimed)
            if suffix is None:
                asked[target] = identifier
            else:
                bound.setdefault(identifier, (target, suffix))
                locked[target] = identifier
        known = self._from_lock(app, bound)
        answers |= {target: known[identifier] for target, identifier in locked.items()}
        return answers | self._elsewhere(app, asked)

    def _from_lock(
        self, app: Sphinx, bound: dict[Identifier, tuple[str, str]]
    ) -> dict[Identifier, Answered]:
        """The answers for names: each with the first target of that name, and its suffix."""

        def say(target: str, suffix: str, name: Identifier) -> "Verification":
            from pith_agent import verification  # noqa: PLC0415  # It needs pydantic.

            report = self.lock.examine(suffix, name, self.trust)
            return verification(target, report, app.config.pith_lock)

        proofs = self._proofs([(suffix, name) for name, (_target, suffix) in bound.items()])
        return {
            name: Answered(partial(say, target, suffix, name), "lock", name, proved)
            for (name, (target, suffix)), proved in zip(bound.items(), proofs, strict=True)
        }

    def _proofs(self, named: list[tuple[str, Identifier]]) -> "list[VerifiedRecord | None]":
        """The proof for each suffix and name, where the paper is in order."""

        def prove(part: list[tuple[str, Identifier]]) -> "list[VerifiedRecord | None]":
            return [self.lock.prove(suffix, name, self.trust) for suffix, name in part]

        parts = [named[place : place + PART] for place in range(0, len(named), PART)]
        # Both threads have ended when Sphinx forks its writers.
        with ThreadPoolExecutor(THREADS) as pool:
            return [proof for proofs in pool.map(prove, parts) for proof in proofs]

    def _locked(self, app: Sphinx, identifier: Identifier, *, claims: bool) -> str | None:
        """The suffix that the lock has for a target; `None` if it is to be looked up again."""
        suffix = self.lock.suffix_of(identifier)
        if suffix is None or self.mode == "locked":
            return suffix
        if claims and "graph_snapshot" not in self.lock.papers[suffix]:
            return None
        return None if self._upgrades(app) and is_floating(identifier) else suffix

    def _upgrades(self, app: Sphinx) -> bool:
        return self.mode == "update" and bool(app.config.pith_lock_upgrade)

    def _elsewhere(self, app: Sphinx, asked: dict[str, Identifier]) -> dict[str, Answered]:
        """The answers for what the lock does not hold."""
        self.refuted = [_without_record(place, error) for place, error in self.project.faults]
        if self.mode == "locked" and not self.project.documents:
            return {target: _unlocked(target, name) for target, name in asked.items()}
        if not asked and not self.project.documents:
            return {}
        # Imported here: a build from the lock alone has no use for it.
        from pith_agent import Client  # noqa: PLC0415

        try:
            settings = settings_of(app, self.mode)
            # A build with no network depends on nothing but the project and the package.
            client = Client(
                settings,
                records=self.project.files,
                trust=self.trust,
                persistent=not settings.offline,
                refresh=self._upgrades(app),
            )
        except PithError as error:
            return _all(asked, error)
        try:
            return self._ask(client, asked)
        except PithError as error:  # A setting, such as a proxy: the fault of no record.
            return _all(asked, error)
        finally:
            # Before Sphinx forks its writers: SQLite's files must not be shared with them.
            client.close()

    def _ask(self, client: "Client", asked: dict[str, Identifier]) -> dict[str, Answered]:
        # A short form may be cited once the lock binds it; only the lock is made of them.
        full = [n for n in asked.values() if n.kind != "pith_short" or self.mode == "update"]
        unique = list(dict.fromkeys(full))
        here = {document.place for document in self.project.documents}
        # In locked mode only the project's own records count, so that each machine builds the same.
        files = self.project.files
        look = [n for n in unique if self.mode != "locked" or (files and files.find(n))]
        came = ask(client, look)
        came += self._stored(client, look[len(came) :])
        found = dict(zip(look, came, strict=True))
        answers: dict[str, Answered] = {}
        for target, name in asked.items():
            if name.kind == "pith_short" and name not in found:
                answers[target] = said(_short(client, target, name), "none", name)
            elif name in found:
                answers[target] = said(found[name], self._source(found[name], here), name)
            else:
                answers[target] = _unlocked(target, name)
        self.fetched = sum(answer.fetched_now for answer in found.values())
        self.refuted += self._uncited(client, found.values())
        return answers

    def _stored(self, client: "Client", names: list[Identifier]) -> "list[Verification]":
        """The answers for papers that the registry is not asked for: from the store alone."""
        if not names:
            return []
        settings = replace(client.settings, offline=True)
        from pith_agent import Client  # noqa: PLC0415  # As above.

        with Client(settings, trust=client.trust, records=self.project.files) as local:
            return [
                not_asked(name) if answer.code == "offline" else answer
                for name, answer in zip(names, local.verify(names), strict=True)
            ]

    def _source(self, answer: "Verification", here: set[str]) -> Source:
        if answer.found_in is None:
            return "none"
        if answer.found_in in here:
            return "records"
        return "registry" if answer.fetched_now else "store"

    def _uncited(self, client: "Client", met: "Iterable[Verification]") -> "Iterator[Verification]":
        """The records of the project that nobody cites and that are refuted."""
        places = {answer.found_in for answer in met}
        for document in self.project.documents:
            if document.place not in places:
                answer = client.verify_document(document.body, document.place)
                if answer.verdict == "failed":
                    yield answer


def _without_record(target: str, error: PithError) -> "Verification":
    from pith_agent import Verification  # noqa: PLC0415  # It needs pydantic.

    return Verification.without_record(target, error)


def _unlocked(target: str, name: Identifier) -> Answered:
    error = error_class("unlocked")(f"{name} is cited, and the lock does not hold it.")
    return said(_without_record(target, error), "none", name)


def ask(client: "Client", names: list[Identifier]) -> "list[Verification]":
    """The answers, in order; fewer than names if the registry leaves a whole batch unanswered.

    Each paper that hangs takes all of its time; asked on, some hundred would take most of an hour.

    Args:
        client: Whom to ask.
        names: The papers.
    """
    answers: list[Verification] = []
    while len(answers) < len(names):
        batch = client.verify(names[len(answers) : len(answers) + BATCH])
        answers += batch
        silent = sum(answer.code == "unreachable" for answer in batch)
        came = any(answer.fetched_now for answer in batch)
        if silent >= BATCH // 2 and not came:
            break
    return answers


def not_asked(name: Identifier) -> "Verification":
    """The answer for a paper that a registry was not asked for, since it answers for none."""
    error = error_class("unreachable")(
        f"The registry did not answer for other papers, so it was not asked for {name}."
    )
    return _without_record(str(name), error)


def _all(asked: dict[str, Identifier], error: PithError) -> dict[str, Answered]:
    return {
        target: said(_without_record(target, error), "none", name) for target, name in asked.items()
    }


def _short(client: "Client", target: str, identifier: Identifier) -> "Verification":
    """Short forms are no citations: two records can share one. The hint gives the full number."""
    meant = client.resolve(identifier)
    numbers = [meant.pith_number] if meant.verdict == "verified" else meant.candidates
    error = error_class("short-identifier")(f"{identifier} may name several papers.")
    answer = _without_record(target, error)
    hint = f"Write {' or '.join(filter(None, numbers))}." if numbers else answer.hint
    return answer.model_copy(update={"hint": hint})
