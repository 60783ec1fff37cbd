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
        self._by_name: dict[str, list[Stored]] = {}
        for body, origin in documents:
            names, stored = _entry(body, origin)
            for name in names:
                self._by_name.setdefault(name, []).append(stored)

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
            if path.suffix == ".jsonl":
                lines = [line for line in data.splitlines() if line.strip()]
            else:
                lines = [data]
            documents += [(line, str(path)) for line in lines]
        return cls(documents)

    def find(self, identifier: Identifier) -> list[Stored]:
        """The documents that claim to be what `identifier` names, newest version first."""
        if identifier.kind == "pith_short":
            start = identifier.suffix
            names = [name for name in self._by_name if name.startswith(start)]
        else:
            names = [identifier.suffix or str(identifier.arxiv)]
        found = {id(stored): stored for name in names for stored in self._by_name.get(name, ())}
        return sorted(
            found.values(), key=lambda stored: -(stored.source[2] if stored.source else 0)
        )


def _entry(body: bytes, origin: str) -> tuple[set[str], Stored]:
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
    names |= {f"{at(source, 'id')}", f"{at(source, 'id')}v{at(source, 'version')}"}
    # An identifier without a suffix, and a source without an id, name nothing.
    names -= {"", "None"}
    return names, Stored.of(document, body, origin)
