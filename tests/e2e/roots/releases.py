"""A project whose builds write what they cite, and a machine that signs it."""

import hashlib
import json
from pathlib import Path
from typing import Any

from pith_agent import Client, Settings
from pith_agent.protocol.citation_report import CitationReport
from pith_agent.storage.files import RecordFiles
from pith_agent.storage.keys import new_key
from tests.documents import TRUST, as_bytes
from tests.e2e.roots.library import LIBRARY, pages
from tests.e2e.roots.project import Built, Project

MANIFEST, SIGNATURE = "citations.json", "citations.dsse.json"
WRITE = ("-D", f"pith_manifest={MANIFEST}")
SIGN = (*WRITE, "-D", "pith_sign=1")
CLAIMS = "2402.13116v4#C1"


def release(path: Path) -> Project:
    """Two pages that cite two papers, one of them with a claim; there is a key."""
    made = pages(
        path,
        index=f"On :pith:`2402.13116`.\n\nAnd :pith:`{CLAIMS}`.\n\n.. toctree::\n\n   other",
        other="Also :pith:`1706.00001`.",
    )
    new_key(path / "home" / "keys")
    return made


def home(project: Project) -> dict[str, str]:
    """The variable that leads to the keys."""
    return {"PITH_HOME": str(project.work / "home")}


def manifest(built: Built) -> Any:
    """What the manifest says."""
    return json.loads(built.text(MANIFEST))


def digest(built: Built) -> str:
    """SHA-256 of the manifest."""
    return hashlib.sha256((built.out / MANIFEST).read_bytes()).hexdigest()


def reported(project: Project, envelope: bytes) -> CitationReport:
    """What this machine says of an envelope."""
    records = RecordFiles((as_bytes(document), "a file") for document in LIBRARY)
    settings = Settings(home=project.work / "home", offline=True)
    with Client(settings, trust=TRUST, records=records, persistent=False) as client:
        return client.verify_citation(envelope)


def logged(project: Project) -> int:
    """Entries of this machine's ledger."""
    settings = Settings(home=project.work / "home", offline=True)
    with Client(settings, persistent=False) as client:
        return len(client.ledger)
