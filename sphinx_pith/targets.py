"""What the text of a role names: one paper or several, with a claim, and with words around them.

2402.13116            a paper
2402.13116#C1         claim C1 of the paper
{see}2402.13116{p. 3}, 1706.03762#C2
                      two papers, with words before and after
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from pith_agent import IdentifierError, parse_identifier

_COMMA = re.compile(r",(?![^{]*\})")
_PART = re.compile(r"(?:\{(?P<before>[^{}]*)\})?(?P<text>[^{}]*)(?:\{(?P<after>[^{}]*)\})?")
_CLAIM = re.compile(r"(?P<name>.+)#(?P<claim>C[0-9]{1,4})")


@dataclass(frozen=True, slots=True)
class Target:
    """One paper that is cited."""

    text: str
    """As it was typed, with the claim: the key of its answer."""
    name: str
    """The identifier alone."""
    claim: str = ""
    """The id of a claim of the paper, such as `C1`."""
    before: str = ""
    after: str = ""
    """Words around it, as in "see …, p. 3"."""

    @property
    def short(self) -> str:
        """The identifier without a URL around it; other text as it is."""
        try:
            name = str(parse_identifier(self.name))
        except IdentifierError:
            name = self.name
        return f"{name}#{self.claim}" if self.claim else name


def parse_target(text: str, before: str = "", after: str = "") -> Target:
    """Read one paper."""
    text = text.strip()
    match = _CLAIM.fullmatch(text)
    name, claim = (match["name"], match["claim"]) if match else (text, "")
    return Target(text, name, claim, before.strip(), after.strip())


# Kept: a paper is often cited many times, and each citation is read and later written.
@lru_cache(maxsize=4096)
def parse_targets(text: str) -> tuple[Target, ...]:
    """Read a list with commas between the papers; braces hold the words around them."""
    targets = []
    for part in _COMMA.split(text):
        match = _PART.fullmatch(part.strip())
        if match is None:
            targets.append(parse_target(part))
        elif match["text"].strip():
            targets.append(parse_target(match["text"], match["before"] or "", match["after"] or ""))
    # Nothing but commas names nothing; the identifier is refused when it is verified.
    return tuple(targets) or (parse_target(text),)
