"""The verified papers of a build, as pages show them, and the order in which they are cited."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.config import Config
from sphinx.environment import BuildEnvironment

from pith_agent import readable, safe_text, work_of
from sphinx_pith.labels import Label, labels_of
from sphinx_pith.sources import Answered

if TYPE_CHECKING:
    from pith_agent import VerifiedRecord, Work


@dataclass(frozen=True)
class Paper:
    """One verified paper."""

    record: "VerifiedRecord"
    url: str
    """The record's page, built from what was computed and never taken from the record."""
    labels: "Labels"
    """Of all papers of the build."""

    @property
    def pith_number(self) -> str:
        """The full Pith Number."""
        return self.record.pith_number

    @cached_property
    def suffix(self) -> str:
        """The 26 characters of the Pith Number."""
        return self.record.pith_number.rpartition(":")[2]

    @cached_property
    def work(self) -> "Work":
        """What a bibliography needs to know."""
        return work_of(self.record)

    @cached_property
    def title(self) -> str:
        """For readers without TeX; the authenticated title, if there is one."""
        title = safe_text(self.record.title or "")
        return (readable(title) or title) if title else self.work.readable_title

    @property
    def label(self) -> Label:
        """What stands in a sentence for it."""
        return self.labels.of(self.suffix)

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


class Labels:
    """The labels of all papers, made when the first is asked for: they depend on each other."""

    def __init__(self, papers: Mapping[str, Paper], shown: Iterable[str]) -> None:
        """Label `papers`, which are in the order of citing, later.

        Args:
            papers: Suffix → paper.
            shown: The suffixes of those that this output shows: only they are told apart.
        """
        self._papers = papers
        self._shown = frozenset(shown)

    def of(self, suffix: str) -> Label:
        """The label of one paper."""
        return self._all[suffix]

    @cached_property
    def _all(self) -> dict[str, Label]:
        labels: dict[str, Label] = {}
        for is_shown in (False, True):
            papers = (
                one for one in self._papers.values() if (one.suffix in self._shown) is is_shown
            )
            labels |= labels_of({paper.suffix: paper.work for paper in papers})
        return labels


def papers_of(
    config: Config, answers: Iterable[Answered], shown: Iterable[str]
) -> dict[str, Paper]:
    """Suffix → paper, in the order of the answers, which is the order of citing.

    Args:
        config: Names the address of pages.
        answers: What was verified.
        shown: The suffixes of the papers that this output shows.
    """
    base = config.pith_base_url.rstrip("/")
    papers: dict[str, Paper] = {}
    labels = Labels(papers, shown)
    for one in answers:
        if one.record is not None and one.suffix not in papers:
            papers[one.suffix] = Paper(one.record, f"{base}/pith/{one.suffix}", labels)
    return papers


def reading_order(env: BuildEnvironment, docnames: Iterable[str]) -> list[str]:
    """Documents in the order of the table of contents; those outside of it come last.

    It depends on the sources alone, so that numbers are the same however a build is parallel.
    """
    wanted = set(docnames)
    reached = dict.fromkeys(toctree(env, env.config.root_doc))
    return [name for name in reached if name in wanted] + sorted(wanted - reached.keys())


def toctree(env: BuildEnvironment, docname: str) -> Iterator[str]:
    """A document, and all that its table of contents leads to, each once, in order."""
    seen: set[str] = set()
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
