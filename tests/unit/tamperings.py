"""Every way to break one check, and one check only: the rows that test_verify.py runs."""

from pith_agent import Question, TrustRoot
from pith_agent.protocol.canon import canonical_bytes
from tests.documents import KEY, OTHER_KEY, receipted_bundle, signed_bundle, signed_record
from tests.unit.tampering import (
    DIGEST,
    EMPTY,
    OTHER,
    REVOKED,
    Tampering,
    add_top_level_title,
    alias,
    another_event,
    another_kind_of_source,
    another_schema,
    asked,
    digest_of,
    drop,
    lack_the_licence,
    put,
    seen,
    signature,
    title_beyond_ascii,
    unpadded,
    without_a_year,
)


def rows() -> list[Tampering]:
    return [
        *_schema(),
        *_names(),
        *_receipt(),
        *_copies(),
        *_texts(),
        *_question(),
    ]


def _schema() -> list[Tampering]:
    make = signed_bundle
    check, unknown = "schema-version", ("undecidable", "unsupported-schema")
    return [
        Tampering(check, *unknown, "an unknown schema", another_schema),
        Tampering(check, "fail", "malformed-document", "a field lacks", lack_the_licence),
        Tampering(check, "fail", "malformed-document", "no year is signed", without_a_year),
        Tampering(check, *unknown, "record type", put("record_type", "pith_review")),
        Tampering(check, *unknown, "bundle type", put("bundle_type", "other"), make),
        Tampering(check, *unknown, "bundle version", put("bundle_version", "2.0"), make),
    ]


def _names() -> list[Tampering]:
    number = signed_record()["pith_number"]
    twin = number[:-1] + ("A" if number[-1] != "A" else "B")
    hashed, named = ("canonical-hash", "fail", "digest-mismatch"), ("pith-number", "fail")
    mismatch, alias_fails = "number-mismatch", ("aliases", "fail", "alias-mismatch")
    short, warns = ("short-forms", "fail", "duplicate-mismatch"), ("aliases", "warn")
    return [
        Tampering(*hashed, "another digest", put("canonical_sha256", OTHER)),
        Tampering(*hashed, "upper case", put("canonical_sha256", DIGEST.upper())),
        Tampering(*hashed, "shortened", put("canonical_sha256", DIGEST[:-1])),
        Tampering(*hashed, "newline", put("canonical_sha256", DIGEST + "\n")),
        Tampering(*hashed, "no text", put("canonical_sha256", 7)),
        Tampering(*hashed, "a list", put("canonical_sha256", [DIGEST])),
        Tampering(*named, mismatch, "last letter", put("pith_number", twin)),
        Tampering(*named, mismatch, "no text", put("pith_number", 7)),
        Tampering(*named, mismatch, "newline", put("pith_number", number + "\n")),
        Tampering(*named, mismatch, "lower case", put("pith_number", number.lower())),
        Tampering(*named, mismatch, "no year", put("pith_number", "pith:" + number[10:])),
        Tampering(*named, mismatch, "short", put("pith_number", number[:-10])),
        Tampering(*named, mismatch, "empty", put("pith_number", "")),
        Tampering(
            "year", "fail", "year-mismatch", "2023", put("pith_number", f"pith:2023{number[9:]}")
        ),
        Tampering(*short, "another", put("short_pith_number", "pith:AAAAAAAA")),
        Tampering(*short, "no text", put("short_pith_number", 7)),
        Tampering(*short, "too long", put("short_pith_number", f"pith:{number[10:]}")),
        Tampering(*short, "alias of 8", alias("pith_short_8", "AAAAAAAA")),
        Tampering(*short, "alias of 12", alias("pith_short_12", "AAAAAAAAAAAA")),
        Tampering(*short, "alias of 16", alias("pith_short_16", "AAAAAAAAAAAAAAAA")),
        Tampering(*short, "unknown length", alias("pith_short_9", number[10:19])),
        Tampering(*alias_fails, "arxiv", alias("arxiv", "2402.13117")),
        Tampering(*alias_fails, "arxiv with version", alias("arxiv", "2402.13116v4")),
        Tampering(*alias_fails, "version", alias("arxiv_version", "2402.13116v3")),
        Tampering(*alias_fails, "doi", alias("doi", "10.48550/arxiv.2402.13117")),
        Tampering(*alias_fails, "versioned doi", alias("doi", "10.48550/arxiv.2402.13116v4")),
        Tampering(*warns, "alias-unprovable", "foreign doi", alias("doi", "10.1145/1.2")),
        Tampering(*warns, "alias-unprovable", "unknown kind", alias("openalex", "W1")),
        Tampering(*warns, "alias-unprovable", "unknown source", another_kind_of_source),
    ]


