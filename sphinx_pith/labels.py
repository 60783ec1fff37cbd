"""What stands in a sentence for a paper: authors and year, or a number.

Authors are not signed, so a label is never shown as verified: the link behind it is.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from string import ascii_lowercase
from typing import TYPE_CHECKING

from sphinx_pith.i18n import _

if TYPE_CHECKING:
    from pith_agent import Work

MAX_NAMED = 2
"""Authors that are named before "et al."."""


@dataclass(frozen=True, slots=True)
class Label:
    """The label of one paper among those that a project cites."""

    authors: str
    """`Xu et al.`, `Abbott and Bell`; `“The title, shortened…”` if no author is stated."""
    year: str
    """`2024`, or `2024b` where two papers would look the same. The year is signed."""
    number: int
    """From 1, in the order in which papers are first cited."""


def labels_of(works: "Mapping[str, Work]") -> dict[str, Label]:
    """Suffix → label, for works in the order in which they are first cited."""
    alike: dict[tuple[str, str], list[str]] = defaultdict(list)
    for suffix, work in works.items():
        alike[named(work), work.year].append(suffix)
    letters: dict[str, str] = {}
    for suffixes in alike.values():
        if len(suffixes) > 1:
            # By title, so that the letters do not change with the order of citing.
            ordered = sorted(suffixes, key=lambda one: (works[one].readable_title, one))
            letters |= {suffix: _letters(place) for place, suffix in enumerate(ordered)}
    return {
        suffix: Label(named(work), f"{work.year}{letters.get(suffix, '')}", number)
        for number, (suffix, work) in enumerate(works.items(), 1)
    }


def named(work: "Work") -> str:
    """The authors, as a sentence names them."""
    families = [author.family for author in work.authors]
    if not families:
        return f"“{shortened(work.readable_title)}”"
    if len(families) > MAX_NAMED or work.has_more_authors:
        return f"{families[0]} et al."
    return str(_(" and ")).join(families)


def shortened(title: str, words: int = 4) -> str:
    """The first words of a title."""
    kept = title.split()
    return " ".join(kept[:words]) + ("…" if len(kept) > words else "")


def everyone(names: Iterable[str], *, has_more: bool) -> str:
    """All authors, as a bibliography names them."""
    listed = list(names)
    if has_more:
        return ", ".join([*listed, "et al."])
    first, last = ", ".join(listed[:-1]), "".join(listed[-1:])
    return str(_(" and ")).join(filter(None, (first, last)))


def _letters(place: int) -> str:
    """a … z, aa, ab …"""
    text = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, len(ascii_lowercase))
        text = ascii_lowercase[rest] + text
    return text
