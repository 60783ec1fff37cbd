"""What the `pith_*` values may be. A build with values that cannot be used ends at once."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlsplit

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ConfigError

from pith_agent import PithError, TrustRoot, error_class
from sphinx_pith.config import (
    INFOS,
    MODE_VARIABLE,
    REGISTRY,
    UNSIGNED,
    WARNINGS,
    is_refutation,
)
from sphinx_pith.findings import Mode, Severity
from sphinx_pith.roles import ALIAS_ROLES, STYLES

REPORTS = ("json", "sarif", "junit", "github", "summary", "page", "baseline")
"""The formats of `sphinx_pith.reports`, which is loaded only if one is asked for."""

OWN_CODES = WARNINGS | INFOS | UNSIGNED
"""Codes that may be named beside those of the library's errors."""


def check_config(app: Sphinx, config: Config) -> None:
    """Refuse values that cannot be used, all at once.

    Raises:
        ConfigError: Names each fault on a line of its own.
    """
    faults = [
        *_choice("pith_mode", config.pith_mode, (None, *get_args(Mode))),
        *_choice(MODE_VARIABLE, os.environ.get(MODE_VARIABLE) or None, (None, *get_args(Mode))),
        *_choice("pith_cite_style", config.pith_cite_style, STYLES),
        *_flags(config),
        *_seconds(config.pith_timeout),
        *_texts("pith_records", config.pith_records),
        *_patterns("pith_records", config.pith_records),
        *_texts("pith_citations", config.pith_citations),
        *_patterns("pith_citations", config.pith_citations),
        *_texts("pith_registry", config.pith_registry),
        *_registry(config.pith_registry),
        *_texts("pith_upgrade_links", config.pith_upgrade_links),
        *_url("pith_base_url", config.pith_base_url),
        *_severities(config.pith_severity),
        *_mapping("pith_alias_roles", config.pith_alias_roles, values=tuple(ALIAS_ROLES)),
        *_mapping("pith_reports", config.pith_reports, keys=REPORTS),
        *_files(config.pith_reports),
        *_path("pith_lock", config.pith_lock, optional=False),
        *_path("pith_home", config.pith_home),
        *_path("pith_baseline", config.pith_baseline),
        *_path("pith_manifest", config.pith_manifest),
        *_signing(config),
        *_path("pith_policy", config.pith_policy),
        *_trust_root(Path(app.confdir), config.pith_trust_root),
    ]
    if faults:
        raise ConfigError("\n".join(faults))


def _choice(name: str, value: Any, allowed: tuple[Any, ...]) -> Iterator[str]:
    if not any(type(value) is type(one) and value == one for one in allowed):
        yield f"{name} is {value!r}; it must be one of {', '.join(map(repr, allowed))}."


def _flags(config: Config) -> Iterator[str]:
    lock = ("pith_lock_upgrade", "pith_lock_prune")
    for name in (*lock, "pith_reader_check", "pith_sign", "pith_report_links"):
        # With `-D name=1`, Sphinx makes a truth value of it.
        if config[name] not in (True, False):
            yield f"{name} is {config[name]!r}; it must be True or False."


def _signing(config: Config) -> Iterator[str]:
    if config.pith_sign and config.pith_manifest is None:
        yield "pith_sign signs the manifest; name it with pith_manifest."


def _seconds(value: Any) -> Iterator[str]:
    try:
        fits = not isinstance(value, bool) and 0 < float(value) <= 600
    except (TypeError, ValueError):
        fits = False
    if not fits:
        yield f"pith_timeout is {value!r}; it must be a number of seconds above 0, at most 600."


def _texts(name: str, value: Any) -> Iterator[str]:
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        yield f"{name} is {value!r}; it must be a list of strings."


def _patterns(name: str, value: Any) -> Iterator[str]:
    for pattern in value if isinstance(value, list | tuple) else ():
        if isinstance(pattern, str) and (not pattern or Path(pattern).is_absolute()):
            yield f"{name} holds {pattern!r}; patterns are relative to conf.py."


def _registry(value: Any) -> Iterator[str]:
    for url in value if isinstance(value, list | tuple) else ():
        yield from _url("pith_registry", url)
    if isinstance(value, list | tuple) and not value:
        yield "pith_registry is empty; it needs at least one base URL."


def _url(name: str, value: Any) -> Iterator[str]:
    fault = f"{name} holds {value!r}; it must be a URL such as {REGISTRY}."
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
        yield f"pith_severity is {value!r}; it must be a dict from codes to severities."
        return
    for code, severity in value.items():
        known = code in OWN_CODES or (isinstance(code, str) and error_class(code).code == code)
        if not known:
            yield f"pith_severity names {code!r}, which is no code."
        elif code not in OWN_CODES and error_class(code) is PithError:
            yield f"pith_severity names {code!r}, which no citation can have."
        elif severity not in get_args(Severity):
            allowed = ", ".join(get_args(Severity))
            yield f"pith_severity[{code!r}] is {severity!r}; it must be one of {allowed}."
        elif is_refutation(code) and severity not in ("error", "warning"):
            yield f"pith_severity[{code!r}] is {severity!r}; it may not go below warning."


def _mapping(
    name: str, value: Any, *, keys: tuple[str, ...] = (), values: tuple[str, ...] = ()
) -> Iterator[str]:
    if not isinstance(value, dict) or not all(
        isinstance(text, str) and text for pair in value.items() for text in pair
    ):
        yield f"{name} is {value!r}; it must be a dict of strings that are not empty."
        return
    for key, item in value.items():
        if keys and key not in keys:
            yield f"{name} names {key!r}; it may name {', '.join(keys)}."
        if values and item not in values:
            yield f"{name}[{key!r}] is {item!r}; it must be one of {', '.join(values)}."


def _files(reports: Any) -> Iterator[str]:
    names = list(reports.values()) if isinstance(reports, dict) else []
    twice = {name for name in names if isinstance(name, str) and names.count(name) > 1}
    for name in sorted(twice - {"-"}):
        yield f"pith_reports names {name!r} twice; each report needs a file of its own."


def _path(name: str, value: Any, *, optional: bool = True) -> Iterator[str]:
    if (value is None and optional) or (isinstance(value, str) and value):
        return
    yield f"{name} is {value!r}; it must be a path{' or None' if optional else ''}."


def _trust_root(here: Path, value: Any) -> Iterator[str]:
    if value is None:
        return
    if not isinstance(value, str) or not value:
        yield f"pith_trust_root is {value!r}; it must be a path or None."
        return
    try:
        TrustRoot.load((here / value).read_bytes())
    except OSError as error:
        yield f"pith_trust_root cannot be read: {error}."
    except PithError as error:
        yield f"pith_trust_root is {value!r}: {error.message}"
