"""Settings: argument, then variable, then default."""

import dataclasses
import os
from pathlib import Path

import pytest

from pith_agent import Settings
from pith_agent.errors import SettingsError

DEFAULT = Settings.from_environment({})


def test_defaults_need_no_environment():
    assert DEFAULT.registry == ("https://pith.science",)
    assert DEFAULT.home.is_absolute()
    assert "pith-agent" in DEFAULT.home.parts
    assert (DEFAULT.offline, DEFAULT.trust_root, DEFAULT.key_file) == (False, None, None)
    assert DEFAULT.timeout == 30.0


def test_variables_are_read():
    given = {
        "PITH_HOME": "/srv/pith",
        "PITH_REGISTRY": " https://a.example  https://b.example ",
        "PITH_OFFLINE": "1",
        "PITH_TRUST_ROOT": "/srv/root.json",
        "PITH_KEY_FILE": "~/key.json",
        "PITH_TIMEOUT": "2.5",
    }
    settings = Settings.from_environment(given)

    assert settings == Settings(
        home=Path("/srv/pith"),
        registry=("https://a.example", "https://b.example"),
        offline=True,
        trust_root=Path("/srv/root.json"),
        key_file=Path.home() / "key.json",
        timeout=2.5,
    )


def test_a_flag_wins_over_a_variable():
    given = {
        "PITH_HOME": "/variable",
        "PITH_REGISTRY": "https://variable.example",
        "PITH_OFFLINE": "0",
        "PITH_TRUST_ROOT": "/variable",
    }
    settings = Settings.from_environment(
        given,
        home=Path("/flag"),
        registry=("https://flag.example",),
        offline=True,
        trust_root=Path("/flag"),
    )

    assert (settings.home, settings.trust_root) == (Path("/flag"), Path("/flag"))
    assert (settings.registry, settings.offline) == (("https://flag.example",), True)


@pytest.mark.parametrize(
    "name",
    [
        "PITH_HOME",
        "PITH_REGISTRY",
        "PITH_OFFLINE",
        "PITH_TRUST_ROOT",
        "PITH_KEY_FILE",
        "PITH_TIMEOUT",
    ],
)
def test_an_empty_variable_is_as_good_as_none(name):
    assert Settings.from_environment({name: ""}) == DEFAULT


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PITH_OFFLINE", "yes"),
        ("PITH_OFFLINE", "true"),
        ("PITH_OFFLINE", " 1"),
        ("PITH_TIMEOUT", "soon"),
        ("PITH_TIMEOUT", "0"),
        ("PITH_TIMEOUT", "-1"),
        ("PITH_TIMEOUT", "601"),
        ("PITH_TIMEOUT", "inf"),
        ("PITH_TIMEOUT", "nan"),
        ("PITH_HOME", "~no-such-user-here/x"),
        ("PITH_KEY_FILE", "~no-such-user-here/x"),
        ("PITH_TRUST_ROOT", "~no-such-user-here/x"),
    ],
)
def test_a_variable_that_cannot_be_used_is_named(name, value):
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({name: value})

    assert caught.value.code == "invalid-setting"
    assert name in caught.value.message


def test_the_environment_of_the_process_is_read_where_none_is_given(monkeypatch):
    for name in list(os.environ):
        if name.startswith("PITH_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PITH_HOME", "/srv/pith")

    assert Settings.from_environment().home == Path("/srv/pith")


def test_settings_lie_in_one_directory_and_are_at_most_eight():
    settings = Settings(home=Path("/srv"))

    assert settings.store_path == Path("/srv/store.sqlite3")
    assert settings.ledger_path == Path("/srv/ledger.sqlite3")
    assert settings.key_directory == Path("/srv/keys")
    assert len(dataclasses.fields(Settings)) <= 8


def test_settings_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        DEFAULT.offline = True
