"""The lock on disk: read before anything else, and written whole or not at all."""

import os
from pathlib import Path

from sphinx.errors import ConfigError

from pith_agent import Lock, PithError, dump_lock, parse_lock
from sphinx_pith.writing import replace_file


def read_lock(path: Path) -> Lock | None:
    """The lock; `None` if there is none.

    Raises:
        ConfigError: The file is no lock, or cannot be read. A damaged lock is never replaced.
    """
    try:
        return parse_lock(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from error
    except PithError as error:
        raise ConfigError(f"{path}: {error}") from error


def write_lock(path: Path, lock: Lock) -> bool:
    """Write the lock if it differs from what is there.

    Returns:
        Whether it differed.

    Raises:
        OSError: It cannot be written; what was there is left as it was.
    """
    data = dump_lock(lock)
    # A link stays a link: what it leads to is replaced.
    path = path.resolve()
    if path.exists() and path.read_bytes() == data:
        return False
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
    replace_file(path, data, mode=mode)
    return True


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
