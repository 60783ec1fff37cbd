"""Third-party text made safe to show: on a terminal, in a log, to a model.

What can hide or reorder text is dropped: controls, escape sequences, bidirectional overrides,
zero-width characters, tags. Nothing is judged by the result; it is for eyes only.
"""

import re
import unicodedata

_STEERING = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]"
)
"""Controls but for white space, bidirectional embeddings, overrides and isolates, and tags.

Marks and joiners are not among them: words of many languages are written with these.
"""

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b.", re.S)


def safe_text(text: str, limit: int | None = None) -> str:
    """`text` on one line, without characters that cannot be seen, cut at `limit` characters."""
    if limit is not None:
        text = text[: 8 * limit + 64]
    if text.isascii() and text.isprintable():
        # A space is all the white space that such a text can hold.
        text = " ".join(text.split()) if " " in text else text
    else:
        text = _ESCAPES.sub("", text)
        text = " ".join("".join(map(_visible, text)).split())
    return text if limit is None or len(text) <= limit else text[: limit - 1] + "…"


def steers(text: str) -> bool:
    """Whether `text` holds characters that reorder what is shown, or command a terminal."""
    return _STEERING.search(text) is not None


def _visible(character: str) -> str:
    if character in "\t\n\r\u2028\u2029":
        return " "
    # Cc controls, Cf invisible formatting, Cs surrogates, Co private use; Cn is not assigned yet,
    # and most of the tags are.
    return "" if unicodedata.category(character).startswith("C") else character
