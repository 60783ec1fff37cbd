"""What a model believes of papers, read one claim at a time: a bad one is the answer for itself."""

import re

from pydantic import ValidationError

from pith_agent.errors import ArgumentsError
from pith_agent.protocol.authors import read_authors
from pith_agent.protocol.claims import PaperClaim
from pith_agent.protocol.display import safe_text

_AND = re.compile(r"\s+and\s+", re.I | re.A)
_OTHERS = re.compile(r",?\s+(?:et al\.?|and others)\s*\Z", re.I | re.A)
_FILED = re.compile(r"(?:[a-z]\w*\s)*[^\s,]+,[^,]+")


def read_claim(given: object) -> PaperClaim:
    """A claim as models write it: bare ids, and authors in one string, are taken too.

    Raises:
        ArgumentsError: It cannot be read; the message names the first field and shows no value.
    """
    if isinstance(given, PaperClaim):
        return given
    fields: object = {"id": given} if isinstance(given, str) else given
    if isinstance(fields, dict) and isinstance(authors := fields.get("authors"), str):
        fields = {**fields, "authors": _names(authors)}
    try:
        return PaperClaim.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = safe_text(".".join(map(str, first["loc"])), 80) or "claim"
        message = f"{where}: {first['msg']}."
        raise ArgumentsError(message, hint="Correct this claim, and send it again.") from error


def _names(authors: str) -> list[str]:
    """`Can Xu, Ming Li and A. Third`, or `Xu, Can and Li, Ming et al.`, name by name."""
    named, others = _OTHERS.subn("", authors)
    parts = _AND.split(named)
    # A comma inside each name, after a family name of one word, is BibTeX's.
    if all(_FILED.fullmatch(part.strip()) for part in parts):
        names, more = parts, False
    else:
        read, more = read_authors(named)
        names = [author.sorted_name for author in read]
    return names + ["others"] * (more or bool(others))


def named_by(given: object) -> str:
    """What stands for a claim in its answer: its id, if it has one."""
    name = given.get("id") if isinstance(given, dict) else given
    return name if isinstance(name, str) else ""
