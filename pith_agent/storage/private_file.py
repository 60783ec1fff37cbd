"""Files that only their owner may read: keys and tokens. And files that only he may write."""

import errno
import fcntl
import os
import shlex
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pith_agent.errors import NoSigningKeyError, StoreUnavailableError, UnsafeKeyFileError

_UNFINISHED = ".new-"


_ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG)


def create_private(path: Path, content: bytes) -> None:
    """Write a file that was not there, mode 0600: whole and on the disk, or not at all.

    Raises:
        FileExistsError: It was there.
        OSError: It cannot be written.
    """
    with staged(path.parent, content) as temporary:
        os.link(temporary, path)
    sync_directory(path.parent)


def replace_private(path: Path, content: bytes) -> None:
    """Write a file, mode 0600, in the place of the one that was there, if one was.

    Raises:
        OSError: It cannot be written; the old one is as it was.
    """
    with staged(path.parent, content) as temporary:
        os.replace(temporary, path)
    sync_directory(path.parent)


@contextmanager
def staged(directory: Path, content: bytes) -> Iterator[Path]:
    """A new file in `directory`, mode 0600, whole and on the disk; gone afterwards if unused.

    Raises:
        OSError: It cannot be written.
    """
    # mkstemp opens with O_EXCL and mode 0600, whatever the umask.
    handle, name = tempfile.mkstemp(dir=directory, prefix=_UNFINISHED)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield Path(name)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name)


def sync_directory(directory: Path) -> None:
    """Put the names in a directory on the disk."""
    folder = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def writing_in(directory: Path) -> Iterator[None]:
    """Hold a directory against other writers, after removing what a killed one left unfinished.

    Raises:
        StoreUnavailableError: The directory cannot be made, held, or written.
    """
    try:
        # Each by its own call: with `parents` alone the outer one would get the umask's mode.
        directory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        directory.mkdir(mode=0o700, exist_ok=True)
        folder = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise StoreUnavailableError(f"{directory} cannot be made or opened: {error}.") from error
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        for left in directory.glob(f"{_UNFINISHED}*"):
            left.unlink()
        yield
    except OSError as error:
        raise StoreUnavailableError(f"{directory} cannot be written: {error}.") from error
    finally:
        os.close(folder)


def check_private_directory(directory: Path) -> None:
    """See that nobody else can look into a directory; one that is absent is as good.

    Raises:
        UnsafeKeyFileError: It is a link, or another's, or open to others.
    """
    try:
        state = directory.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise UnsafeKeyFileError(f"{directory} cannot be looked at: {error}.") from error
    hint = f"Make it your own directory, of mode 700: {directory}."
    if stat.S_ISLNK(state.st_mode):
        raise UnsafeKeyFileError(f"{directory} is a link.", hint=hint)
    if stat.S_ISDIR(state.st_mode) and (state.st_mode & 0o077 or state.st_uid != os.geteuid()):
        mode = stat.S_IMODE(state.st_mode)
        raise UnsafeKeyFileError(
            f"The directory {directory} is open to others: mode {mode:o}.", hint=hint
        )


def read_private(path: Path, cap: int) -> bytes:
    """The first `cap` + 1 bytes of a plain file of our own that no one else may read.

    Raises:
        NoSigningKeyError: There is no such file.
        UnsafeKeyFileError: It is a link, or another's, or others may read it, or replace it.
    """
    _check_place(path)
    return _read(path, cap, 0o077)


def read_own(path: Path, cap: int) -> bytes:
    """The first `cap` + 1 bytes of a plain file of our own that no one else may write.

    Raises:
        NoSigningKeyError: There is no such file.
        UnsafeKeyFileError: It is a link, or another's, or others may write it.
    """
    return _read(path, cap, 0o022)


def _check_place(path: Path) -> None:
    """A directory in which others may rename files has no file that is ours for sure."""
    try:
        state = path.parent.stat()
    except OSError:
        return  # Opening the file says what is wrong.
    if state.st_mode & 0o022 and not state.st_mode & stat.S_ISVTX:
        raise UnsafeKeyFileError(
            f"Others may exchange files in {path.parent}: mode {stat.S_IMODE(state.st_mode):o}.",
            hint="Move the file to a directory that only you may write.",
        )


def _read(path: Path, cap: int, forbidden: int) -> bytes:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except (OSError, ValueError) as error:
        # Below a file, or under a name that is too long, there is none either.
        if isinstance(error, OSError) and error.errno in _ABSENT:
            raise NoSigningKeyError(f"There is no file {path}.") from error
        raise UnsafeKeyFileError(f"{path} cannot be opened as a plain file: {error}.") from error
    # fdopen would refuse a directory with an error of its own, so the kind is looked at first.
    try:
        state = os.fstat(handle)
        if not stat.S_ISREG(state.st_mode) or state.st_uid != os.geteuid():
            raise UnsafeKeyFileError(f"{path} is not a plain file of your own.")
        if state.st_mode & forbidden:
            mode = stat.S_IMODE(state.st_mode)
            raise UnsafeKeyFileError(
                f"{path} can be used by others: mode {mode:o}.",
                hint=f"Run 'chmod 600 {shlex.quote(str(path))}'; if others may have read it,"
                " replace what is in it.",
            )
        return os.read(handle, cap + 1)
    finally:
        os.close(handle)
