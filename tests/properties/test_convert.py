"""Conversion: only links change, docutils sees nothing else change, and once is enough."""

import ast
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sphinx_pith.convert.links import Rules
from sphinx_pith.convert.python import docstrings
from sphinx_pith.convert.run import convert_text
from tests.unit.test_convert_doctrees import RULES, myst_tree, register, tree

IDS = ("1706.03762", "2402.13116v4", "hep-lat/0305021", "math.GT/0309136")
PREFIXES = (
    "https://arxiv.org/abs/",
    "http://www.arxiv.org/pdf/",
    "https://export.arxiv.org/abs/",
    "https://doi.org/10.48550/arXiv.",
    "https://dx.doi.org/10.48550/arxiv.",
)
WORDS = (
    "word",
    "Foo",
    "two words",
    "a-b",
    "(see",
    "end)",
    "x_y",
    "ü",
    "—",
    "name_",
    "`name`_",
    "\\*",
)
BROKEN = ("*", "**", "`", "``", "|", "_", "<", ">", "::", ":", "\\", '"', "'", "[1]_", "{", "!")

addresses = st.builds(str.__add__, st.sampled_from(PREFIXES), st.sampled_from(IDS))
texts = st.lists(st.sampled_from((*WORDS, "name")), min_size=1, max_size=3).map(" ".join)


inline = st.one_of(
    st.sampled_from(WORDS),
    st.sampled_from(BROKEN),
    addresses,
    addresses.map("({})".format),
    addresses.map("{}.".format),
    addresses.map("<{}>".format),
    st.builds("`{} <{}>`_".format, texts, addresses),
    st.builds("`{} <{}>`__".format, texts, addresses),
    st.builds("`{}\n<{}>`__,".format, texts, addresses),
    st.builds("`<{}>`_".format, addresses),
    st.builds("*{} {}*".format, texts, addresses),
    st.builds("``{}``".format, addresses),
    st.builds(":foo:`{} <{}>`".format, texts, addresses),
    st.sampled_from(IDS).map(":arxiv:`{}`".format),
    st.builds("`{} <https://example.org/{}>`_".format, texts, st.sampled_from(("a", "b"))),
)
joined = st.lists(st.tuples(inline, st.sampled_from((" ", " ", " ", "\n", ""))), max_size=6).map(
    lambda pieces: "".join(piece + space for piece, space in pieces).strip()
)
paragraphs = joined.map(lambda text: re.sub(r"\n\s*", "\n", text) or "word")


def indent(text: str, by: str, first: str | None = None) -> str:
    """The text with a margin; its first line may begin with a marker instead."""
    lines = [by + line if line else "" for line in text.split("\n")]
    return "\n".join(lines) if first is None else first + "\n".join(lines)[len(by) :]


