"""`keys`: the keys that citations are signed with, and those of others."""

import base64
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import click

from pith_agent.cli.exit_codes import exit_code
from pith_agent.cli.key_trust import trust, trust_public
from pith_agent.cli.moments import moment
from pith_agent.cli.options import as_json, dump, ends_with_code, list_by_default, with_settings
from pith_agent.cli.passphrase import remembered, with_keeping
from pith_agent.errors import NoSigningKeyError, SettingsError
from pith_agent.protocol.display import safe_text
from pith_agent.settings import Settings
from pith_agent.storage.key_formats import PublicFormat, dump_public, is_public, read_seed
from pith_agent.storage.keys import (
    DEFAULT_NAME,
    Ask,
    Keeping,
    KeyEntry,
    UnusableKey,
    add_key,
    check_free,
    find_key,
    new_key,
    rotate_key,
    survey_keys,
)
from pith_agent.storage.signers import (
    RevokedKey,
    note_retired,
    now_text,
    read_revoked,
    revoke_key,
)

KEPT = {
    "argon2id13": "encrypted with a passphrase",
    "none": "not encrypted",
    "keyring": "in the keyring of the system",
    "retired": "retired: only the public half is left",
}

Keep = Callable[..., Keeping]
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


@keys.command("new")
@of_key
@as_json
@ends_with_code
@with_settings
@with_keeping
def new(name: str, as_json: bool, keep: Keep, ask: Ask, settings: Settings) -> None:
    """Make a signing key, encrypted with a passphrase that is asked for.

    The file has mode 0600. Nothing is overwritten.
    """
    check_free(settings.key_directory, name)
    entry = new_key(settings.key_directory, name, keep())
    _show([entry], settings, as_json)
    _say_where(entry, as_json)


@keys.command("list")
@as_json
@ends_with_code
@with_settings
def list_(as_json: bool, settings: Settings) -> None:
    """List the keys of this machine: names, public halves, and how they are kept.

    A file that is damaged, or that others may use, is listed apart, and ends this with an error.
    """
    entries, unusable = survey_keys(settings.key_directory)
    _show(entries, settings, as_json, unusable)
    for one in unusable:
        sys.exit(exit_code(one.error))


@keys.command("show")
@click.argument("name", default=DEFAULT_NAME)
@as_json
@ends_with_code
@with_settings
def show(name: str, as_json: bool, settings: Settings) -> None:
    """Show the public half of one key."""
    _show([find_key(settings.key_directory, name)], settings, as_json)


@keys.command("export-public")
@click.argument("name", default=DEFAULT_NAME)
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
def export_public(name: str, form: PublicFormat, as_json: bool, settings: Settings) -> None:
    """Print the public half of a key, for others to trust it with 'keys trust'."""
    entry = find_key(settings.key_directory, name)
    revoked = _revoked(settings).get(entry.public)
    text = dump_public(
        entry.public,
        "json" if as_json else form,
        name=entry.name,
        until=entry.retired_at,
        distrust_after=revoked.distrust_after if revoked else None,
    )
    click.echo(text, nl=False)


@keys.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@of_key
@as_json
@ends_with_code
@with_settings
@with_keeping
def import_(file: Path, name: str, as_json: bool, keep: Keep, ask: Ask, settings: Settings) -> None:
    """Take over a key from FILE, which must be private if the key is.

    FILE is a key file of pith-agent, a PEM file with an Ed25519 private key (PKCS #8, not
    encrypted), or a seed of 32 bytes in base64. The key is then kept as a new one would be; an
    encrypted key file keeps its passphrase. A public key, in PEM or JSON, is trusted as that of
    somebody else, under the given --name.
    """
    if is_public(file):
        if name == DEFAULT_NAME:
            raise SettingsError(
                f"{file} is a public key.", hint="Say whose it is with --name, to trust it."
            )
        trust_public(settings, name, str(file), as_json=as_json)
        return
    check_free(settings.key_directory, name)
    asking, told = remembered(ask)
    try:
        seed, _ = read_seed(file, asking)
    except NoSigningKeyError as error:
        raise NoSigningKeyError(error.message, hint="Check the path.") from error
    entry = add_key(settings.key_directory, name, seed, keep(told[-1] if told else None))
    _show([entry], settings, as_json)
    _say_where(entry, as_json)
    if not as_json:
        click.echo(f"{file} still holds the key too: remove it if you need it no longer.")


