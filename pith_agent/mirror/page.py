"""The record for people: what is proved, and visibly, what is not.

Every text from a document is shown through `_text`. No address from a document becomes a link:
links are made of validated identifiers only. There is no script, and the policy forbids any.
"""

import base64
import hashlib
import html
from collections.abc import Iterable
from importlib import resources

from pydantic import JsonValue

from pith_agent.errors import DocumentError
from pith_agent.protocol.arxiv import parse_arxiv
from pith_agent.protocol.display import safe_text
from pith_agent.protocol.record import at, load_document
from pith_agent.protocol.report import Check, Report
from pith_agent.protocol.stated import Coverage
from pith_agent.storage.cache import Stored

STYLE = resources.files("pith_agent.mirror").joinpath("style.css").read_text("utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode("utf-8")).digest()).decode("ascii")

HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}';"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
}

TEXT_LENGTH = 1500
"""Characters of one value that the page shows."""
MAX_PATHS = 200
"""Field names listed in one class of the coverage."""

_FIELDS = (
    ("Source", "canonical_record.source.id"),
    ("Version", "canonical_record.source.version"),
    ("First submitted", "canonical_record.metadata.submitted_at"),
    ("Primary category", "canonical_record.metadata.primary_cat"),
    ("Cross-lists", "canonical_record.metadata.cross_cats_sorted"),
    ("Licence", "canonical_record.metadata.license"),
    ("Title", "paper.title"),
    ("Authors", "paper.authors_text"),
    ("Headline", "paper.headline"),
    ("Abstract, beginning", "paper.abstract_excerpt"),
)
_VERDICTS = {
    "verified": ("good", "Verified", "A trusted key signed this record, and no check failed."),
    "undecidable": ("warn", "Not proved", "Nothing is refuted, but something cannot be proved."),
    "failed": ("bad", "Refuted", "A check failed. Do not cite this record."),
}
_STATUSES = {
    "pass": ("good", "pass"),
    "fail": ("bad", "fail"),
    "undecidable": ("warn", "not provable"),
    "warn": ("warn", "warning"),
    "skipped": ("none", "nothing to check"),
}


def record_page(stored: Stored, report: Report, root: str) -> bytes:
    """The page of one record. `root` is the path below which the mirror lives."""
    record = report.record
    title = record.title if record else None
    parts = [
        f'<p class="soft mono">{_text(stored.pith_number)}</p>',
        f"<h1>{_text(title)}</h1>" if title else "<h1>A record without a proved title</h1>",
        _verdict(report),
        _links(stored, report, root),
        _fields(stored, report),
        _checks(report.checks),
        _coverage(report),
        _footer(stored, report),
    ]
    return _page(title or stored.pith_number, parts)


def index_page(records: int, root: str) -> bytes:
    """The page at the root: what this server is, and its addresses."""
    paths = (
        "/pith/{suffix}",
        "/pith/{suffix}.json",
        "/pith/{suffix}/bundle.json",
        "/pith/{suffix}/state.json",
        "/api/pith-number/{suffix}/graph.json",
        "/api/pith-number/{suffix}/events.json",
        "/api/pith-number/resolve?arxiv={id}&json=true",
        "/paper/{arXiv id}",
        "/pith-mirrors.json",
        "/pith-signing-key.json",
    )
    rows = "".join(f"<li><code>{_text(root + path)}</code></li>" for path in paths)
    parts = [
        "<h1>A mirror of Pith Numbers</h1>",
        f"<p>{records} records, served as they were received. Readers verify them: this server"
        " needs no trust, and its keys are for comparison only.</p>",
        f"<h2>Addresses</h2><ul>{rows}</ul>",
    ]
    return _page("A mirror of Pith Numbers", parts)


def _page(title: str, parts: list[str]) -> bytes:
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="robots" content="noindex">\n'
        f"<title>{_text(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(parts)
        + "\n</body>\n</html>\n"
    ).encode("utf-8")


def _verdict(report: Report) -> str:
    kind, name, meaning = _VERDICTS[report.verdict]
    check = report.decisive
    why = f"<p>{_text(check.detail)} <code>{_text(check.code)}</code></p>" if check else ""
    return (
        f'<div class="verdict {kind}" role="status"><strong>{name}</strong>'
        f"<p>{meaning}</p>{why}</div>"
    )


