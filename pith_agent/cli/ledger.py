"""`citations prove|export|import|checkpoint`: what others need to check a ledger."""

import base64
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import ParamSpec, TypeVar

import click

from pith_agent.cli.options import as_json, dump, ends_with_code, sign_with, with_client
from pith_agent.cli.sources import read_envelope
from pith_agent.client import Client
from pith_agent.errors import (
    CheckpointSignatureError,
    FileError,
    LedgerProofError,
    NotFoundError,
    StorageError,
)
from pith_agent.ledgers import extension, keep_export, ledger_of, own_keys
from pith_agent.protocol.checkpoint import Checkpoint, NoteKey, claimed_checkpoint
from pith_agent.protocol.citation import ID_START
from pith_agent.protocol.display import safe_text
from pith_agent.protocol.envelope_check import open_envelope
from pith_agent.protocol.tlog_proof import MAX_PROOF_BYTES, TlogProof
from pith_agent.storage.ledger import Ledger
from pith_agent.storage.ledger_entry import Entry
from pith_agent.storage.ledger_export import export_ledger
from pith_agent.storage.private_file import staged

P = ParamSpec("P")
R = TypeVar("R")

ledger_name = click.option(
    "--ledger", "origin", metavar="ORIGIN", help="An imported ledger instead of this machine's."
)


def output(what: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Give a command a file to write to; `what` says what is written there."""
    kind = click.Path(dir_okay=False, path_type=Path)
    return click.option("-o", "--output", type=kind, help=f"Write {what} to this file.")


def ledger_key(command: Callable[P, R]) -> Callable[P, R]:
    """Give a command the keys of ledgers that the user names."""
    return click.option(
        "--ledger-key",
        multiple=True,
        metavar="KEY",
        help="A ledger's verifier key, as 'citations checkpoint --key' prints it; repeat it.",
    )(command)


@click.command(short_help="Prove that a citation is in the ledger.")
@click.argument("source")
@sign_with
@output("the proof")
@ledger_name
@as_json
@ends_with_code
@with_client
def prove(
    source: str, output: Path | None, origin: str | None, as_json: bool, client: Client
) -> None:
    """Prove that a citation is in the ledger: a C2SP tlog-proof, to be given with the citation.

    SOURCE is a citation id of the ledger, or a file with an envelope, - for standard input. If the
    citation was signed again, the proof of an id is that of the newest entry, with all signatures;
    that of a file is of the entry with the signatures in it, or the first of them.
    """
    with ledger_of(client, origin) as ledger:
        # First, so that a machine without keys says that it does not have the citation.
        entry = _entry(client, ledger, source)
        _head(client, ledger)
        proof = ledger.prove_entry(entry)
    if as_json:
        click.echo(dump(_proof(entry.citation_id, proof)))
    if output is not None:
        write_lines(output, [proof.dump()])
    elif not as_json:
        sys.stdout.buffer.write(proof.dump())


@click.command(short_help="Write the whole ledger as one file.")
@sign_with
@output("the ledger")
@ledger_name
@ends_with_code
@with_client
def export(output: Path | None, origin: str | None, client: Client) -> None:
    """Write the whole ledger as JSON Lines: a header with the checkpoint, then the envelopes."""
    with ledger_of(client, origin) as ledger:
        lines = export_ledger(ledger, _head(client, ledger))
        if output is not None:
            write_lines(output, lines)
        else:
            sys.stdout.buffer.writelines(lines)


@click.command("import", short_help="Check an exported ledger, and keep it.")
@click.argument("file", type=click.Path(path_type=Path))
@ledger_key
@as_json
@ends_with_code
@with_client
def import_(file: Path, ledger_key: tuple[str, ...], as_json: bool, client: Client) -> None:
    """Check an exported ledger, and keep it apart from this machine's own.

    It must extend what an earlier import brought. The ledger's key is one that you name, or that
    of a signer whom you trust.
    """
    kept = keep_export(client, file, map(NoteKey.parse, ledger_key))
    if as_json:
        said = {"origin": kept.origin, "size": kept.size, "added": kept.added}
        click.echo(dump({**said, "unknown_signers": kept.unknown_signers}))
        return
    click.echo(f"{safe_text(kept.origin)}  {kept.size} entries, {kept.added} of them new")
    if kept.unknown_signers:
        click.echo(f"  {kept.unknown_signers} signed by keys that are not known here")


@click.command()
@click.option("--key", "show_key", is_flag=True, help="Print the verifier key, to give to others.")
@click.option(
    "--since",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A checkpoint kept before: say whether the ledger has all that it had then.",
)
@output("the checkpoint, or the key,")
@ledger_name
@ledger_key
@as_json
@ends_with_code
@with_client
def checkpoint(
    show_key: bool,
    since: Path | None,
    output: Path | None,
    origin: str | None,
    ledger_key: tuple[str, ...],
    as_json: bool,
    client: Client,
) -> None:
    """Print the signed head of the ledger. Keep it elsewhere: --since compares with it later."""
    if show_key and since:
        raise click.UsageError("--key prints a key, and --since compares: ask for one of them.")
    trusted = list(map(NoteKey.parse, ledger_key))
    with ledger_of(client, origin) as ledger:
        note = _head(client, ledger)
        kept = read_proof(since) if since else None
        found = extension(client, ledger, note, kept, trusted) if kept is not None else None
    said, named = claimed_checkpoint(note)
    known = [*own_keys(client), *trusted]
    keys = [str(key) for key in known if (key.name, key.key_id) in named]
    if show_key and not keys:
        raise CheckpointSignatureError(
            "The head of the ledger is signed by no key that is known here.",
            hint="Ask the owner of the ledger for its key.",
        )
    if as_json:
        told = {**_checkpoint(said), "checkpoint": note.decode("utf-8"), "keys": keys}
        click.echo(dump({**told, "since": _extension(*found)} if found else told))
    elif found:
        then = found[0]
        since_then = said.size - then.size
        click.echo(f"Entries then: {then.size}, all as they were. Since: {since_then}.")
    content = "".join(f"{key}\n" for key in keys).encode("utf-8") if show_key else note
    if output is not None:
        write_lines(output, [content])
    elif not as_json and not found:
        sys.stdout.buffer.write(content)


def _extension(then: Checkpoint, proof: list[bytes]) -> dict[str, object]:
    hashes = [base64.b64encode(one).decode("ascii") for one in proof]
    return {**_checkpoint(then), "proof": hashes}


def _entry(client: Client, ledger: Ledger, source: str) -> Entry:
    if source.startswith(ID_START):
        return ledger.require(source)
    envelope = open_envelope(read_envelope(client, source)).envelope
    entry = ledger.holding(envelope)
    if entry is None:
        raise NotFoundError(
            f"The ledger does not have {envelope.citation_id} with these signatures.",
            hint="Give the envelope as it was signed here, or a citation id.",
        )
    return entry


def read_proof(path: Path) -> bytes:
    """A proof file.

    Raises:
        FileError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(MAX_PROOF_BYTES + 1)
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror}.") from error


