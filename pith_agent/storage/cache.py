"""The store: record bytes by digest, aliases, highest version seen. Never verdicts.

What is read from here is verified again each time: it costs a millisecond, and the trust root
may have changed since.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Self

from pith_agent.errors import DocumentError, StoreDamagedError
from pith_agent.protocol.identifier import Identifier
from pith_agent.protocol.moment import time_text
from pith_agent.protocol.policy import Seen
from pith_agent.protocol.proof import VerifiedRecord
from pith_agent.protocol.record import Exhibit, at, load_document, read_document
from pith_agent.storage.database import Database, Row

STARTER = "shipped with pith-agent"

SCHEMA = """
CREATE TABLE records (
    digest TEXT PRIMARY KEY,
    suffix TEXT NOT NULL,
    pith_number TEXT NOT NULL,
    source_kind TEXT,
    source_id TEXT,
    source_version INTEGER,
    richness INTEGER NOT NULL,
    body BLOB NOT NULL,
    body_sha256 BLOB NOT NULL,
    fetched_from TEXT NOT NULL,
    fetched_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX records_by_suffix ON records (suffix);
CREATE INDEX records_by_source ON records (source_kind, source_id);
CREATE TABLE aliases (
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (kind, value, digest)
) WITHOUT ROWID;
CREATE TABLE seen (
    source_kind TEXT NOT NULL,
    source_id TEXT NOT NULL,
    source_version INTEGER NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (source_kind, source_id, source_version, digest)
) WITHOUT ROWID;
"""

_PUT = """
INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (digest) DO UPDATE SET
    richness = excluded.richness,
    body = excluded.body,
    body_sha256 = excluded.body_sha256,
    fetched_from = excluded.fetched_from,
    fetched_at = excluded.fetched_at
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """The bytes of one document, and whence and when they came. Nothing in it is proved."""

    digest: str
    """SHA-256 of its canonical record, 64 hex digits: computed. Empty if it has none."""
    pith_number: str
    """The Pith Number that follows from it; without a year where that cannot be read."""
    source: tuple[str, str, int] | None
    """Kind, id and version of the canonical record's source."""
    body: bytes
    fetched_from: str
    """A URL, a file name, or `STARTER`."""
    fetched_at: str
    """RFC 3339, UTC, whole seconds."""
    richness: int = 0
    """How much the document says: one with a receipt more than one without."""

    @classmethod
    def received(cls, body: bytes, fetched_from: str) -> Self:
        """Note a document that came just now; unreadable bytes are noted as they are."""
        try:
            document = read_document(load_document(body))
        except DocumentError:
            return cls("", "", None, body, fetched_from, _now())
        return cls.of(document, body, fetched_from)

    @classmethod
    def of(cls, document: Exhibit, body: bytes, fetched_from: str) -> Self:
        """Note a document that was read from `body` just now."""
        source = document.view.source if document.view else None
        return cls(
            digest=document.digest.hex(),
            pith_number=document.pith_number or f"pith:{document.suffix}",
            source=(source.kind, source.id, source.version) if source else None,
            body=body,
            fetched_from=fetched_from,
            fetched_at=_now(),
            richness=_richness(document),
        )

    @property
    def suffix(self) -> str:
        """The 26 characters of the Pith Number; empty if there is none."""
        return self.pith_number.rpartition(":")[2]


class Store:
    """Documents found again by digest, Pith Number, short form or source."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def open(cls, path: Path | None) -> Self:
        """Open the store at `path`, or one in memory, filled with the starter records.

        Raises:
            StoreUnavailableError: The file cannot be opened or written.
            StoreDamagedError: The file is no store.
        """
        store = cls(Database(path, SCHEMA, durable=False))
        try:
            if not store._database.read("SELECT 1 FROM records LIMIT 1"):
                store._fill()
        except BaseException:
            store.close()
            raise
        return store

    def put(self, stored: Stored) -> None:
        """Keep a document, in the place of any other with the same canonical record.

        Raises:
            DocumentError: The bytes are no document.
            StoreUnavailableError: The disk is full or read-only.
        """
        self._put_all([stored])

    def _put_all(self, documents: list[Stored]) -> None:
        """All or none, so that nobody sees a store that is half filled."""
        aliases = [list(_aliases(read_document(load_document(one.body)))) for one in documents]
        with self._database.transaction() as connection:
            for stored, names in zip(documents, aliases, strict=True):
                row = (
                    stored.digest,
                    stored.suffix,
                    stored.pith_number,
                    *(stored.source or (None, None, None)),
                    stored.richness,
                    stored.body,
                    hashlib.sha256(stored.body).digest(),
                    stored.fetched_from,
                    stored.fetched_at,
                )
                connection.execute(_PUT, row)
                connection.executemany(
                    "INSERT OR IGNORE INTO aliases VALUES (?, ?, ?)",
                    [(kind, value, stored.digest) for kind, value in names],
                )

    def get(self, digest: str) -> Stored | None:
        """The document whose canonical record has this SHA-256, in hex.

        Raises:
            StoreDamagedError: The stored bytes no longer hash to it.
        """
        rows = self._database.read("SELECT * FROM records WHERE digest = ?", digest)
        if not rows:
            return None
        stored = _stored(rows[0])
        if Stored.received(stored.body, stored.fetched_from).digest != digest:
            raise StoreDamagedError(f"The stored record {stored.suffix} has another's place.")
        return stored

    def find(self, identifier: Identifier) -> list[Stored]:
        """All documents that `identifier` may name, newest version first. A hint, not a proof.

        That the bytes are those that were written is checked; that they have the digest they are
        stored under is left to the verification, which computes it anyway.
        """
        paper = identifier.arxiv
        values: tuple[str | int, ...]
        if identifier.suffix:
            # All base32 letters sort below "[".
            where, values = (
                "suffix >= ? AND suffix < ?",
                (identifier.suffix, f"{identifier.suffix}["),
            )
        elif paper is not None:
            where, values = "source_kind = 'arxiv' AND source_id = ?", (paper.id,)
            if paper.version is not None:
                where, values = f"{where} AND source_version = ?", (*values, paper.version)
        else:
            where = "digest IN (SELECT digest FROM aliases WHERE kind = 'doi' AND value = ?)"
            values = (identifier.value,)
        order = "ORDER BY source_version DESC, digest"
        rows = self._database.read(f"SELECT * FROM records WHERE {where} {order}", *values)
        return [_stored(row) for row in rows]

    def complete(self, start: str, limit: int) -> tuple[list[str], int]:
        """Names of records that begin with `start`, at most `limit`; how many there are.

        A name is a Pith Number, its 26 characters, or an arXiv id.
        """
        rows = self._database.read(
            "SELECT name, COUNT(*) OVER () AS total FROM ("
            "SELECT pith_number AS name FROM records WHERE pith_number LIKE ?1 ESCAPE '!'"
            " UNION SELECT suffix FROM records WHERE suffix LIKE ?1 ESCAPE '!'"
            " UNION SELECT source_id FROM records WHERE source_id LIKE ?1 ESCAPE '!'"
            ") ORDER BY name LIMIT ?2",
            re.sub("([!%_])", r"!\1", start) + "%",
            limit,
        )
        return [row["name"] for row in rows], rows[0]["total"] if rows else 0

    def documents(self) -> Iterator[Stored]:
        """Every document, in order of its Pith Number."""
        for row in self._database.read("SELECT digest FROM records ORDER BY suffix"):
            if (stored := self.get(row["digest"])) is not None:
                yield stored

    def remember(self, record: VerifiedRecord) -> None:
        """Note that this record was verified, for `seen`."""
        source = record.signed.source
        row = (source.kind, source.id, source.version, record.canonical_sha256)
        where = "source_kind = ? AND source_id = ? AND source_version = ? AND digest = ?"
        if not self._database.read(f"SELECT 1 FROM seen WHERE {where}", *row):
            with self._database.transaction() as connection:
                connection.execute("INSERT OR IGNORE INTO seen VALUES (?, ?, ?, ?)", row)

    def seen(self, kind: str, id: str, version: int) -> Seen | None:
        """What was verified before about a paper; `None` if nothing."""
        rows = self._database.read(
            "SELECT source_version, digest FROM seen WHERE source_kind = ? AND source_id = ?",
            kind,
            id,
        )
        if not rows:
            return None
        digests = frozenset(row["digest"] for row in rows if row["source_version"] == version)
        return Seen(max(row["source_version"] for row in rows), digests)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _fill(self) -> None:
        names = sorted(resources.files("pith_agent.data.starter").iterdir(), key=str)
        files = [name.read_bytes() for name in names if name.name.endswith(".json")]
        self._put_all([Stored.received(body, STARTER) for body in files])


def _stored(row: Row) -> Stored:
    """A row, after a look whether its bytes are those that were written."""
    body = row["body"]
    if not isinstance(body, bytes) or hashlib.sha256(body).digest() != row["body_sha256"]:
        raise StoreDamagedError(f"The stored record {row['suffix']} is not what was written.")
    has_source = row["source_kind"] is not None
    return Stored(
        digest=row["digest"],
        pith_number=row["pith_number"],
        source=(row["source_kind"], row["source_id"], row["source_version"])
        if has_source
        else None,
        body=row["body"],
        fetched_from=row["fetched_from"],
        fetched_at=row["fetched_at"],
        richness=row["richness"],
    )


def _richness(document: Exhibit) -> int:
    """A document with a receipt is worth more than one without; then, the one that says more."""
    forms = {"compact": 0, "bundle": 1, "record": 2}
    return (10 if document.receipt else 0) + forms[document.form]


def _aliases(document: Exhibit) -> Iterator[tuple[str, str]]:
    for name in ("aliases", "source_aliases"):
        entries = document.document.get(name)
        for entry in entries if isinstance(entries, list) else ():
            kind, value = at(entry, "alias_kind"), at(entry, "alias_value")
            if isinstance(kind, str) and isinstance(value, str):
                yield kind, value.lower() if kind == "doi" else value


def _now() -> str:
    return time_text(datetime.now(UTC))
