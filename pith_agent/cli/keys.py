"""`keys`: the keys that citations are signed with, and those of others."""

import sys
from pathlib import Path

import click

from pith_agent.cli.exit_codes import exit_code
from pith_agent.cli.key_list import OwnKey, own_key, own_keys, show_keys
from pith_agent.cli.key_trust import trust
from pith_agent.cli.moments import moment
from pith_agent.cli.options import as_json, ends_with_code, list_by_default, with_settings
from pith_agent.cli.passphrase import Keep, with_keeping
from pith_agent.errors import NoSigningKeyError, SettingsError
from pith_agent.settings import Settings
from pith_agent.storage.key_formats import PublicFormat, dump_public, is_public, read_seed
from pith_agent.storage.keys import (
    DEFAULT_NAME,
    Keeping,
    KeyEntry,
    add_key,
    check_free,
    find_key,
    new_key,
    rotate_key,
)
from pith_agent.storage.signers import (
    note_retired,
    now_text,
    read_revoked,
    revoke_key,
)

of_key = click.option(
    "--name", default=DEFAULT_NAME, show_default=True, help="a-z, 0-9, '.', '_', '-'."
)


@click.group(invoke_without_command=True)
@as_json
@click.pass_context
def keys(context: click.Context, as_json: bool) -> None:
    """Make and manage the keys that citations are signed with. Without a command: list.

    No command and no tool prints a key or a passphrase, or takes one as an argument.
    """
    list_by_default(context, as_json=as_json)


keys.add_command(trust)


@keys.command("new", short_help="Make a signing key.")
@of_key
@as_json
@ends_with_code
@with_settings
@with_keeping
def new(name: str, as_json: bool, keep: Keep, settings: Settings) -> None:
    """Make a signing key, encrypted with a passphrase that is asked for.

    The file has mode 0600. Nothing is overwritten.
    """
    check_free(settings.key_directory, name)
    entry = new_key(settings.key_directory, name, keep.keeping())
    _show(entry, settings, as_json)


@keys.command("list", short_help="List the keys of this machine.")
@as_json
@ends_with_code
@with_settings
def list_(as_json: bool, settings: Settings) -> None:
    """List the keys of this machine: names, public halves, how they are kept, and which signs.

    Those of PITH_KEY_FILE and PITH_AGENT_KEY are among them, under the names of the variables.
    A file that is damaged, or that others may use, is listed apart, and ends this with an error.
    """
    found, unusable = own_keys(settings)
    show_keys(found, settings, as_json, unusable)
    for one in unusable:
        sys.exit(exit_code(one.error))


@keys.command("show", short_help="Show the public half of one key.")
@click.argument("name", required=False)
@as_json
@ends_with_code
@with_settings
def show(name: str | None, as_json: bool, settings: Settings) -> None:
    """Show the public half of one key: NAME, or the key that signs here."""
    show_keys([own_key(settings, name)], settings, as_json)


@keys.command("export-public", short_help="Print the public half of a key, for others.")
@click.argument("name", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(["pem", "base64", "json"]),
    default="pem",
    show_default=True,
    help="pem: SubjectPublicKeyInfo, for OpenSSL and others. base64: the raw 32 bytes. "
    "json: with the key id, and until when it counts.",
)
@as_json
@ends_with_code
@with_settings
def export_public(name: str | None, form: PublicFormat, as_json: bool, settings: Settings) -> None:
    """Print the public half of a key, for others to trust it with 'keys trust'.

    It is that of NAME, or of the key that signs here.
    """
    key = own_key(settings, name)
    revoked = {one.raw: one.distrust_after for one in read_revoked(settings.home)}
    text = dump_public(
        key.public,
        "json" if as_json else form,
        name=key.name,
        until=key.retired_at,
        distrust_after=revoked.get(key.public),
    )
    click.echo(text, nl=False)


@keys.command("import", short_help="Take over a key from a file.")
@click.argument("file", type=click.Path(path_type=Path))
@of_key
@as_json
@ends_with_code
@with_settings
@with_keeping
def import_(file: Path, name: str, as_json: bool, keep: Keep, settings: Settings) -> None:
    """Take over a key from FILE, which must be private if the key is.

    FILE is a key file of pith-agent, a PEM file with an Ed25519 private key (PKCS #8, not
    encrypted), or a seed of 32 bytes in base64. The key is then kept as a new one would be; an
    encrypted key file keeps its passphrase.
    """
    if is_public(file):
        hint = f"Trust it as that of somebody else: 'keys trust NAME --public-key {file}'."
        raise SettingsError(f"{file} is a public key.", hint=hint)
    check_free(settings.key_directory, name)
    try:
        seed, passphrase = read_seed(file, keep.passphrase)
    except NoSigningKeyError as error:
        raise NoSigningKeyError(error.message, hint="Check the path.") from error
    entry = add_key(settings.key_directory, name, seed, keep.keeping(passphrase))
    _show(entry, settings, as_json)
    if not as_json:
        click.echo(f"{file} still holds the key too: remove it if you need it no longer.")


@keys.command("rotate", short_help="Put a new key in the place of one.")
@click.argument("name", default=DEFAULT_NAME)
@as_json
@ends_with_code
@with_settings
@with_keeping
def rotate(name: str, as_json: bool, keep: Keep, settings: Settings) -> None:
    """Put a new key in the place of one, and keep the public half of the old one.

    What the old key signed still verifies. The old key itself is deleted: it signs nothing more.
    """
    old = find_key(settings.key_directory, name)
    read_revoked(settings.home)  # Where the old key is written down: nothing is done if it cannot.
    keeping = Keeping(in_keyring=True) if old.kdf == "keyring" else keep.keeping()
    made, retired = rotate_key(settings.key_directory, name, keeping)
    note_retired(settings.home, retired)
    show_keys([OwnKey.of(made), OwnKey.of(retired)], settings, as_json)
    _say_where(made, as_json)
    if not as_json:
        click.echo(f"Give the new public key to those who trust you: keys export-public {name}")


@keys.command("revoke", short_help="Say that a key is not to be believed.")
@click.argument("name")
@click.option(
    "--distrust-after",
    metavar="TIME",
    callback=moment("T00:00:00Z"),
    help="From when on the key may be in other hands: 2026-05-01 or 2026-05-01T12:00:00Z.  [now]",
)
@click.option("--reason", help="Why, for whoever reads revoked.json.")
@as_json
@ends_with_code
@with_settings
def revoke(
    name: str, distrust_after: str | None, reason: str | None, as_json: bool, settings: Settings
) -> None:
    """Say that a key is not to be believed any more. This cannot be undone.

    Citations dated later are refused. Older ones count only if this machine logged them before:
    whoever has the key can write any date. Tell those who trust you: 'keys export-public --format
    json' says it too.
    """
    entry = find_key(settings.key_directory, name)
    asked = distrust_after or now_text()
    revoked = revoke_key(settings.home, entry, asked, reason)
    show_keys([OwnKey.of(entry)], settings, as_json)
    if as_json:
        return
    if revoked.distrust_after < asked:
        click.echo(f"It was revoked from {revoked.distrust_after} already, which stays.")
    click.echo(f"What it signed after {revoked.distrust_after} is refused on this machine.")


def _show(made: KeyEntry, settings: Settings, as_json: bool) -> None:
    show_keys([OwnKey.of(made)], settings, as_json)
    _say_where(made, as_json)


def _say_where(entry: KeyEntry, as_json: bool) -> None:
    if as_json:
        return
    click.echo(f"Its file is {entry.path}.")
    if entry.kdf == "none":
        click.echo("Whoever can read the file can sign as you.")
