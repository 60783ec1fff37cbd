"""A claimed title against the title that a record signs.

Only a hash, or equality after folding typography, is a match. A likeness is the opposite of
one: the title of a made-up reference is often a real title with one word altered.

Source: docs/reference/title-matching.md.
"""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher

from pith_agent.errors import CanonicalFormError
from pith_agent.protocol.canon import text_sha256
from pith_agent.protocol.display import safe_text
from pith_agent.protocol.proof import VerifiedRecord
from pith_agent.protocol.tex import unaccented
from pith_agent.protocol.title_match import MAX_TITLE_LENGTH, Match, TitleMatch
from pith_agent.protocol.typography import fold, folds, spellings

LIKE_CHARACTERS = 0.85
LIKE_WORDS = 0.8
"""From these ratios on, a title that is not the signed one is an altered one."""

DIFFERENCE_LENGTH = 300

_BOUNDARY = re.compile(r"(?<=[?!])\s+|[:;.]\s+|\s+(?:-{1,3}|[–—])\s+|-{3}|—|\s+(?=\()")
_CUT = re.compile(r"\s*(?:\.{3}|…|\\[dl]+ots(?:\{\})?)\s*\Z")


def match_title(claimed: str, record: VerifiedRecord) -> TitleMatch:
    """Compare a claimed title with the one that `record` signs. Total: it never raises.

    Args:
        claimed: The title as a reference states it: raw TeX, BibTeX with braces, or Unicode. A
            title of more than 2,000 characters is `different` without being compared.
        record: The proof. Its title may be missing; its title hash is always there.

    Source:
        docs/reference/title-matching.md.
    """
    signed = record.title
    shown = safe_text(signed, MAX_TITLE_LENGTH) if signed else None

    def said(match: Match, detail: str, difference: str = "") -> TitleMatch:
        return TitleMatch(match=match, detail=detail, signed_title=shown, difference=difference)

    if len(claimed) > MAX_TITLE_LENGTH:
        return said("different", f"A title has at most {MAX_TITLE_LENGTH} characters.")
    if not safe_text(claimed):
        return said("different", "No title is claimed.")
    expected = record.signed.metadata.title_canon_sha256
    if _hashes_to(claimed, expected):
        return said("exact", "The claimed title hashes to the signed title hash.")
    if any(_hashes_to(form, expected) for form in spellings(claimed)):
        return said("variant", "Spelled as TeX, the claimed title hashes to the signed title hash.")
    if signed is None or len(signed) > MAX_TITLE_LENGTH:
        return said(
            "unconfirmed",
            "The claimed title does not hash to the signed title hash, and the record shows no"
            " title to compare it with.",
        )
    if _is_equal(claimed, signed):
        return said("variant", "The claimed title differs from the signed one in typography only.")
    if _is_part(claimed, signed):
        return said(
            "truncated",
            "The claimed title is a part of the signed one.",
            _difference(claimed, signed),
        )
    if _is_like(claimed, signed):
        return said(
            "near-miss",
            "The claimed title is the signed one with words altered.",
            _difference(claimed, signed),
        )
    return said("different", "The claimed title is not the title of this paper and version.")


def _hashes_to(text: str, expected: str) -> bool:
    try:
        return text_sha256(text) == expected
    except CanonicalFormError:  # Half of a surrogate pair: no such text was ever hashed.
        return False


def _is_equal(claimed: str, signed: str) -> bool:
    ours, theirs = folds(claimed), folds(signed)
    if not ours[0]:
        return False
    if any(mine == other for mine, other in zip(ours, theirs, strict=True)):
        return True
    # A claim without any accent may have lost them; one with other accents is another text.
    return ours[0].isascii() and any(
        mine == unaccented(other) for mine, other in zip(ours, theirs, strict=True)
    )


def _is_part(claimed: str, signed: str) -> bool:
    """Whether `claimed` is `signed` up to or from a subtitle, or was cut with an ellipsis."""
    if cut := _CUT.search(claimed):
        begun = fold(claimed[: cut.start()])
        rest = fold(signed).removeprefix(begun)
        return len(begun.split()) > 2 and rest != fold(signed) and not rest[:1].isalnum()
    return any(_is_equal(claimed, part) for part in _parts(signed) if fold(part))


def _parts(signed: str) -> Iterator[str]:
    for boundary in _BOUNDARY.finditer(signed):
        yield signed[: boundary.start()]
        yield signed[: boundary.start()].rstrip("?!")
        yield signed[boundary.end() :]


def _is_like(claimed: str, signed: str) -> bool:
    ours, theirs = fold(claimed), fold(signed)
    return bool(ours and theirs) and (
        _ratio(ours, theirs) >= LIKE_CHARACTERS
        or _ratio(ours.split(), theirs.split()) >= LIKE_WORDS
    )


def _ratio(one: str | list[str], other: str | list[str]) -> float:
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    # Both are upper bounds, and cheap: they spare the quadratic work where it cannot matter.
    if min(matcher.real_quick_ratio(), matcher.quick_ratio()) < LIKE_WORDS:
        return 0.0
    return matcher.ratio()


def _difference(claimed: str, signed: str) -> str:
    """The words that differ, signed → claimed."""
    old, new = safe_text(signed).split(), safe_text(claimed).split()
    matcher = SequenceMatcher(None, [*map(fold, old)], [*map(fold, new)], autojunk=False)
    changes = (
        f"{' '.join(old[a:b]) or '(nothing)'} → {' '.join(new[c:d]) or '(nothing)'}"
        for kind, a, b, c, d in matcher.get_opcodes()
        if kind != "equal"
    )
    return safe_text("; ".join(changes), DIFFERENCE_LENGTH)
