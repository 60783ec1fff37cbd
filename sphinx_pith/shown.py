"""What the pages of an output show of citations, so that a build writes those that are out of date.

Sphinx writes a page when its source is newer. A page of ours is also out of date when a paper is
verified no more, or with another key. What each page shows is kept beside the doctrees, for each
output. Before pages are written, what is noted of them is struck out; it is noted anew when the
build has ended. Of a page that a build left out, because it was asked for others, the old note
holds, and a build that was stopped leaves none: the next writes both.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.builders import Builder

from pith_agent import __version__, stated_authors
from sphinx_pith.listing import unproved
from sphinx_pith.targets import parse_target

if TYPE_CHECKING:
    from pith_agent import VerifiedRecord
    from sphinx_pith.domain import PithDomain
    from sphinx_pith.papers import Paper

Digests: TypeAlias = dict[str, str]
"""Document → digest of what its page shows: 32 hex digits."""

EVERYWHERE = ""
"""In `Digests`, the name of what concerns all pages. No document has it."""


class ShownPages:
    """The pages of one output."""

    def __init__(self, app: Sphinx, domain: "PithDomain") -> None:
        """Compare what pages show with what `domain` has verified."""
        self.builder = app.builder
        """That of the output."""
        output = hashlib.sha256(f"{app.builder.name}\n{app.outdir}".encode()).hexdigest()[:16]
        self._path = Path(app.doctreedir) / f"pith-shown-{output}.json"
        before = _read(self._path)
        appearance = _Appearance(domain)
        everything = appearance.of_everything()
        citing = sorted({*domain.here, *domain.lists_here})
        self._same = before.get(EVERYWHERE) == everything and before.keys() >= set(citing)
        # What each page shows is computed only if something that any may show has changed.
        self._now = before if self._same else {name: appearance.of(name) for name in citing}
        self._before = before
        self.changed = [name for name in citing if self._now[name] != before.get(name)]
        """The documents whose pages no longer show what was verified."""
        self.everything = everything
        """A digest of all that was verified and that any page may show of it."""
        self.written: set[str] = set()
        """The documents whose pages this build writes, as far as it has come."""
        self._now = {**self._now, EVERYWHERE: everything}
        self._stood = self._times()
        if not self._same:
            self._keep({name: before[name] for name in before.keys() - {EVERYWHERE, *self.changed}})

    def note(self) -> None:
        """Keep what the pages show that this build has written."""
        if self._same:
            return
        now, times = dict(self._now), self._times()
        for name in self.changed:
            if times[name] is not None and times[name] == self._stood[name]:
                # It is there, and as it was.
                now[name] = self._before.get(name, "")
                now[EVERYWHERE] = ""
        self._keep(now)

    def _keep(self, shown: Digests) -> None:
        self._path.write_text(json.dumps(shown, sort_keys=True), "utf-8")

    def _times(self) -> dict[str, int | None]:
        """Document → when its page was written, in nanoseconds; `None` where that is not known."""
        return {name: _modified(self.builder, name) for name in self.changed}


def note_written(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """`doctree-resolved`: note that a page is written. With `-j`, this process resolves all too."""
    pages = _pages(app)
    if pages is not None:
        pages.written.add(docname)


def note_shown(app: Sphinx, error: Exception | None) -> None:
    """`build-finished`: keep what pages show. A build that is stopped has written some at best."""
    pages = _pages(app)
    if error is None and pages is not None:
        pages.note()


def _pages(app: Sphinx) -> ShownPages | None:
    domain = app.env.domains.get("pith") if app.env is not None else None
    return getattr(domain, "pages", None)


def _read(path: Path) -> Digests:
    """What was kept; nothing if that cannot be read, so that all pages are written."""
    try:
        kept = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return kept if isinstance(kept, dict) else {}


def _modified(builder: Builder, docname: str) -> int | None:
    # Not every builder makes a page of each document, and those that do not, write all.
    place = getattr(builder, "get_outfilename", None)
    path = place(docname) if place else f"{builder.outdir}/{docname}{_suffix(builder)}"
    try:
        return Path(path).stat().st_mtime_ns
    except OSError:
        return None


def _suffix(builder: Builder) -> str:
    return str(getattr(builder, "out_suffix", ""))


class _Appearance:
    """What pages show of one build's verification."""

    def __init__(self, domain: "PithDomain") -> None:
        self._domain = domain
        config = domain.env.config
        trust = domain.sources.trust.dump() if domain.sources else ""
        self._settings = [__version__, config.pith_base_url, bool(config.pith_reader_check), trust]
        self._targets: dict[str, str] = {}
        """Target → digest of what is shown of it, which many pages share."""

    def of_everything(self) -> str:
        """A digest of all that was verified and that any page may show of it.

        Labels depend on all papers and their order, and nothing else.
        """
        domain = self._domain
        papers = [
            [suffix, paper.title, stated_authors(paper.record.document), *_proof(paper.record)]
            for suffix, paper in domain.papers.items()
        ]
        targets = [
            [target, one.suffix or one.verdict, self._claim(target)]
            for target, one in sorted(domain.answers.items())
        ]
        # What a list holds depends on the citations of other pages.
        lists = [
            [domain.listed(docname, options), unproved(domain, docname, options)]
            for docname in sorted(domain.lists_here)
            for options in domain.lists_here[docname]
        ]
        return _digest([self._settings, papers, targets, lists, sorted(domain.entries.items())])

    def of(self, docname: str) -> str:
        """A digest of all that a page shows of its citations."""
        return _digest([self._settings, *self._said(docname)])

    def _said(self, docname: str) -> Iterator[object]:
        domain = self._domain
        for cite in domain.here.get(docname, ()):
            if cite.target not in self._targets:
                self._targets[cite.target] = _digest(self._of_target(cite.target))
            yield [cite.target, self._targets[cite.target]]
        for options in domain.lists_here.get(docname, ()):
            papers = (domain.papers[suffix] for suffix in domain.listed(docname, options))
            # An entry has its id on the first page that lists the paper.
            yield [
                [paper.suffix, domain.entries.get(paper.suffix), *_summary(paper)]
                for paper in papers
            ]
            others = unproved(domain, docname, options)
            yield [[target, domain.answers[target].verdict] for target in others]

    def _of_target(self, target: str) -> list[object]:
        domain = self._domain
        paper = domain.papers.get(domain.suffix(target))
        if paper is None:
            return [domain.answers[target].verdict, domain.answers[target].answer.code]
        return [*_summary(paper), self._claim(target), domain.entries.get(paper.suffix)]

    def _claim(self, target: str) -> str | None:
        domain = self._domain
        paper = domain.papers.get(domain.suffix(target)) if "#" in target else None
        return paper.claim(parse_target(target).claim) if paper else None


def _digest(said: list[object]) -> str:
    text = json.dumps(said, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:32]


def _summary(paper: "Paper") -> list[object]:
    return [paper.url, paper.work, paper.label, *_proof(paper.record)]


def _proof(record: "VerifiedRecord") -> list[object]:
    """What a page carries for its readers to check, and what a card may show of claims."""
    return [record.key_sha256, record.receipt.signature_b64, record.claims]
