"""`keys`: the keys that citations are signed with."""

import base64

import click

from pith_agent.cli.options import as_json, dump, ends_with_code, list_by_default, with_settings
from pith_agent.errors import NoSigningKeyError
from pith_agent.settings import Settings
from pith_agent.storage.keys import DEFAULT_NAME, KeyEntry, list_keys, new_key


@click.group(invoke_without_command=True)
@as_json
@click.pass_context
def keys(context: click.Context, as_json: bool) -> None:
    """Make and list the keys that citations are signed with. Without a command: list."""
    list_by_default(context, as_json=as_json)


@keys.command("new")
@click.option("--name", default=DEFAULT_NAME, show_default=True, help="a-z, 0-9, '.', '_', '-'.")
@as_json
@ends_with_code
@with_settings
def new(name: str, as_json: bool, settings: Settings) -> None:
    """Make a signing key, mode 0600.

    The key is stored unencrypted: whoever can read the file can sign as you. No command and no
    tool ever prints it.
    """
    entry = new_key(settings.key_directory, name)
    _show([entry], as_json)
    if not as_json:
        click.echo(f"The key is in {entry.path}. It is not encrypted; keep the file to yourself.")


@keys.command("list")
@as_json
@ends_with_code
@with_settings
def list_(as_json: bool, settings: Settings) -> None:
    """List the keys of this machine: their names and public halves."""
    _show(list_keys(settings.key_directory), as_json)


@keys.command("show")
@click.argument("name", default=DEFAULT_NAME)
@as_json
@ends_with_code
@with_settings
def show(name: str, as_json: bool, settings: Settings) -> None:
    """Show the public half of one key, for others to trust."""
    found = [entry for entry in list_keys(settings.key_directory) if entry.name == name]
    if not found:
        raise NoSigningKeyError(f"There is no key named {name!a:.60}.")
    _show(found, as_json)


def _show(entries: list[KeyEntry], as_json: bool) -> None:
    if as_json:
        click.echo(dump({"keys": [_public(entry) for entry in entries]}))
        return
    for entry in entries:
        public = _public(entry)
        click.echo(
            f"{entry.name}\n  key id      {entry.keyid}\n  public key  {public['public_key_b64']}"
        )


def _public(entry: KeyEntry) -> dict[str, str]:
    return {
        "name": entry.name,
        "keyid": entry.keyid,
        "public_key_b64": base64.b64encode(entry.public).decode("ascii"),
        "path": str(entry.path),
    }
