"""How a key is to be kept, and passphrases, which are typed or read from a private file."""

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TypeVar

import click

from pith_agent.errors import NoPassphraseError
from pith_agent.settings import Settings
from pith_agent.storage.key_file import Secret
from pith_agent.storage.key_sources import MAX_PASSPHRASE_BYTES, KeyOpener, read_passphrase
from pith_agent.storage.keys import PLAIN, Ask, Keeping

R = TypeVar("R")

passphrase_file = click.option(
    "--passphrase-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File of mode 600 with the passphrase, instead of asking.  [PITH_PASSPHRASE_FILE]",
)


def with_keeping(command: Callable[..., R]) -> Callable[..., R]:
    """Give a command `keep`, a function that says how a key is to be kept, and asks if need be."""

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
        file = passphrase_file or settings.passphrase_file

        def keep(known: Secret | None = None) -> Keeping:
            if keyring:
                return Keeping(in_keyring=True)
            return PLAIN if no_passphrase else Keeping(known or _new_passphrase(file))

        opener = KeyOpener(file, ask_passphrase)
        return command(*args, keep=keep, ask=opener.passphrase, settings=settings, **kwargs)

    return wrapped


def ask_passphrase(path: Path) -> Secret:
    """Ask at the terminal for the passphrase of a key file.

    Raises:
        NoPassphraseError: There is no terminal.
    """
    if not sys.stdin.isatty():
        raise NoPassphraseError(f"The key in {path} is encrypted, and there is no terminal to ask.")
    return _typed(f"Passphrase of {path.name}", twice=False)


def remembered(ask: Ask) -> tuple[Ask, list[Secret]]:
    """`ask`, and a list into which it puts what it was told."""
    told: list[Secret] = []

    def asking(path: Path) -> Secret:
        told.append(ask(path))
        return told[-1]

    return asking, told


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
