"""Links in the docstrings of Python."""

import ast

import pytest

from sphinx_pith.convert.links import Rules
from sphinx_pith.convert.run import convert_text

URL = "https://arxiv.org/abs/1706.03762"
LINK, CITATION = f"`T <{URL}>`_", ":pith:`T <arXiv:1706.03762>`"


def convert(source: str, **rules: object) -> str:
    return convert_text(source, ".py", Rules(**rules))[0]


def reasons(source: str) -> list[str]:
    """Why each link stays; nothing may have changed."""
    after, links = convert_text(source, ".py", Rules())
    assert after == source
    return [link.reason for link in links]


@pytest.mark.parametrize(
    "form",
    [
        '"""{}"""',
        "r'''{}'''",
        "u'{}'",
        'R"""\\alpha {}"""',
        '"""\\n \\u00e9 {}"""',
        '("""{}""")',
        'class A:\n    """Text.\n\n    {}\n    """',
        'def f():\n    "{}"',
        'async def f():\n    """{}"""; return 1',
        'class A:\n    x = 1\n    """{}"""',
        'class A:\n    def __init__(self):\n        self.x: int = 1\n        """{}"""',
        '"é"; é = "é"\ndef é():\n    "é {}"',
        '"""\r\n{}\r\n"""\r\n',
    ],
)
def test_a_docstring_is_rewritten_in_place(form):
    before, after = form.format(LINK), form.format(CITATION)

    assert convert(before) == after
    assert ast.get_docstring(ast.parse(after)) is not None or "def" in after or "class" in after


@pytest.mark.parametrize(
    "form",
    [
        'x = "{}"',
        "# {}",
        'def f():\n    return "{}"',
        'def f():\n    x = 1\n    "{}"',
        '"doc"\n"{}"',
        'if True:\n    "{}"',
        'f(x="""{}""")',
        'b"{}"',
    ],
)
def test_other_strings_and_comments_stay(form):
    assert reasons(form.format(LINK)) == ["not-docstring"]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (f'"""a""" "{LINK}"', "unsafe-docstring"),
        (f'f"""{LINK}"""', "unsafe-docstring"),
        (f'"""`T\\x41 <{URL}>`_"""', "escape"),
        ('"""`T <https://arxiv.org/abs/\\\n1706.03762>`_"""', "escape"),
        (f'"""Code::\n\n    {LINK}\n"""', "in-code"),
        (f'"""\n>>> f("{URL}")\n"""', "in-code"),
    ],
)
def test_a_docstring_that_cannot_be_rewritten_safely_stays(source, reason):
    assert reasons(source) == [reason]


def test_a_line_that_goes_on_after_a_backslash_is_kept():
    assert convert(f'"""`T \\\n<{URL}>`_"""') == '""":pith:`T \\\n<arXiv:1706.03762>`"""'


def test_a_name_used_in_another_docstring_keeps_its_link():
    assert reasons(f'"""{LINK}"""\ndef f():\n    """See T_."""') == ["named-link"]


def test_the_hanging_lines_of_googles_style_are_one_paragraph():
    before = f'''
def f(x):
    """Do.

    Args:
        x (int, optional): As in `A
            long title <{URL}>`_
            and more.
    """
'''

    assert "`A\n            long title <arXiv:1706.03762>`\n" in convert(before)


def test_numpy_style_is_read():
    before = (
        f'def f(x):\n    """Do.\n\n    Parameters\n    ----------\n    x : int\n        {LINK}\n\n'
    )
    before += f'    References\n    ----------\n    .. [1] {URL}\n    """\n'

    after = convert(before)

    assert CITATION in after
    assert ".. [1] :pith:`arXiv:1706.03762`" in after


def test_source_that_cannot_be_parsed_is_an_error():
    with pytest.raises(Exception, match="unreadable-file") as raised:
        convert(f"def f(: # {URL}\n")
    assert raised.value.code == "unreadable-file"
