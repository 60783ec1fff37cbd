"""Text → Identifier: Pith Numbers, arXiv ids, DOIs, and the URLs that carry them.

Source: docs/reference/identifiers.md. Patterns are ASCII and matched in full: `\\d` would take
Arabic digits, `$` a trailing newline, and `'ſ'.upper()` is `'S'`.
"""

import re
import string
from dataclasses import dataclass
from typing import Literal, TypeAlias
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from pith_agent.errors import IdentifierError
from pith_agent.protocol.arxiv import ArxivId, parse_arxiv
from pith_agent.protocol.canon import SHORT_LENGTHS, SUFFIX_LENGTH

Kind: TypeAlias = Literal["pith", "pith_short", "arxiv", "arxiv_doi", "doi", "shortdoi", "bibcode"]

MAX_LENGTH = 2048
"""Characters read; a longer text is no identifier."""

ARXIV_DOI = "10.48550/arxiv."
PITH_HOSTS = frozenset({"pith.science", "www.pith.science"})
DOI_HOSTS = frozenset({"doi.org", "www.doi.org", "dx.doi.org", "doi.acm.org"})
MIRROR_PATHS = {
    "ar5iv.org": r"/(?:abs|html)/",
    "ar5iv.labs.arxiv.org": r"/html/",
    "alphaxiv.org": r"/(?:abs|overview|pdf)/",
    "huggingface.co": r"/papers/",
    "api.semanticscholar.org": r"/arxiv:",
    "ui.adsabs.harvard.edu": r"/abs/arxiv:",
    "papers.cool": r"/arxiv/",
    "hjfy.top": r"/arxiv/",
    "emergentmind.com": r"/papers/",
}
"""Sites that show arXiv papers under the paper's own id, and the path before that id."""

_ARXIV_PATH = r"/(?:abs|pdf|html|e-print|src|format|ps|tb)/"
_ARXIV_TEXT = re.compile(
    r"(?:arxiv(?::\s?|\s))?(?P<id>\S+?)(?:\s*\[[a-z-]+(?:\.[a-z-]+)?\])?", re.I | re.A
)
_PITH_TEXT = re.compile(r"pith:(?:(?P<year>[0-9]{4}):)?(?P<suffix>[^:/\s]+)", re.I | re.A)
_PITH_PATHS = tuple(
    re.compile(pattern, re.A)
    for pattern in (
        r"/pith/(?P<pith>[^/.]+)(?:\.json|/bundle\.json|/state\.json|/action/[a-z_]+)?/?",
        r"/\.well-known/pith/(?P<pith>[^/.]+)/bundle\.json",
        r"/api/pith-number/(?P<pith>[^/.]+)/(?:graph|events)\.json",
        r"/(?:paper|p)/(?P<paper>.+?)/?",
        r"/ref/arxiv/(?P<paper>.+?)/?",
    )
)
_DOI = re.compile(r"10\.[0-9]{3,9}(?:\.[0-9]+)*/[^\s\"]+")
_SHORT_DOI = re.compile(r"10/[a-z0-9]+", re.A)
_BIBCODE = re.compile(r"[12][0-9]{3}arXiv(?P<yymm>[0-9]{4})(?P<number>[0-9]{5})[A-Z]", re.A)
_NOT_BASE32 = str.maketrans("", "", string.ascii_uppercase + "234567")


@dataclass(frozen=True, slots=True)
class Identifier:
    """What a user typed, in one normal form.

    `kind` and `value` are, for instance:

    | kind | value |
    |---|---|
    | `pith` | `pith:ODXWRQYNXKOR3ZX6FVYSFXZLUC` |
    | `pith_short` | `pith:ODXWRQYN` (a hint for look-up, never proof) |
    | `arxiv`, `arxiv_doi` | `2402.13116v4`, `hep-th/9901001` |
    | `doi`, `shortdoi` | `10.1016/j.epsl.2011.11.037`, `10/gf4gqc` |
    | `bibcode` | `2016arXiv161002026S` |

    `str()` gives a spelling that parses to an equal identifier.
    """

    kind: Kind
    value: str
    year: int | None = None
    """The year typed in `pith:YYYY:…`. It follows from the record, so it is only compared."""

    def __str__(self) -> str:
        match self.kind:
            case "pith" if self.year is not None:
                return f"pith:{self.year:04d}:{self.suffix}"
            case "arxiv":
                return f"arXiv:{self.value}"
            case "arxiv_doi":
                return f"doi:10.48550/arXiv.{self.value}"
            case "doi" | "shortdoi":
                return f"doi:{self.value}"
            case _:
                return self.value

    @property
    def suffix(self) -> str:
        """The base32 part of a Pith Number or short form; empty for other kinds."""
        return self.value.removeprefix("pith:") if self.kind.startswith("pith") else ""

    @property
    def arxiv(self) -> ArxivId | None:
        """The arXiv paper that the text names, if it names one."""
        if self.kind in ("arxiv", "arxiv_doi"):
            return parse_arxiv(self.value)
        if self.kind == "bibcode" and (match := _BIBCODE.fullmatch(self.value)):
            return _arxiv_of_bibcode(match)
        return None