def write_lines(path: Path, lines: Iterable[bytes]) -> None:
    """Write a file whole, or leave what was there. Unlike the head, it is for others to read.

    Raises:
        StorageError: It cannot be written.
    """
    try:
        with staged(path.parent, b"") as temporary:
            with temporary.open("wb") as file:
                file.writelines(lines)
            temporary.chmod(0o644)
            temporary.replace(path)
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}.") from error


def _head(client: Client, ledger: Ledger) -> bytes:
    """The checkpoint of all entries; of this machine's own ledger it is signed if it has to be."""
    if ledger is client.ledger:
        return client.checkpoint()
    note = ledger.head()
    if note is None:
        raise LedgerProofError("The imported ledger has no checkpoint.")
    return note


def _checkpoint(said: Checkpoint) -> dict[str, object]:
    root = base64.b64encode(said.root).decode("ascii")
    return {"origin": said.origin, "size": said.size, "root": root}


def _proof(citation_id: str, proof: TlogProof) -> dict[str, object]:
    said, _ = claimed_checkpoint(proof.checkpoint)
    return {
        "citation_id": citation_id,
        "index": proof.index,
        **_checkpoint(said),
        "hashes": [base64.b64encode(one).decode("ascii") for one in proof.hashes],
        "checkpoint": proof.checkpoint.decode("utf-8"),
    }
