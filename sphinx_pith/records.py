"""The record files that a project keeps beside its documents."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pith_agent import PithError, error_class

if TYPE_CHECKING:
    from pith_agent import RecordFiles

SUFFIXES = (".json", ".jsonl")


@dataclass(frozen=True, slots=True)
class Document:
    """The bytes of one record, and where they are."""

    body: bytes
    place: str
    """The file, relative to conf.py, with a line number if it may hold several records."""


@dataclass(frozen=True, slots=True)
class Project:
    """The records that can be read, and the files that cannot."""

    files: "RecordFiles | None"
    """The records, to be found by the identifiers that they claim; `None` if there are none."""
    documents: tuple[Document, ...]
    faults: tuple[tuple[str, PithError], ...]
    """Place and error of what is no record."""


def load_project(here: Path, patterns: Iterable[str]) -> Project:
    """Read the `.json` and `.jsonl` files that the patterns match, relative to `here`.

    Total: a file that cannot be used is a fault of its own and does not hide the others.
    """
    documents: list[Document] = []
    faults: list[tuple[str, PithError]] = []
    paths = {path for pattern in patterns for path in here.glob(pattern)}
    for path in sorted(path for path in paths if path.suffix in SUFFIXES):
        place = path.relative_to(here).as_posix()
        try:
            documents += split(place, path.read_bytes())
        except OSError as error:
            unreadable = error_class("store-unavailable")
            faults.append((place, unreadable(f"The file cannot be read: {error.strerror}.")))
    try:
        return Project(_index(documents), tuple(documents), tuple(faults))
    except PithError:
        # Only now is each read alone: it takes twice as long.
        return _without_faults(documents, faults)


def _without_faults(documents: list[Document], faults: list[tuple[str, PithError]]) -> Project:
    good: list[Document] = []
    for document in documents:
        try:
            _index([document])
        except PithError as error:
            faults.append((document.place, error))
        else:
            good.append(document)
    return Project(_index(good), tuple(good), tuple(faults))


def _index(documents: list[Document]) -> "RecordFiles | None":
    if not documents:
        return None
    # Imported here: most projects have a lock, and no records beside it.
    from pith_agent import RecordFiles  # noqa: PLC0415

    return RecordFiles((document.body, document.place) for document in documents)


def split(place: str, data: bytes) -> Iterator[Document]:
    """The documents of a file: of a `.jsonl` file each line that is not blank, else the whole."""
    if not place.endswith(".jsonl"):
        yield Document(data, place)
        return
    for number, line in enumerate(data.splitlines(), 1):
        if line.strip():
            yield Document(line, f"{place}:{number}")
