"""Links in reStructuredText."""

import pytest

from sphinx_pith.convert.links import Rules
from sphinx_pith.convert.run import convert_text

URL = "https://arxiv.org/abs/1706.03762"


def convert(text: str, **rules: object) -> str:
    return convert_text(text, ".rst", Rules(**rules))[0]


def reasons(text: str, **rules: object) -> list[str]:
    """Why each link stays; nothing may have changed."""
    after, links = convert_text(text, ".rst", Rules(**rules))
    assert after == text
    return [link.reason for link in links]


@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("https://arxiv.org/abs/1706.03762", "arXiv:1706.03762"),
        ("http://arxiv.org/abs/1706.03762v2", "arXiv:1706.03762v2"),
        ("https://www.arxiv.org/pdf/1706.03762", "arXiv:1706.03762"),
        ("https://arxiv.org/pdf/1706.03762v7.pdf", "arXiv:1706.03762v7"),
        ("https://export.arxiv.org/abs/hep-lat/0305021", "arXiv:hep-lat/0305021"),
        ("http://arxiv.org/pdf/math.GT/0309136v1.pdf", "arXiv:math/0309136v1"),
        ("https://doi.org/10.48550/arXiv.1706.03762", "arXiv:1706.03762"),
        ("http://dx.doi.org/10.48550/ARXIV.hep-lat/0305021", "arXiv:hep-lat/0305021"),
    ],
)
@pytest.mark.parametrize("mark", ["_", "__"])
def test_a_link_becomes_a_citation_with_the_same_text(address, target, mark):
    assert convert(f"See `A Title <{address}>`{mark}.") == f"See :pith:`A Title <{target}>`."
    assert convert(f"({address}).") == f"(:pith:`{target}`)."
    assert convert(f"`<{address}>`{mark}") == f":pith:`{target}`"


def test_a_link_over_several_lines_keeps_its_lines():
    before = f"- `One\n  two\n  <{URL}>`__,\n  and\n"

    assert convert(before) == "- :pith:`One\n  two\n  <arXiv:1706.03762>`,\n  and\n"


def test_versions_can_be_dropped():
    assert convert(f"{URL}v3", versions="drop") == ":pith:`arXiv:1706.03762`"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"``{URL}``", "in-code"),
        (f"Code::\n\n   `T <{URL}>`_", "in-code"),
        (f"Code::\n\n> {URL}", "in-code"),
        (f".. code-block:: rst\n\n   `T <{URL}>`_", "in-code"),
        (f">>> '{URL}'", "in-code"),
        (f".. {URL}", "in-comment"),
        (f"..\n   `T <{URL}>`_", "in-comment"),
        (f".. image:: {URL}", "in-directive"),
        (f".. figure:: x.png\n   :target: {URL}\n\n   Caption", "in-directive"),
        (f".. raw:: html\n\n   <a href='{URL}'>x</a>", "in-code"),
        (f".. unknown::\n\n   {URL}", "in-directive"),
        (f".. |s| replace:: {URL}", "in-substitution"),
        (f".. _name: {URL}", "link-target"),
        (f"__ {URL}", "link-target"),
        (f"=====  =====\na      b\n=====  =====\n{URL}\n=====  =====", "in-table"),
        (f"+------+\n| {URL} |\n+------+", "in-table"),
        (f"{URL}\n{'=' * 40}", "in-title"),
        (f"*see {URL}*", "nested-markup"),
        (f"`*T* <{URL}>`_", "nested-markup"),
        (f"`!T <{URL}>`_", "role-syntax"),
        (f":foo:`T <{URL}>`", "in-role"),
        ("`T <https://arxiv.org/abs/1706.\n03762>`_", "broken-address"),
        (f"x{URL}", "adjacent-text"),
        (f"[a:1]({URL})", "adjacent-text"),
        (f"{URL}#S3", "part-of-paper"),
        (f"`T <{URL}?context=cs>`_", "part-of-paper"),
        ("https://arxiv.org/html/1706.03762", "other-page"),
        ("https://arxiv.org/list/cs.CL/recent", "no-paper"),
        ("https://arxiv.org/abs/1713.03762", "no-paper"),
        ("https://doi.org/10.1103/PhysRevA.77.032322", "other-doi"),
    ],
)
def test_what_is_no_plain_link_stays_and_the_reason_is_told(text, reason):
    assert reasons(text) == [reason]


@pytest.mark.parametrize(
    "text", ["https://arxiv.org.evil.example/abs/1706.03762", "https://example.org/1706.03762"]
)
def test_links_to_other_sites_are_not_found(text):
    assert reasons(f"`T <{text}>`_ {text}") == []


