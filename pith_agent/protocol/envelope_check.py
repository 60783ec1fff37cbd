"""What is checked of each signed statement, whatever it says: envelope, signature, form, time.

Source: docs/reference/citation.md, rules C1, C2, C3 and C5.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pith_agent.errors import (
    CitationError,
    CitationNotCanonicalError,
    DocumentError,
    FutureCitationError,
    InvalidSignatureError,
    PithError,
    StatementError,
    UnknownSignerError,
)
from pith_agent.protocol.bibliography import BIBLIOGRAPHY_TYPE, MAX_BIBLIOGRAPHY_PAYLOAD
from pith_agent.protocol.canon import canonical_bytes
from pith_agent.protocol.citation import Envelope, pae
from pith_agent.protocol.moment import parse_time, time_text
from pith_agent.protocol.record import at
from pith_agent.protocol.report import Check
from pith_agent.protocol.strict_json import JsonObject, parse_json
from pith_agent.protocol.trust import keyid_of, signature_holds

MAX_ENVELOPE_BYTES = 1 << 20
"""Of any envelope. Only that of a bibliography may have more than `MAX_CITATION_BYTES`."""

MAX_CITATION_BYTES = 64 << 10
MAX_TRIALS = 2048
"""Keys that are tried, of one envelope, for signatures that do not name the key that made them.

About 0.1 s. All are tried where 128 keys or fewer are accepted, whatever the key ids say."""

CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Opened:
    """An envelope that has the form of one. Nothing of it is proved."""

    envelope: Envelope
    payload: bytes


def open_envelope(envelope: JsonObject | bytes) -> Opened:
    """C1: the envelope, and the bytes that were signed.

    Raises:
        CitationError: It is no DSSE envelope of an in-toto statement.
    """
    try:
        data = envelope if isinstance(envelope, bytes) else canonical_bytes(envelope)
        given = canonical_bytes(parse_json(data, cap=MAX_ENVELOPE_BYTES))
        read = Envelope.model_validate_json(data)
        payload = base64.b64decode(read.payload, validate=True)
    # ValueError is that of base64; pydantic's is one too.
    except (DocumentError, ValueError, RecursionError) as error:
        what = error.message if isinstance(error, PithError) else "a field lacks or differs."
        raise CitationError(f"This is no DSSE envelope of a citation: {what}") from error
    if read.canonical() != given or base64.b64encode(payload).decode("ascii") != read.payload:
        raise CitationError("This is no DSSE envelope of a citation: a field lacks or differs.")
    _require_small(len(data), payload)
    return Opened(read, payload)


def stated_type(payload: bytes) -> str | None:
    """The predicate type that a payload names; `None` if it names none. Total."""
    try:
        named = at(parse_json(payload, cap=MAX_ENVELOPE_BYTES), "predicateType")
    except DocumentError:
        return None
    return named if isinstance(named, str) else None


def _require_small(size: int, payload: bytes) -> None:
    """See that an envelope of `size` bytes may be as large as that."""
    if size <= MAX_CITATION_BYTES:
        return
    # Not proved, and no harm done: who lies about it has what follows refused.
    if stated_type(payload) != BIBLIOGRAPHY_TYPE:
        raise CitationError(
            f"The envelope has {size} bytes; of a citation at most {MAX_CITATION_BYTES} are read."
        )
    if len(payload) > MAX_BIBLIOGRAPHY_PAYLOAD:
        raise CitationError(
            f"The bibliography has {len(payload)} bytes; at most {MAX_BIBLIOGRAPHY_PAYLOAD} are"
            " read."
        )


def check_signature(opened: Opened, signers: tuple[bytes, ...]) -> tuple[Check, tuple[str, ...]]:
    """C2: a key that the caller trusts signed exactly these bytes. Each key counts once."""
    publics = {keyid_of(signer): signer for signer in signers}
    keyids = [signature.keyid for signature in opened.envelope.signatures]
    held = _signed_by(opened, publics)
    if held:
        check = Check.passed(
            "citation-signature",
            "A key that you trust signed this citation.",
            expected=held[0],
        )
    elif not publics.keys().isdisjoint(keyids):
        check = Check.refused(
            "citation-signature",
            InvalidSignatureError,
            "The signature is not the named key's signature over this payload.",
            found=keyids[0],
        )
    else:
        check = Check.refused(
            "citation-signature",
            UnknownSignerError,
            "The citation is signed by a key that is not among those you trust.",
            found=keyids[0],
        )
    return check, held


def _signed_by(opened: Opened, publics: Mapping[str, bytes]) -> tuple[str, ...]:
    """Key ids of the keys whose signatures hold, in the order of the signatures."""
    message = pae(opened.payload)
    held: dict[str, None] = {}
    left = MAX_TRIALS
    for signature in opened.envelope.signatures:
        # A key id is what the envelope says, so it only says which key to try first.
        named = publics.get(signature.keyid)
        if named is not None and signature_holds(named, message, signature.sig):
            held[signature.keyid] = None
            continue
        for keyid, public in publics.items():
            if left == 0:
                break
            left -= 1
            if signature_holds(public, message, signature.sig):
                held[keyid] = None
                break
    return tuple(held)


def signed_with(envelope: Envelope, public: bytes) -> bool:
    """Whether one of the signatures is by a key, 32 bytes. The key ids in it are no evidence."""
    message = pae(envelope.payload_bytes)
    return any(signature_holds(public, message, one.sig) for one in envelope.signatures)


def check_canonical(opened: Opened) -> Check:
    """C3: the payload is strict JSON in canonical form, so it reads in one way only."""
    try:
        value = parse_json(opened.payload, cap=MAX_ENVELOPE_BYTES)
        same = canonical_bytes(value) == opened.payload
    except DocumentError:
        same = False
    if same:
        return Check.passed("citation-payload", "The payload is in canonical form.")
    return Check.refused(
        "citation-payload", CitationNotCanonicalError, "The payload is not in canonical form."
    )


def check_time(stated: str, now: datetime) -> Check:
    """C5: the citation does not claim to come from the future. Its time proves nothing else."""
    created = parse_time(stated)
    if created is None:
        return Check.refused(
            "citation-time", StatementError, "created_at is no time of the calendar.", found=stated
        )
    if created > now + CLOCK_SKEW:
        return Check.refused(
            "citation-time",
            FutureCitationError,
            "The citation claims to be made in the future.",
            expected=time_text(now),
            found=stated,
        )
    return Check.passed("citation-time", "The stated time is not in the future.", expected=stated)
