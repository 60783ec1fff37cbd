"""The `pith_*` values of conf.py: what they are, and what they may be.

Sphinx reads conf.py only: no `PITH_*` variable changes a build.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias
from urllib.parse import urlsplit

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ConfigError

from pith_agent import (
    DocumentError,
    PithError,
    Settings,
    TrustRoot,
    UndecidableError,
    VerificationError,
    error_class,
)

Severity: TypeAlias = Literal["error", "warning", "info", "ignore"]

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info", "ignore")
"""`error` fails the build, `warning` fails it under `-W`, `ignore` says nothing."""

NETWORK = frozenset({"unreachable", "rate-limited", "bad-response", "unsafe-address"})
"""Codes that say nothing about a paper: a network outage alone does not fail a build."""

YEAR_HINT = "year-hint"
"""The code of a Pith Number that was typed with another year; the paper is the one meant."""

REGISTRY = "https://pith.science"


@dataclass(frozen=True, slots=True)
class Value:
    """One value of conf.py."""

    name: str
    default: object
    types: frozenset[type] = field(default_factory=frozenset)


VALUES = (
    Value("pith_records", [], frozenset({list, tuple})),
    Value("pith_offline", True, frozenset({bool})),
    Value("pith_registry", [REGISTRY], frozenset({list, tuple})),
    Value("pith_trust_root", None, frozenset({str})),
    Value("pith_base_url", REGISTRY, frozenset({str})),
    Value("pith_severity", {}, frozenset({dict})),
    Value("pith_home", None, frozenset({str})),
)
"""docs/reference/sphinx.md describes them. None of them makes Sphinx read a document again:
what they change is found by `verify_citations`."""


def check_config(app: Sphinx, config: Config) -> None:
    """Refuse values that cannot be used, all at once.

    Raises:
        ConfigError: Names each fault on a line of its own.
    """
    faults = [
        *_texts("pith_records", config.pith_records),
        *_patterns(config.pith_records),
        *_offline(config.pith_offline),
        *_texts("pith_registry", config.pith_registry),
        *_registry(config.pith_registry),
        *_url("pith_base_url", config.pith_base_url),
        *_severities(config.pith_severity),
        *_home(config.pith_home),
        *_trust_root(Path(app.confdir), config.pith_trust_root),
    ]
    if faults:
        raise ConfigError("\n".join(faults))


def settings_of(app: Sphinx) -> Settings:
    """The values that a `Client` needs. Nothing is written outside the build by default."""
    config, here = app.config, Path(app.confdir)
    home = here / config.pith_home if config.pith_home else Path(app.doctreedir) / "pith"
    return Settings(
        home=home,
        registry=tuple(config.pith_registry),
        offline=config.pith_offline,
        trust_root=here / config.pith_trust_root if config.pith_trust_root else None,
    )


def severity_of(config: Config, code: str) -> Severity:
    """How much a problem with this code matters."""
    chosen: Severity | None = config.pith_severity.get(code)
    return chosen or ("warning" if code in NETWORK or code == YEAR_HINT else "error")


def is_refutation(code: str) -> bool:
    """Whether the code says that a record is wrong, and not only that it cannot be proved."""
    kind = error_class(code)
    return issubclass(kind, VerificationError | DocumentError) and not issubclass(
        kind, UndecidableError
    )


def _texts(name: str, value: Any) -> Iterator[str]:
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        yield f"{name} is {value!r}; it may be a list of texts."


def _patterns(value: Any) -> Iterator[str]:
    for pattern in value if isinstance(value, list | tuple) else ():
        if isinstance(pattern, str) and (not pattern or Path(pattern).is_absolute()):
            yield f"pith_records holds {pattern!r}; patterns are relative to conf.py."


def _offline(value: Any) -> Iterator[str]:
    if not isinstance(value, bool):
        yield f"pith_offline is {value!r}; it may be True or False."


def _registry(value: Any) -> Iterator[str]:
    for url in value if isinstance(value, list | tuple) else ():
        yield from _url("pith_registry", url)
    if isinstance(value, list | tuple) and not value:
        yield "pith_registry is empty; it needs at least one base URL."


def _url(name: str, value: Any) -> Iterator[str]:
    fault = f"{name} holds {value!r}; it may be a URL such as {REGISTRY}."
    if not isinstance(value, str) or not value.isprintable() or " " in value:
        yield fault
        return
    try:
        url = urlsplit(value)
        complete = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
    except ValueError:
        complete = False
    if not complete or url.query or url.fragment or "@" in url.netloc:
        yield fault


def _severities(value: Any) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"pith_severity is {value!r}; it may be a dict from codes to severities."
        return
    for code, severity in value.items():
        if not isinstance(code, str) or error_class(code).code != code:
            yield f"pith_severity names {code!r}, which is no code."
        elif error_class(code) is PithError:
            yield f"pith_severity names {code!r}, which no citation can have."
        elif severity not in SEVERITIES:
            yield f"pith_severity[{code!r}] is {severity!r}; it may be {', '.join(SEVERITIES)}."
        elif is_refutation(code) and severity not in ("error", "warning"):
            yield f"pith_severity[{code!r}] is {severity!r}; it may not go below warning."


def _home(value: Any) -> Iterator[str]:
    if value is not None and (not isinstance(value, str) or not value):
        yield f"pith_home is {value!r}; it may be a path or None."


def _trust_root(here: Path, value: Any) -> Iterator[str]:
    if value is None:
        return
    if not isinstance(value, str) or not value:
        yield f"pith_trust_root is {value!r}; it may be a path or None."
        return
    try:
        TrustRoot.load((here / value).read_bytes())
    except OSError as error:
        yield f"pith_trust_root cannot be read: {error}."
    except PithError as error:
        yield f"pith_trust_root is {value!r}: {error.message}"