@keys.command("rotate")
@click.argument("name", default=DEFAULT_NAME)
@as_json
@ends_with_code
@with_settings
@with_keeping
def rotate(name: str, as_json: bool, keep: Keep, ask: Ask, settings: Settings) -> None:
    """Put a new key in the place of one, and keep the public half of the old one.

    What the old key signed still verifies. The old key itself is deleted: it signs nothing more.
    """
    old = find_key(settings.key_directory, name)
    read_revoked(settings.home)  # Where the old key is written down: nothing is done if it cannot.
    keeping = Keeping(in_keyring=True) if old.kdf == "keyring" else keep()
    made, retired = rotate_key(settings.key_directory, name, keeping)
    note_retired(settings.home, retired)
    _show([made, retired], settings, as_json)
    _say_where(made, as_json)
    if not as_json:
        click.echo(f"Give the new public key to those who trust you: keys export-public {name}")


@keys.command("revoke")
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
    revoked = revoke_key(settings.home, entry, distrust_after or now_text(), reason)
    _show([entry], settings, as_json)
    if not as_json:
        click.echo(f"What it signed after {revoked.distrust_after} is refused on this machine.")


def _say_where(entry: KeyEntry, as_json: bool) -> None:
    if as_json:
        return
    click.echo(f"The key is {KEPT[entry.kdf]}; its file is {entry.path}.")
    if entry.kdf == "none":
        click.echo("Whoever can read the file can sign as you.")


def _revoked(settings: Settings) -> Mapping[bytes, RevokedKey]:
    return {key.raw: key for key in read_revoked(settings.home)}


def _show(
    entries: list[KeyEntry],
    settings: Settings,
    as_json: bool,
    unusable: Sequence[UnusableKey] = (),
) -> None:
    revoked = _revoked(settings)
    shown = [_public(entry, revoked.get(entry.public)) for entry in entries]
    if as_json:
        click.echo(dump({"keys": shown, "unusable": list(map(_told, unusable))}))
        return
    if not entries and not unusable:
        click.echo("There are no keys yet: make one with 'pith-agent keys new'.")
    for entry, public in zip(entries, shown, strict=True):
        click.echo(
            f"{entry.name}\n  key id      {entry.keyid}\n  public key  {public['public_key_b64']}"
        )
        click.echo(f"  kept        {KEPT[entry.kdf]}")
        for field, label in (("retired_at", "retired at"), ("distrust_after", "revoked    ")):
            if public[field]:
                click.echo(f"  {label:<11} {public[field]}")
        if reason := public["reason"]:
            click.echo(f"  reason      {safe_text(reason)}")
    for one in map(_told, unusable):
        click.echo(f"{safe_text(one['path'])}  cannot be used")
        click.echo(f"  {safe_text(one['message'])} [{one['code']}]\n  {safe_text(one['hint'])}")


def _told(one: UnusableKey) -> dict[str, str]:
    error = one.error
    said = {"path": str(one.path), "code": error.code, "message": error.message}
    return {**said, "hint": error.hint}


def _public(entry: KeyEntry, revoked: RevokedKey | None) -> dict[str, str | None]:
    status = "revoked" if revoked else "retired" if entry.kdf == "retired" else "active"
    return {
        "name": entry.name,
        "keyid": entry.keyid,
        "public_key_b64": base64.b64encode(entry.public).decode("ascii"),
        "path": str(entry.path),
        "kdf": entry.kdf,
        "status": status,
        "retired_at": entry.retired_at,
        "distrust_after": revoked.distrust_after if revoked else None,
        "reason": revoked.reason if revoked else None,
    }
