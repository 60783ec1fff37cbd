"""Record files that a project keeps beside its sources."""

from collections.abc import Iterable
from pathlib import Path

from pith_agent.errors import DocumentError, IdentifierError, StoreUnavailableError
from pith_agent.protocol.identifier import Identifier, parse_identifier
from pith_agent.protocol.record import at, load_document, read_document
from pith_agent.storage.cache import Stored


class RecordFiles:
    """Documents from files, found by what they say of themselves.

    A tampered document is meant to be found, and then to be refused: so it is looked up by the
    number and source that it claims, not only by what it hashes to.
    """

    def __init__(self, documents: Iterable[tuple[bytes, str]]) -> None:
        """Index (bytes, where they came from).

        Raises:
            DocumentError: One of them is no record, bundle or compact record.
        """
        self._entries = [_entry(body, origin) for body, origin in documents]

    @classmethod
    def load(cls, paths: Iterable[Path]) -> "RecordFiles":
        """Read `.json` files of one document each, and `.jsonl` files of one on each line.

        Raises:
            StoreUnavailableError: A file cannot be read.
            DocumentError: A file holds something else.
        """
        documents: list[tuple[bytes, str]] = []
        for path in paths:
            try:
                data = path.read_bytes()
            except OSError as error:
                raise StoreUnavailableError(f"{path} cannot be read: {error}.") from error
            lines = data.splitlines() if path.suffix == ".jsonl" else [data]
            documents += [(line, str(path)) for line in lines if line.strip()]
        return cls(documents)

    def find(self, identifier: Identifier) -> list[Stored]:
        """The documents that claim to be what `identifier` names, newest version first."""
        found = [
            (version, stored) for names, version, stored in self._entries if _is(identifier, names)
        ]
        return [stored for _, stored in sorted(found, key=lambda pair: -pair[0])]


def _entry(body: bytes, origin: str) -> tuple[set[str], int, Stored]:
    try:
        document = read_document(load_document(body))
    except DocumentError as error:
        raise type(error)(f"{origin}: {error.message}") from error
    names = {document.suffix}
    for path in ("pith_number", "short_pith_number"):
        try:
            names.add(parse_identifier(str(at(document.document, path))).suffix)
        except IdentifierError:
            continue
    source = at(document.canonical, "source")
    version = at(source, "version")
    if isinstance(version, int):
        names |= {f"{at(source, 'id')}", f"{at(source, 'id')}v{version}"}
    stored = Stored.received(body, origin)
    return names, version if isinstance(version, int) else 0, stored


def _is(identifier: Identifier, names: set[str]) -> bool:
    if identifier.kind == "pith_short":
        return any(name.startswith(identifier.suffix) for name in names)
    paper = identifier.arxiv
    return (identifier.suffix or (str(paper) if paper else "")) in names
