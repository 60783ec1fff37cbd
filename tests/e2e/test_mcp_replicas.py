"""Several servers over HTTP, in processes of their own, that share one store and one ledger."""

import base64
import json
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import count
from threading import Barrier
from typing import Any

import pytest

from pith_agent.storage.keys import new_key
from tests.documents import NUMBER, TRUST
from tests.sessions import PROGRAM, Item, Session, environment, replicas

REPLICAS = 3
CITATIONS = 20
"""Signed through each replica."""
THREADS = 2
"""Callers of each replica."""
PAGE = 25


@pytest.fixture
def home(tmp_path):
    new_key(tmp_path / "home" / "keys")
    return tmp_path / "home"


@contextmanager
def sessions(*servers: dict[str, str]) -> Iterator[list[Session]]:
    """A session with each of several replicas that start at the same time."""
    with replicas(*servers) as running, ExitStack() as opened:
        yield [opened.enter_context(Session(replica.url)) for replica in running]


def at_once(*calls: Any) -> list[Any]:
    """Make all calls at the same time; what each returned."""
    barrier = Barrier(len(calls))

    def one(call: Any) -> Any:
        barrier.wait(timeout=30)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(one, calls))


def ledger(session: Session) -> list[Item]:
    """The whole ledger, page by page, as one replica tells it."""
    found: list[Item] = []
    start: int | None = 0
    while start is not None:
        page = session.call("list_citations", start=start, limit=PAGE)
        found += page["items"]
        start = page.get("next_start")
    assert page["size"] == len(found)
    return found


def test_a_record_that_one_replica_fetched_is_served_offline_by_the_others(
    home, tmp_path, registry
):
    published = registry.publish()
    number = published["pith_number"]
    root = tmp_path / "trust-root.json"
    root.write_text(TRUST.dump(), "utf-8")
    connected = environment(home, registry=registry.url, trust_root=root)
    offline = environment(home, trust_root=root)

    with sessions(connected, offline, offline) as (first, *others):
        for session in others:
            (before,) = session.items("resolve", ids=["arXiv:2401.00001"])
            assert (before["verdict"], before["code"]) == ("unreachable", "offline")

        (fetched,) = first.items("fetch", ids=["arXiv:2401.00001"], format="bibtex")
        asked = list(registry.requests)
        assert asked
        for session in others:
            for spelling in ("arXiv:2401.00001", "10.48550/arXiv.2401.00001v1", number):
                (served,) = session.items("verify", ids=[spelling])
                assert (served["verdict"], served["pith_number"]) == ("verified", number)
            (again,) = session.items("fetch", ids=["arXiv:2401.00001"], format="bibtex")
            assert again["export"] == fetched["export"]
            assert again["untrusted"] == fetched["untrusted"]
        assert registry.requests == asked


def test_replicas_that_sign_at_once_lose_and_double_no_citation(home):
    numbers = count()

    with sessions(*[environment(home)] * REPLICAS) as running:

        def sign(session: Session) -> list[Item]:
            signed = []
            for _ in range(CITATIONS // THREADS):
                (item,) = session.items(
                    "sign_citation",
                    ids=[NUMBER],
                    relationship="cites",
                    citing_id=f"citation {next(numbers)}",
                )
                assert item["status"] == "signed"
                signed.append(item["citation"])
            return signed

        answers = at_once(*(lambda s=session: sign(s) for session in running * THREADS))
        signed = [citation for answer in answers for citation in answer]
        listed = [ledger(session) for session in running]

        assert listed[0] == listed[1] == listed[2]
        assert_each_is_logged_once(signed, answers, listed[0])
        for session in running:
            checked = session.items(
                "verify_citation", citations=[citation["envelope"] for citation in signed]
            )
            assert {(item["verdict"], item["code"]) for item in checked} == {("verified", "ok")}
            assert [i["citation_id"] for i in checked] == [c["citation_id"] for c in signed]
        for session, other in zip(running, listed[1:] + listed[:1], strict=True):
            kept = session.read(f"pith://citation/{other[-1]['citation_id']}")
            assert kept in [citation["envelope"] for citation in signed]

    assert on_the_disk(environment(home)) == [item["citation_id"] for item in listed[0]]


def assert_each_is_logged_once(
    signed: list[Item], answers: list[list[Item]], listed: list[Item]
) -> None:
    """Every citation that was handed out has the one place that its answer names."""
    total = REPLICAS * CITATIONS
    assert len(signed) == total
    assert [item["index"] for item in listed] == list(range(total))
    assert len({item["citation_id"] for item in listed}) == total
    assert {item["citing_id"] for item in listed} == {f"citation {n}" for n in range(total)}
    for citation in signed:
        entry = listed[citation["ledger_index"]]
        assert entry["citation_id"] == citation["citation_id"]
        assert entry["citing_id"] == citation["statement"]["predicate"]["citing"]["id"]
        assert (
            json.loads(base64.b64decode(citation["envelope"]["payload"])) == citation["statement"]
        )
    for answer in answers:  # Who waits for an answer before the next call finds them in that order.
        places = [citation["ledger_index"] for citation in answer]
        assert places == sorted(places)


def on_the_disk(variables: dict[str, str]) -> list[str]:
    """The ids of all citations, as a program that started later lists them."""
    command = [*PROGRAM, "citations", "list", "--limit", "100", "--json"]
    done = subprocess.run(
        command, env=variables, capture_output=True, text=True, timeout=60, check=True
    )
    return [item["citation_id"] for item in json.loads(done.stdout)["citations"]]
