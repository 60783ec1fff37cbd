"""Lists of public keys: whose citations are accepted, and which keys were revoked.

Both are plain JSON that may be read by anybody and written by their owner only.

Source: docs/reference/citation.md, "Signers".
"""

import base64
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic.functional_validators import AfterValidator

from pith_agent.errors import (
    DocumentError,
    NoSigningKeyError,
    SettingsError,
    SigningKeyError,
    StoreDamagedError,
    StoreUnavailableError,
    UnsafeKeyFileError,
)
from pith_agent.protocol.checkpoint import origin_of
from pith_agent.protocol.citation_signer import Signer
from pith_agent.protocol.moment import parse_time, time_text
from pith_agent.protocol.strict_json import parse_json
from pith_agent.protocol.trust import is_public_key, keyid_of
from pith_agent.storage.key_file import decode
from pith_agent.storage.keys import KeyEntry, check_name
from pith_agent.storage.private_file import read_own, replace_private, writing_in

MAX_LIST_BYTES = 4 << 20
L = TypeVar("L", bound="_List")


def _is_key(value: str) -> str:
    raw = decode(value, 32)
    if raw is None or not is_public_key(raw):
        raise ValueError("not an Ed25519 public key")
    return value


def _is_time(value: str) -> str:
    if parse_time(value) is None:
        raise ValueError("not a time")
    return value


Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$")]
PublicKey = Annotated[str, AfterValidator(_is_key)]
Moment = Annotated[str, AfterValidator(_is_time)]
Words = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Origin = Annotated[str, StringConstraints(pattern=r"^pith-agent\.local/[0-9a-f]{16}$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)


class TrustedSigner(_Part):
    """The key of somebody else's agent."""

    name: Name
    public: PublicKey
    """32 bytes, base64."""
    identity: Words | None = None
    until: Moment | None = None
    """RFC 3339, UTC: citations dated later are refused."""
    distrust_after: Moment | None = None
    """RFC 3339, UTC: from then on the key may be in other hands."""
    ledger: Origin | None = None
    """The ledger that it signs since a rotation, named after the first key of its holder."""
    added_at: Moment

    @property
    def raw(self) -> bytes:
        """The 32 bytes of the key."""
        return base64.b64decode(self.public)


class RevokedKey(_Part):
    """A key of this machine that is not to be believed any more."""

    name: Name
    public: PublicKey
    distrust_after: Moment
    revoked_at: Moment
    reason: Words | None = None

    @property
    def raw(self) -> bytes:
        """The 32 bytes of the key."""
        return base64.b64decode(self.public)


class RetiredKey(_Part):
    """A key of this machine that another one took the place of.

    The file with its public half says so too. This is what holds if that file is damaged.
    """

    name: Name
    public: PublicKey
    retired_at: Moment

    @property
    def raw(self) -> bytes:
        """The 32 bytes of the key."""
        return base64.b64decode(self.public)


class _List(_Part):
    v: Literal[1] = 1


class SignerList(_List):
    """`signers.json`."""

    signers: Annotated[tuple[TrustedSigner, ...], Field(max_length=10_000)] = ()


class RevocationList(_List):
    """`revoked.json`."""

    revoked: Annotated[tuple[RevokedKey, ...], Field(max_length=10_000)] = ()
    retired: Annotated[tuple[RetiredKey, ...], Field(max_length=10_000)] = ()


def now_text() -> str:
    """The current time, as these lists write it."""
    return time_text(datetime.now(UTC))


def read_signers(home: Path) -> tuple[TrustedSigner, ...]:
    """The signers that the user trusts.

    Raises:
        StoreDamagedError: The file is no such list.
        UnsafeKeyFileError: Others may write it.
    """
    return _read(home / "signers.json", SignerList).signers


def read_revoked(home: Path) -> tuple[RevokedKey, ...]:
    """The keys of this machine that were revoked.

    Raises:
        StoreDamagedError, UnsafeKeyFileError: As `read_withdrawn`.
    """
    return read_withdrawn(home).revoked


def read_withdrawn(home: Path) -> RevocationList:
    """The keys of this machine that were revoked or retired.

    Raises:
        StoreDamagedError: The file is no such list.
        UnsafeKeyFileError: Others may write it.
    """
    return _read(home / "revoked.json", RevocationList)


def trust_signer(home: Path, signer: TrustedSigner, registry: Iterable[bytes] = ()) -> None:
    """Accept citations of somebody else.

    What an entry of the same name and key says holds on where `signer` says nothing, and of two
    moments of revocation the earlier one counts.

    Raises:
        SigningKeyError: The name or the key is taken, or the key signs records.
        StoreUnavailableError: The list cannot be written.
    """
    if signer.raw in registry:
        # A registry vouches for records. What a paper is cited for is not its business.
        raise SigningKeyError("This is a registry's key: it signs records, not citations.")
    with writing_in(home):
        kept = []
        for other in read_signers(home):
            if (other.name == signer.name) != (other.raw == signer.raw):
                raise SigningKeyError(
                    f"{other.name} is trusted already, with key {keyid_of(other.raw)[:16]}.",
                    hint=f"Run 'pith-agent keys trust {other.name} --remove' first.",
                )
            if other.name != signer.name:
                kept.append(other)
            else:
                signer = _updated(other, signer)
        listed = sorted([*kept, signer], key=lambda one: one.name)
        _write(home / "signers.json", SignerList(signers=tuple(listed)))


def remove_signer(home: Path, name: str) -> TrustedSigner:
    """Accept no citations of that signer any more.

    Raises:
        SigningKeyError: Nobody of that name is trusted.
        StoreUnavailableError: The list cannot be written.
    """
    with writing_in(home):
        listed = read_signers(home)
        removed = next((one for one in listed if one.name == check_name(name)), None)
        if removed is None:
            raise SigningKeyError(
                f"No signer named {name} is trusted.", hint="Run 'pith-agent keys trust --list'."
            )
        rest = tuple(one for one in listed if one != removed)
        _write(home / "signers.json", SignerList(signers=rest))
    return removed


def ledger_after(home: Path, name: str) -> str:
    """The name of the ledger that a signer leaves to the key which takes the place of its own.

    Raises:
        SigningKeyError: Nobody of that name is trusted.
    """
    old = next((one for one in read_signers(home) if one.name == check_name(name)), None)
    if old is None:
        raise SigningKeyError(
            f"No signer named {name} is trusted.", hint="Run 'pith-agent keys trust --list'."
        )
    return old.ledger or origin_of(old.raw)


def revoke_key(
    home: Path, entry: KeyEntry, distrust_after: str, reason: str | None = None
) -> RevokedKey:
    """Say for good that a key of this machine is not to be believed after a moment.

    A key that is revoked already can be revoked from an earlier moment, never from a later one.

    Raises:
        SettingsError: The moment or the reason cannot be used.
        StoreUnavailableError: The list cannot be written.
    """
    public = base64.b64encode(entry.public).decode("ascii")
    revoked_at = now_text()
    with writing_in(home):
        listed = read_withdrawn(home)
        known = [one for one in listed.revoked if one.raw == entry.public]
        made = checked(
            RevokedKey,
            name=entry.name,
            public=public,
            distrust_after=min([distrust_after, *(one.distrust_after for one in known)]),
            revoked_at=revoked_at,
            reason=reason or next((one.reason for one in known), None),
        )
        rest = [one for one in listed.revoked if one.raw != entry.public]
        _write(home / "revoked.json", listed.model_copy(update={"revoked": (*rest, made)}))
    return made


def note_retired(home: Path, entry: KeyEntry) -> None:
    """Write down that a key was retired, outside of its file.

    Raises:
        StoreUnavailableError: The list cannot be written.
    """
    public = base64.b64encode(entry.public).decode("ascii")
    made = checked(RetiredKey, name=entry.name, public=public, retired_at=entry.retired_at)
    with writing_in(home):
        listed = read_withdrawn(home)
        rest = [one for one in listed.retired if one.raw != entry.public]
        _write(home / "revoked.json", listed.model_copy(update={"retired": (*rest, made)}))


P = TypeVar("P", bound=_Part)


def checked(kind: type[P], **fields: object) -> P:
    """An entry of a list, made from what a user typed.

    Raises:
        SettingsError: A field cannot be used.
    """
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        raise SettingsError(_first(error)) from error


def as_signer(trusted: TrustedSigner) -> Signer:
    """What rule C9 has to know of somebody else's key."""
    return Signer(
        name=trusted.name,
        public=trusted.raw,
        identity=trusted.identity,
        until=parse_time(trusted.until),
        distrust_after=parse_time(trusted.distrust_after),
        ledger=trusted.ledger,
    )


def _updated(old: TrustedSigner, new: TrustedSigner) -> TrustedSigner:
    moments = [one.distrust_after for one in (old, new) if one.distrust_after]
    update = {
        "identity": new.identity or old.identity,
        "until": new.until or old.until,
        "ledger": new.ledger or old.ledger,
        "distrust_after": min(moments, default=None),
        "added_at": old.added_at,
    }
    return new.model_copy(update=update)


def _read(path: Path, kind: type[L]) -> L:
    try:
        data = read_own(path, MAX_LIST_BYTES)
    except UnsafeKeyFileError as error:
        hint = f"Look through {path.name}, then 'chmod go-w' it."
        raise UnsafeKeyFileError(error.message, hint=hint) from error
    except NoSigningKeyError:
        return kind()
    hint = f"Correct {path.name}, or move it away and enter the keys again."
    try:
        parse_json(data, cap=MAX_LIST_BYTES)
        return kind.model_validate_json(data)
    except DocumentError as error:
        raise StoreDamagedError(f"{path} cannot be read: {error.message}", hint=hint) from error
    except ValidationError as error:
        raise StoreDamagedError(f"{path} cannot be read: {_first(error)}", hint=hint) from error


def _write(path: Path, listed: _List) -> None:
    content = listed.model_dump_json(indent=1, exclude_none=True) + "\n"
    if len(content) > MAX_LIST_BYTES:
        raise StoreUnavailableError(f"{path} would be larger than {MAX_LIST_BYTES} bytes.")
    replace_private(path, content.encode("utf-8"))


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}."
