"""The `pith_*` values of conf.py, and what follows from them.

docs/reference/sphinx.md describes them. `config_checks` says what they may be.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sphinx.application import Sphinx
from sphinx.config import Config

from pith_agent import (
    DocumentError,
    TrustRoot,
    UndecidableError,
    VerificationError,
    error_class,
)
from sphinx_pith.findings import Mode, Severity

if TYPE_CHECKING:
    from pith_agent import Settings

REGISTRY = "https://pith.science"

MODE_VARIABLE = "PITH_MODE"
"""The variable that overrides `pith_mode`. Others are read only where something is signed, or a
signed citation verified: they say where the keys are."""

NETWORK = frozenset({"unreachable", "rate-limited", "bad-response", "unsafe-address"})
"""Codes that say nothing about a paper: a network outage alone does not fail a build."""

MENTIONS = frozenset({"year-hint", "title-unconfirmed", "abstract-unconfirmed"})
"""Codes of checks that only warn: the record is genuine all the same."""

WARNINGS = NETWORK | MENTIONS | {"withdrawn"}
"""Codes that are warnings unless told otherwise."""

ABSENT = frozenset({"unlocked", "not-found", "unreachable", "rate-limited", "bad-response"})
"""Codes with which a citation that was made of a plain link goes back to being one."""

INFOS = frozenset({"unused", "superseded", "drift", "unused-exemption", "unverified-link"})
"""Codes that are only told."""

OF_THE_REGISTRY = frozenset({"superseded", "withdrawn", "drift"})
"""Codes that only `pithcheck` finds, which asks the registry."""

SIGNATURE = ".dsse.json"
"""What the name of the signature has after the stem of the manifest's."""

UNSIGNED = frozenset({"nothing-to-sign", "not-all-verified"})
"""Codes that say why nothing was signed, beside those of keys: errors unless told otherwise."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value of conf.py."""

    name: str
    default: object
    types: frozenset[type]
    rebuild: Literal["", "env"] = ""
    """`env` if it is used while documents are read, which are then read again."""


VALUES = (
    Value("pith_mode", None, frozenset({str})),
    Value("pith_lock", "pith.lock", frozenset({str})),
    Value("pith_lock_upgrade", False, frozenset({bool})),
    Value("pith_lock_prune", False, frozenset({bool})),
    Value("pith_records", [], frozenset({list, tuple})),
    Value("pith_registry", [REGISTRY], frozenset({list, tuple})),
    Value("pith_timeout", 30, frozenset({int, float})),
    Value("pith_trust_root", None, frozenset({str})),
    Value("pith_base_url", REGISTRY, frozenset({str})),
    Value("pith_severity", {}, frozenset({dict})),
    Value("pith_baseline", None, frozenset({str})),
    Value("pith_home", None, frozenset({str})),
    Value("pith_cite_style", "narrative", frozenset({str}), "env"),
    Value("pith_reader_check", True, frozenset({bool})),
    Value("pith_reports", {}, frozenset({dict})),
    Value("pith_manifest", None, frozenset({str})),
    Value("pith_sign", False, frozenset({bool})),
    Value("pith_citations", [], frozenset({list, tuple})),
    Value("pith_policy", None, frozenset({str})),
    Value("pith_alias_roles", {}, frozenset({dict}), "env"),
    Value("pith_upgrade_links", [], frozenset({list, tuple}), "env"),
    Value("pith_report_links", False, frozenset({bool}), "env"),
)
"""What the others change of a page is found by `verify_citations`."""


def mode_of(app: Sphinx) -> Mode:
    """Whether this build may use the network.

    On the command line, in the environment, in conf.py; else `locked` if the project keeps a lock
    or records, since then it has said where its papers are.
    """
    config = app.config
    if app.builder.name == "pithlock":
        return "update"
    chosen: Mode | None = config.pith_mode
    if "pith_mode" not in config.overrides:
        # Checked with the other values.
        chosen = os.environ.get(MODE_VARIABLE) or chosen  # type: ignore[assignment]
    if chosen:
        return chosen
    return "locked" if lock_path(app).exists() or config.pith_records else "auto"


def lock_path(app: Sphinx) -> Path:
    """The lock, which lies beside conf.py unless told otherwise."""
    return Path(app.confdir) / str(app.config.pith_lock)


def settings_of(app: Sphinx, mode: Mode) -> "Settings":
    """The values that a `Client` needs. Nothing is written outside the build by default."""
    # Imported here: a build from the lock alone needs no client.
    from pith_agent import Settings  # noqa: PLC0415

    config, here = app.config, Path(app.confdir)
    home = here / config.pith_home if config.pith_home else Path(app.doctreedir) / "pith"
    return Settings(
        home=home,
        registry=tuple(config.pith_registry),
        offline=mode == "locked",
        timeout=float(config.pith_timeout),
        trust_root=here / config.pith_trust_root if config.pith_trust_root else None,
    )


def trust_of(app: Sphinx) -> TrustRoot:
    """The keys that this project trusts; the file was read once before, by `check_config`."""
    name = app.config.pith_trust_root
    if name is None:
        return TrustRoot.bundled()
    return TrustRoot.load((Path(app.confdir) / name).read_bytes())


def severity_of(config: Config, code: str) -> Severity:
    """How much a problem with this code matters."""
    chosen: Severity | None = config.pith_severity.get(code)
    if chosen:
        return chosen
    if code in WARNINGS:
        return "warning"
    return "info" if code in INFOS else "error"


def is_refutation(code: str) -> bool:
    """Whether the code says that a record is wrong, and not only that it cannot be proved."""
    kind = error_class(code)
    if code in MENTIONS:
        return False
    return issubclass(kind, VerificationError | DocumentError) and not issubclass(
        kind, UndecidableError
    )
