"""How a citation looks once it has been verified, or not.

Only nodes that every builder knows are used: a class of our own in a section title would make
Sphinx's table of contents fail.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping

from docutils import nodes
from sphinx.builders import Builder
from sphinx.config import Config

from pith_agent import Verification

UNVERIFIED = "[unverified]"
UNCHECKED = "[unchecked]"

_SUFFIX = re.compile("[A-Z2-7]{26}")


def citation(
    answer: Verification, builder: Builder, content: nodes.Element, *, explicit: bool
) -> nodes.Element:
    """A link for what is verified; plain text with a visible mark for all else.

    Args:
        answer: What the verification said of the target.
        builder: Some print no URL, so that the Pith Number is added there.
        content: The author's words, or the target in short.
        explicit: Whether they are the author's words, which then stay.
    """
    uri = _page(builder.config, answer)
    if uri is None:
        return marked(content, UNCHECKED if is_unchecked(answer) else UNVERIFIED)
    number = answer.pith_number or ""
    if not explicit:
        content = nodes.inline("", answer.title or number, classes=content["classes"])
    link = nodes.reference(
        "",
        "",
        content,
        internal=False,
        refuri=uri,
        reftitle=f"Verified: {number}",
        classes=["pith", "pith-verified"],
    )
    suffix = number.rpartition(":")[2]
    if _prints_urls(builder) or suffix in content.astext():
        return link
    return nodes.inline("", "", link, nodes.Text(f" (pith:{suffix})"))


def marked(content: nodes.Element, mark: str) -> nodes.Element:
    """Text without a link, and a mark that can be read and not only seen."""
    name = f"pith-{mark.strip('[]')}"
    return nodes.inline("", "", content, nodes.Text(f" {mark}"), classes=["pith", name])


def is_unchecked(answer: Verification) -> bool:
    """Whether nothing is known, because nobody could be asked."""
    return answer.verdict in ("unreachable", "damaged")


def appearance(config: Config, answers: Mapping[str, Verification], targets: Iterable[str]) -> str:
    """A digest of all that a page shows of its citations, 32 hex digits.

    It differs whenever the page has to be written again.
    """
    shown: list[object] = []
    for target in sorted(set(targets)):
        answer = answers[target]
        uri = _page(config, answer)
        shown.append([target, uri, answer.title] if uri else [target, is_unchecked(answer)])
    return hashlib.sha256(json.dumps(shown).encode("ascii")).hexdigest()[:32]


def _page(config: Config, answer: Verification) -> str | None:
    """The record's page, built from what was computed and never taken from the record."""
    suffix = (answer.pith_number or "").rpartition(":")[2]
    if answer.verdict != "verified" or not _SUFFIX.fullmatch(suffix):
        return None
    return f"{config.pith_base_url.rstrip('/')}/pith/{suffix}"


def _prints_urls(builder: Builder) -> bool:
    """Whether the reader of the output can reach the target of a link."""
    if builder.format == "man":
        return bool(builder.config.man_show_urls)
    return builder.format != "text"
