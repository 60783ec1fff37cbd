"""What is signed about a paper, and what signing it gives."""

import json
import secrets
import shlex
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import JsonValue

from pith_agent.answers import TARGET_LENGTH
from pith_agent.errors import KeyRetiredError, NoSigningKeyError
from pith_agent.protocol.canon import sha256
from pith_agent.protocol.citation import CitationKey, Envelope, Statement
from pith_agent.protocol.citation_draft import CitationRequest, draft
from pith_agent.protocol.citation_report import CLOCK_SKEW
from pith_agent.protocol.citation_signer import Signer, parse_time
from pith_agent.protocol.display import safe_text
from pith_agent.protocol.report import Stated, VerifiedRecord
from pith_agent.settings import Settings
from pith_agent.storage.key_sources import KeyOpener
from pith_agent.storage.keys import key_path, list_keys, read_key_file
from pith_agent.storage.private_file import check_private_directory
from pith_agent.storage.signers import as_signer, read_revoked, read_signers


class SignedCitation(Stated):
    """A citation that was signed, or would have been."""

    target: str
    pith_number: str
    title: str | None = None
    """The authenticated title: it hashes to the signed hash."""
    citation_id: str | None = None
    """`pcite:` and SHA-256 of the payload; `None` for a dry run, as it changes with the nonce."""
    statement: dict[str, JsonValue]
    """What is signed."""
    signed: bool
    """False for a dry run: then there is no envelope, and nothing was written."""
    envelope: dict[str, JsonValue] | None = None
    """The DSSE envelope."""
    ledger_index: int | None = None
    """The place in this machine's ledger."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What is said about one paper, ready to be signed."""

    target: str
    record: VerifiedRecord
    statement: Statement


def drafted(target: str, record: VerifiedRecord, request: CitationRequest) -> Draft:
    """What `request` says about a paper, dated now.

    Raises:
        CitationError: The record has no such claim, or the statement is too large.
    """
    nonce = secrets.token_bytes(16)
    return Draft(target, record, draft(record, request, created_at=datetime.now(UTC), nonce=nonce))


def signed_citation(
    said: Draft, envelope: Envelope | None = None, ledger_index: int | None = None
) -> SignedCitation:
    """A citation that was signed, or its dry run."""
    payload = said.statement.payload()
    title = said.record.title
    return SignedCitation(
        target=safe_text(said.target[:TARGET_LENGTH]),
        pith_number=said.record.pith_number,
        title=safe_text(title) if title else None,
        citation_id=f"pcite:{sha256(payload).hex()}" if envelope else None,
        statement=json.loads(payload),
        signed=envelope is not None,
        envelope=envelope.model_dump(mode="json", by_alias=True) if envelope else None,
        ledger_index=ledger_index,
    )


def signing_key(settings: Settings, opener: KeyOpener) -> CitationKey:
    """The key that this machine signs with: a key file, or else that of `PITH_AGENT_KEY`.

    Raises:
        NoSigningKeyError: There is none; the hint says how to make one there.
        KeyRetiredError: It was retired or revoked.
        SigningKeyError: It cannot be used.
    """
    named = settings.key_file
    try:
        if named is None:
            check_private_directory(settings.key_directory)
        key = opener.open(named or key_path(settings.key_directory))
    except NoSigningKeyError as error:
        if named is None and settings.agent_key is not None:
            return _not_revoked(settings.agent_key, settings)
        # The shell in which the command is run may know of no other home than the default.
        home = shlex.quote(str(settings.home))
        hint = (
            "Point PITH_KEY_FILE at a key file, or unset it."
            if named
            else f"Make one with 'pith-agent keys new --home {home}'."
        )
        raise NoSigningKeyError(error.message, hint=hint) from error
    return _not_revoked(key, settings)


def known_signers(settings: Settings) -> list[Signer]:
    """The keys whose citations this machine accepts: its own, old ones too, and trusted ones.

    Raises:
        SigningKeyError: A key file cannot be used, or a list of keys can be written by others.
        StoreDamagedError: A list of keys is damaged.
    """
    listed = read_revoked(settings.home)
    revoked = {key.raw: parse_time(key.distrust_after) for key in listed}
    own: list[tuple[str, bytes, str | None]] = [
        (entry.name, entry.public, entry.retired_at) for entry in list_keys(settings.key_directory)
    ]
    if settings.key_file is not None:
        file = read_key_file(settings.key_file)
        own.append((settings.key_file.stem, file.public, file.retired_at))
    if settings.agent_key is not None:
        own.append(("PITH_AGENT_KEY", settings.agent_key.public, None))
    signers = [
        Signer(
            name=name,
            public=public,
            own=True,
            until=_end(retired_at),
            distrust_after=revoked.get(public),
        )
        for name, public, retired_at in own
    ]
    # A key file may be gone; what was said of its key holds on.
    held = {public for _, public, _ in own}
    signers += [
        Signer(key.name, key.raw, own=True, distrust_after=revoked[key.raw])
        for key in listed
        if key.raw not in held
    ]
    return signers + [as_signer(trusted) for trusted in read_signers(settings.home)]


def own_publics(settings: Settings) -> list[bytes]:
    """The raw public keys of this machine, old ones too.

    Raises:
        SigningKeyError, StoreDamagedError: As `known_signers`.
    """
    return [signer.public for signer in known_signers(settings) if signer.own]


def _end(retired_at: str | None) -> datetime | None:
    """What was begun with a key while it was retired still counts."""
    time = parse_time(retired_at)
    return None if time is None else time + CLOCK_SKEW


def _not_revoked(key: CitationKey, settings: Settings) -> CitationKey:
    if any(revoked.raw == key.public for revoked in read_revoked(settings.home)):
        raise KeyRetiredError(f"The key {key.keyid[:16]} was revoked.")
    return key