def _links(stored: Stored, report: Report, root: str) -> str:
    """Links made of the computed suffix and, once proved, of the arXiv id."""
    suffix = stored.suffix
    links = [
        (f"{root}/pith/{suffix}.json", "Record JSON"),
        (f"{root}/pith/{suffix}/bundle.json", "Bundle"),
        (f"{root}/api/pith-number/{suffix}/graph.json", "Graph"),
        (f"{root}/api/pith-number/{suffix}/events.json", "Events"),
    ]
    source = report.record.signed.source if report.record else None
    if source is not None and source.kind == "arxiv":
        paper = parse_arxiv(f"{source.id}v{source.version}")
        if paper is not None:
            links.append((f"https://arxiv.org/abs/{paper}", f"arXiv:{paper}"))
    made = "".join(f'<a href="{_text(url)}">{_text(name)}</a>' for url, name in links)
    return f"<nav>{made}</nav>"


def _fields(stored: Stored, report: Report) -> str:
    try:
        document: JsonValue = load_document(stored.body)
    except DocumentError:
        return ""
    rows = []
    for name, path in _FIELDS:
        value = at(document, path)
        if value not in (None, "", []):
            badge = _badge(*_protection(path, report))
            rows.append(f"<tr><th>{name}</th><td>{_value(value)}</td><td>{badge}</td></tr>")
    return f"<h2>What it says</h2>{_table(rows)}" if rows else ""


def _protection(path: str, report: Report) -> tuple[str, str]:
    """How a field is protected, as a badge. Nothing is, in a record that is not verified."""
    if report.verdict != "verified":
        return "warn", "not proved"
    if path in report.coverage.signed:
        return "good", "signed"
    if path in report.coverage.hash_bound:
        return "good", "hash signed"
    return "warn", "not signed"


def _checks(checks: Iterable[Check]) -> str:
    rows = []
    for check in checks:
        code = "" if check.code in ("ok", "not-checked") else f" <code>{_text(check.code)}</code>"
        seen = ""
        if check.status not in ("pass", "skipped") and (check.expected or check.found):
            seen = (
                f'<div class="soft mono">expected {_text(check.expected or "nothing")}<br>'
                f"found {_text(check.found or 'nothing')}</div>"
            )
        rows.append(
            f"<tr><th>{_text(check.name)}</th><td>{_badge(*_STATUSES[check.status])}</td>"
            f"<td>{_text(check.detail)}{code}{seen}</td></tr>"
        )
    return f"<h2>Checks</h2>{_table(rows)}"


def _coverage(report: Report) -> str:
    coverage = report.coverage
    share = f"{coverage.signed_bytes} of {coverage.document_bytes} bytes are signed."
    classes = (
        ("Signed", "The signature covers the value.", coverage.signed),
        ("Hash-bound", "The value hashes to a hash in the record.", _bound(coverage)),
        ("Not signed", "Whoever serves the record can change the value.", coverage.unbound),
    )
    parts = [f'<h2>Coverage</h2><p class="soft">{share}</p>']
    for name, meaning, paths in classes:
        shown = "".join(f"<li><code>{_text(path)}</code></li>" for path in paths[:MAX_PATHS])
        more = f"<li>and {len(paths) - MAX_PATHS} more</li>" if len(paths) > MAX_PATHS else ""
        body = f'<ul class="paths">{shown}{more}</ul>' if paths else '<p class="soft">None.</p>'
        parts.append(f'<h3>{name}</h3><p class="soft">{meaning}</p>{body}')
    return "".join(parts)


def _bound(coverage: Coverage) -> tuple[str, ...]:
    """The hash-bound paths, each with a note where the hash is unsigned itself."""
    return tuple(
        path if coverage.bindings[path].hash_signed else f"{path} (its hash is not signed)"
        for path in coverage.hash_bound
    )


def _footer(stored: Stored, report: Report) -> str:
    rows = [("Canonical SHA-256", stored.digest), ("Policy", report.policy)]
    if report.trust_key:
        rows.append(("Key SHA-256", report.trust_key))
    # Where it came from is not shown: it may be a path of this machine.
    rows.append(("Received at", stored.fetched_at))
    lines = "".join(f"<p>{name}: <code>{_text(value)}</code></p>" for name, value in rows)
    return (
        f'<footer class="soft">{lines}<p>This page was made by a mirror. To be sure, verify the'
        " record yourself with pith-agent.</p></footer>"
    )


def _table(rows: list[str]) -> str:
    return f'<div class="scroll"><table><tbody>{"".join(rows)}</tbody></table></div>'


def _badge(kind: str, text: str) -> str:
    return f'<span class="badge {kind}">{text}</span>'


def _value(value: JsonValue) -> str:
    if isinstance(value, list):
        return _text(", ".join(str(item) for item in value))
    return _text(str(value))


def _text(text: str) -> str:
    """Somebody else's text: visible characters only, and no markup."""
    return html.escape(safe_text(text, TEXT_LENGTH))
