r"""One title, many spellings: TeX accents, braces, dashes, quotes, mathematics.

Signed titles are arXiv's raw TeX (`connexit\'e`, `CH$_3$CHO`, `--`). Programs that export
references rewrite that. `spellings` goes back to what may have been hashed; `folds` makes two
spellings of one title equal. Neither ever makes two words equal.

Source: docs/reference/title-matching.md.
"""

import html
import re
import unicodedata
from collections.abc import Callable, Iterator

from pith_agent.protocol.display import safe_text

_ACCENTS = {
    "`": "\u0300",
    "'": "\u0301",
    "^": "\u0302",
    "~": "\u0303",
    '"': "\u0308",
    "=": "\u0304",
    ".": "\u0307",
    "u": "\u0306",
    "v": "\u030c",
    "H": "\u030b",
    "c": "\u0327",
    "k": "\u0328",
    "r": "\u030a",
    "d": "\u0323",
    "b": "\u0331",
}
_SIGNS = {mark: sign for sign, mark in _ACCENTS.items()}
_LETTERS = {
    **{"ss": "ß", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å", "AA": "Å", "o": "ø"},
    **{"O": "Ø", "l": "ł", "L": "Ł", "dh": "ð", "DH": "Ð", "th": "þ", "TH": "Þ", "dj": "đ"},
    **{"DJ": "Đ", "i": "ı", "j": "ȷ"},
}
_NAMES = {letter: name for name, letter in _LETTERS.items()}
_ASCII = {
    **{ord(letter): name for name, letter in _LETTERS.items()},
    ord("Å"): "A",
    ord("å"): "a",
    ord("đ"): "d",
    ord("Đ"): "D",
}
_ACCENT = re.compile(
    r"""\\(?:(?P<sign>[`'^"~=.])|(?P<letter>[uvHckrdb])(?![A-Za-z]))\s*"""
    r"(?:\{\s*(?P<braced>\\[ij]|[^\W\d_])\s*\}|(?P<dotless>\\[ij])(?![A-Za-z])\s?|(?P<bare>[^\W\d_]))"
)
_LETTER = re.compile(
    rf"\\({'|'.join(sorted(_LETTERS, key=len, reverse=True))})(?![A-Za-z])(?:\{{\}}|\s)?"
)
_STYLES = (
    (r"\{0}{1}", r"\{0}{{{1}}}", "i", r"{{\{0}}}"),
    (r"\{0}{{{1}}}", r"\{0}{{{1}}}", r"\i", r"\{0}{{}}"),
    (r"{{\{0}{1}}}", r"{{\{0} {1}}}", r"\i", r"{{\{0}}}"),
    (r"\{0}{1}", r"\{0} {1}", r"\i", r"\{0} "),
)
r"""How an accent is written: by a sign (`\'e`), by a letter (`\v{s}`), over an i, and `\ss`."""

MATH = re.compile(r"((?<!\\)\$[^$]+(?<!\\)\$)")
"""One formula. `re.split` by it gives text, formula, text, …"""

_FONT = re.compile(
    r"\\(?:math(?:bb|cal|rm|bf|frak|it|sf|scr)|text(?:it|bf|rm|tt|sc|sf|normal)?|emph|ensuremath"
    r"|rm|bf|it|em|cal|tt|sc|sf)(?![A-Za-z])\s*"
)
_COMMAND = re.compile(r"\\([A-Za-z]+)")
_ESCAPED = re.compile(r"\\([&%#_$])")
_GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lamda mu nu xi omicron pi rho sigma"
    " tau upsilon phi chi psi omega"
).split()
_SYMBOLS = {
    **{
        (name.title() if case == "CAPITAL" else name).replace("amda", "ambda"): unicodedata.lookup(
            f"GREEK {case} LETTER {name.upper()}"
        )
        for name in _GREEK
        for case in ("SMALL", "CAPITAL")
    },
    **{"varepsilon": "ε", "vartheta": "θ", "varphi": "φ", "varrho": "ρ", "varsigma": "σ"},
    **{"infty": "∞", "times": "×", "to": "→", "rightarrow": "→", "pm": "±", "leq": "≤", "le": "≤"},
    **{"geq": "≥", "ge": "≥", "cdot": "·", "otimes": "⊗", "oplus": "⊕", "partial": "∂"},
    **{"nabla": "∇", "dagger": "†", "hbar": "ħ", "ell": "ℓ", "sqrt": "√", "ldots": "..."},
    **{"dots": "...", "textendash": "-", "textemdash": "-", "sim": "∼", "circ": "°", "star": "⋆"},
}
_STRAIGHT = str.maketrans(
    {
        **dict.fromkeys("“”„‟«»″", '"'),
        **dict.fromkeys("‘’‚‛´′`", "'"),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        **{chr(code): unicodedata.normalize("NFKC", chr(code)) for code in range(0xFB00, 0xFB07)},
        **{chr(0x2080 + digit): str(digit) for digit in range(10)},
        **{mark: f"^{digit}" for digit, mark in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
        **{"ϵ": "ε", "ϑ": "θ", "ϕ": "φ", "ϱ": "ρ", "ς": "σ", "µ": "μ", "…": "...", "⋆": "*"},
    }
)
_TEX_QUOTES = {**dict.fromkeys("“„", "``"), "”": "''", "‘": "`", "’": "'"}
_ASCII_QUOTES = {**dict.fromkeys("“”„", '"'), **dict.fromkeys("‘’", "'")}
_DASHES = tuple(
    str.maketrans({**quotes, "–": en, "—": em, "‐": "-", "‑": "-", "−": "-"})
    for quotes, en, em in (
        (_ASCII_QUOTES, "--", "---"),
        (_ASCII_QUOTES, "-", "-"),
        (_ASCII_QUOTES, "--", "--"),
        (_TEX_QUOTES, "--", "---"),
    )
)


def tex_to_unicode(text: str) -> str:
    r"""TeX accents and letters outside formulas as characters: `\'e` → `é`. Braces stay."""
    return outside_math(_decode, text)


def readable(text: str) -> str:
    r"""A title for readers without TeX: accents as characters, no braces, `\&` as `&`.

    Formulas stay TeX. Braces stay where a command that is not known needs them.
    """
    return outside_math(_readable, safe_text(text))


def unaccented(text: str) -> str:
    """Letters without their accents: `é` → `e`, `ß` → `ss`. Other scripts stay."""
    apart = unicodedata.normalize("NFD", text.translate(_ASCII))
    return unicodedata.normalize("NFC", "".join(c for c in apart if not unicodedata.combining(c)))


def spellings(text: str) -> list[str]:
    """What may have been hashed if `text` is an exporter's spelling of it; `text` comes first.

    Letters are only respelled, never replaced: each entry is the same title.
    """
    forms = [text]
    for step in (_cleaned, _accents, _braces, _signs, _as_tex, _escapes, _ends):
        forms = list(dict.fromkeys(f for form in forms for f in (form, *step(form))))
    return forms


def folds(text: str) -> tuple[str, str, str]:
    """`text` with its typography folded: hyphens kept, as spaces, and left out.

    Two titles are one if any of the three is the same for both. Only a single hyphen between
    letters is left out, so that `1-2` stays apart from `12`.
    """
    plain = fold(text)
    inside = re.compile(r"(?<=[^\W\d_])-(?=[^\W\d_])")
    return _tight(plain), _tight(inside.sub(" ", plain)), _tight(inside.sub("", plain))


def fold(text: str) -> str:
    """`text` in lower case, on one line, without what only a typesetter sees."""
    text = tex_to_unicode(safe_text(html.unescape(text)))
    text = MATH.sub(lambda formula: re.sub(r"\s+", "", formula[0]), text)
    text = _FONT.sub("", text)
    text = _COMMAND.sub(lambda name: _SYMBOLS.get(name[1], name[0]), text)
    text = re.sub(r"(?<!\\)[{}$]", "", text)
    text = re.sub(r"\\\\|\\[,;:! ]|(?<!\\)~", " ", text)
    text = _ESCAPED.sub(r"\1", text).replace("_", "").replace("$", "")
    text = re.sub("``|''", '"', text).translate(_STRAIGHT)
    text = re.sub("-{2,3}", "-", text)
    text = unicodedata.normalize("NFC", text.lower()).replace("ς", "σ")
    return re.sub(r"\s+", " ", text).strip().rstrip(".").rstrip()


def outside_math(change: Callable[[str], str], text: str) -> str:
    """`change` applied to all but the formulas."""
    parts = MATH.split(text)
    parts[::2] = map(change, parts[::2])
    return "".join(parts)


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
    mark = _ACCENTS[match["sign"] or match["letter"]]
    return unicodedata.normalize("NFC", letter + mark)


def _readable(text: str) -> str:
    text = _FONT.sub("", _decode(text))
    if not _COMMAND.search(text):
        text = _unbraced(text)
    return _ESCAPED.sub(r"\1", text)


def _unbraced(text: str) -> str:
    return re.sub(r"(?<!\\)[{}]", "", text)


def _cleaned(text: str) -> Iterator[str]:
    yield safe_text(html.unescape(text))


def _accents(text: str) -> Iterator[str]:
    yield unicodedata.normalize("NFC", text)
    yield unicodedata.normalize("NFC", tex_to_unicode(text))


def _braces(text: str) -> Iterator[str]:
    bare = text.strip()
    while _is_wrapped(bare):
        bare = bare[1:-1].strip()
        yield bare
    yield outside_math(_unbraced, text)


def _is_wrapped(text: str) -> bool:
    """Whether the first brace closes at the very end."""
    if not (text.startswith("{") and text.endswith("}")):
        return False
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign == "{") - (sign == "}")
        if depth == 0:
            return place == len(text) - 1
    return False


