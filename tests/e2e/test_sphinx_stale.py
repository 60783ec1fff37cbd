"""What a page shows is what its build verified, whatever was built before."""

import base64
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from pith_agent import Lock
from pith_agent.protocol.trust import TrustedKey, TrustRoot
from tests.documents import KEY, TRUST, receipt, signed_record
from tests.e2e.roots.locking import read_lock, told, trusting, write_lock
from tests.e2e.roots.project import Project
from tests.locks import locked
from tests.registry import LoopbackRegistry

FIRST, SECOND = signed_record(arxiv="2401.00001"), signed_record(arxiv="2401.00002", title="Two")
NEW_KEY = SigningKey(bytes(range(32)))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Two pages, each with a citation of its own."""
    project = trusting(tmp_path, "2401.00001")
    project.page("On :pith:`2401.00001`.\n\n.. toctree::\n\n   other\n")
    project.page("Other\n=====\n\nOn :pith:`2401.00002`.", "other.rst")
    write_lock(project, locked(FIRST, SECOND))
    return project


def altered(project: Project, *names: str) -> None:
    """Take the signatures of papers from others."""
    lock = read_lock(project)
    papers = dict(lock.papers)
    for name in names:
        suffix = lock.aliases[f"arxiv:{name}"]
        entry = json.loads(json.dumps(papers[suffix]))
        entry["receipt"]["signature_b64"] = receipt(bytes(32))["signature_b64"]
        papers[suffix] = entry
    write_lock(project, Lock(papers, lock.aliases))


def test_a_page_that_a_build_left_out_is_written_when_its_paper_is_refuted(project):
    assert project.build("-W").links("other.html")
    altered(project, "2401.00002")

    named = project.build(only="index.rst")
    whole = project.build()

    assert (named.status, whole.status) == (1, 1)
    assert told(whole) == {"2401.00002": "invalid-signature"}
    assert (whole.links("other.html"), len(whole.marked("other.html"))) == ([], 1)
    assert whole.links("index.html")


@pytest.mark.parametrize(("builder", "page"), [("html", "other.html"), ("text", "other.txt")])
def test_a_page_that_a_build_left_out_gets_its_new_label_from_the_next(tmp_path, builder, page):
    project = trusting(tmp_path)
    project.page(".. toctree::\n\n   other\n")
    project.page("On :pith:cite:t:`2401.00001`.", "other.rst")
    write_lock(project, locked(FIRST, SECOND))
    alone = project.build(builder=builder).text(page)
    # Now another paper of the same authors and year is cited, so that both labels get a letter.
    index = project.path / "index.rst"
    index.write_text(f"{index.read_text()}\nOn :pith:cite:t:`2401.00002`.\n")

    named = project.build(builder=builder, only="index.rst")
    left_out = named.text(page)
    whole = project.build("-W", builder=builder)
    again = project.build("-W", builder=builder)

    assert (named.status, whole.status, again.status) == (0, 0, 0)
    assert ("(2024)" in alone, "(2024)" in left_out) == (True, True)
    assert "(2024a)" in whole.text(page)
    assert "no targets are out of date" in again.info


KILL = """
import os

def setup(app):
    if "KILL" in os.environ:
        app.connect("build-finished", lambda *_: os._exit(9), priority=1)
