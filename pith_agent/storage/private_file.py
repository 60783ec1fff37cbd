"""Files that only their owner may read: keys and tokens."""

import os
import stat
import tempfile
from pathlib import Path

from pith_agent.errors import NoSigningKeyError, UnsafeKeyFileError


def create_private(path: Path, content: bytes) -> None:
    """Write a file that was not there, mode 0600: whole and on the disk, or not at all.

    Raises:
        FileExistsError: It was there.
        OSError: It cannot be written.
    """
    # mkstemp opens with O_EXCL and mode 0600, whatever the umask.
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)
    finally:
        os.unlink(temporary)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_private(path: Path, cap: int) -> bytes:
    """The first `cap` + 1 bytes of a plain file of our own that no one else may read.

    Raises:
        NoSigningKeyError: There is no such file.
        UnsafeKeyFileError: It is a link, or another's, or others may read it.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError as error:
        raise NoSigningKeyError(f"There is no file {path}.") from error
    except OSError as error:
        raise UnsafeKeyFileError(f"{path} cannot be opened as a plain file: {error}.") from error
    # fdopen would refuse a directory with an error of its own, so the kind is looked at first.
    try:
        state = os.fstat(handle)
        if not stat.S_ISREG(state.st_mode) or state.st_uid != os.geteuid():
            raise UnsafeKeyFileError(f"{path} is not a plain file of your own.")
        if state.st_mode & 0o077:
            mode = stat.S_IMODE(state.st_mode)
            raise UnsafeKeyFileError(f"{path} can be used by others: mode {mode:o}.")
        return os.read(handle, cap + 1)
    finally:
        os.close(handle)
