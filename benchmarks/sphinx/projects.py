"""Projects of equal words that cite in different ways."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pith_agent import Lock, dump_lock, parse_identifier, verify
from tests.documents import TRUST
from tests.registry import LoopbackRegistry

PAGES = 200
CITATIONS = 10
"""On each page."""
PAPERS = 500

FILLER = (
    "Documentation explains what a program does, and papers explain why it can be done. This"
    " paragraph stands here because pages are made of more than citations, and because what"
    " is measured is the build of pages as people write them."
)


AS_USUAL = """
import atexit
from sphinx_pith import garbage

garbage.THRESHOLD = 0

def setup(app):
    atexit.unregister(garbage._collect_and_freeze)
"""
"""Settings with which Python collects garbage as it does without the extension."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to cite."""

    name: str
    extensions: tuple[str, ...]
    cite: Callable[[int], str]
    """Number of a paper → what stands in the source."""
    settings: str = ""
    last_page: str = ""
    """What the page after the others holds, such as a list."""


VARIANTS = (
    Variant("plain", (), lambda paper: f"Paper {paper}"),
    Variant(
        "extlinks",
        ("sphinx.ext.extlinks",),
        lambda paper: f":paper:`{arxiv(paper)}`",
        'extlinks = {"paper": ("https://arxiv.org/abs/%s", "%s")}\n',
    ),
    Variant(
        "bibtex",
        ("sphinxcontrib.bibtex",),
        lambda paper: f":cite:p:`p{paper}`",
        'bibtex_bibfiles = ["papers.bib"]\n',
        ".. bibliography::\n",
    ),
    Variant("pith", ("sphinx_pith",), lambda paper: f":pith:`{arxiv(paper)}`"),
    Variant(
        "pith, no reader check",
        ("sphinx_pith",),
        lambda paper: f":pith:`{arxiv(paper)}`",
        "pith_reader_check = False\n",
    ),
    Variant(
        "pith, garbage collected as usual",
        ("sphinx_pith",),
        lambda paper: f":pith:`{arxiv(paper)}`",
        AS_USUAL,
    ),
    Variant(
        "pith, narrative and a list",
        ("sphinx_pith",),
        lambda paper: f":pith:cite:t:`{arxiv(paper)}`",
        "",
        ".. pith-bibliography::\n",
    ),
)


def arxiv(paper: int) -> str:
    """The id of a paper of the benchmark."""
    return f"2401.{paper + 1:05}"


def make_lock() -> bytes:
    """The lock of all papers, which are signed with the key of the tests."""
    lock = Lock()
    with LoopbackRegistry() as registry:
        for paper in range(PAPERS):
            name = arxiv(paper)
            authors = f"Ada Example{paper}, Ben Writer, Cyd Author"
            document = registry.publish(
                arxiv_id=name, title=f"Paper {paper} of a benchmark", authors=authors
            )
            record = verify(document, TRUST)
            lock = lock.with_paper(record, [parse_identifier(name)], claims=False)
    return dump_lock(lock)


def write_project(folder: Path, variant: Variant, lock: bytes) -> None:
    """Write the sources of a variant."""
    folder.mkdir(parents=True)
    settings = [
        'project = "Benchmark"\n',
        f"extensions = {list(variant.extensions)!r}\n",
        variant.settings,
    ]
    if "sphinx_pith" in variant.extensions:
        settings.append('pith_trust_root = "trust.json"\n')
        (folder / "trust.json").write_text(TRUST.dump(), "utf-8")
        (folder / "pith.lock").write_bytes(lock)
    if variant.name == "bibtex":
        (folder / "papers.bib").write_text("".join(map(_entry, range(PAPERS))), "utf-8")
    (folder / "conf.py").write_text("".join(settings), "utf-8")
    names = [f"page{number:03}" for number in range(PAGES)]
    for number, name in enumerate(names):
        (folder / f"{name}.rst").write_text(page(number, variant), "utf-8")
    last = variant.last_page or "Nothing.\n"
    (folder / "last.rst").write_text(f"Last\n====\n\n{last}", "utf-8")
    tree = "\n".join(f"   {name}" for name in [*names, "last"])
    (folder / "index.rst").write_text(f"Index\n=====\n\n.. toctree::\n\n{tree}\n", "utf-8")


def page(number: int, variant: Variant, *, changed: str = "") -> str:
    """A page with its citations; all papers are cited, and each by several pages."""
    title = f"Page {number}"
    parts = [title, "=" * len(title), "", changed, ""]
    for place in range(CITATIONS):
        paper = (number * CITATIONS + place) * 7 % PAPERS
        parts += [f"{FILLER} See {variant.cite(paper)}.", ""]
    return "\n".join(parts)


def _entry(paper: int) -> str:
    return (
        f"@misc{{p{paper}, title = {{Paper {paper} of a benchmark}}, year = {{2024}},"
        f" author = {{Example{paper}, Ada and Writer, Ben and Author, Cyd}},"
        f" eprint = {{{arxiv(paper)}}}, archivePrefix = {{arXiv}}}}\n"
    )
