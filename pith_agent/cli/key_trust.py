"""`keys trust`: the public keys of other people's agents."""

import click

from pith_agent.cli.moments import moment
from pith_agent.cli.options import as_json, dump, ends_with_code, with_settings
from pith_agent.errors import SettingsError
from pith_agent.protocol.display import safe_text
from pith_agent.protocol.trust import TrustRoot, keyid_of
from pith_agent.settings import Settings
from pith_agent.storage.key_formats import read_public
from pith_agent.storage.keys import check_name
from pith_agent.storage.signers import (
    TrustedSigner,
    checked,
    ledger_after,
    now_text,
    read_signers,
    remove_signer,
    trust_signer,
)


@click.command("trust", short_help="Accept citations of others, or list whose are.")
@click.argument("name", required=False)
@click.option(
    "--public-key", metavar="KEY", help="Base64, or a file in PEM, base64 or JSON: its public key."
)
@click.option("--identity", metavar="TEXT", help="Who holds it, in your words.")
@click.option(
    "--until",
    metavar="DATE",
    callback=moment("T23:59:59Z"),
    help="Refuse citations that are dated later: 2027-12-31.",
)
@click.option(
    "--distrust-after",
    metavar="TIME",
    callback=moment("T00:00:00Z"),
    help="From when on the key may be in other hands, if its owner revoked it.",
)
@click.option(
    "--rotated-from",
    metavar="NAME",
    help="The signer in whose place this key is: it signs the same ledger now.",
)
@click.option("--list", "list_them", is_flag=True, help="List the signers that you trust.")
@click.option("--remove", is_flag=True, help="Trust NAME no longer.")
@as_json
@ends_with_code
@with_settings
def trust(
    name: str | None,
    public_key: str | None,
    list_them: bool,
    remove: bool,
    as_json: bool,
    settings: Settings,
    **about: str | None,
) -> None:
    """Accept citations that NAME signs, or list the signers that you trust.

    Get the key from its owner by a way that you trust, not with the citation. Give only what
    changes for a NAME that you trust already.
    """
    if list_them or name is None:
        if name or public_key or remove or about["rotated_from"]:
            raise click.UsageError("--list takes no NAME, key or --remove; without it, give NAME.")
        _show(read_signers(settings.home), as_json)
    elif remove:
        if public_key or about["rotated_from"]:
            raise click.UsageError("--remove takes no key, and no --rotated-from.")
        removed = remove_signer(settings.home, name)
        if as_json:
            click.echo(dump({"removed": _public(removed)}))
        else:
            click.echo(f"{removed.name} is no longer trusted.")
    else:
        _trust(settings, name, public_key, as_json=as_json, **about)


def _trust(
    settings: Settings,
    name: str,
    key: str | None,
    *,
    as_json: bool,
    rotated_from: str | None = None,
    **about: str | None,
) -> None:
    """Put a signer on the list, and show the entry.

    Raises:
        PithError: There is no such key, the name is taken, or the list cannot be written.
    """
    check_name(name)
    if rotated_from is not None:
        if rotated_from == name:
            raise SettingsError(
                f"{name} is not rotated from itself.", hint="Give the new key another NAME."
            )
        about["ledger"] = ledger_after(settings.home, rotated_from)
    if key is None:
        known = [one for one in read_signers(settings.home) if one.name == name]
        if not known:
            raise SettingsError(f"{name} is not trusted yet.", hint="Give --public-key KEY.")
        found: dict[str, object] = {"public": known[0].public}
    else:
        found = dict(read_public(key))
    said = {field: value for field, value in about.items() if value is not None}
    signer = checked(TrustedSigner, **{"name": name, "added_at": now_text(), **found, **said})
    trust_signer(settings.home, signer, _registry_keys(settings))
    _show([one for one in read_signers(settings.home) if one.name == name], as_json)


def _registry_keys(settings: Settings) -> list[bytes]:
    roots = [TrustRoot.bundled()]
    if settings.trust_root is not None:
        try:
            roots.append(TrustRoot.load(settings.trust_root.read_bytes()))
        except OSError as error:
            raise SettingsError(f"The trust root cannot be read: {error}.") from error
    return [key.raw for root in roots for key in root.keys]


def _show(signers: list[TrustedSigner] | tuple[TrustedSigner, ...], as_json: bool) -> None:
    if as_json:
        click.echo(dump({"signers": [_public(signer) for signer in signers]}))
        return
    for signer in signers:
        shown = _public(signer)
        click.echo(f"{signer.name}  {safe_text(signer.identity or '')}".rstrip())
        click.echo(f"  key id      {shown['keyid']}\n  public key  {shown['public_key_b64']}")
        if signer.until:
            click.echo(f"  until       {signer.until}")
        if signer.distrust_after:
            click.echo(f"  revoked     {signer.distrust_after}")
        if signer.ledger:
            click.echo(f"  signs       {signer.ledger}, too")
    if not signers:
        click.echo("No signers are trusted beside your own keys.")


def _public(signer: TrustedSigner) -> dict[str, str | None]:
    return {
        "name": signer.name,
        "keyid": keyid_of(signer.raw),
        "public_key_b64": signer.public,
        "identity": signer.identity,
        "until": signer.until,
        "distrust_after": signer.distrust_after,
        "ledger": signer.ledger,
        "added_at": signer.added_at,
    }
