"""Every builder: no warning, no lost identifier, no id twice, and the same with two processes."""

import copy
import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.documents import TITLE
from tests.e2e.roots.library import BETA, LATTICE, LIBRARY, SURVEY, anchor, book, pages, suffix
from tests.e2e.roots.project import Built
from tests.e2e.roots.reading import dead_links, repeated_ids, site
from tests.registry import LoopbackRegistry

BUILDERS = [
    "html",
    "dirhtml",
    "singlehtml",
    "latex",
    "epub",
    "text",
    "man",
    "texinfo",
    "json",
    "pickle",
    "xml",
    "pseudoxml",
    "htmlhelp",
    "dummy",
    "gettext",
]
SAME = ["html", "dirhtml", "singlehtml", "text", "latex", "xml", "epub"]

NO_TEX = [name for name in ("latexmk", "pdflatex", "pdftotext") if not shutil.which(name)]


class Books:
    """The book, built by each builder once with one process and once with two."""

    def __init__(self, path: Path) -> None:
        self.project = book(path)
        # The same sources, for their paths are in some outputs.
        self.twin = copy.copy(self.project)
        self.twin.work = path / "two"
        self.twin.work.mkdir()
        self._built: dict[tuple[str, int], Built] = {}

    def built(self, builder: str, jobs: int = 1) -> Built:
        """One build; the documents are read by the first of them only."""
        if (builder, jobs) not in self._built:
            project = self.project if jobs == 1 else self.twin
            made = project.build("-W", "-n", f"-j{jobs}", builder=builder)
            self._built[builder, jobs] = made
        return self._built[builder, jobs]


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    """Builds that are shared; their date is fixed."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SOURCE_DATE_EPOCH", "1767225600")
        yield Books(tmp_path_factory.mktemp("books"))


@pytest.mark.parametrize("builder", BUILDERS)
def test_a_builder_writes_every_form_without_a_warning(
    books: Books, builder: str, tmp_path: Path
) -> None:
    # It numbers the parts of documents, which no other builder may share with it.
    own = builder == "gettext"
    built = book(tmp_path).build("-W", "-n", builder=builder) if own else books.built(builder)

    assert (built.status, built.log) == (0, "")


@pytest.mark.parametrize("builder", SAME)
def test_two_processes_write_byte_for_byte_what_one_writes(books: Books, builder: str) -> None:
    one, two = tree(books.built(builder)), tree(books.built(builder, 2))

    assert books.built(builder, 2).status == 0
    assert one
    assert one.keys() == two.keys()
    assert [name for name in one if one[name] != two[name]] == []


def tree(built: Built) -> dict[str, bytes]:
    """The files of an output, and in the place of an EPUB the files in it."""
    found = {}
    for path in built.out.rglob("*"):
        name = path.relative_to(built.out).as_posix()
        if path.is_dir() or path.suffix in (".buildinfo", ".pickle") or name == ".buildinfo":
            continue
        if path.suffix == ".epub":
            with zipfile.ZipFile(path) as archive:
                found |= {f"{name}/{one}": archive.read(one) for one in archive.namelist()}
        else:
            found[name] = path.read_bytes()
    return found


@pytest.mark.parametrize("builder", ["dirhtml", "singlehtml", "htmlhelp"])
def test_ids_are_given_once_and_links_lead_to_them(books: Books, builder: str) -> None:
    out = books.built(builder).out
    found = site(out)

    assert repeated_ids(found) == []
    assert dead_links(out, found) == []
    ids = [one for page in found.values() for one in page.ids]
    assert [ids.count(anchor(document)) for document in LIBRARY] == [1] * 5


def test_an_epub_leads_to_its_own_entries(books: Books, tmp_path: Path) -> None:
    with zipfile.ZipFile(books.built("epub").out / "Book.epub") as archive:
        archive.extractall(tmp_path)
    found = site(tmp_path)

    assert repeated_ids(found) == []
    assert dead_links(tmp_path, found) == []
    assert "<script" not in "".join(page.source for page in found.values())


def test_a_list_of_a_page_stays_one_where_all_pages_are_one(books: Books) -> None:
    source = site(books.built("singlehtml").out)["index.html"].source
    chapter = source.partition('<span id="document-chapter">')[2]
    chapter = chapter.partition('<span id="document-silent">')[0]

    assert re.findall(r"pith:[0-9]{4}:[A-Z2-7]{26}<", chapter) == [
        f"{LIBRARY[number]['pith_number']}<" for number in (4, 2)
    ]


@pytest.mark.parametrize(
    ("builder", "name"),
    [("text", "lists.txt"), ("man", "book.1"), ("latex", "book.tex"), ("texinfo", "book.texi")],
)
def test_a_list_prints_each_number_once_where_links_cannot(
    books: Books, builder: str, name: str
) -> None:
    text = books.built(builder).text(name)

    for document in LIBRARY:
        assert document["pith_number"] in text.replace("\\:", "").replace("\\-", "-")
    assert f"(pith:{suffix(SURVEY)}). arXiv" not in text


@pytest.mark.parametrize(
    ("builder", "name", "option"),
    [
        ("text", "index.txt", ""),
        ("man", "p.1", ""),
        ("man", "p.1", "man_show_urls=1"),
        ("latex", "p.tex", ""),
        ("latex", "p.tex", "latex_show_urls=footnote"),
        ("texinfo", "p.texi", ""),
    ],
)
def test_a_label_keeps_its_number_on_paper_without_a_list(
    tmp_path: Path, builder: str, name: str, option: str
) -> None:
    project = pages(tmp_path, index="By :pith:cite:t:`1706.00001`.")

    built = project.build("-W", *(("-D", option) if option else ()), builder=builder)

    text = re.sub(r"\\[:-]", "", built.text(name))
    said = f"(pith:{suffix(BETA)})"
    assert built.status == 0
    assert (said if not option and builder != "texinfo" else suffix(BETA)) in text
    assert (said in text) == (not option and builder != "texinfo")


def test_a_manual_without_the_page_of_the_list_links_to_the_record(tmp_path: Path) -> None:
    toc = ".. toctree::\n\n   first\n   second\n"
    project = pages(
        tmp_path,
        index=toc,
        first="By :pith:cite:t:`1706.00001`.",
        second=".. pith-bibliography::",
    )
    with (project.path / "conf.py").open("a") as conf:
        conf.write("latex_documents = [('first', 'first.tex', 'P', 'A', 'howto')]\n")

    built = project.build("-W", "-n", builder="latex")

    assert (built.status, built.log) == (0, "")
    assert f"\\sphinxhref{{https://pith.science/pith/{suffix(BETA)}}}" in built.text("first.tex")


def test_json_holds_the_links_of_html(books: Books) -> None:
    page = json.loads(books.built("json").text("roles.fjson"))

    assert f'href="../markdown/#{anchor(SURVEY)}"' in page["body"]
    assert f'href="https://pith.science/pith/{suffix(SURVEY)}"' in page["body"]


def test_xml_names_what_is_cited(books: Books) -> None:
    # Our own output, and no entity is defined in it.
    root = ElementTree.fromstring(books.built("xml").text("sub/deep.xml"))

    links = [node.get("refuri") for node in root.iter("reference")]
    assert f"https://pith.science/pith/{suffix(SURVEY)}" in links
    assert not list(root.iter("pending_xref"))


def test_a_translation_template_holds_the_roles_and_not_their_output(tmp_path: Path) -> None:
    project = pages(tmp_path, index="By :pith:cite:t:`1706.00001`.\n\n.. pith:: 2402.13116\n")

    template = project.build("-W", builder="gettext").text("index.pot")

    assert 'msgid "By :pith:cite:t:`1706.00001`."' in template
    assert TITLE not in template


def test_links_are_checked_where_the_records_are_served(tmp_path: Path) -> None:
    project = pages(tmp_path, index="On :pith:`2402.13116` and :pith:cite:t:`1706.00001`.")
    with LoopbackRegistry() as registry:
        for document in (SURVEY, BETA):
            registry.serve(document)
        address = f"pith_base_url={registry.url}"

        good = project.build("-W", "-D", address, builder="linkcheck", out="good")
        project.page("On :pith:`hep-lat/0305021`.")
        gone = project.build("-D", address, builder="linkcheck", out="gone")

        asked = {request.partition(" ")[2] for request in registry.requests}
    assert good.status == 0
    assert {f"/pith/{suffix(one)}" for one in (SURVEY, BETA, LATTICE)} == asked
    assert gone.status == 1
    assert f"broken    {registry.url}/pith/{suffix(LATTICE)}" in gone.log + gone.info


@pytest.mark.skipif(bool(NO_TEX), reason=f"not installed: {', '.join(NO_TEX)}")
def test_a_pdf_shows_title_and_number_and_its_links_lead_somewhere(books: Books) -> None:
    out = books.built("latex").out
    command = ["latexmk", "-pdf", "-interaction=nonstopmode", "-halt-on-error", "book.tex"]

    subprocess.run(command, cwd=out, check=True, capture_output=True, timeout=120)

    done = subprocess.run(
        ["pdftotext", "-layout", "book.pdf", "-"], cwd=out, check=True, capture_output=True
    )
    text = " ".join(done.stdout.decode("utf-8").split())
    log = (out / "book.log").read_text("utf-8", "replace").replace("\n", "")
    assert f"Title: {TITLE}." in text
    for document in LIBRARY:
        assert document["pith_number"] in text
    assert "Papers cited" in text
    assert "LaTeX Warning: Reference" not in log
    assert "multiply defined" not in log
