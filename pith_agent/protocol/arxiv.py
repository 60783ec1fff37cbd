"""arXiv identifiers, old and new style.

Source: arXiv's help page on identifiers; the archive names are those of arXiv's own taxonomy
(arXiv/arxiv-base, MIT).
"""

import re
from functools import lru_cache
from typing import NamedTuple

ARCHIVES = frozenset(
    {
        "acc-phys",
        "adap-org",
        "alg-geom",
        "ao-sci",
        "astro-ph",
        "atom-ph",
        "bayes-an",
        "chao-dyn",
        "chem-ph",
        "cmp-lg",
        "comp-gas",
        "cond-mat",
        "cs",
        "dg-ga",
        "econ",
        "eess",
        "funct-an",
        "gr-qc",
        "hep-ex",
        "hep-lat",
        "hep-ph",
        "hep-th",
        "math",
        "math-ph",
        "mtrl-th",
        "nlin",
        "nucl-ex",
        "nucl-th",
        "patt-sol",
        "physics",
        "plasm-ph",
        "q-alg",
        "q-bio",
        "q-fin",
        "quant-ph",
        "solv-int",
        "stat",
        "supr-con",
    }
)

VERSION = r"(?:v(?P<version>[1-9][0-9]{0,3}))?"
NEW = rf"(?P<yymm>[0-9]{{4}})\.(?P<number>[0-9]{{4,5}}){VERSION}"
OLD = (
    r"(?P<archive>[a-z]+(?:-[a-z]+)?)(?:\.[a-z-]{2,12})?"
    rf"/(?P<yymm>[0-9]{{4}})(?P<number>[0-9]{{3}}){VERSION}"
)

_NEW = re.compile(rf"(?:[a-z-]+(?:\.[a-z-]+)?/)?{NEW}")
_OLD = re.compile(OLD)

MAX_LENGTH = 64
"""Characters of the longest text that is read: twice what an id with its archive can have."""

FIRST_NEW = 704
FIRST_FIVE_DIGITS = 1501
FIRST_OLD = 9107
LAST_OLD = 703


class ArxivId(NamedTuple):
    """A paper on arXiv: `id` as the registry signs it, and a version if one was named."""

    id: str
    version: int | None

    def __str__(self) -> str:
        return self.id if self.version is None else f"{self.id}v{self.version}"


def parse_arxiv(text: str) -> ArxivId | None:
    """Read `1706.03762v2`, `hep-th/9901001` or `math.GT/0309136`; `None` for anything else.

    Letters may be of either case; the subject class of an old id is dropped, and so is an
    archive in front of a new id (`hep-th/1601.07616`).
    """
    return _read(text.lower()) if len(text) <= MAX_LENGTH and text.isascii() else None


# Kept: one verification of a paper asks for its arXiv id several times.
@lru_cache(maxsize=4096)
def _read(text: str) -> ArxivId | None:
    if match := _NEW.fullmatch(text):
        month, digits = int(match["yymm"]), match["number"]
        length = 5 if month >= FIRST_FIVE_DIGITS else 4
        in_time = FIRST_NEW <= month < FIRST_OLD and 1 <= month % 100 <= 12
        if in_time and len(digits) == length and int(digits) > 0:
            return ArxivId(f"{match['yymm']}.{digits}", _version(match))
    elif match := _OLD.fullmatch(text):
        month = int(match["yymm"])
        in_time = (month >= FIRST_OLD or month <= LAST_OLD) and 1 <= month % 100 <= 12
        if in_time and match["archive"] in ARCHIVES and int(match["number"]) > 0:
            return ArxivId(f"{match['archive']}/{match['yymm']}{match['number']}", _version(match))
    return None


def _version(match: re.Match[str]) -> int | None:
    return int(match["version"]) if match["version"] else None
