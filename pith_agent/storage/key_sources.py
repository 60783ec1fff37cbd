"""Where a passphrase comes from, and keys that stay open once they were decrypted.

A passphrase is typed at a terminal or read from a private file. It is never the value of an
argument, a variable or a tool's parameter: those are seen by others.
"""

import threading
from pathlib import Path

from pith_agent.errors import NoPassphraseError, NoSigningKeyError
from pith_agent.protocol.citation import CitationKey
from pith_agent.storage.key_file import Sealed, Secret
from pith_agent.storage.keys import Ask, open_key, read_key_file
from pith_agent.storage.private_file import read_private

MAX_PASSPHRASE_BYTES = 1024


class KeyOpener:
    """Opens key files. One object may serve several threads.

    A key that was decrypted is kept, since decrypting takes half a second and 256 MiB. Its file is
    read again each time: what was exchanged, retired or made readable by others is noticed.
    """

    def __init__(self, passphrase_file: Path | None = None, ask: Ask | None = None) -> None:
        """Say where passphrases come from.

        Args:
            passphrase_file: A private file; it wins over `ask`.
            ask: Asks a person; `None` where there is none, as in a server.
        """
        self._passphrase_file = passphrase_file
        self._ask = ask
        self._lock = threading.Lock()
        self._opened: dict[Sealed, CitationKey] = {}

    def open(self, path: Path) -> CitationKey:
        """The signing key in a file.

        Raises:
            SigningKeyError: As `load_key`.
        """
        file = read_key_file(path)
        if file.sealed is None:
            return open_key(path, file)
        # One thread at a time: eight would take eight times the memory.
        with self._lock:
            if (known := self._opened.get(file.sealed)) is not None and known.public == file.public:
                return known
            key = open_key(path, file, self.passphrase)
            self._opened[file.sealed] = key
            return key

    def passphrase(self, path: Path) -> Secret:
        """The passphrase of a key file.

        Raises:
            NoPassphraseError: Nobody is there to give it, or the file for it is missing or empty.
            UnsafeKeyFileError: The file for it can be read by others.
        """
        if self._passphrase_file is not None:
            return read_passphrase(self._passphrase_file)
        if self._ask is None:
            raise NoPassphraseError(f"The key in {path} is encrypted, and nobody can be asked.")
        return self._ask(path)


def read_passphrase(path: Path) -> Secret:
    """The passphrase in a private file: its bytes without the last line end.

    Raises:
        NoPassphraseError: The file is missing, empty, or longer than 1024 bytes.
        UnsafeKeyFileError: It is a link, or others than its owner may read it.
    """
    try:
        content = _line(path)
    except NoSigningKeyError as error:
        raise NoPassphraseError(
            f"There is no file {path} with a passphrase.",
            hint="Name a private file with --passphrase-file or PITH_PASSPHRASE_FILE.",
        ) from error
    if content is None:
        raise NoPassphraseError(
            f"{path} is no passphrase: it is empty, or has more than {MAX_PASSPHRASE_BYTES} bytes.",
            hint="Write one line into the file.",
        )
    return content


def _line(path: Path) -> Secret | None:
    content = read_private(path, MAX_PASSPHRASE_BYTES)
    if len(content) > MAX_PASSPHRASE_BYTES:
        return None
    line = content.removesuffix(b"\n").removesuffix(b"\r")
    return Secret(line) if line else None
