"""`resolve`, `fetch` and `verify`: what a paper's record says, and whether it is genuine."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from pith_agent.answers import Answer, Verification
from pith_agent.cli.exit_codes import worst
from pith_agent.cli.options import as_json, dump, ends_with_code, refresh, with_client
from pith_agent.cli.report import fetched_lines, resolution_lines, verification_lines
from pith_agent.client import Client
from pith_agent.errors import DocumentError, FileError, IdentifierError, StorageError
from pith_agent.protocol.identifier import parse_identifier
from pith_agent.protocol.record import MAX_BUNDLE_BYTES

MAX_PATH = 4096
"""Characters of a target that may be the path of a file."""

targets = click.argument("targets", nargs=-1, required=True, metavar="TARGET...")


@click.command()
@targets
@refresh
@as_json
@ends_with_code
@with_client
def resolve(targets: tuple[str, ...], as_json: bool, client: Client) -> None:
    """Say which signed record each TARGET names.

    A TARGET is a Pith Number, an arXiv id, a DOI, or a URL of one of them.
    """
    answers = client.resolve(targets)
    _finish(answers, as_json, (line for answer in answers for line in resolution_lines(answer)))


@click.command()
@targets
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write the record here."
)
@refresh
@as_json
@ends_with_code
@with_client
def fetch(targets: tuple[str, ...], output: Path | None, as_json: bool, client: Client) -> None:
    """Get the record of each TARGET, with what is proved of it.

    With --output, the record of one TARGET is written byte for byte, verified or not.
    """
    if output is not None:
        if len(targets) != 1:
            raise click.UsageError("--output takes one TARGET.")
        _write(output, client.fetch_bytes(targets[0]))
    answers = client.fetch(targets)
    _finish(answers, as_json, (line for answer in answers for line in fetched_lines(answer)))


@click.command(short_help="Prove that the record of each TARGET is genuine.")
@targets
@click.option("--strict", is_flag=True, help="Let checks that only warn fail.")
@click.option("--brief", is_flag=True, help="One line for each TARGET that is verified.")
@refresh
@as_json
@ends_with_code
@with_client
def verify(targets: tuple[str, ...], brief: bool, as_json: bool, client: Client) -> None:
    """Prove that the record of each TARGET is genuine, check by check.

    A TARGET is an identifier, a file (.json holds one document, .jsonl one on each line), or -
    for standard input. A file whose name is an identifier is given as ./NAME. A document that you
    give is checked as it is; an identifier is looked up.
    """
    answers = [answer for target in targets for answer in _verify(client, target)]
    lines = (line for answer in answers for line in verification_lines(answer, brief=brief))
    _finish(answers, as_json, lines)


def _verify(client: Client, target: str) -> Iterator[Verification]:
    if target == "-":
        yield client.verify_document(sys.stdin.buffer.read(MAX_BUNDLE_BYTES + 1), "-")
    elif not _names_file(target):
        yield client.verify(target)
    else:
        try:
            yield from _verify_file(client, target)
        except OSError as error:
            reason = FileError(f"{target} cannot be read: {error.strerror}.")
            yield Verification.without_record(target, reason)


def _names_file(target: str) -> bool:
    """Whether a target is a file. An identifier stays one, whatever files lie about."""
    if target.endswith((".json", ".jsonl")) and "://" not in target:
        return True
    try:
        parse_identifier(target)
    except IdentifierError:
        return len(target) < MAX_PATH and Path(target).exists()
    return False


def _verify_file(client: Client, target: str) -> Iterator[Verification]:
    path = Path(target)
    if not path.is_file():
        what = "is not a plain file" if path.exists() else "does not exist"
        yield Verification.without_record(target, FileError(f"{target} {what}."))
        return
    with path.open("rb") as file:
        if path.suffix != ".jsonl":
            yield client.verify_document(file.read(MAX_BUNDLE_BYTES + 1), target)
            return
        number = found = 0
        # A line is read up to the size of the largest document; what is longer fails as one.
        while line := file.readline(MAX_BUNDLE_BYTES + 1):
            number += 1
            if line.strip():
                found += 1
                yield client.verify_document(line.rstrip(b"\r\n"), f"{target}:{number}")
        if not found:
            empty = DocumentError("The file holds no document.")
            yield Verification.without_record(target, empty)


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}.") from error


def _finish(answers: Sequence[Answer], as_json: bool, lines: Iterator[str]) -> None:
    if as_json:
        click.echo(dump({"results": [answer.model_dump(mode="json") for answer in answers]}))
    else:
        for line in lines:
            click.echo(line)
    sys.exit(worst(answer.verdict for answer in answers))
