"""Clients without a network."""

import pytest

from pith_agent import Client, Settings
from pith_agent.storage.keys import new_key


@pytest.fixture
def offline(tmp_path):
    """Make offline clients that share one home, and close them."""
    made: list[Client] = []

    def client(**given: object) -> Client:
        settings = Settings(home=tmp_path / "home", offline=True)
        made.append(Client(given.pop("settings", settings), **given))
        return made[-1]

    yield client
    for one in made:
        one.close()


@pytest.fixture
def local(offline):
    """A client without a network."""
    return offline()


@pytest.fixture
def signing(local):
    """A client that has a key."""
    new_key(local.settings.key_directory)
    return local
