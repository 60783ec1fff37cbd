"""pith.lock: text ↔ the papers that a project cites, one on each line, and the names it cites by.

A lock is data, not trust: every use verifies each paper again, and each name against the signed
source. It holds no times of its own, so that it changes only when a paper does.

Source: docs/reference/lock.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from pith_agent.errors import DocumentError, IdentifierError, LockError
from pith_agent.protocol.arxiv import parse_arxiv
from pith_agent.protocol.authors import stated_authors
from pith_agent.protocol.identifier import Identifier, parse_identifier
from pith_agent.protocol.locked import prove_locked
from pith_agent.protocol.policy import STANDARD, Policy, Question
from pith_agent.protocol.record import CLAIMS, CLAIMS_HASH, at
from pith_agent.protocol.strict_json import parse_json

if TYPE_CHECKING:
    from pydantic import JsonValue

    from pith_agent.protocol.proof import VerifiedRecord
    from pith_agent.protocol.report import Report
    from pith_agent.protocol.strict_json import JsonObject
    from pith_agent.protocol.trust import TrustRoot

LOCK_VERSION = 1
MAX_LOCK_BYTES = 64 << 20
MAX_LOCK_NODES = 5_000_000
"""Values in one lock; a paper has about 30."""

ARXIV = "arxiv:"
"""What the name of a paper on arXiv begins with in a lock."""

_SUFFIX = re.compile("[A-Z2-7]{26}")
_RECEIPT = (
    "algorithm",
    "canonical_sha256",
    "key_id",
    "kind",
    "public_key_fingerprint",
    "receipt_version",
    "signature_b64",
    "signature_status",
    "signed_message",
)
"""What a lock keeps of a receipt. Its times are unsigned and would change the file."""


@dataclass(frozen=True)
class Lock:
    """The papers of a lock. Nothing in it is trusted."""

    papers: Mapping[str, JsonObject] = field(default_factory=dict)
    """Suffix of the Pith Number → a small record, which verifies as any record does."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """`arxiv:2402.13116`, `pith:ODXWRQYN`, `doi:10.…` → suffix: what a floating name means here."""

    def suffix_of(self, asked: Identifier) -> str | None:
        """The suffix that a name is bound to; `None` if the lock does not know it."""
        if asked.kind == "pith":
            return asked.suffix if asked.suffix in self.papers else None
        if (bound := self.aliases.get(alias_of(asked))) is not None:
            return bound
        paper = asked.arxiv
        if paper is None or paper.version is None:
            return None
        # A name with a version needs no binding: the version is signed.
        return self._versions.get((paper.id, paper.version))

    @cached_property
    def _versions(self) -> dict[tuple[JsonValue, JsonValue], str]:
        sources = (
            (at(paper, "canonical_record.source"), suffix) for suffix, paper in self.papers.items()
        )
        return {(_scalar(at(s, "id")), _scalar(at(s, "version"))): suffix for s, suffix in sources}

    def examine(
        self, suffix: str, asked: Identifier | None, trust: TrustRoot, policy: Policy = STANDARD
    ) -> Report:
        """Run every check on a paper, and compare it with its place and with what was asked.

        Args:
            suffix: A key of `papers`.
            asked: The name it was found by.
            trust: The trusted keys.
            policy: What is demanded beyond a valid receipt.
        """
        # Imported here: of a lock that is in order, `prove` says all that there is to say.
        from pith_agent.protocol.verify import examine_owned  # noqa: PLC0415

        place = Identifier("pith", f"pith:{suffix}")
        document = self.papers[suffix]
        report = examine_owned(document, trust, policy, question=Question(asked=asked or place))
        if (report.pith_number or "").endswith(f":{suffix}"):
            return report
        return examine_owned(document, trust, policy, question=Question(asked=place))

    def prove(
        self, suffix: str, asked: Identifier, trust: TrustRoot, policy: Policy = STANDARD
    ) -> VerifiedRecord | None:
        """The proof for a paper; `None` if there is anything to say of it, as `examine` then does.

        It is the quick way for what is in order: no report is made. Arguments are those of
        `examine`.
        """
        record = prove_locked(self.papers[suffix], asked, trust, policy)
        return record if record and record.pith_number.endswith(f":{suffix}") else None

    def with_paper(
        self, record: VerifiedRecord, names: Iterable[Identifier], *, claims: bool
    ) -> Lock:
        """The lock with one more paper, or a paper renewed, and names bound to it."""
        suffix = record.pith_number.rpartition(":")[2]
        old = self.papers.get(suffix, {})
        keep_claims = claims or at(old, CLAIMS) is not None
        bound = {alias_of(name): suffix for name in names if is_floating(name)}
        return Lock(
            {**self.papers, suffix: paper_of(record, claims=keep_claims)},
            {**self.aliases, **bound},
        )

    def only(self, suffixes: Iterable[str], aliases: Iterable[str]) -> Lock:
        """The lock without the papers and names that are not listed."""
        kept, names = set(suffixes), set(aliases)
        return Lock(
            {suffix: paper for suffix, paper in self.papers.items() if suffix in kept},
            {name: s for name, s in self.aliases.items() if name in names and s in kept},
        )


def _scalar(value: JsonValue) -> JsonValue:
    return None if isinstance(value, dict | list) else value


def is_floating(name: Identifier) -> bool:
    """Whether the name may come to mean another record, so that a lock has to bind it."""
    paper = name.arxiv
    return name.kind != "pith" and (paper is None or paper.version is None)


def alias_of(name: Identifier) -> str:
    """The one spelling of a name in a lock: an arXiv DOI is the arXiv id that it holds."""
    if (paper := name.arxiv) is not None:
        return f"{ARXIV}{paper}"
    return str(name)


def paper_of(record: VerifiedRecord, *, claims: bool) -> JsonObject:
    """The small record that a lock keeps: what is signed, the title, the authors, and on request
    the claims whole, so that their hash can be checked."""
    document = record.document
    canonical = json.loads(record.canonical_bytes)
    paper: JsonObject = {"authors_text": stated_authors(document)}
    if record.title is not None:
        paper["title"] = record.title
    kept: JsonObject = {
        "pith_number": record.pith_number,
        "canonical_sha256": record.canonical_sha256,
        "canonical_record": canonical,
        "receipt": {name: text for name in _RECEIPT if (text := getattr(record.receipt, name))},
        "paper": paper,
    }
    if claims and record.claims:
        items: list[JsonValue] = list(record.claims)
        stated = at(document, CLAIMS_HASH)
        kept["graph_snapshot"] = {
            "claims": {"count": len(items), "items": items, "snapshot_sha256": stated}
        }
    return kept


def dump_lock(lock: Lock) -> bytes:
    """The file: JSON in UTF-8, sorted, one paper and one name on each line, LF."""
    papers = [f"  {json.dumps(key)}: {_line(lock.papers[key])}" for key in sorted(lock.papers)]
    aliases = [f"  {_line(key)}: {_line(lock.aliases[key])}" for key in sorted(lock.aliases)]
    parts = [
        f' "lock_version": {LOCK_VERSION}',
        f' "aliases": {_braced(aliases)}',
        f' "papers": {_braced(papers)}',
    ]
    return ("{\n" + ",\n".join(parts) + "\n}\n").encode("utf-8")


def _line(value: JsonValue) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _braced(lines: list[str]) -> str:
    return "{\n" + ",\n".join(lines) + "\n }" if lines else "{}"


def parse_lock(data: bytes) -> Lock:
    """Read a lock, strictly. What its papers say is judged when they are used.

    Raises:
        LockError: Not a lock of version 1: the message names the place.
    """
    try:
        value = parse_json(data, cap=MAX_LOCK_BYTES, floats=True, nodes=MAX_LOCK_NODES)
    except DocumentError as error:
        raise LockError(f"The lock cannot be read: {error.message}") from error
    version = value.get("lock_version") if isinstance(value, dict) else None
    # By type too: to Python, true and 1.0 are 1.
    if not isinstance(value, dict) or type(version) is not int or version != LOCK_VERSION:
        raise LockError(f"This is no lock of version {LOCK_VERSION}.")
    if unknown := sorted(value.keys() - {"lock_version", "papers", "aliases"}):
        raise LockError(f"The lock has an unknown part {unknown[0][:40]!a}.")
    papers, aliases = value.get("papers"), value.get("aliases")
    if not isinstance(papers, dict) or not isinstance(aliases, dict):
        raise LockError("The lock lacks its papers or its aliases.")
    return Lock(dict(_papers(papers)), dict(_aliases(aliases, papers)))


def _papers(papers: JsonObject) -> Iterable[tuple[str, JsonObject]]:
    for suffix, paper in papers.items():
        if not _SUFFIX.fullmatch(suffix) or not isinstance(paper, dict):
            raise LockError(f"The lock has a paper {suffix[:40]!a} that is none.")
        yield suffix, paper


def _aliases(aliases: JsonObject, papers: JsonObject) -> Iterable[tuple[str, str]]:
    for name, suffix in aliases.items():
        paper = parse_arxiv(name.removeprefix(ARXIV)) if name.startswith(ARXIV) else None
        # Nearly all are spelled so; the long way would say the same.
        if paper is None or name != f"{ARXIV}{paper}":
            _require_normal(name)
        if not isinstance(suffix, str) or suffix not in papers:
            raise LockError(f"The lock binds {name[:60]!a} to a paper that it does not hold.")
        yield name, suffix


def _require_normal(name: str) -> None:
    try:
        normal = alias_of(parse_identifier(name, context="pith"))
    except IdentifierError as error:
        raise LockError(f"The lock binds {name[:60]!a}, which is no identifier.") from error
    if normal != name:
        raise LockError(f"The lock binds {name[:60]!a}, which is spelled {normal}.")
