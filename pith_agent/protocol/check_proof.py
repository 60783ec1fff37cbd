"""Rules V2 to V11: what is hashed, how it is named, and who signed it.

Each rule is one function of docs/reference/verification.md. The rules are independent: each
compares with values computed here, and none relies on another having passed.
"""

import re

from pith_agent import errors
from pith_agent.protocol.canon import SHORT_LENGTHS
from pith_agent.protocol.case import Case
from pith_agent.protocol.identifier import ARXIV_DOI
from pith_agent.protocol.record import RECEIPT, SCHEMA
from pith_agent.protocol.report import Check
from pith_agent.protocol.trust import signature_holds

_HEX64 = re.compile("[0-9a-f]{64}")
_NUMBER = re.compile("pith:([0-9]{4}):(.*)", re.S)


def check_schema(case: Case) -> Check:
    """V2: the canonical record and its wrapping follow a schema that is known."""
    name, known = "schema-version", SCHEMA
    found = case.exhibit.canonical.get("schema_version")
    if found != known:
        return Check.refused(
            name,
            errors.UnsupportedSchemaError,
            "The canonical record follows a schema that is not known.",
            expected=known,
            found=found,
        )
    if case.exhibit.view is None:
        return Check.refused(
            name,
            errors.DocumentError,
            "The canonical record lacks a field of schema 1.0, or has one of another type.",
        )
    if case.exhibit.pith_number is None:
        return Check.refused(
            name,
            errors.DocumentError,
            "submitted_at does not begin with a year, so that the record has no Pith Number.",
            found=case.exhibit.view.metadata.submitted_at,
        )
    for path, value in (
        ("record_type", "pith_number_record"),
        ("bundle_type", "pith_open_graph_bundle"),
        ("bundle_version", "1.0"),
    ):
        if case.says(path) not in (None, value):
            return Check.refused(
                name,
                errors.UnsupportedSchemaError,
                f"The {path} is not known.",
                expected=value,
                found=case.says(path),
            )
    return Check.passed(name, "The canonical record follows schema 1.0.", expected=known)


def check_digest(case: Case) -> Check:
    """V3: the canonical record hashes to the digest that the document states."""
    stated, found = case.says("canonical_sha256"), case.exhibit.canonical_sha256
    if stated is None:
        return Check.skipped("canonical-hash", "The document states no digest of its own.")
    if stated != found:
        return Check.refused(
            "canonical-hash",
            errors.DigestMismatchError,
            "The canonical record does not hash to the digest that the document states.",
            expected=stated,
            found=found,
        )
    return Check.passed(
        "canonical-hash", "The canonical record hashes to the stated digest.", expected=found
    )


def check_number(case: Case) -> Check:
    """V4: the Pith Number is the one that the canonical record hashes to."""
    stated = case.says("pith_number")
    if stated is None:
        return Check.skipped("pith-number", "The document does not name its own Pith Number.")
    suffix = case.exhibit.suffix
    match = _NUMBER.fullmatch(stated) if isinstance(stated, str) else None
    if match is None or match[2] != suffix:
        return Check.refused(
            "pith-number",
            errors.NumberMismatchError,
            "The Pith Number is not derived from the digest of the canonical record.",
            expected=case.exhibit.pith_number or f"pith:…:{suffix}",
            found=stated,
        )
    return Check.passed(
        "pith-number", "The Pith Number is derived from the digest.", expected=stated
    )


def check_year(case: Case) -> Check:
    """V5: the year of the Pith Number is the year of the first submission."""
    stated = case.says("pith_number")
    match = _NUMBER.fullmatch(stated) if isinstance(stated, str) else None
    if case.exhibit.view is None or match is None:
        return Check.skipped("year", "There is no year to compare.")
    if match[1] != case.exhibit.view.year:
        return Check.refused(
            "year",
            errors.YearMismatchError,
            "The year of the Pith Number is not the year of submitted_at.",
            expected=case.exhibit.view.year,
            found=match[1],
        )
    return Check.passed("year", "The year is that of the first submission.", expected=match[1])


def check_short_forms(case: Case) -> Check:
    """V6: short forms are the beginning of the Pith Number."""
    suffix = case.exhibit.suffix
    forms = {f"pith_short_{length}": suffix[:length] for length in SHORT_LENGTHS}
    stated = [(forms.get(k, suffix), v) for k, v in case.aliases if k.startswith("pith_short")]
    if (own := case.says("short_pith_number")) is not None:
        stated.append((f"pith:{suffix[: SHORT_LENGTHS[0]]}", own if isinstance(own, str) else "?"))
    if not stated:
        return Check.skipped("short-forms", "The document states no short form.")
    for expected, found in stated:
        if expected != found:
            return Check.refused(
                "short-forms",
                errors.DuplicateMismatchError,
                "A short form is not the beginning of this Pith Number.",
                expected=expected,
                found=found,
            )
    return Check.passed("short-forms", f"{len(stated)} short forms begin the Pith Number.")


