"""Files that are replaced as a whole or not at all."""

import os
import tempfile
from pathlib import Path


def replace_file(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write a file beside `path`, to the disk, and put it in its place.

    Args:
        path: A link to a file is itself replaced; resolve it first to keep it.
        data: What it holds then.
        mode: Its permissions: a temporary file is private, and this one is read by others.

    Raises:
        OSError: It cannot be written; what was there is left as it was.
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(mode)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
