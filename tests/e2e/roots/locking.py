"""Projects that cite the test registry's papers, with a lock or without."""

import re
from pathlib import Path

from pith_agent import Lock, dump_lock, parse_lock
from tests.documents import TRUST
from tests.e2e.roots.project import Built, Project


def trusting(path: Path, *targets: str, **conf: object) -> Project:
    """A page that cites each target on its own line, in a project that trusts the test's key."""
    project = Project(path)
    project.conf(**{"pith_trust_root": "trust.json", "pith_records": []} | conf)
    (project.path / "trust.json").write_text(TRUST.dump())
    cite(project, *targets)
    return project


def cite(project: Project, *targets: str) -> None:
    """Write a page that cites each target on its own line."""
    project.page("\n\n".join(f"On :pith:`{target}`." for target in targets))


def read_lock(project: Project) -> Lock:
    """The project's lock."""
    return parse_lock((project.path / "pith.lock").read_bytes())


def write_lock(project: Project, lock: Lock | bytes) -> bytes:
    """Give the project a lock; the bytes that were written."""
    data = lock if isinstance(lock, bytes) else dump_lock(lock)
    (project.path / "pith.lock").write_bytes(data)
    return data


def told(built: Built) -> dict[str, str]:
    """Target → code of the warning on it."""
    return dict(re.findall(r"WARNING: (\S+): .*\[pith\.([a-z-]+)\]", built.log))