@pytest.mark.parametrize(
    "use", ["`T`_", "`t`_ and", "T_", "`other <T_>`_", ".. note::\n\n   See T_."]
)
def test_a_link_whose_name_is_used_elsewhere_stays(use):
    assert reasons(f"`T <{URL}>`_\n\n{use}") == ["named-link"]


def test_an_anonymous_link_defines_no_name():
    assert convert(f"`T <{URL}>`__ T_") == ":pith:`T <arXiv:1706.03762>` T_"


def test_a_title_keeps_its_text_and_its_underline():
    title = f"`A Title <{URL}>`_"

    after = convert(f"{title}\n{'=' * len(title)}")

    assert after == f":pith:`A Title <arXiv:1706.03762>`\n{'=' * len(title)}"


@pytest.mark.parametrize(
    "form",
    [
        ".. note:: See {}",
        ".. note::\n   :class: x\n\n   See {}",
        ".. versionadded:: 1.2\n   See {}",
        ".. admonition:: Title\n\n   See {}",
        ".. figure:: x.png\n\n   Caption {}",
        ".. py:function:: f(x)\n\n   See {}",
        ".. [1] See {}",
        ".. [Label] See\n   {}",
        ":param x: See {}",
        "* a\n\n  1. b {}",
        "term {}\n   definition",
        "term\n   definition {}",
        "| line {}",
        "    quote {}",
        "Text:\n\n    quote {}",
        "..\n\n   after an empty comment {}",
        "a::\n\n   code\n\n{}",
    ],
)
def test_prose_is_found_wherever_it_stands(form):
    assert convert(form.format(f"`T <{URL}>`__.")) == form.format(":pith:`T <arXiv:1706.03762>`.")


def test_roles_are_taken_over_only_when_named():
    before = ":arxiv:`1706.03762` :arxiv:`T <hep-lat/0305021>` :doi:`10.48550/arXiv.1706.03762`"

    assert convert(before) == before
    assert convert(before, roles=frozenset({"arxiv", "doi"})) == (
        ":pith:`arXiv:1706.03762` :pith:`T <arXiv:hep-lat/0305021>` :pith:`arXiv:1706.03762`"
    )
    assert reasons(":doi:`10.1103/a`", roles=frozenset({"doi"})) == ["other-doi"]


def test_a_longer_citation_may_not_outgrow_a_title():
    title = ":arxiv:`1706.03762`"

    assert reasons(f"{title}\n{'=' * len(title)}", roles=frozenset({"arxiv"})) == ["in-title"]


def test_cite_roles_are_taken_over_by_the_keys_of_a_bibliography():
    keys = {"a": "arXiv:1706.03762", "b": None}

    assert convert(":cite:`a` :cite:t:`{see}a{p. 3}, a` :footcite:`a`", cite_keys=keys) == (
        ":pith:cite:`arXiv:1706.03762`"
        " :pith:cite:t:`{see}arXiv:1706.03762{p. 3}, arXiv:1706.03762`"
        " :pith:cite:foot:`arXiv:1706.03762`"
    )
    assert reasons(":cite:`b` :cite:`a,c` :cite:`{a}`", cite_keys=keys) == [
        "no-arxiv-paper",
        "unknown-key",
        "unknown-key",
    ]


def test_directives_of_a_project_can_be_named():
    before = f".. mine::\n\n   `T <{URL}>`_"

    assert reasons(before) == ["in-directive"]
    assert "`T <arXiv:1706.03762>`" in convert(before, directives=frozenset({"mine"}))


def test_a_quote_that_nothing_closed_does_not_end_at_a_citation():
    assert reasons(f":a:`b`(c {URL})") == ["open-markup"]


def test_a_citation_does_not_make_a_literal_block_of_a_paragraph():
    assert reasons(f"Text::\n\n{URL}") == ["in-code"]


def test_tabs_count_as_eight_columns():
    assert convert(f"term\n\t`T <{URL}>`__") == "term\n\t:pith:`T <arXiv:1706.03762>`"
    assert reasons(f"term\n\t`T\tU <{URL}>`__") == ["escape"]


def test_deep_nesting_ends():
    deep = "".join(" " * depth + "x\n\n" for depth in range(2000)) + " " * 2000 + URL

    assert reasons(deep) == ["in-code"]


def test_what_was_refused_stays():
    assert reasons(URL, refused={"arXiv:1706.03762": "not-found"}) == ["not-verified"]