def _receipt() -> list[Tampering]:
    unsupported = ("receipt", "undecidable", "unsupported-receipt")
    broken = ("receipt", "fail", "malformed-document")
    unknown, forged = ("key", "undecidable", "unknown-key"), ("signature", "fail")
    invalid = "invalid-signature"
    no_hints = {"key_id": None, "public_key_fingerprint": None}
    return [
        Tampering("receipt", "undecidable", "no-receipt", "absent", drop("receipt")),
        Tampering("receipt", "undecidable", "no-receipt", "null", put("receipt", None)),
        Tampering(*broken, "a list", put("receipt", [])),
        Tampering(*broken, "a text", put("receipt", "signed")),
        Tampering(*broken, "without signature", drop("receipt.signature_b64")),
        Tampering(*broken, "signature no text", put("receipt.signature_b64", 7)),
        Tampering(*broken, "without algorithm", drop("receipt.algorithm")),
        Tampering(*broken, "without kind", drop("receipt.kind")),
        Tampering(*broken, "without message", drop("receipt.signed_message")),
        Tampering(*unsupported, "kind", put("receipt.kind", "pith_citation")),
        Tampering(*unsupported, "algorithm", put("receipt.algorithm", "ed25519ph")),
        Tampering(*unsupported, "case", put("receipt.algorithm", "Ed25519")),
        Tampering(*unsupported, "message", put("receipt.signed_message", "canonical_bytes")),
        Tampering(*unsupported, "version", put("receipt.receipt_version", "0.4")),
        Tampering(*unsupported, "status", put("receipt.signature_status", "unsigned")),
        Tampering(*unknown, "id", put("receipt.key_id", "pith-v1-2026-05")),
        Tampering(*unknown, "print", put("receipt.public_key_fingerprint", "0" * 32)),
        Tampering(*unknown, "no hints", lambda d: d["receipt"].update(no_hints)),
        Tampering(*unknown, "nobody is trusted", trust=EMPTY),
        Tampering(*unknown, "only the real key is trusted", trust=TrustRoot.bundled()),
        Tampering("key", "fail", "revoked-key", "revoked", trust=REVOKED),
        Tampering(*forged, invalid, "by another key", signature(OTHER_KEY, digest_of)),
        Tampering(
            *forged, invalid, "over hex", signature(KEY, lambda d: digest_of(d).hex().encode())
        ),
        Tampering(
            *forged,
            invalid,
            "over the record itself",
            signature(KEY, lambda d: canonical_bytes(d["canonical_record"])),
        ),
        Tampering(*forged, invalid, "over another digest", signature(KEY, lambda d: bytes(32))),
        Tampering(*forged, invalid, "zeros", put("receipt.signature_b64", "A" * 86 + "==")),
        Tampering(*forged, invalid, "empty", put("receipt.signature_b64", "")),
        Tampering(*forged, invalid, "hex", put("receipt.signature_b64", "00" * 64)),
        Tampering(*forged, invalid, "unpadded", unpadded),
        Tampering(
            "receipt-digest",
            "fail",
            "duplicate-mismatch",
            "another",
            put("receipt.canonical_sha256", OTHER),
        ),
        Tampering(
            "receipt-digest",
            "fail",
            "duplicate-mismatch",
            "upper case",
            put("receipt.canonical_sha256", DIGEST.upper()),
        ),
    ]


