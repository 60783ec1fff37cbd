r"""TeX in titles and names, as far as arXiv's metadata use it: accents, letters, formulas.

Nothing here runs TeX. What is not known stays as it was.
"""

import re
import unicodedata
from collections.abc import Callable
from typing import NamedTuple

from pith_agent.protocol.display import safe_text


def table(text: str) -> dict[str, str]:
    """`a 1 b 2` → `{"a": "1", "b": "2"}`."""
    words = text.split()
    return dict(zip(words[::2], words[1::2], strict=True))


MATH = re.compile(r"((?<!\\)\$[^$]+(?<!\\)\$)")
"""One formula. `re.split` by it gives text, formula, text, …"""

FONT = re.compile(
    r"\\(?:math(?:bb|cal|rm|bf|frak|it|sf|scr)|text(?:it|bf|rm|tt|sc|sf|normal)?|emph|ensuremath"
    r"|rm|bf|it|em|cal|tt|sc|sf)(?![A-Za-z])\s*"
)
"""A command that changes the look of letters and nothing else."""

_TEX = re.compile(r"[\\{}]")
"""Without one of these there is nothing to read."""

COMMAND = re.compile(r"\\([A-Za-z]+)")
ESCAPED = re.compile(r"\\([&%#_$])")

_MARKS = {
    sign: unicodedata.lookup(f"COMBINING {name}")
    for sign, name in {
        "`": "GRAVE ACCENT",
        "'": "ACUTE ACCENT",
        "^": "CIRCUMFLEX ACCENT",
        "~": "TILDE",
        '"': "DIAERESIS",
        "=": "MACRON",
        ".": "DOT ABOVE",
        "u": "BREVE",
        "v": "CARON",
        "H": "DOUBLE ACUTE ACCENT",
        "c": "CEDILLA",
        "k": "OGONEK",
        "r": "RING ABOVE",
        "d": "DOT BELOW",
        "b": "MACRON BELOW",
    }.items()
}
_SIGNS = {mark: sign for sign, mark in _MARKS.items()}
_LETTERS = table(
    "ss ß ae æ AE Æ oe œ OE Œ aa å AA Å o ø O Ø l ł L Ł dh ð DH Ð th þ TH Þ dj đ DJ Đ i ı j ȷ"
)
_NAMES = {letter: name for name, letter in _LETTERS.items()}
_ASCII = str.maketrans({**_NAMES, **table("Å A å a Đ D đ d")})

_ACCENT = re.compile(
    r"""\\(?:(?P<sign>[`'^"~=.])|(?P<letter>[uvHckrdb])(?![A-Za-z]))\s*"""
    r"(?:\{\s*(?P<braced>\\[ij]|[^\W\d_])\s*\}"
    r"|(?P<dotless>\\[ij])(?![A-Za-z])\s?|(?P<bare>[^\W\d_]))"
)
_LETTER = re.compile(
    rf"\\({'|'.join(sorted(_LETTERS, key=len, reverse=True))})(?![A-Za-z])(?:\{{\}}|\s)?"
)


class Style(NamedTuple):
    """One way to write letters beyond ASCII in TeX."""

    sign: str
    r"""An accent whose name is a sign: `\'e`."""
    named: str
    r"""An accent whose name is a letter: `\v{s}`."""
    dotless: str
    """The i under an accent."""
    letter: str
    r"""A letter with a name: `\ss`."""


STYLES = (
    Style(r"\{0}{1}", r"\{0}{{{1}}}", "i", r"{{\{0}}}"),
    Style(r"\{0}{{{1}}}", r"\{0}{{{1}}}", r"\i", r"\{0}{{}}"),
    Style(r"{{\{0}{1}}}", r"{{\{0} {1}}}", r"\i", r"{{\{0}}}"),
    Style(r"\{0}{1}", r"\{0} {1}", r"\i", r"\{0} "),
)
r"""The styles seen: `\'e`, `\'{e}`, `{\'e}`, and accents that a space ends (`\v s`)."""


def outside_math(change: Callable[[str], str], text: str) -> str:
    """`change` applied to all but the formulas."""
    parts = MATH.split(text)
    parts[::2] = map(change, parts[::2])
    return "".join(parts)


def tex_to_unicode(text: str) -> str:
    r"""TeX accents and letters outside formulas as characters: `\'e` → `é`. Braces stay."""
    return outside_math(_decode, text)


def unicode_to_tex(text: str, style: Style) -> str:
    r"""Letters beyond ASCII outside formulas as TeX: `é` → `\'e`. Other scripts stay."""
    return outside_math(lambda part: "".join(_encoded(c, style) for c in part), text)


def readable(text: str) -> str:
    r"""A title for readers without TeX: accents as characters, no braces, `\&` as `&`.

    Formulas stay TeX. Braces stay where a command that is not known needs them.
    """
    text = safe_text(text)
    # Most titles and names have no TeX but formulas, which stay.
    return outside_math(_readable, text) if _TEX.search(text) else text


def unaccented(text: str) -> str:
    """Letters without their accents: `é` → `e`, `ß` → `ss`. Other scripts stay."""
    if text.isascii():
        return text
    apart = unicodedata.normalize("NFD", text.translate(_ASCII))
    return unicodedata.normalize("NFC", "".join(c for c in apart if not unicodedata.combining(c)))


def unbraced(text: str) -> str:
    """`text` without the braces that TeX does not print."""
    return re.sub(r"(?<!\\)[{}]", "", text)


def _decode(text: str) -> str:
    # Accents nest, as in the Vietnamese \'{\^e}: the inner one is read first.
    for _ in range(3):
        read = _ACCENT.sub(_accented, text)
        if read == text:
            break
        text = read
    return _LETTER.sub(lambda name: _LETTERS[name[1]], text)


def _accented(match: re.Match[str]) -> str:
    letter = (match["braced"] or match["dotless"] or match["bare"]).removeprefix("\\")
    mark = _MARKS[match["sign"] or match["letter"]]
    return unicodedata.normalize("NFC", letter + mark)


def _readable(text: str) -> str:
    text = FONT.sub("", _decode(text))
    if not COMMAND.search(text):
        text = unbraced(text)
    return ESCAPED.sub(r"\1", text)


def _encoded(character: str, style: Style) -> str:
    if character.isascii():
        return character
    if name := _NAMES.get(character):
        return style.letter.format(name)
    letter, *marks = list(unicodedata.normalize("NFD", character))
    if not letter.isascii() or not all(mark in _SIGNS for mark in marks):
        return character
    if letter == "i" and marks:
        letter = style.dotless
    for mark in marks:
        sign = _SIGNS[mark]
        letter = (style.named if sign.isalpha() else style.sign).format(sign, letter)
    return letter
