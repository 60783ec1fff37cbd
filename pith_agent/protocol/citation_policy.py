"""Whose signed citations count, and for what: policy.toml → rules that a citation is held against.

    policy_version = 1
    threshold = 1
    relationships = ["cites", "supports"]
    max_age_days = 365
    require_record = true

    [[signer]]
    name = "release bot"
    public_key = "…"
    relationships = ["cites"]
    until = 2027-06-30

Source: docs/reference/citation-policy.md.
"""

import base64
import binascii
import hashlib
import tomllib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from pith_agent.errors import PolicyError
from pith_agent.protocol.citation import RELATIONSHIPS
from pith_agent.protocol.display import safe_text

VERSION = 1
MAX_SIGNERS = 256
MAX_POLICY_BYTES = 256 << 10

_RULES = {"threshold", "relationships", "max_age_days", "require_record"}
_SIGNER = {"name", "public_key", "identity", "relationships", "until"}


@dataclass(frozen=True, slots=True)
class Signer:
    """One key whose citations count."""

    public: bytes
    """The raw Ed25519 key, 32 bytes."""
    name: str = ""
    identity: str = ""
    """Who that is, in the words of whoever wrote the policy."""
    relationships: frozenset[str] | None = None
    """What the signer may say; `None` for all."""
    until: date | None = None
    """The last day, by the statement's own time, on which its citations count."""

    @property
    def keyid(self) -> str:
        """SHA-256 of the key, 64 hex digits."""
        return hashlib.sha256(self.public).hexdigest()

    def may(self, relationship: str, created: date) -> bool:
        """Whether a citation of that kind and day is this signer's to make."""
        allowed = self.relationships is None or relationship in self.relationships
        return allowed and (self.until is None or created <= self.until)


@dataclass(frozen=True, slots=True)
class CitationPolicy:
    """What a citation has to meet beside its own rules."""

    signers: tuple[Signer, ...] = ()
    threshold: int = 1
    """Signers of which each has signed. A key counts once, however often it signs."""
    relationships: frozenset[str] | None = None
    """What may be said at all; `None` for all."""
    max_age: timedelta | None = None
    """The age, by the statement's own time, beyond which a citation does not count."""
    require_record: bool = True
    """Whether the cited record has to be at hand and verified."""
    name: str = "default@1"
    """For reports: the file's name and version."""


def signers_only(keys: tuple[bytes, ...]) -> CitationPolicy:
    """The policy that trusts keys, and asks for one of them."""
    return CitationPolicy(tuple(Signer(key) for key in keys))


def parse_policy(data: bytes, name: str = "policy.toml") -> CitationPolicy:
    """Read a policy, strictly: a rule that is misspelt would not be held.

    Raises:
        PolicyError: Not a policy of version 1; the message names each fault.
    """
    if len(data) > MAX_POLICY_BYTES:
        raise PolicyError(f"{name} has {len(data)} bytes; at most {MAX_POLICY_BYTES} are read.")
    try:
        content = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise PolicyError(f"{name} is not TOML: {safe_text(str(error), 200)}.") from error
    reader = _Reader()
    reader.known("", content, _RULES | {"policy_version", "signer"})
    if content.get("policy_version") != VERSION:
        reader.faults.append(f"policy_version is not {VERSION}")
    entries = content.get("signer", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        reader.faults.append("signer is not a list of tables")
        entries = []
    signers = tuple(reader.signer(place, entry) for place, entry in enumerate(entries, 1))
    days = reader.number("max_age_days", content, least=1, most=36_500)
    policy = CitationPolicy(
        signers=signers,
        threshold=reader.number("threshold", content, least=1, most=16) or 1,
        relationships=reader.relationships("relationships", content),
        max_age=timedelta(days=days) if days else None,
        require_record=reader.flag("require_record", content),
        name=f"{safe_text(name, 80)}@{VERSION}",
    )
    keys = {signer.public for signer in signers}
    if len(signers) > MAX_SIGNERS:
        reader.faults.append(f"there are more than {MAX_SIGNERS} signers")
    if len(keys) < len(signers):
        reader.faults.append("two signers have one key")
    if signers and policy.threshold > len(keys):
        reader.faults.append(f"threshold is {policy.threshold}, and there are {len(keys)} signers")
    if reader.faults:
        raise PolicyError(f"{name}: {'; '.join(reader.faults[:10])}.")
    return policy


class _Reader:
    """Reads values, and collects what is wrong with them."""

    def __init__(self) -> None:
        self.faults: list[str] = []

    def known(self, where: str, table: dict[str, Any], names: set[str]) -> None:
        for name in table.keys() - names:
            self.faults.append(f"{where}{safe_text(name, 40)!r} is no rule")

    def number(self, name: str, table: dict[str, Any], *, least: int, most: int) -> int | None:
        value = table.get(name)
        if value is None:
            return None
        if type(value) is not int or not least <= value <= most:
            self.faults.append(f"{name} is not a number from {least} to {most}")
            return None
        return value

    def flag(self, name: str, table: dict[str, Any]) -> bool:
        value = table.get(name, True)
        if not isinstance(value, bool):
            self.faults.append(f"{name} is neither true nor false")
        return value is not False

    def relationships(self, name: str, table: dict[str, Any]) -> frozenset[str] | None:
        value = table.get("relationships")
        if value is None:
            return None
        if not isinstance(value, list) or not all(item in RELATIONSHIPS for item in value):
            self.faults.append(f"{name} may hold {', '.join(RELATIONSHIPS)}")
            return None
        return frozenset(value)

    def signer(self, place: int, entry: dict[str, Any]) -> Signer:
        where = f"signer {place}: "
        self.known(where, entry, _SIGNER)
        until = entry.get("until")
        if until is not None and (not isinstance(until, date) or isinstance(until, datetime)):
            self.faults.append(f"{where}until is not a date")
            until = None
        return Signer(
            public=self._key(where, entry.get("public_key")),
            name=self._text(f"{where}name", entry.get("name", "")),
            identity=self._text(f"{where}identity", entry.get("identity", "")),
            relationships=self.relationships(f"{where}relationships", entry),
            until=until,
        )

    def _text(self, name: str, value: object) -> str:
        if not isinstance(value, str) or len(value) > 200:
            self.faults.append(f"{name} is not a text of at most 200 characters")
            return ""
        return safe_text(value)

    def _key(self, where: str, value: object) -> bytes:
        try:
            key = base64.b64decode(value, validate=True) if isinstance(value, str) else b""
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != 32:
            self.faults.append(f"{where}public_key is not base64 of 32 bytes")
        return key