def _copies() -> list[Tampering]:
    source, bad = "source-copies", ("fail", "duplicate-mismatch")
    found = [
        Tampering(source, *bad, "id", put("source.id", "2402.13117")),
        Tampering(source, *bad, "version", put("source.version", 5)),
        Tampering(source, *bad, "a fraction", put("source.version", 4.0)),
        Tampering(source, *bad, "a text", put("source.version", "4")),
        Tampering(source, *bad, "a field more", put("source.doi", "10.1/x")),
        Tampering(source, *bad, "a field less", drop("source.version")),
        Tampering(source, *bad, "no object", put("source", "arxiv:2402.13116")),
        Tampering(source, *bad, "schema", put("schema_version", "1.1")),
        Tampering(source, *bad, "schema as number", put("schema_version", 1.0)),
        Tampering(source, *bad, "in the graph", put("graph_snapshot.source.version", 1)),
        Tampering(
            source,
            *bad,
            "true for 1",
            put("source.version", True),
            lambda: signed_record(version=1),
        ),
    ]
    for check, paper in (("paper-copies", "paper"), ("graph-copies", "graph_snapshot.paper")):
        found += [
            Tampering(check, *bad, "licence", put(f"{paper}.license", "")),
            Tampering(check, *bad, "category", put(f"{paper}.primary_cat", "cs.AI")),
            Tampering(check, *bad, "time", put(f"{paper}.submitted_at", "2024-02-20T16:17:38Z")),
            Tampering(check, *bad, "one category less", put(f"{paper}.cross_cats", ["cs.AI"])),
            Tampering(check, *bad, "no category", put(f"{paper}.cross_cats", [])),
            Tampering(check, *bad, "category twice", put(f"{paper}.cross_cats", ["cs.AI"] * 2)),
            Tampering(check, *bad, "a text", put(f"{paper}.cross_cats", "cs.AI cs.LG")),
            Tampering(check, *bad, "a list", put(f"{paper}.primary_cat", ["cs.CL"])),
            Tampering(check, *bad, "title hash", put(f"{paper}.title_canon_sha256", OTHER)),
            Tampering(check, *bad, "abstract hash", put(f"{paper}.abstract_canon_sha256", OTHER)),
        ]
    events, event = "event-copies", "events.0.payload"
    return [
        *found,
        Tampering(
            events, *bad, "digest", put(f"{event}.canonical_sha256", OTHER), make=signed_bundle
        ),
        Tampering(
            events,
            *bad,
            "record",
            put(f"{event}.canonical_record.source.version", 5),
            make=signed_bundle,
        ),
        Tampering(
            events,
            *bad,
            "a fraction in the record",
            put(f"{event}.canonical_record.source.version", 4.0),
            make=signed_bundle,
        ),
        Tampering(events, *bad, "a second event", another_event, make=signed_bundle),
        Tampering(
            events,
            *bad,
            "subject",
            put("events.0.subject_pith_number", "pith:2024:" + "A" * 26),
            make=signed_bundle,
        ),
        Tampering(
            events,
            *bad,
            "signature beside a good receipt",
            put(f"{event}.receipt.signature_b64", "A" * 86 + "=="),
            make=receipted_bundle,
        ),
        Tampering(
            events,
            *bad,
            "receipt's digest beside a good receipt",
            put(f"{event}.receipt.canonical_sha256", OTHER),
            make=receipted_bundle,
        ),
    ]