def blocks(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Structures around text."""
    return st.one_of(
        children.map(lambda text: indent(text, "  ", "- ")),
        children.map(lambda text: indent(text, "   ", "1. ")),
        children.map(lambda text: indent(text, "    ")),
        children.map(lambda text: ".. note::\n\n" + indent(text, "   ")),
        children.map(lambda text: ".. note:: " + indent(text, "   ").lstrip()),
        children.map(lambda text: ".. tip::\n   :class: x\n\n" + indent(text, "   ")),
        children.map(lambda text: ".. code::\n\n" + indent(text, "   ")),
        children.map(lambda text: "..\n   " + indent(text, "   ").lstrip()),
        children.map(lambda text: ".. [1] " + indent(text, "   ").lstrip()),
        children.map(lambda text: ":field: " + indent(text, "   ").lstrip()),
        children.map(lambda text: "term\n" + indent(text, "   ")),
        children.map(lambda text: "text::\n\n" + indent(text, "   ")),
        children.map(lambda text: ".. unknown:: x\n\n" + indent(text, "   ")),
        st.builds("{}\n{}".format, st.just("Title name"), st.sampled_from(("=" * 40, "-" * 40))),
        addresses.map("Title {}\n".format).map(lambda text: text + "~" * 70),
        addresses.map(".. _target: {}".format),
        addresses.map(".. |sub| image:: {}".format),
        addresses.map(">>> {}".format),
        addresses.map("=====  =====\na      b\n=====  =====\nc      {}\n=====  =====".format),
        st.tuples(children, children).map("\n\n".join),
    )


documents = st.recursive(paragraphs, blocks, max_leaves=6)


@pytest.fixture(scope="module", autouse=True)
def _registered():
    register()


@settings(deadline=None)
@given(documents)
def test_docutils_reads_the_same_but_for_the_references(before):
    after, _ = convert_text(before, ".rst", RULES)

    assert tree(after) == tree(before)


pieces = st.one_of(
    st.sampled_from(WORDS),
    st.sampled_from((*BROKEN, "[", "]", "](", "![", "$", "\\[", "~~", "<!--", "-->")),
    addresses,
    addresses.map("<{}>".format),
    st.builds("[{}]({})".format, texts, addresses),
    st.builds("[{}]({}), and".format, texts, addresses),
    st.builds("[{}](<{}>)".format, texts, addresses),
    st.builds('[{}]({} "title")'.format, texts, addresses),
    st.builds("![{}]({})".format, texts, addresses),
    st.builds("[*{}*]({})".format, texts, addresses),
    st.builds("*{} [a]({})*".format, texts, addresses),
    st.builds("`[a]({})`".format, addresses),
    st.builds("<!-- {} -->".format, addresses),
    st.builds('<b title="<{}>">'.format, addresses),
    st.sampled_from(IDS).map("{{arxiv}}`{}`".format),
)
lines = st.lists(st.tuples(pieces, st.sampled_from((" ", " ", " ", "\n", ""))), max_size=6).map(
    lambda found: "".join(piece + space for piece, space in found).strip() or "word"
)


def markdown_blocks(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Structures around Markdown."""
    return st.one_of(
        children.map(lambda text: indent(text, "  ", "- ")),
        children.map(lambda text: indent(text, "   ", "1. ")),
        children.map(lambda text: indent(text, "    ")),
        children.map(lambda text: "word\n\n" + indent(text, "    ")),
        children.map(lambda text: "> " + text.replace("\n", "\n> ")),
        children.map(lambda text: f"`````{{note}}\n:class: x\n\n{text}\n`````"),
        children.map(lambda text: f":::{{tip}}\n{text}\n:::"),
        children.map(lambda text: f"````\n{text}\n````"),
        children.map(lambda text: f"~~~python\n{text}"),
        children.map(lambda text: f"# {text}"),
        children.map(lambda text: f"<div>\n{text}\n</div>"),
        children.map(lambda text: f"% {text}"),
        children.map(lambda text: f"{text}\n==="),
        children.map(lambda text: f"[^1]: {text}\n\nNote[^1]"),
        addresses.map("[ref]: {}\n\n[text][ref]".format),
        addresses.map("| a | b |\n|---|---|\n| c | [d]({}) |".format),
        st.tuples(children, children).map("\n\n".join),
        st.tuples(children, children).map("\n".join),
    )


@settings(deadline=None, max_examples=60)
@given(st.recursive(lines, markdown_blocks, max_leaves=5))
def test_myst_reads_the_same_but_for_the_references(before):
    after, _ = convert_text(before, ".md", RULES)

    assert myst_tree(after) == myst_tree(before)
    assert convert_text(after, ".md", RULES)[0] == after


def without_links(text: str) -> str:
    """The text with links to papers taken down to their ids, however they are written."""
    text = re.sub(r"\{pith\}|\{arxiv\}|:pith:|:arxiv:|pith:", "", text)
    ids = r"(?=(?:10\.48550/arxiv\.)?(?:\d{4}\.|[a-z.-]+/\d{7}))"
    text = re.sub(rf"https?://\S*?{ids}", "", text, flags=re.I)
    text = re.sub(r"10\.48550/arxiv\.|arXiv:", "", text, flags=re.I)
    return re.sub(r"[<>`_]", "", text.replace("math.GT", "math"))


@settings(deadline=None)
@given(documents, st.sampled_from([".rst", ".md"]), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_only_links_change_and_once_is_enough(before, suffix, end, bare):
    before = before.replace("\n", end)
    rules = Rules(roles=RULES.roles, bare=bare)
    after, links = convert_text(before, suffix, rules)

    assert without_links(after) == without_links(before)
    again, rest = convert_text(after, suffix, rules)
    assert again == after
    assert all(link.reason for link in rest)
    assert all(link.target for link in links if not link.reason)


@settings(deadline=None)
@given(documents, st.sampled_from(['"""', "'''"]), st.sampled_from(["", "r"]))
def test_in_python_only_docstrings_change_and_as_their_text_would(document, quotes, prefix):
    value = indent(document, "    ").strip().rstrip("\\'\"")
    literal = value if prefix else value.replace("\\", "\\\\")
    source = (
        f"class A:\n    {prefix}{quotes}{literal} {quotes}\n    x = {IDS[0]!r}  # {document!r}\n"
    )
    after, links = convert_text(source, ".py", RULES)

    assert convert_text(after, ".py", RULES)[0] == after
    assert without_links(after) == without_links(source)
    assert blank(after) == blank(source)
    inside = {link.reason for link in links if link.start < len(source.rpartition("    x =")[0])}
    assert "not-docstring" not in inside


def blank(source: str) -> str:
    """The program without the text of its docstrings."""
    for docstring in reversed(docstrings(source)):
        source = source[: docstring.start] + "''" + source[docstring.end :]
    return ast.dump(ast.parse(source))


@settings(deadline=None)
@given(
    st.text(alphabet="`*_<>:|[]().{}\\\n \t-=#>~aé1\u2028", max_size=60),
    st.sampled_from([".rst", ".md"]),
)
def test_any_text_is_read_to_its_end_and_kept(text, suffix):
    assert convert_text(text, suffix, RULES) == (text, [])
