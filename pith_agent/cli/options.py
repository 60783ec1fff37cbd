"""Options that all commands share, and the way they end."""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, ParamSpec, TypeVar

import click

from pith_agent.cli.exit_codes import exit_code
from pith_agent.client import Client
from pith_agent.errors import NoSigningKeyError, PithError
from pith_agent.protocol.policy import STANDARD, STRICT
from pith_agent.settings import Settings

if TYPE_CHECKING:
    from pith_agent.storage.key_file import Secret

P = ParamSpec("P")
R = TypeVar("R")

refresh = click.option(
    "--refresh", is_flag=True, help="Ask the registry even for what is in the store."
)
sign_with = click.option(
    "--key",
    "key_name",
    metavar="NAME",
    help="The key to sign with, of those in --home.  [that of PITH_KEY_FILE, or else default]",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def with_settings(command: Callable[..., R]) -> Callable[..., R]:
    """Give a command `settings`, made from the shared options and the `PITH_*` variables."""

    @click.option(
        "--home",
        type=click.Path(file_okay=False, path_type=Path),
        help="Directory of the store, ledger and keys.  [PITH_HOME]",
    )
    @click.option(
        "--registry",
        multiple=True,
        metavar="URL",
        help="Registry or mirror; repeat to name several, in order.  [PITH_REGISTRY]",
    )
    @click.option(
        "--trust-root",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Trust root file instead of the bundled one.  [PITH_TRUST_ROOT]",
    )
    @click.option("--offline", is_flag=True, help="Open no connection.  [PITH_OFFLINE]")
    @wraps(command)
    def wrapped(
        *args: object,
        home: Path | None,
        registry: tuple[str, ...],
        trust_root: Path | None,
        offline: bool,
        key_name: str | None = None,
        **kwargs: object,
    ) -> R:
        settings = Settings.from_environment(
            home=home, registry=registry, trust_root=trust_root, offline=offline
        )
        if key_name is not None:
            settings = replace(settings, key_file=_key_file(settings, key_name))
        return command(*args, settings=settings, **kwargs)

    return wrapped


def with_client(command: Callable[..., R]) -> Callable[..., R]:
    """Give a command a `client`, and close it afterwards.

    It asks for the passphrase of a key where one is needed and somebody sits at the terminal.
    """
    return _with_client(command, attended=True)


def with_unattended_client(command: Callable[..., R]) -> Callable[..., R]:
    """The same for a command that serves others, which has nobody to ask."""
    return _with_client(command, attended=False)


def _with_client(command: Callable[..., R], *, attended: bool) -> Callable[..., R]:
    @with_settings
    @wraps(command)
    def wrapped(*args: object, settings: Settings, **kwargs: object) -> R:
        policy = STRICT if kwargs.pop("strict", False) else STANDARD
        client = Client(
            settings,
            policy=policy,
            refresh=bool(kwargs.pop("refresh", False)),
            passphrase=_ask if attended else None,
        )
        try:
            return command(*args, client=client, **kwargs)
        finally:
            client.close()

    return wrapped


def _ask(path: Path) -> "Secret":
    # Imported here, with all that keys need: a server that starts has to start soon.
    from pith_agent.cli.passphrase import ask_passphrase  # noqa: PLC0415

    return ask_passphrase(path)


def _key_file(settings: Settings, name: str) -> Path:
    from pith_agent.storage.keys import find_key  # noqa: PLC0415  # As in `_ask`.

    try:
        return find_key(settings.key_directory, name).path
    except NoSigningKeyError as error:
        raise NoSigningKeyError(error.message, hint="Run 'pith-agent keys list'.") from error


def list_by_default(context: click.Context, *, as_json: bool) -> None:
    """Let a group that is called without a command do what its command `list` does."""
    group = context.command
    if context.invoked_subcommand is None and isinstance(group, click.Group):
        context.invoke(group.commands["list"], as_json=as_json)


def ends_with_code(command: Callable[P, R]) -> Callable[P, R]:
    """Turn a deliberate error into a message on stderr, or JSON on stdout, and an exit code."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except PithError as error:
            fail(error, as_json=bool(kwargs.get("as_json")))

    return wrapped


def fail(error: PithError, *, as_json: bool) -> NoReturn:
    """Say what happened, and end."""
    if as_json:
        said = {"code": error.code, "message": error.message, "hint": error.hint}
        click.echo(json.dumps({"error": said}))
    else:
        click.echo(f"Error: {error}", err=True)
    sys.exit(exit_code(error))


def dump(value: object) -> str:
    """JSON for people and pipes: two spaces, Unicode as it is."""
    return json.dumps(value, indent=2, ensure_ascii=False)