def parse_identifier(text: str, *, context: Literal["any", "pith"] = "any") -> Identifier:
    """Read one identifier, which must be the whole of `text`; outer spaces are allowed.

    Args:
        text: For instance `pith:2024:ODXWRQYNXKOR3ZX6FVYSFXZLUC`, `arXiv:2402.13116v4`,
            `hep-th/9901001`, `doi:10.48550/arXiv.2402.13116` or
            `https://pith.science/paper/2402.13116`.
        context: `"pith"` where a Pith Number is expected: then bare short forms are taken too.
            Elsewhere they are ordinary words (`CONTRACT` is valid base32).

    Raises:
        IdentifierError: The text is none of the known forms.
    """
    if not isinstance(text, str) or len(text) > MAX_LENGTH:
        raise IdentifierError(f"An identifier is a text of at most {MAX_LENGTH} characters.")
    text = text.strip(" ")
    if not text.isprintable():
        raise IdentifierError(f"{text[:80]!a} holds characters that cannot be seen.")
    found = (
        # Most are these, and nothing else begins with a digit and is one.
        (_arxiv_text(text) if text[:1].isdigit() else None)
        or _in_url(text)
        or _pith_text(text)
        or _pith_bare(text, short=context == "pith")
        or _arxiv_text(text)
        or _doi_text(text)
        or _bibcode(text)
    )
    if found is None:
        raise IdentifierError(f"{text[:80]!a} is not an identifier.")
    return found


def doi_identifier(doi: str) -> Identifier | None:
    """A DOI in normal form; arXiv's own DOIs name the arXiv paper.

    `None` for what is no DOI, and for one with a character that cannot be seen.
    """
    if not doi.isprintable():
        return None
    lowered = "".join(c.lower() if c.isascii() else c for c in doi.replace("\\_", "_"))
    if lowered.startswith(ARXIV_DOI):
        arxiv = parse_arxiv(lowered.removeprefix(ARXIV_DOI))
        return Identifier("arxiv_doi", str(arxiv)) if arxiv else None
    if _DOI.fullmatch(lowered):
        return Identifier("doi", lowered)
    return Identifier("shortdoi", lowered) if _SHORT_DOI.fullmatch(lowered) else None


def _pith_text(text: str) -> Identifier | None:
    match = _PITH_TEXT.fullmatch(text)
    if match is None:
        return None
    year = int(match["year"]) if match["year"] else None
    return _pith(match["suffix"], (SUFFIX_LENGTH, *SHORT_LENGTHS), year)


def _pith_bare(text: str, *, short: bool) -> Identifier | None:
    lengths = (SUFFIX_LENGTH, *SHORT_LENGTHS) if short else (SUFFIX_LENGTH,)
    if len(text) not in lengths or not (text.isascii() and text.isalnum()):
        return None
    upper = text.upper()
    return None if upper.translate(_NOT_BASE32) else _pith(upper, lengths)


def _pith(suffix: str, lengths: tuple[int, ...], year: int | None = None) -> Identifier:
    """Check the base32 part. It is compared as text and never decoded."""
    if not suffix.isascii():
        raise IdentifierError(f"{suffix[:40]!a} holds letters that only look like ASCII.")
    if not suffix.isalnum():
        raise IdentifierError(f"{suffix[:40]!a} is no Pith Number: it holds more than letters.")
    suffix = suffix.upper()
    if strangers := sorted(set(suffix.translate(_NOT_BASE32))):
        raise IdentifierError(
            f"{suffix[:40]} holds {' '.join(strangers)}, which base32 does not use: its letters"
            " are A to Z and 2 to 7. A mistyped I, O or B cannot be guessed."
        )
    if len(suffix) not in lengths:
        raise IdentifierError(
            f"{suffix[:40]} has {len(suffix)} characters; a Pith Number has {SUFFIX_LENGTH}"
            f" and its short forms have {', '.join(map(str, SHORT_LENGTHS))}."
        )
    if len(suffix) == SUFFIX_LENGTH:
        return Identifier("pith", f"pith:{suffix}", year)
    return Identifier("pith_short", f"pith:{suffix}")


