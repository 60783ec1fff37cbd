r"""One title, many spellings: braces, accents, dashes, quotes, mathematics.

Signed titles are arXiv's raw TeX (`connexit\'e`, `CH$_3$CHO`, `--`). Programs that export
references rewrite that. `spellings` goes back to what may have been hashed; `folds` makes two
spellings of one title equal. Neither makes two words equal that a reader would tell apart.

Source: docs/reference/title-matching.md.
"""

import html
import re
import unicodedata
from collections.abc import Iterator

from pith_agent.protocol.display import safe_text
from pith_agent.protocol.tex import (
    COMMAND,
    ESCAPED,
    FONT,
    MATH,
    STYLES,
    outside_math,
    table,
    tex_to_unicode,
    unbraced,
    unicode_to_tex,
)

_GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma"
    " tau upsilon phi chi psi omega"
)
_SYMBOLS = {
    # Unicode spells lambda without its b.
    **{
        name: unicodedata.lookup(f"GREEK SMALL LETTER {name.upper().replace('MB', 'M')}")
        for name in re.split(" ", _GREEK)
    },
    **table(
        "varepsilon ε vartheta θ varphi φ varrho ρ varsigma σ infty ∞ times × to → rightarrow →"
        " pm ± leq ≤ le ≤ geq ≥ ge ≥ cdot · otimes ⊗ oplus ⊕ partial ∂ nabla ∇ dagger † hbar ħ"
        " ell ℓ sqrt √ ldots ... dots ... textendash - textemdash - sim ~ circ ° star *"
    ),
}
_PLAIN_SIGNS = str.maketrans(
    {
        **dict.fromkeys("“”„‟«»″", '"'),
        **dict.fromkeys("‘’‚‛´′`", "'"),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        **{chr(code): unicodedata.normalize("NFKC", chr(code)) for code in range(0xFB00, 0xFB07)},
        **{chr(0x2080 + digit): str(digit) for digit in range(10)},
        **{mark: f"^{digit}" for digit, mark in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
        **table("ϵ ε ϑ θ ϕ φ ϱ ρ ς σ µ μ … ... ⋆ * ∼ ~"),
    }
)
_ASCII_QUOTES = {**dict.fromkeys("“”„", '"'), **dict.fromkeys("‘’", "'")}
_TEX_QUOTES = table("“ `` „ `` ” '' ‘ ` ’ '")
_ASCII_SIGNS = tuple(
    str.maketrans({**quotes, "–": en, "—": em, **dict.fromkeys("‐‑−", "-")})
    for quotes, en, em in (
        (_ASCII_QUOTES, "--", "---"),
        (_ASCII_QUOTES, "-", "-"),
        (_ASCII_QUOTES, "--", "--"),
        (_TEX_QUOTES, "--", "---"),
    )
)
_HYPHEN = re.compile(r"(?<=[^\W\d_])-(?=[^\W\d_])")


def spellings(text: str) -> list[str]:
    """What may have been hashed if `text` is an exporter's spelling of it; `text` comes first.

    Letters are respelled and never replaced: each entry is the same title.
    """
    forms = [text]
    for step in (_cleaned, _accents, _braces, _signs, _as_tex, _escapes, _ends):
        forms = list(dict.fromkeys(f for form in forms for f in (form, *step(form))))
    return forms


def folds(text: str) -> tuple[str, str, str]:
    """`fold` of a text, with the hyphens between letters kept, as spaces, and left out.

    Two titles are one if any of the three is the same for both. Other hyphens stay: `1-2` is
    not `12`.
    """
    plain = fold(text)
    return _tight(plain), _tight(_HYPHEN.sub(" ", plain)), _tight(_HYPHEN.sub("", plain))


def fold(text: str) -> str:
    """`text` in lower case, on one line, without what only a typesetter sees."""
    text = tex_to_unicode(safe_text(html.unescape(text)))
    text = re.sub(r"\\\\|\\[,;:! ]|(?<=[^\s\\])~(?=\S)", " ", text)
    text = COMMAND.sub(_symbol, FONT.sub("", text))
    text = MATH.sub(lambda formula: re.sub(r"\s+", "", formula[0][1:-1]), text)
    text = ESCAPED.sub(r"\1", unbraced(text)).replace("_", "")
    text = re.sub("``|''", '"', text).translate(_PLAIN_SIGNS)
    text = re.sub("-{2,3}", "-", text)
    # Lowered as the protocol lowers, and never case-folded: ß and ss are two spellings there.
    text = unicodedata.normalize("NFC", text.lower()).replace("ς", "σ")
    return re.sub(r"\s+", " ", text).strip().rstrip(".").rstrip()


def _symbol(command: re.Match[str]) -> str:
    r"""`\Delta` and `\delta` become the same: titles are lowered."""
    return _SYMBOLS.get(command[1]) or _SYMBOLS.get(command[1].lower()) or command[0]


def _cleaned(text: str) -> Iterator[str]:
    yield safe_text(html.unescape(text))


def _accents(text: str) -> Iterator[str]:
    yield unicodedata.normalize("NFC", text)
    yield unicodedata.normalize("NFC", tex_to_unicode(text))


def _braces(text: str) -> Iterator[str]:
    bare = text.strip()
    for _ in range(3):
        if not _is_wrapped(bare):
            break
        bare = bare[1:-1].strip()
        yield bare
    yield outside_math(unbraced, text)


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
    for signs in _ASCII_SIGNS:
        parts = MATH.split(text)
        parts[::2] = [part.translate(signs) for part in parts[::2]]
        yield "".join(parts)


def _as_tex(text: str) -> Iterator[str]:
    if not text.isascii():
        for style in STYLES:
            yield unicode_to_tex(text, style)


def _escapes(text: str) -> Iterator[str]:
    yield ESCAPED.sub(r"\1", text)


def _ends(text: str) -> Iterator[str]:
    bare = text.rstrip()
    yield bare.removesuffix(".") if bare.endswith(".") else f"{bare}."


def _tight(text: str) -> str:
    return re.sub(r"\s*-\s*", "-", text)
