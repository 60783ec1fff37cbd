"""Files: which ones, as text, and back."""

import codecs
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

from pith_agent import PithError, error_class
from sphinx_pith.convert import markdown, python, rest
from sphinx_pith.convert.links import Link, Rules
from sphinx_pith.writing import replace_file

Finder: TypeAlias = Callable[[str, Rules], list[Link]]

FINDERS: Mapping[str, Finder] = MappingProxyType(
    {
        ".rst": rest.find_links,
        ".rest": rest.find_links,
        ".md": markdown.find_links,
        ".markdown": markdown.find_links,
        ".py": python.find_links,
        ".pyi": python.find_links,
    }
)
"""Suffix → what finds the links in such a file."""

BUILD_FOLDERS = frozenset(
    {"_build", "build", "dist", "node_modules", "site-packages", "venv", "env", "__pycache__"}
)
MAX_BYTES = 16 * 2**20
"""A larger file is no documentation."""

_CODING = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*(?P<name>[-\w.]+)")
_UTF8 = frozenset({b"utf-8", b"utf8", b"utf-8-sig", b"ascii", b"us-ascii"})


@dataclass(frozen=True, slots=True)
class Source:
    """One file: its text without a byte order mark, line ends as they are."""

    path: Path
    data: bytes
    text: str

    def encode(self, text: str) -> bytes:
        """The bytes of a changed text, with the mark if the file had it."""
        mark = codecs.BOM_UTF8 if self.data.startswith(codecs.BOM_UTF8) else b""
        return mark + text.encode("utf-8")


def find_files(paths: Iterable[Path]) -> Iterator[Path]:
    """The files themselves, and those of the folders that can be converted, sorted.

    Hidden folders, build folders and links to folders are passed over. No file comes twice.

    Raises:
        FileError: There is nothing at one of the paths, or no kind of file that is converted.
    """
    seen: set[Path] = set()
    for path in paths:
        if path.is_dir():
            found = sorted(_in_folder(path))
        elif path.suffix.lower() in FINDERS or not path.exists():
            found = [path]
        else:
            kinds = ", ".join(FINDERS)
            raise error_class("unreadable-file")(f"{path} is no file that is converted: {kinds}.")
        for file in found:
            if (real := file.resolve()) not in seen:
                seen.add(real)
                yield file


def read(path: Path) -> Source:
    """Read a file.

    Raises:
        FileError: It cannot be read, or is not UTF-8.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise _unreadable(path, f"cannot be read: {error.strerror}") from error
    if len(data) > MAX_BYTES:
        raise _unreadable(path, f"is larger than {MAX_BYTES} bytes")
    if path.suffix.lower() in (".py", ".pyi"):
        for line in data.removeprefix(codecs.BOM_UTF8).splitlines()[:2]:
            coding = _CODING.match(line)
            if coding and coding["name"].lower().replace(b"_", b"-") not in _UTF8:
                raise _unreadable(
                    path, f"is {coding['name'].decode('ascii', 'replace')}, not UTF-8"
                )
    try:
        text = data.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        raise _unreadable(path, f"is not UTF-8 at byte {error.start}") from error
    if "\0" in text:
        raise _unreadable(path, "holds NUL characters, so it is no text")
    return Source(path, data, text)


def write(source: Source, text: str) -> None:
    """Replace the file: whole or not at all, with the permissions that it had.

    Raises:
        StoreUnavailableError: It cannot be written, or was changed since it was read.
    """
    path = source.path.resolve()  # A link stays a link; what it names is replaced.
    unwritable = error_class("store-unavailable")
    try:
        if path.read_bytes() != source.data:
            raise unwritable(f"{source.path} was changed meanwhile.", hint="Run it again.")
        replace_file(path, source.encode(text), mode=stat.S_IMODE(path.stat().st_mode))
    except OSError as error:
        raise unwritable(f"{source.path} cannot be written: {error.strerror}.") from error


def _in_folder(folder: Path) -> Iterator[Path]:
    for here, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not _is_skipped(name)]
        for name in names:
            path = Path(here, name)
            if not name.startswith(".") and path.suffix.lower() in FINDERS and path.is_file():
                yield path


def _is_skipped(name: str) -> bool:
    return name.startswith(".") or name in BUILD_FOLDERS or name.endswith(".egg-info")


def _unreadable(path: Path, what: str) -> PithError:
    return error_class("unreadable-file")(f"{path} {what}.")
