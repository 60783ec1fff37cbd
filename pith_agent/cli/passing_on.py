"""`citations cosign|bundle|policy`: what signers hand to each other and to their readers."""

import sys
from pathlib import Path

import click

from pith_agent.cli.ledger import output, write_lines
from pith_agent.cli.options import as_json, dump, ends_with_code, sign_with, with_client
from pith_agent.cli.signed_report import bundle_lines, cosigned_lines
from pith_agent.cli.sources import read_envelope
from pith_agent.client import Client
from pith_agent.judging import load_policy, read_policy
from pith_agent.passing_on import cosign as cosigned
from pith_agent.passing_on import make_bundle
from pith_agent.protocol.citation_policy import CitationPolicy, policy_lines


@click.command()
@click.argument("source")
@sign_with
@output("the envelope, with your signature,")
@ends_with_code
@with_client
def cosign(source: str, output: Path | None, client: Client) -> None:
    """Add your signature to a signed statement.

    It is verified first: what is refuted, or cites a record that is not at hand, is not signed.
    SOURCE is a file with an envelope or a bundle, - for standard input, or a citation id of the
    ledger.
    """
    envelope = cosigned(client, read_envelope(client, source))
    _write(envelope.canonical() + b"\n", output)
    if output is not None:
        entry = client.ledger.holding(envelope)
        for line in cosigned_lines(source, envelope, entry.index if entry else None):
            click.echo(line)


@click.command()
@click.argument("source")
@sign_with
@output("the bundle")
@ends_with_code
@with_client
def bundle(source: str, output: Path | None, client: Client) -> None:
    """Write one file that verifies offline.

    It holds the envelope, the cited records with their receipts, and the proof of the ledger.
    SOURCE is a file with an envelope, - for standard input, or a citation id of the ledger. A
    bundle is made anew.
    """
    made = make_bundle(client, read_envelope(client, source))
    _write(made.dump(), output)
    if output is not None:
        for line in bundle_lines(source, made):
            click.echo(line)


@click.command()
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@as_json
@ends_with_code
@with_client
def policy(file: Path | None, as_json: bool, client: Client) -> None:
    """Say what a policy asks of citations.

    FILE is a policy.toml; without it, the policy that applies here.
    """
    read = read_policy(file) if file else load_policy(client.settings)
    if read is None:
        if as_json:
            click.echo(dump(None))
        else:
            click.echo("No policy applies here: your keys and trusted signers count, for all.")
        return
    if as_json:
        click.echo(dump(_as_object(read)))
        return
    for line in policy_lines(read):
        click.echo(line)


def _as_object(policy: CitationPolicy) -> dict[str, object]:
    return {
        "name": policy.name,
        "sha256": policy.sha256,
        "threshold": policy.threshold,
        "relationships": _sorted(policy.relationships),
        "max_age_days": policy.max_age.days if policy.max_age else None,
        "require_record": policy.require_record,
        "require_citing_document": policy.require_citing_document,
        "require_inclusion": policy.require_inclusion,
        "signers": [
            {
                "name": one.name,
                "identity": one.identity,
                "keyid": one.keyid,
                "relationships": _sorted(one.relationships),
                "until": one.until.date().isoformat() if one.until else None,
            }
            for one in policy.signers
        ],
    }


def _sorted(relationships: frozenset[str] | None) -> list[str] | None:
    return None if relationships is None else sorted(relationships)


def _write(data: bytes, path: Path | None) -> None:
    if path is None:
        sys.stdout.buffer.write(data)
    else:
        write_lines(path, [data])