def _signs(text: str) -> Iterator[str]:
    for dashes in _DASHES:
        yield outside_math(lambda part, dashes=dashes: part.translate(dashes), text)  # type: ignore[misc]


def _as_tex(text: str) -> Iterator[str]:
    if not text.isascii():
        for style in _STYLES:
            yield outside_math(lambda part, style=style: _encode(part, style), text)  # type: ignore[misc]


def _encode(text: str, style: tuple[str, str, str, str]) -> str:
    return "".join(c if c.isascii() else _tex(c, style) for c in text)


def _tex(character: str, style: tuple[str, str, str, str]) -> str:
    by_sign, by_letter, dotless, special = style
    if name := _NAMES.get(character):
        return special.format(name)
    letter, *marks = unicodedata.normalize("NFD", character)
    if not letter.isascii() or not all(mark in _SIGNS for mark in marks):
        return character
    if letter == "i" and marks:
        letter = dotless
    for mark in marks:
        sign = _SIGNS[mark]
        letter = (by_letter if sign.isalpha() else by_sign).format(sign, letter)
    return letter


def _escapes(text: str) -> Iterator[str]:
    yield _ESCAPED.sub(r"\1", text)


def _ends(text: str) -> Iterator[str]:
    bare = text.rstrip()
    yield bare.removesuffix(".") if bare.endswith(".") else f"{bare}."


def _tight(text: str) -> str:
    return re.sub(r"\s*-\s*", "-", text)
