"""A registry that takes questions and says nothing costs one time-out, not one for each paper."""

import time

import pytest

from pith_agent import Client, Settings
from pith_agent.errors import UnreachableError
from pith_agent.network.registry import Registry
from pith_agent.protocol.identifier import parse_identifier
from pith_agent.tools import call_tool
from tests.documents import TRUST
from tests.faults import hang, status
from tests.registry import suffix_of

TIMEOUT = 1.0
IDS = [f"2402.0{place:04d}" for place in range(1, 41)]


@pytest.fixture
def stalled(registry, tmp_path):
    registry.break_("/", hang)
    settings = Settings(home=tmp_path / "home", registry=(registry.url,), timeout=TIMEOUT)
    client = Client(settings, trust=TRUST)
    yield client
    registry.heal()
    client.close()


@pytest.mark.parametrize(
    ("tool", "more", "field"),
    [
        ("resolve", {}, "verdict"),
        ("verify", {}, "verdict"),
        ("sign_citation", {"relationship": "cites", "citing_id": "x", "dry_run": True}, "status"),
    ],
)
def test_forty_stalled_papers_are_answered_within_two_time_outs(stalled, tool, more, field):
    begun = time.monotonic()
    items = call_tool(stalled, tool, {"ids": IDS, **more})["items"]

    assert time.monotonic() - begun < 2 * TIMEOUT
    assert {(item[field], item["code"]) for item in items} == {("unreachable", "unreachable")}


class Clock:
    """A clock that stands until it is set."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def silent(registry):
    """A registry that was found silent just now, and the clock that it is asked by."""
    clock = Clock()
    asked = Registry((registry.url,), timeout=0.2, clock=clock)
    registry.break_("/", lambda *parts: _let_time_pass(clock, *parts))
    with pytest.raises(UnreachableError):
        asked.record(parse_identifier("2401.00001"))
    registry.heal()
    registry.requests.clear()
    yield asked, clock
    asked.close()


async def _let_time_pass(clock, app, scope, receive, send, stopped):
    clock.now += 0.3
    await hang(app, scope, receive, send, stopped)


def test_after_silence_nobody_is_asked_until_the_time_out_has_passed_once_more(registry, silent):
    asked, clock = silent
    number = parse_identifier(registry.publish()["pith_number"])

    clock.now += 0.1
    with pytest.raises(UnreachableError) as caught:
        asked.record(number)
    assert caught.value.code == "unreachable"
    assert registry.requests == []

    clock.now += 0.11
    assert asked.record(number).pith_number == str(number)
    assert len(registry.requests) == 1


def test_an_answer_of_any_kind_is_no_silence(registry):
    document = registry.publish()
    registry.break_(f"/pith/{suffix_of(document)}", status(500))
    asked = Registry((registry.url,), timeout=TIMEOUT)

    for _ in range(2):
        with pytest.raises(UnreachableError) as caught:
            asked.record(parse_identifier(document["pith_number"]))
        assert caught.value.code == "bad-response"
    assert len(registry.requests) == 2
    asked.close()
