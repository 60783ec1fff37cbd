"""How a key is to be kept, and passphrases, which are typed or read from a private file."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TypeVar

import click

from pith_agent.errors import NoPassphraseError
from pith_agent.settings import Settings
from pith_agent.storage.key_file import Secret
from pith_agent.storage.key_sources import MAX_PASSPHRASE_BYTES, KeyOpener, read_passphrase
from pith_agent.storage.keys import PLAIN, Keeping

R = TypeVar("R")

passphrase_file = click.option(
    "--passphrase-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File of mode 600 with the passphrase, instead of asking.  [PITH_PASSPHRASE_FILE]",
)


@dataclass(frozen=True, slots=True)
class Keep:
    """How the user wants a key to be kept. Asks for a passphrase if need be."""

    passphrase_file: Path | None = None
    plain: bool = False
    in_keyring: bool = False

    def keeping(self, known: Secret | None = None) -> Keeping:
        """How a key is to be kept, with a passphrase that is `known` or new.

        Raises:
            NoPassphraseError: There is none, and no terminal to ask.
            UnsafeKeyFileError: The file with it can be read by others.
        """
        if self.in_keyring:
            return Keeping(in_keyring=True)
        return PLAIN if self.plain else Keeping(known or _new_passphrase(self.passphrase_file))

    def passphrase(self, path: Path) -> Secret:
        """The passphrase of a key file that is there.

        Raises:
            SigningKeyError: As `KeyOpener.passphrase`.
        """
        return KeyOpener(self.passphrase_file, ask_passphrase).passphrase(path)


def with_keeping(command: Callable[..., R]) -> Callable[..., R]:
    """Give a command `keep`."""

    @passphrase_file
    @click.option("--no-passphrase", is_flag=True, help="Leave the key unencrypted.")
    @click.option("--keyring", is_flag=True, help="Keep the key in the keyring of the system.")
    @wraps(command)
    def wrapped(
        *args: object,
        passphrase_file: Path | None,
        no_passphrase: bool,
        keyring: bool,
        settings: Settings,
        **kwargs: object,
    ) -> R:
        if (passphrase_file is not None) + no_passphrase + keyring > 1:
            raise click.UsageError(
                "Give one of --passphrase-file, --no-passphrase and --keyring, or none of them."
            )
        keep = Keep(passphrase_file or settings.passphrase_file, no_passphrase, keyring)
        return command(*args, keep=keep, settings=settings, **kwargs)

    return wrapped


def ask_passphrase(path: Path) -> Secret:
    """Ask at the terminal for the passphrase of a key file.

    Raises:
        NoPassphraseError: There is no terminal.
    """
    if not sys.stdin.isatty():
        raise NoPassphraseError(f"The key in {path} is encrypted, and there is no terminal to ask.")
    return _typed(f"Passphrase of {path.name}", twice=False)


def _new_passphrase(file: Path | None) -> Secret:
    if file is not None:
        return read_passphrase(file)
    if not sys.stdin.isatty():
        raise NoPassphraseError(
            "A new key is encrypted, and there is no terminal to ask for a passphrase.",
            hint="Give --passphrase-file FILE, --keyring, or --no-passphrase for a key that"
            " whoever reads its file can use.",
        )
    return _typed("New passphrase", twice=True)


def _typed(prompt: str, *, twice: bool) -> Secret:
    while True:
        secret = Secret(
            click.prompt(prompt, hide_input=True, confirmation_prompt=twice, err=True).encode(
                "utf-8", "surrogateescape"
            )
        )
        if len(secret.reveal()) <= MAX_PASSPHRASE_BYTES:
            return secret
        click.echo(f"At most {MAX_PASSPHRASE_BYTES} bytes.", err=True)