def _arxiv_text(text: str) -> Identifier | None:
    match = _ARXIV_TEXT.fullmatch(text)
    arxiv = parse_arxiv(match["id"]) if match else None
    return Identifier("arxiv", str(arxiv)) if arxiv else None


def _doi_text(text: str) -> Identifier | None:
    return doi_identifier(re.sub(r"\Adoi:\s?", "", text, flags=re.I | re.A))


def _bibcode(text: str) -> Identifier | None:
    match = _BIBCODE.fullmatch(text)
    return Identifier("bibcode", text) if match and _arxiv_of_bibcode(match) else None


def _arxiv_of_bibcode(match: re.Match[str]) -> ArxivId | None:
    # ADS pads the number of a four-digit id with a leading zero.
    number = match["number"] if int(match["yymm"]) >= 1501 else match["number"][1:]
    return parse_arxiv(f"{match['yymm']}.{number}")


def _in_url(text: str) -> Identifier | None:
    """Read the URL of a known site. The parsed host decides, never a part of the text."""
    url = _split(text)
    if url is None:
        return None
    host = url.hostname or ""
    arxiv: ArxivId | None = None
    if host in PITH_HOSTS:
        return _in_pith_url(url)
    if host in DOI_HOSTS:
        return doi_identifier(unquote(url.path[1:]))
    if host.endswith(".arxiv.org") or host in ("arxiv.org", "xxx.lanl.gov"):
        arxiv = _after(_ARXIV_PATH, url.path)
    if host == "scholar.google.com":
        arxiv = parse_arxiv(parse_qs(url.query).get("arxiv_id", [""])[0])
    if before := MIRROR_PATHS.get(host.removeprefix("www.")):
        arxiv = arxiv or _after(before, url.path)
    if arxiv is None:
        raise IdentifierError(f"{text[:80]!a} is not the address of one paper.")
    return Identifier("arxiv", str(arxiv))


def _split(text: str) -> SplitResult | None:
    """Split an http(s) URL, or one of a known host without its scheme; `None` for other text."""
    if re.match(r"/(?:paper|p|pith)/", text, re.A):
        text = f"https://pith.science{text}"  # The path of a pith URL, as pages link to it.
    if not re.match(r"https?://", text, re.I | re.A):
        host = text.partition("/")[0].lower()
        if "/" not in text or not _is_known(host):
            return None
        text = f"https://{text}"
    if " " in text or "\\" in text:
        raise IdentifierError(f"{text[:80]!a} is not a URL: it holds a space or backslash.")
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError as error:
        raise IdentifierError(f"{text[:80]!a} is not a URL: {error}.") from error
    if "@" in url.netloc or port not in (None, 80, 443) or not _is_known(url.hostname or ""):
        raise IdentifierError(f"{text[:80]!a} is not on a site whose papers are known.")
    return url


def _is_known(host: str) -> bool:
    return (
        host in PITH_HOSTS
        or host in DOI_HOSTS
        or host.endswith(".arxiv.org")
        or host in ("arxiv.org", "xxx.lanl.gov", "scholar.google.com")
        or host.removeprefix("www.") in MIRROR_PATHS
    )


def _after(before: str, path: str) -> ArxivId | None:
    """The arXiv id at the end of a path such as `/pdf/1706.03762v2.pdf`."""
    match = re.fullmatch(rf"{before}(?P<id>.+?)(?:\.(?:pdf|md|html))?/?", unquote(path), re.I)
    return parse_arxiv(match["id"]) if match else None


def _in_pith_url(url: SplitResult) -> Identifier | None:
    if url.path == "/api/pith-number/resolve":
        return _arxiv_text(parse_qs(url.query).get("arxiv", [""])[0])
    for pattern in _PITH_PATHS:
        if match := pattern.fullmatch(unquote(url.path)):
            parts = match.groupdict()
            if paper := parts.get("paper"):
                return _arxiv_text(paper) or _pith_bare(paper, short=True)
            return _pith(parts["pith"], (SUFFIX_LENGTH, *SHORT_LENGTHS))
    return None
