"""A home, and a client that signs there."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pith_agent import Client, Settings
from pith_agent.protocol.citation import CitationKey
from tests.citing import SEED


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Of the one who signs."""
    return tmp_path / "home"


@pytest.fixture
def client(home: Path) -> Iterator[Client]:
    with Client(Settings(home=home, offline=True, agent_key=CitationKey(SEED))) as client:
        yield client
