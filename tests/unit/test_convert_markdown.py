"""Links in MyST Markdown."""

import pytest

from sphinx_pith.convert.links import Rules
from sphinx_pith.convert.run import convert_text

URL = "https://arxiv.org/abs/1706.03762"
TARGET = "pith:arXiv:1706.03762"


def convert(text: str, **rules: object) -> str:
    return convert_text(text, ".md", Rules(**rules))[0]


def reasons(text: str, **rules: object) -> list[str]:
    """Why each link stays; nothing may have changed."""
    after, links = convert_text(text, ".md", Rules(**rules))
    assert after == text
    return [link.reason for link in links]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"[T]({URL})", f"[T]({TARGET})"),
        (f"[two\nlines]({URL})", f"[two\nlines]({TARGET})"),
        (f"[T](<{URL}>)", f"[T](<{TARGET}>)"),
        (f'[T]({URL} "title")', f'[T]({TARGET} "title")'),
        (f"([T]({URL}))", f"([T]({TARGET}))"),
        (f"[T]({URL})[U]({URL})", f"[T]({TARGET})[U]({TARGET})"),
        (f"<{URL}v2>", f"<{TARGET}v2>"),
        (f"# Title [T]({URL})", f"# Title [T]({TARGET})"),
        (f"> quote <{URL}>", f"> quote <{TARGET}>"),
        (f"- item\n\n  <{URL}>", f"- item\n\n  <{TARGET}>"),
        (f"1. item <{URL}>", f"1. item <{TARGET}>"),
        (f"| a | <{URL}> |\n|---|---|", f"| a | <{TARGET}> |\n|---|---|"),
        (f"[^1]: See <{URL}>", f"[^1]: See <{TARGET}>"),
        (f"```{{note}}\n:class: x\n<{URL}>\n```", f"```{{note}}\n:class: x\n<{TARGET}>\n```"),
        (f":::{{tip}}\n<{URL}>\n:::", f":::{{tip}}\n<{TARGET}>\n:::"),
        (f"```{{eval-rst}}\n`T <{URL}>`_\n```", "```{eval-rst}\n:pith:`T <arXiv:1706.03762>`\n```"),
        (f"---\na: b\n---\n<{URL}>", f"---\na: b\n---\n<{TARGET}>"),
        (f"`a` [T]({URL}) `b`", f"`a` [T]({TARGET}) `b`"),
    ],
)
def test_a_link_gets_another_destination_and_keeps_the_rest(before, after):
    assert convert(before) == after


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"`<{URL}>`", "in-code"),
        (f"``a ` [T]({URL})``", "in-code"),
        (f"```\n<{URL}>\n```", "in-code"),
        (f"~~~python\n<{URL}>", "in-code"),
        (f"````{{note}}\n```\n<{URL}>\n```\n````", "in-code"),
        (f"text\n\n    <{URL}>", "in-code"),
        (f"# Title\n    <{URL}>", "in-code"),
        (f"word\n\n    - ```{{note}}\n\n      <{URL}>\n      ```", "in-code"),
        (f"1. ```{{note}}\n\n   % <{URL}>\n   ```", "in-comment"),
        (f"Title\n===\n    <{URL}>", "in-code"),
        (f"- item\n\n      <{URL}>", "in-code"),
        (f"---\nurl: {URL}\n---", "in-code"),
        (f"```{{figure}} {URL}\n```", "in-directive"),
        (f"```{{unknown}}\n<{URL}>\n```", "in-directive"),
        (f"```{{note}}\n:name: {URL}\n```", "in-directive"),
        (f"<!-- <{URL}> -->", "in-comment"),
        (f"<!--\n\n<{URL}>\n-->", "in-comment"),
        (f"a <!-- <{URL}> --> b", "in-comment"),
        (f"% <{URL}>", "in-comment"),
        (f'<a href="{URL}">T</a>', "in-html"),
        (f'a <img src="{URL}"> b', "in-html"),
        (f"<pre>\n\n<{URL}>\n</pre>", "in-html"),
        (f"[T]: {URL}", "link-target"),
        (f"![T]({URL})", "image"),
        (f"[*T*]({URL})", "nested-markup"),
        (f"[`T`]({URL})", "nested-markup"),
        (f"[![b](x.svg)]({URL})", "nested-markup"),
        (f"# <{URL}>", "in-title"),
        (f"word\n<{URL}>\n===", "in-title"),
        (f"{URL}", "bare-address"),
        (f"[T]({URL}#S1)", "part-of-paper"),
        (f"{{foo}}`{URL}`", "in-role"),
        (f"$$\n{URL}\n$$", "in-code"),
    ],
)
def test_what_is_no_plain_link_stays_and_the_reason_is_told(text, reason):
    assert reasons(text) == [reason]


def test_an_escaped_bracket_opens_no_link():
    assert reasons(f"\\[T]({URL})") == ["bare-address"]


def test_a_role_without_a_text_stays_in_a_title():
    roles = frozenset({"arxiv"})

    assert reasons("# {arxiv}`1706.03762`", roles=roles) == ["in-title"]
    after = convert("# {arxiv}`T <1706.03762>`", roles=roles)
    assert after == "# {pith}`T <arXiv:1706.03762>`"


def test_bare_addresses_are_converted_on_request():
    assert convert(f"See {URL}. ({URL})", bare=True) == f"See <{TARGET}>. (<{TARGET}>)"


def test_roles_are_taken_over_only_when_named():
    before = "{arxiv}`1706.03762` {arxiv}`T <hep-lat/0305021>` {cite}`a`"

    assert convert(before) == before
    keys = {"a": "arXiv:1706.03762"}
    after = convert(before, roles=frozenset({"arxiv"}), cite_keys=keys)
    assert after == (
        "{pith}`arXiv:1706.03762` {pith}`T <arXiv:hep-lat/0305021>` {pith:cite}`arXiv:1706.03762`"
    )
