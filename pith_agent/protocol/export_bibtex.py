r"""One record as a BibTeX entry that biblatex reads as well.

A title is arXiv's raw TeX and stays TeX where that is safe; all else is text, and is escaped.
Some readers count escaped braces and some do not, so a value has to balance either way.

Source: docs/reference/export.md, "BibTeX".
"""

import re

from pith_agent.protocol.authors import Author
from pith_agent.protocol.tex import MATH
from pith_agent.protocol.work import Work

_AS_TEXT = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\textbraceleft{}",
        "}": r"\textbraceright{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        # Some readers take `@word{` for the start of an entry, wherever it stands.
        "@": "{@}",
        **{sign: f"\\{sign}" for sign in "&%#_$"},
    }
)
_ACTIVE = re.compile(
    r"\\(?:input|include|import|subimport|openin|openout|read|write|immediate|special|catcode"
    r"|[gex]?def|let|newcommand|renewcommand|csname|directlua|latelua|luaexec|usepackage"
    r"|verbatiminput|lstinputlisting|includegraphics|loop|pdf[a-z]+|url|href|end|begin|bye|stop)"
    r"(?![A-Za-z])|\^\^",
    re.I,
)
"""Commands that no title needs, and that do more than print."""


def bibtex(work: Work) -> str:
    """`@misc`, with the fields of BibTeX styles and of biblatex side by side."""
    fields = {
        "title": f"{{{tex_title(work)}}}",
        "author": _authors(work),
        "year": work.year,
        "version": str(work.version),
        "eprint": work.arxiv,
        "archivePrefix": work.arxiv and "arXiv",
        "eprinttype": work.arxiv and "arxiv",
        "primaryClass": work.arxiv and work.category,
        "eprintclass": work.arxiv and work.category,
        "doi": work.doi,
        "url": work.url,
        "note": work.pith_number,
        "pith": work.pith_number,
    }
    # BibTeX skips what stands between entries, as long as it holds no @.
    lines = ["% author: not signed"] if work.authors else []
    lines += [] if work.title_is_signed else ["% title: not authenticated"]
    lines.append(f"@misc{{{work.key},")
    lines += [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([*lines, "}", ""])


def tex_title(work: Work) -> str:
    """The title as the inside of a brace: TeX if it is signed and harmless, else escaped text."""
    if work.title_is_signed and not _ACTIVE.search(work.title):
        parts = MATH.split(work.title)
        parts[::2] = [re.sub(r"\\.|[&%#_$^@]", _escape, part) for part in parts[::2]]
        parts[1::2] = [re.sub(r"\\.|[&%#@]", _escape, part) for part in parts[1::2]]
        title = "".join(parts)
        if _is_closed(title):
            return title
    return tex_text(work.title)


def tex_text(text: str) -> str:
    """Text that TeX prints as it is."""
    return text.translate(_AS_TEXT)


def _escape(sign: re.Match[str]) -> str:
    if len(sign[0]) > 1:  # Escaped, or a command: it was consumed so that it stays.
        return sign[0]
    return r"\^{}" if sign[0] == "^" else sign[0].translate(_AS_TEXT)


def _is_closed(title: str) -> bool:
    """Whether nothing in `title` reaches beyond the braces around it, however they are counted."""
    # BibTeX counts every brace; others leave out the escaped, and differ on what `\\{` is.
    counts = (title, re.sub(r"\\.", "", title), re.sub(r"\\[{}]", "", title))
    return (
        all(map(_is_balanced, counts))
        and not title.endswith("\\")
        and not re.search(r"(?<!\{)@|@(?!\})", title)
    )


def _is_balanced(text: str) -> bool:
    depth = 0
    for sign in re.findall("[{}]", text):
        depth += 1 if sign == "{" else -1
        if depth < 0:
            return False
    return depth == 0


def _authors(work: Work) -> str:
    names = [_author(author) for author in work.authors]
    names += ["others"] if names and work.has_more_authors else []
    return " and ".join(names)


def _author(author: Author) -> str:
    """`Can Xu`; in braces what BibTeX must not take apart."""
    if author.suffix:
        parts = (author.family, author.suffix, author.given)
        return ", ".join(tex_text(part) for part in parts if part)
    is_whole = not author.given or re.search(r"\band\b|,", author.name, re.I)
    name = tex_text(author.name)
    return f"{{{name}}}" if is_whole else name
