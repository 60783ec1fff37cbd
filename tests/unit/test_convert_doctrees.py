"""Converted reStructuredText, as docutils reads it: only the references differ.

`tree` is used by the properties too.
"""

import re
from pathlib import Path
from typing import Any, ClassVar

import pytest
from docutils import nodes
from docutils.core import publish_doctree
from docutils.parsers.rst import Directive, directives, roles
from docutils.utils import unescape
from myst_parser.docutils_ import Parser

from sphinx_pith.convert.directives import PROSE_BODY, PROSE_FIRST, TITLED
from sphinx_pith.convert.links import Rules, judge, judge_name
from sphinx_pith.convert.run import convert_text

REAL = Path(__file__).parents[3] / "shared" / "data" / "real_docs"
FILES = sorted(REAL.glob("*.rst"))
RULES = Rules(roles=frozenset({"arxiv", "doi"}))
_TITLED = re.compile(r"(?s)(.+?)\s*(?<!\x00)<([^<]*?)>$")


def link_role(
    name: str, raw: str, text: str, line: int, inliner: Any, options: Any = None, content: Any = ()
) -> tuple[list[nodes.Node], list[nodes.system_message]]:
    """A role that reads `text <target>` as Sphinx's do."""
    match = _TITLED.match(text)
    title, target = (match[1], match[2]) if match else (text, text)
    uri = f"pith:{target}" if name == "pith" else judge_name(unescape(target), RULES)[0]
    return [nodes.reference(raw, unescape(title), refuri=uri or f"{name}:{target}")], []


class Prose(Directive):
    """A directive of Sphinx whose body is prose, as far as docutils has none of that name."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[dict[str, Any]] = {"class": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        node = nodes.container()
        if self.arguments:
            text, _ = self.state.inline_text(self.arguments[0], self.lineno)
            node += nodes.paragraph("", "", *text)
        self.state.nested_parse(self.content, self.content_offset, node)
        return [node]


@pytest.fixture(scope="module", autouse=True)
def _registered():
    register()


def register() -> None:
    """Let docutils know the roles, and the directives that it has not."""
    for role in ("pith", "arxiv", "doi"):
        roles.register_local_role(role, link_role)
    known = set(directives._directive_registry)
    for name in (PROSE_BODY | PROSE_FIRST | TITLED) - known:
        directives.register_directive(name, Prose)


def myst_tree(text: str) -> str:
    """The same of MyST Markdown."""
    extensions = ["colon_fence", "dollarmath"]
    schemes = ["http", "https", "pith"]
    return tree(
        text,
        Parser(),
        myst_enable_extensions=extensions,
        myst_url_schemes=schemes,
        myst_suppress_warnings=["myst"],
        raw_enabled=True,  # Without it the parser calls what docutils is about to remove.
    )


def tree(text: str, parser: Any = None, **more: Any) -> str:
    """The doctree as text, with every reference to a paper in one form.

    The implicit targets of named links are left out, and so are ids, which count them, and
    docutils' messages.
    """
    settings = {"report_level": 5, "halt_level": 5, "file_insertion_enabled": False}
    settings |= {"raw_enabled": False, **more}
    document = publish_doctree(text, parser=parser, settings_overrides=settings)
    for node in list(document.findall(nodes.system_message)):
        node.parent.remove(node)
    for node in list(document.findall(nodes.section)):
        if node.get("classes") == ["system-messages"]:
            node.parent.remove(node)
    for node in list(document.findall(nodes.target)):
        if judge(node.get("refuri", ""), RULES)[0] and not node.rawsource.startswith(".."):
            node.parent.remove(node)
    for node in list(document.findall(nodes.reference)):
        plain_reference(node)
    for node in document.findall(nodes.Element):
        for attribute in ("ids", "names", "backrefs", "refid", "dupnames", "source", "anonymous"):
            node.attributes.pop(attribute, None)
    return document.pformat()


def plain_reference(node: nodes.reference) -> None:
    """Give a reference to a paper one form; a text that is its address becomes the target."""
    uri, text = node.get("refuri", ""), node.astext()
    target = uri.removeprefix("pith:") if uri.startswith("pith:") else judge(uri, RULES)[0]
    if uri.startswith("arXiv:"):
        target = uri
    if target:
        text = text.removeprefix("pith:")
        same = judge(text, RULES)[0] == target or judge_name(text, RULES)[0] == target
        shown = target if same else text
        node.parent.replace(node, nodes.reference("", shown, refuri=target))


@pytest.mark.skipif(not FILES, reason="the real files of other projects are not at hand")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_real_file_differs_only_in_its_references(path):
    before = path.read_text("utf-8")
    after, links = convert_text(before, ".rst", RULES)

    assert tree(after) == tree(before)
    assert convert_text(after, ".rst", RULES)[0] == after
    assert {link.reason for link in links} <= {"", "other-doi"}


@pytest.mark.skipif(not FILES, reason="the real files of other projects are not at hand")
def test_all_links_of_the_real_files_are_found_and_converted():
    counts = {}
    for path in FILES:
        _, links = convert_text(path.read_text("utf-8"), ".rst", RULES)
        project = path.name.partition("_")[0]
        converted, left = counts.get(project, (0, 0))
        done = sum(not link.reason for link in links)
        counts[project] = converted + done, left + len(links) - done

    assert counts == {
        "pennylane": (4, 0),
        "plasmapy": (0, 0),
        "pyg": (16, 0),
        "qutip": (4, 11),
        "scipy": (1, 1),
    }
