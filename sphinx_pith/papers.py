"""The verified papers of a build, as pages show them, and the order in which they are cited."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from docutils import nodes
from sphinx.config import Config
from sphinx.environment import BuildEnvironment

from pith_agent import Verification, VerifiedRecord, Work, work_of
from sphinx_pith.labels import Label, labels_of


@dataclass(frozen=True, slots=True)
class Paper:
    """One verified paper."""

    record: VerifiedRecord
    work: Work
    label: Label
    url: str
    """The record's page, built from what was computed and never taken from the record."""

    @property
    def suffix(self) -> str:
        """The 26 characters of the Pith Number."""
        return self.work.suffix

    @property
    def anchor(self) -> str:
        """The id of the paper's entry in a bibliography, and of its card."""
        return f"pith-{self.suffix}"

    def claim(self, claim_id: str) -> str | None:
        """The text of a claim; `None` if the record has no such claim whole."""
        for item in self.record.claims:
            if item.get("claim_id") == claim_id and isinstance(text := item.get("text"), str):
                return text
        return None


def papers_of(config: Config, answers: Iterable[Verification]) -> dict[str, Paper]:
    """Suffix → paper, in the order of the answers, which is the order of citing."""
    records: dict[str, VerifiedRecord] = {}
    for answer in answers:
        if (record := answer.record) is not None:
            records.setdefault(record.pith_number.rpartition(":")[2], record)
    works: Mapping[str, Work] = {suffix: work_of(record) for suffix, record in records.items()}
    labels = labels_of(works)
    base = config.pith_base_url.rstrip("/")
    return {
        suffix: Paper(record, works[suffix], labels[suffix], f"{base}/pith/{suffix}")
        for suffix, record in records.items()
    }


def reading_order(env: BuildEnvironment, docnames: Iterable[str]) -> list[str]:
    """Documents in the order of the table of contents; those outside of it come last.

    It depends on the sources alone, so that numbers are the same however a build is parallel.
    """
    wanted = set(docnames)
    return [name for name in _toctree(env, env.config.root_doc, set()) if name in wanted] + sorted(
        wanted - set(_toctree(env, env.config.root_doc, set()))
    )


def _toctree(env: BuildEnvironment, docname: str, seen: set[str]) -> Iterator[str]:
    waiting = [docname]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        yield name
        waiting.extend(reversed(env.toctree_includes.get(name, [])))


def text(words: str, *classes: str) -> nodes.inline:
    """Words that are styled by their classes."""
    return nodes.inline("", words, classes=list(classes))
