"""One ledger and several processes; processes that end at any moment; a disk that is full.

`python -m benchmarks citations` runs the first two in the full size.
"""

import random
import subprocess
import sys
from itertools import chain

import pytest

from pith_agent.settings import Settings
from tests.signing import check_ledger, home_with_key, sign_and_kill, sign_at_once

PROCESSES, CITATIONS, KILLS = 8, 40, 10


@pytest.fixture
def home(tmp_path):
    return home_with_key(tmp_path / "home")


def test_eight_processes_sign_at_once_and_every_checkpoint_is_extended_by_the_next(home):
    told = sign_at_once(home, PROCESSES, CITATIONS, timeout=300)

    assert [len(one) for one in told] == [CITATIONS] * PROCESSES
    for one in told:  # Each process finds its own in the order in which it signed.
        places = [citation["index"] for citation in one]
        assert places == sorted(places)
    assert check_ledger(home, list(chain(*told))) == PROCESSES * CITATIONS


def test_a_process_killed_at_any_moment_has_logged_each_citation_that_it_gave(home):
    chance, told = random.Random(5021), []
    for n in range(KILLS):
        told += sign_and_kill(home, f"killed {n}", chance)
        check_ledger(home, told)

    assert len(told) >= KILLS
    assert check_ledger(home, told) <= len(told) + KILLS
    assert check_ledger(home, [*told, *sign_at_once(home, 1, 1, timeout=60)[0]])


def test_a_head_that_was_left_behind_by_a_kill_is_brought_forward(home):
    (told,) = sign_at_once(home, 1, 3, timeout=60)
    head = Settings(home=home).ledger_path.with_suffix(".head")
    before = head.read_bytes()
    told += sign_at_once(home, 1, 2, timeout=60)[0]
    after = head.read_bytes()
    head.write_bytes(before)
    (home / ".new-left").write_bytes(b"of a writer that was killed")

    assert check_ledger(home, told) == 5
    assert head.read_bytes() == after
    assert not (home / ".new-left").exists()


FILLED = """
import errno, os, sys
from pathlib import Path
from pith_agent import Agent, CitationRequest, Citing, Client, Settings
from pith_agent.errors import StoreUnavailableError

home = Path(sys.argv[1])
client = Client(Settings(home=home, offline=True))

def sign(n):
    request = CitationRequest(
        relationship="cites",
        citing=Citing(kind="agent_output", id=f"{n}"),
        agent=Agent(name="writer", version="1"),
        statement="x" * 1500,
    )
    return client.sign_citation("arXiv:2402.13116", request)[0]

kept = [sign(n) for n in range(5)]
ballast = open(home / "ballast", "ab", buffering=0)
try:
    while ballast.write(bytes(4096)):
        pass
except OSError as error:
    assert error.errno == errno.ENOSPC
for n in range(400):
    try:
        kept.append(sign(f"more {n}"))
    except StoreUnavailableError as error:
        code = error.code
        break
size = len(client.ledger)
assert size == len(kept), (size, len(kept))
os.truncate(home / "ballast", 0)
after = sign("after")
assert after.ledger_index == size
for one in [*kept, after]:
    assert client.ledger.require(one.citation_id).index == one.ledger_index
client.ledger.prove(after.citation_id)
client.close()
print(code)
"""


def test_on_a_full_disk_signing_is_refused_and_the_ledger_goes_on_when_there_is_room(home):
    mount = 'mount -t tmpfs -o size=2m tmpfs "$0" && exec "$@"'
    inside = ["unshare", "-rm", "sh", "-c", mount]
    room = home / "room"
    room.mkdir()
    key = f"import shutil; shutil.copytree({str(home / 'keys')!r}, {str(room / 'keys')!r})\n"
    try:
        allowed = subprocess.run([*inside, str(room), "true"], capture_output=True, timeout=60)
    except FileNotFoundError:
        pytest.skip("there is no unshare")
    if allowed.returncode:
        pytest.skip("a file system of one's own cannot be mounted here")

    done = subprocess.run(
        [*inside, str(room), sys.executable, "-c", key + FILLED, str(room)],
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert done.stderr == ""
    assert done.stdout == "store-unavailable\n"
