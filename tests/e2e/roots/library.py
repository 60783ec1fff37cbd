"""A few papers, signed with the test key, and projects that cite them."""

from pathlib import Path

from tests.documents import TRUST, Document, as_bytes, signed_record
from tests.e2e.roots.project import ROOTS, Project


def paper(title: str, authors: str = "", **changes: object) -> Document:
    """A whole record; authors are signed by nobody, so that they are put in afterwards."""
    document = signed_record(title=title, **changes)
    for part in (document["paper"], document["graph_snapshot"]["paper"]):
        part["authors_text"] = authors
    return document


SURVEY = signed_record()
TWIN_AUTHORS = "Ada Abbott, Ben Bell"
BETA = paper(
    "Beta rays of small models",
    TWIN_AUTHORS,
    arxiv="1706.00001",
    version=1,
    submitted_at="2017-06-01T00:00:00Z",
    primary_cat="cs.LG",
)
ALPHA = paper(
    "Alpha rays of small models",
    TWIN_AUTHORS,
    arxiv="1706.00002",
    version=2,
    submitted_at="2017-06-02T00:00:00Z",
    primary_cat="physics.optics",
)
LATTICE = paper(
    "Monopole clusters at short and large distances",
    arxiv="hep-lat/0305021",
    version=1,
    submitted_at="2003-05-25T19:15:20Z",
    primary_cat="hep-lat",
)
NEW = paper(
    "Ångström & <small> $\\alpha$ models_of 100%",
    "Cara Curie",
    arxiv="2501.00003",
    version=1,
    submitted_at="2025-01-01T00:00:00Z",
    primary_cat="cs.CR",
)
LIBRARY = (SURVEY, BETA, ALPHA, LATTICE, NEW)


def suffix(document: Document) -> str:
    """The 26 characters of a document's Pith Number."""
    return str(document["pith_number"]).rpartition(":")[2]


def anchor(document: Document) -> str:
    """The id of a document's entry in a bibliography."""
    return f"pith-{suffix(document)}"


def book(path: Path, root: str = "book") -> Project:
    """A root with the papers of the library beside it, and their key."""
    project = Project(path, ROOTS / root)
    (project.path / "trust.json").write_text(TRUST.dump(), "utf-8")
    for document in LIBRARY:
        project.record(as_bytes(document), f"{suffix(document)}.json")
    return project


def pages(path: Path, documents: tuple[Document, ...] = LIBRARY, **texts: str) -> Project:
    """A project with these papers and pages; `index` names the first page."""
    project = Project.testing(path, *documents)
    for name, text in texts.items():
        project.page(text, f"{name}.rst")
    return project
