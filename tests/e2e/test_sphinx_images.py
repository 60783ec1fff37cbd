"""Images that lead to a paper, such as badges: they stay what they are, with the verdict beside."""

import base64
from pathlib import Path

import pytest

from tests.documents import signed_record
from tests.e2e.roots.locking import told, trusting, write_lock
from tests.e2e.roots.project import Project
from tests.locks import locked

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
FORMS = {
    "image": ".. image:: b.png\n   :target: {}\n",
    "described": ".. image:: b.png\n   :alt: A badge\n   :target: {}\n",
    "figure": ".. figure:: b.png\n   :target: {}\n\n   A caption.\n",
    "inline": "A |badge| here.\n\n.. |badge| image:: b.png\n   :target: {}\n",
}
BUILDERS = ["html", "singlehtml", "epub", "latex", "text", "man", "texinfo", "xml"]
OPTIONS = ("-D", "epub_show_urls=no", "-D", "version=1", "-D", "copyright=1")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = trusting(tmp_path, pith_upgrade_links=["https://arxiv.org/"])
    write_lock(project, locked(signed_record(arxiv="2401.00001")))
    (project.path / "b.png").write_bytes(PIXEL)
    return project


@pytest.mark.parametrize("builder", BUILDERS)
def test_an_image_stays_in_every_output(project, builder):
    addresses = ("pith:2401.00001", "https://arxiv.org/abs/2401.00001")
    pages = [form.format(address) for form in FORMS.values() for address in addresses]
    for number, page in enumerate(pages):
        project.page(page, f"p{number}.rst")
    project.page(".. toctree::\n\n" + "".join(f"   p{number}\n" for number, _ in enumerate(pages)))

    built = project.build("-W", *OPTIONS, builder=builder)

    assert (built.status, built.log) == (0, "")
    if builder == "latex":
        assert built.text("p.tex").count("includegraphics") == len(pages)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("address", ["pith:2401.00001", "https://arxiv.org/abs/2401.00001"])
def test_an_image_of_a_verified_paper_leads_to_its_record(project, form, address):
    project.page(FORMS[form].format(address))

    page = project.build("-W").text("index.html")

    _before, link, rest = page.partition('<a class="pith pith-verified')
    assert link
    assert 'href="https://pith.science/pith/' in rest.partition(">")[0]
    assert "<img" in rest.partition("</a>")[0]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("builder", ["html", "latex"])
def test_an_image_of_a_paper_that_does_not_verify_has_no_link_and_a_mark(project, form, builder):
    project.page(FORMS[form].format("pith:2401.00009"))

    built = project.build(builder=builder)

    assert told(built)["2401.00009"] == "unlocked"
    text = built.text("index.html" if builder == "html" else "p.tex")
    assert "[unchecked]" in text.replace("{[}", "[").replace("{]}", "]")
    assert ("<img" in text) if builder == "html" else ("includegraphics" in text)
    assert "pith:2401.00009" not in text


@pytest.mark.parametrize("form", FORMS)
def test_an_image_of_a_paper_without_a_record_is_the_plain_link_it_was(project, form):
    project.page(FORMS[form].format("https://arxiv.org/abs/2401.00009"))

    built = project.build("-W")

    assert built.status == 0
    assert 'href="https://arxiv.org/abs/2401.00009"' in built.text("index.html")
    assert "<img" in built.text("index.html")


def test_markdown_that_another_extension_brings_knows_the_scheme(tmp_path):
    pytest.importorskip("myst_parser", reason="myst-parser is not installed")
    project = trusting(tmp_path)
    write_lock(project, locked(signed_record(arxiv="2401.00001")))
    (project.path / "notebooks.py").write_text(
        "def setup(app):\n    app.setup_extension('myst_parser')\n"
    )
    conf = project.path / "conf.py"
    path = "import os, sys\nsys.path.insert(0, os.path.dirname(__file__))\n"
    conf.write_text(
        path + conf.read_text().replace("['sphinx_pith']", "['notebooks', 'sphinx_pith']")
    )
    (project.path / "index.rst").unlink()
    (project.path / "index.md").write_text("# Title\n\nOn [the paper](pith:2401.00001).\n")

    built = project.build("-W", "-n")

    assert (built.status, built.log) == (0, "")
    assert [link[2] for link in built.links()] == ["the paper"]