def check_aliases(case: Case) -> Check:
    """V7: aliases that can be derived from the signed source are derived from it."""
    source = case.source
    stated = [(k, v) for k, v in case.aliases if not k.startswith("pith_short")]
    if source is None or not stated:
        return Check.skipped("aliases", "The document states no alias to compare.")
    derived = {
        "arxiv": source.id,
        "arxiv_version": f"{source.id}v{source.version}",
        "doi": f"{ARXIV_DOI}{source.id}".lower(),
    }
    unprovable: list[str] = []
    for kind, value in stated:
        is_foreign_doi = kind == "doi" and not value.lower().startswith(ARXIV_DOI)
        if source.kind != "arxiv" or kind not in derived or is_foreign_doi:
            unprovable.append(f"{kind}:{value}")
        elif (value.lower() if kind == "doi" else value) != derived[kind]:
            return Check.refused(
                "aliases",
                errors.AliasMismatchError,
                f"The {kind} alias names another paper than the signed source.",
                expected=derived[kind],
                found=value,
            )
    if unprovable:
        return Check.warned(
            "aliases",
            errors.UnprovableAliasError.code,
            "An alias is not derived from signed fields, so nothing ties it to this record.",
            found=unprovable[0],
        )
    return Check.passed("aliases", f"{len(stated)} aliases follow from the signed source.")


def check_receipt(case: Case) -> Check:
    """V8: there is a receipt, of the one kind that is understood."""
    receipt, path = case.exhibit.receipt, case.exhibit.receipt_path
    if receipt is None and path is None:
        return Check.refused(
            "receipt", errors.NoReceiptError, "The document carries no receipt: nothing is signed."
        )
    if receipt is None:
        return Check.refused(
            "receipt",
            errors.DocumentError,
            f"The receipt is malformed: {case.exhibit.receipt_fault}.",
        )
    for field, known in RECEIPT:
        found = getattr(receipt, field)
        if found not in (known, None):
            return Check.refused(
                "receipt",
                errors.UnsupportedReceiptError,
                f"The receipt's {field} is not one that can be checked.",
                expected=known,
                found=found,
            )
    return Check.passed("receipt", "The receipt is an Ed25519 signature over the digest.")


def check_key(case: Case) -> Check:
    """V9: the receipt names a key of the trust root, and that key is not revoked."""
    receipt, key = case.exhibit.receipt, case.key
    if receipt is None:
        return Check.skipped("key", "There is no receipt that could name a key.")
    named = f"{receipt.key_id} / {receipt.public_key_fingerprint}"
    if key is None:
        return Check.refused(
            "key",
            errors.UnknownKeyError,
            "The receipt names no key of the trust root.",
            expected=", ".join(f"{k.key_id} / {k.fingerprint}" for k in case.trust.keys),
            found=named,
        )
    if key.status == "revoked":
        return Check.refused(
            "key", errors.RevokedKeyError, "The trust root has revoked this key.", found=named
        )
    return Check.passed("key", f"The key {key.key_id} is in the trust root.", expected=named)


def check_signature(case: Case) -> Check:
    """V10: the receipt is the trusted key's signature over the digest computed here."""
    receipt, key, digest = case.exhibit.receipt, case.key, case.exhibit.digest
    if receipt is None or key is None:
        return Check.skipped("signature", "There is no receipt of a known key to check.")
    if signature_holds(key.raw, digest, receipt.signature_b64):
        return Check.passed(
            "signature",
            f"The Ed25519 signature by {key.key_id} over the digest holds.",
            expected=digest.hex(),
        )
    # For the explanation only: a digest from the document proves nothing about the document.
    stated = (receipt.canonical_sha256, case.says("canonical_sha256"))
    others = [bytes.fromhex(s) for s in stated if isinstance(s, str) and _HEX64.fullmatch(s)]
    if any(signature_holds(key.raw, other, receipt.signature_b64) for other in others):
        detail = "The receipt is genuine, but for other content: this was altered after it."
    else:
        detail = "The signature is not this key's signature over the digest of this record."
    return Check.refused(
        "signature",
        errors.InvalidSignatureError,
        detail,
        expected=f"a signature by {key.key_id} over {digest.hex()}",
        found=receipt.signature_b64,
    )


def check_receipt_digest(case: Case) -> Check:
    """V11: the digest that the receipt states is the digest computed here."""
    receipt, found = case.exhibit.receipt, case.exhibit.canonical_sha256
    if receipt is None or receipt.canonical_sha256 is None:
        return Check.skipped("receipt-digest", "The receipt states no digest.")
    if receipt.canonical_sha256 != found:
        return Check.refused(
            "receipt-digest",
            errors.DuplicateMismatchError,
            "The digest in the receipt is not the digest of this record.",
            expected=found,
            found=receipt.canonical_sha256,
        )
    return Check.passed("receipt-digest", "The receipt states the same digest.", expected=found)
