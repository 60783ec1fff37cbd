"""A citation bundle: one file with all that a citation takes to be verified, years later, offline.

It holds the envelope, the record of each cited paper with its receipt, and the proof that the
envelope is in a ledger, with the ledger's signed checkpoint. Nothing in it is trusted: records are
verified against the trust root, signatures against the keys that the reader trusts.

Source: docs/reference/citation-bundle.md.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from pydantic import JsonValue

from pith_agent.errors import BundleError, DocumentError, NotFoundError
from pith_agent.protocol.policy import STANDARD, Policy
from pith_agent.protocol.proof import VerifiedRecord
from pith_agent.protocol.strict_json import JsonObject, parse_json
from pith_agent.protocol.tlog_proof import MAX_PROOF_BYTES
from pith_agent.protocol.trust import TrustRoot
from pith_agent.protocol.verify import examine

FORMAT = "https://pith-agent.dev/citation-bundle/v1"
MAX_BUNDLE_BYTES = 32 << 20
MAX_BUNDLE_NODES = 2_000_000

_SAID = b'"format"'
"""How a bundle says what it is, wherever in it. No envelope has this name, nor a text with it."""

_NAMES = {"format", "envelope", "records", "proof"}


@dataclass(frozen=True, slots=True)
class CitationBundle:
    """The parts of a bundle. Nothing of them is proved."""

    envelope: JsonObject
    """A DSSE envelope."""
    records: tuple[JsonObject, ...]
    """Records, each with its receipt."""
    proof: bytes | None = None
    """A C2SP tlog-proof."""

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a bundle. Total: hostile bytes raise the error below.

        Raises:
            BundleError: It is no bundle of version 1.
        """
        try:
            value = parse_json(data, cap=MAX_BUNDLE_BYTES, floats=True, nodes=MAX_BUNDLE_NODES)
        except DocumentError as error:
            raise BundleError(f"The bundle cannot be read: {error.message}") from error
        if not isinstance(value, dict) or value.get("format") != FORMAT:
            raise BundleError(f"This is no bundle of the format {FORMAT}.")
        if unknown := sorted(value.keys() - _NAMES):
            raise BundleError(f"The bundle has an unknown part {unknown[0][:40]!a}.")
        envelope, records, proof = (value.get(name) for name in ("envelope", "records", "proof"))
        if not isinstance(envelope, dict) or not isinstance(records, list):
            raise BundleError("The bundle lacks its envelope or its records.")
        if not isinstance(proof, str | None) or len(proof or "") > MAX_PROOF_BYTES:
            raise BundleError("The proof in the bundle is no text, or too long.")
        documents = tuple(record for record in records if isinstance(record, dict))
        if len(documents) < len(records):
            raise BundleError("A record in the bundle is no object.")
        return cls(envelope, documents, None if proof is None else proof.encode("utf-8"))

    def dump(self) -> bytes:
        """The bundle as a file: JSON in UTF-8, one part on each line."""
        parts: JsonObject = {"format": FORMAT, "envelope": self.envelope}
        parts["records"] = list(self.records)
        if self.proof is not None:
            parts["proof"] = self.proof.decode("utf-8")
        lines = [f'"{name}": {_line(value)}' for name, value in parts.items()]
        return ("{\n" + ",\n".join(lines) + "\n}\n").encode("utf-8")


def _line(value: JsonValue) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def is_bundle(citation: JsonObject | bytes) -> bool:
    """Whether something is meant to be a bundle, and not an envelope."""
    if isinstance(citation, dict):
        return "format" in citation
    return isinstance(citation, bytes) and _SAID in citation


class BundledRecords:
    """The records of a bundle, each verified when it is first asked for."""

    def __init__(
        self, records: Iterable[JsonObject], trust: TrustRoot, policy: Policy = STANDARD
    ) -> None:
        """Take `records`, and judge them by `trust` and `policy`."""
        self._waiting = {str(record.get("pith_number")): record for record in records}
        self._trust = trust
        self._policy = policy

    def prove(self, name: str) -> VerifiedRecord:
        """The proof for a full Pith Number.

        Raises:
            NotFoundError: The bundle does not have that record.
            VerificationError: It has, and the record is refuted.
        """
        record = self._waiting.get(name)
        if record is None:
            raise NotFoundError(f"The bundle has no record {name}.")
        return examine(record, self._trust, self._policy).require()