"""


@pytest.fixture
def stoppable(project):
    """The same; with the variable KILL, a build is ended when pages are written.

    After an error Sphinx itself forgets what it had read, and writes all again; not after this.
    """
    conf = project.path / "conf.py"
    conf.write_text(conf.read_text() + KILL)
    return project


def test_pages_of_a_build_that_was_stopped_are_written_by_the_next(stoppable):
    genuine = read_lock(stoppable)
    assert stoppable.build("-W").links("other.html")
    altered(stoppable, "2401.00001", "2401.00002")

    assert stoppable.build(KILL="1").status == 9
    write_lock(stoppable, genuine)
    again = stoppable.build("-W")

    assert len(again.links("other.html")) == 1


def test_what_a_build_that_was_stopped_showed_as_verified_is_refuted_by_the_next(stoppable):
    genuine = read_lock(stoppable)
    altered(stoppable, "2401.00002")
    assert stoppable.build().links("other.html") == []
    write_lock(stoppable, genuine)

    assert stoppable.build(KILL="1").status == 9
    assert "pith-verified" in (stoppable.work / "html" / "other.html").read_text()
    altered(stoppable, "2401.00002")
    again = stoppable.build()

    assert (again.status, again.links("other.html")) == (1, [])


def test_a_paper_that_is_signed_anew_gives_its_page_the_new_evidence(project):
    assert project.build("-W").status == 0
    old = TRUST.keys[0]
    public = base64.b64encode(bytes(NEW_KEY.verify_key)).decode()
    root = TrustRoot(2, (replace(old, status="revoked"), TrustedKey("new-key", public)))
    (project.path / "trust.json").write_text(root.dump())
    lock = read_lock(project)
    papers = {suffix: json.loads(json.dumps(entry)) for suffix, entry in lock.papers.items()}
    for entry in papers.values():
        digest = bytes.fromhex(entry["canonical_sha256"])
        entry["receipt"]["signature_b64"] = receipt(digest, NEW_KEY)["signature_b64"]
        entry["receipt"]["key_id"] = "new-key"
        entry["receipt"]["public_key_fingerprint"] = root.keys[1].fingerprint
    write_lock(project, Lock(papers, lock.aliases))

    built = project.build("-W")

    assert built.status == 0
    for page in ("index.html", "other.html"):
        assert public in built.text(page)
        assert old.public_key_b64 not in built.text(page)
    assert bytes(KEY.verify_key) != bytes(NEW_KEY.verify_key)


def test_the_index_of_papers_goes_with_the_last_paper(project):
    built = project.build("-W")
    assert "Two" in built.text("pith-papers.html")
    altered(project, "2401.00001", "2401.00002")

    again = project.build()

    assert again.status == 1
    assert not (again.out / "pith-papers.html").exists()


def test_what_is_refuted_is_no_plain_link_again(project):
    project.page("On :arxiv:`2401.00001` and :arxiv:`2401.00009`.")
    altered(project, "2401.00001")

    built = project.build("-D", "pith_alias_roles.arxiv=arxiv")

    assert told(built)["arXiv:2401.00001"] == "invalid-signature"
    assert 'href="https://arxiv.org/abs/2401.00001"' not in built.text("index.html")
    assert len(built.marked("index.html")) == 1
    assert 'href="https://arxiv.org/abs/2401.00009"' in built.text("index.html")


def test_the_claims_that_a_card_shows_are_in_the_lock(tmp_path):
    with LoopbackRegistry() as registry:
        registry.publish(arxiv_id="2401.00001", title="One", claims=("It is so.",))
        project = trusting(tmp_path, pith_registry=[registry.url])
        # Locked first without them, as in a project that adds the option later.
        project.page(".. pith:: 2401.00001\n")
        assert project.call("lock", str(project.path)).status == 0
        project.page(".. pith:: 2401.00001\n   :claims:\n")
        lacking = project.build("-W").text("index.html")
        assert project.call("lock", str(project.path)).status == 0
    whole = project.build("-W")

    assert "No claims of it are at hand." in lacking
    assert "It is so." in whole.text("index.html")
    assert "No claims of it" not in whole.text("index.html")


def test_an_entry_gets_its_id_on_the_page_that_labels_lead_to(project):
    lists = ".. pith-bibliography::\n"
    project.page(f"{lists}\n.. toctree::\n\n   other\n   cites\n")
    project.page(lists, "other.rst")
    project.page("By :pith:cite:t:`2401.00001` and :pith:cite:t:`2401.00002`.", "cites.rst")
    assert 'href="index.html#pith-' in project.build("-W").text("cites.html")
    project.page(".. toctree::\n\n   other\n   cites\n")

    built = project.build("-W")

    page = built.text("cites.html")
    (anchor, _other) = sorted(set(re.findall(r'href="other.html#(pith-[A-Z2-7]+)"', page)))
    assert f'id="{anchor}"' in built.text("other.html")


def test_a_key_that_is_named_otherwise_is_named_so_on_pages(project):
    assert project.build("-W").status == 0
    root = TrustRoot(2, (replace(TRUST.keys[0], key_id="renamed"),))
    (project.path / "trust.json").write_text(root.dump())
    lock = read_lock(project)
    papers = {suffix: json.loads(json.dumps(entry)) for suffix, entry in lock.papers.items()}
    for entry in papers.values():
        entry["receipt"]["key_id"] = "renamed"
    write_lock(project, Lock(papers, lock.aliases))

    assert '"renamed"' in project.build("-W").text("other.html")
