"""Fixtures that more than one directory of tests uses."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pith_agent import Client, Settings, TrustRoot
from tests.documents import REAL, SHARED, TRUST
from tests.registry import LoopbackRegistry

PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests see the same environment everywhere."""
    for name in os.environ:
        if name.startswith("PITH_") or name.lower() in PROXIES:
            monkeypatch.delenv(name)


@pytest.fixture
def registry() -> Iterator[LoopbackRegistry]:
    """An empty registry that is really listening."""
    with LoopbackRegistry() as running:
        yield running


@pytest.fixture
def trust() -> TrustRoot:
    """The trust root of the test registry."""
    return TRUST


@pytest.fixture
def settings(tmp_path: Path, registry: LoopbackRegistry) -> Settings:
    """An empty home, and the test registry."""
    return Settings(home=tmp_path / "home", registry=(registry.url,), timeout=5.0)


@pytest.fixture
def client(settings: Settings, trust: TrustRoot) -> Iterator[Client]:
    """A client of the test registry."""
    made = Client(settings, trust=trust)
    yield made
    made.close()


@pytest.fixture
def real_record() -> bytes:
    """A published record, byte for byte."""
    return REAL


@pytest.fixture
def shared() -> Path:
    """Vectors of other projects, which are read in place."""
    if not SHARED.is_dir():
        pytest.skip("the vectors of other projects are not beside this repository")
    return SHARED
