"""A documentation project in a directory of its own, built by Sphinx in a process of its own."""

import html
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.documents import REAL, TRUST, Document, as_bytes

ROOTS = Path(__file__).parent
REPOSITORY = ROOTS.parents[2]

CONF = {"project": "P", "extensions": ["sphinx_pith"], "pith_records": ["records/*"]}

_LINK = re.compile(
    r'<a class="pith pith-verified[^"]*" href="([^"]*)"(?: id="[^"]*")? title="([^"]*)">(.*?)</a>'
)
_MARKED = re.compile(r'<span class="pith pith-un(?:verified|checked)">(.*?\])</span>')


@dataclass(frozen=True)
class Built:
    """What one build left."""

    status: int
    log: str
    """What Sphinx wrote to stderr: warnings and errors."""
    info: str
    """What it wrote to stdout."""
    out: Path

    @property
    def codes(self) -> list[str]:
        """The codes of our warnings, in order."""
        return re.findall(r"\[pith\.([a-z-]+)\]", self.log)

    def text(self, name: str) -> str:
        """A file of the output."""
        return (self.out / name).read_text("utf-8")

    def links(self, name: str = "index.html") -> list[tuple[str, str, str]]:
        """(href, tooltip, text) of each verified citation on a page."""
        found = _LINK.findall(self.text(name))
        return [(href, title, _plain(text)) for href, title, text in found]

    def marked(self, name: str = "index.html") -> list[str]:
        """The text of each citation that is no link, its mark included."""
        return [_plain(text) for text in _MARKED.findall(self.text(name))]


class Project:
    """Sources, records and settings of a project."""

    def __init__(self, path: Path, root: Path | None = None) -> None:
        self.path = path / "docs"
        self.work = path
        if root is not None:
            shutil.copytree(root, self.path, ignore=shutil.ignore_patterns("__pycache__"))
        (self.path / "records").mkdir(parents=True, exist_ok=True)

    @classmethod
    def citing(cls, path: Path, *targets: str, **conf: object) -> "Project":
        """One page with the whole published record, that cites each target on its own line."""
        project = cls(path)
        project.record(REAL)
        project.conf(**conf)
        project.page("\n\n".join(f"On :pith:`{target}`." for target in targets))
        return project

    @classmethod
    def testing(cls, path: Path, *documents: Document) -> "Project":
        """The same for documents signed with the test key, which is its trust root."""
        project = cls(path)
        project.conf(pith_trust_root="trust.json")
        (project.path / "trust.json").write_text(TRUST.dump())
        for number, document in enumerate(documents):
            project.record(as_bytes(document), f"{number}.json")
        return project

    def page(self, text: str, name: str = "index.rst") -> None:
        """Write a page with a title."""
        (self.path / name).write_text(f"Title\n=====\n\n{text}\n", "utf-8")

    def record(self, body: bytes, name: str = "2402.13116.json") -> None:
        """Write a record file."""
        (self.path / "records" / name).write_bytes(body)

    def conf(self, **values: object) -> None:
        """Write conf.py."""
        lines = [f"{name} = {value!r}\n" for name, value in (CONF | values).items()]
        (self.path / "conf.py").write_text("".join(lines), "utf-8")

    def build(
        self,
        *options: str,
        builder: str = "html",
        out: str = "",
        before: Sequence[str] = (),
        only: str = "",
        **environment: str,
    ) -> Built:
        """Run `python -m sphinx`; builders share one doctree directory, as with `sphinx -M`.

        Args:
            options: For sphinx-build.
            builder: The builder.
            out: The directory of the output, if not that of the builder's name.
            before: A command that runs this one, such as `unshare`.
            only: The source that is built, if not all are.
            environment: Variables beside those of `environment`.
        """
        target = self.work / (out or builder)
        command = [*before, *self.command(*options, builder=builder, target=target)]
        if only:
            command.append(str(self.path / only))
        return self._run(command, target, environment)

    def call(self, *arguments: str, **environment: str) -> Built:
        """Run `python -m sphinx_pith`."""
        command = [sys.executable, "-m", "sphinx_pith", *arguments]
        return self._run(command, self.work, environment)

    def command(self, *options: str, builder: str, target: Path) -> list[str]:
        """The command of a build."""
        doctrees = self.work / "doctrees"
        command = [sys.executable, "-m", "sphinx", "--no-color", "-b", builder, *options]
        return [*command, "-d", str(doctrees), str(self.path), str(target)]

    def environment(self, **more: str) -> dict[str, str]:
        """The variables of a build: none that changes it, but for those given."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("PITH_", "SPHINX"))}
        # A deprecated call of ours would stop Sphinx.
        strict = {"PYTHONPATH": str(REPOSITORY), "PYTHONWARNINGS": "error::DeprecationWarning"}
        strict["TMPDIR"] = str(self.work)
        return clean | strict | more

    def _run(self, command: Sequence[str], target: Path, environment: Mapping[str, str]) -> Built:
        done = subprocess.run(
            command,
            env=self.environment(**environment),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return Built(done.returncode, done.stderr, done.stdout, target)


def _plain(text: str) -> str:
    return html.unescape(re.sub("<[^>]*>", "", text))