def _texts() -> list[Tampering]:
    title, abstract = ("title-hash", "fail", "title-mismatch"), ("abstract-hash", "fail")
    bad, snapshot = "abstract-mismatch", ("snapshot-hashes", "fail", "snapshot-mismatch")
    near = "A Survey of Knowledge Distillation of Large Language Models"
    empty = {"count": 0, "evidence_count": 0, "snapshot_sha256": OTHER}
    return [
        Tampering(*title, "in the paper", put("paper.title", near)),
        Tampering(*title, "in the graph", put("graph_snapshot.paper.title", near)),
        Tampering(*title, "at the top", add_top_level_title),
        Tampering(*title, "no text", put("paper.title", 7)),
        Tampering(*title, "a list", put("paper.title", ["A Survey"])),
        Tampering(*title, "beside one that is confirmed", put("paper.title", "Überblick")),
        Tampering(
            *title,
            "beside one that is unconfirmed",
            lambda d: (title_beyond_ascii(d), add_top_level_title(d)),
        ),
        Tampering("title-hash", "warn", "title-unconfirmed", "not ASCII", title_beyond_ascii),
        Tampering(*abstract, bad, "at the top", put("abstract", "We survey nothing.")),
        Tampering(*abstract, bad, "in the paper", put("paper.abstract", "We survey nothing.")),
        Tampering(
            *abstract,
            bad,
            "in the graph",
            put("graph_snapshot.paper.abstract", "We survey nothing."),
        ),
        Tampering(*abstract, bad, "no text", put("abstract", 7)),
        Tampering(
            *abstract, bad, "given", question=Question(abstract="We survey what is known. No.")
        ),
        Tampering(
            "abstract-hash",
            "warn",
            "abstract-unconfirmed",
            "not ASCII",
            question=Question(abstract="Wir überblicken."),
        ),
        Tampering(*snapshot, "a claim", put("graph_snapshot.claims.items.0.text", "No.")),
        Tampering(*snapshot, "its hash", put("graph_snapshot.claims.snapshot_sha256", OTHER)),
        Tampering(*snapshot, "no hash", put("graph_snapshot.claims.snapshot_sha256", 7)),
        Tampering(*snapshot, "references", put("graph_snapshot.references", empty)),
        Tampering(*snapshot, "author claims", put("graph_snapshot.author_claims", empty)),
        Tampering(*snapshot, "formal canon", put("graph_snapshot.formal_canon", empty)),
    ]


def _question() -> list[Tampering]:
    number, other = signed_record()["pith_number"], ("asked", "fail", "id-mismatch")
    unprovable = ("asked", "undecidable", "alias-unprovable")
    history = ("history", "fail")
    plain = "2402.13116"
    return [
        Tampering(*other, "another number", question=asked("pith:" + "A" * 26)),
        Tampering(*other, "another short form", question=asked("pith:AAAAAAAA")),
        Tampering(*other, "another paper", question=asked("arXiv:2402.13117")),
        Tampering(*other, "another version", question=asked("2402.13116v3")),
        Tampering(*other, "another arXiv DOI", question=asked("10.48550/arXiv.2402.13117")),
        Tampering(*other, "versioned DOI", question=asked("10.48550/arXiv.2402.13116v3")),
        Tampering(*other, "bibcode", question=asked("2024arXiv240213117X")),
        Tampering(*unprovable, "another DOI", question=asked("10.1145/3292500.3330701")),
        Tampering(*unprovable, "short DOI", question=asked("10/gf4gqc")),
        Tampering("asked", "warn", "year-hint", "year", question=asked(f"pith:2023{number[9:]}")),
        Tampering(*history, "rollback", "older", question=seen(5, DIGEST, text=plain)),
        Tampering(
            *history,
            "rollback",
            "older by DOI",
            question=seen(5, text="10.48550/arXiv.2402.13116"),
        ),
        Tampering(*history, "equivocation", "two", question=seen(4, DIGEST, OTHER)),
        Tampering(*history, "equivocation", "another", question=seen(4, OTHER, text=number)),
    ]
