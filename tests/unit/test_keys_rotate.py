"""Keys in the place of others, cut off at any moment, on any disk."""

import os
import random
import resource
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from pith_agent.errors import (
    KeyRetiredError,
    NoSigningKeyError,
    SigningKeyError,
    StoreUnavailableError,
    UnsafeKeyFileError,
)
from pith_agent.storage.key_file import Cost, Secret, dump_stub
from pith_agent.storage.keys import (
    Keeping,
    find_key,
    list_keys,
    load_key,
    new_key,
    read_key_file,
    rotate_key,
)

ROOT = Path(__file__).parents[2]
KEEPING = Keeping(Secret(b"a passphrase"), cost=Cost(1, 8192))


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_a_new_key_takes_the_name_and_the_old_one_can_only_be_verified_with(tmp_path):
    first = new_key(tmp_path)
    second, retired = rotate_key(tmp_path)

    assert load_key(tmp_path / "default.json").keyid == second.keyid != first.keyid
    assert (retired.name, retired.keyid, retired.kdf) == ("default.1", first.keyid, "retired")
    assert retired.retired_at is not None
    with pytest.raises(KeyRetiredError) as caught:
        load_key(retired.path)
    assert caught.value.code == "key-retired"
    assert [key.name for key in list_keys(tmp_path)] == ["default", "default.1"]


def test_each_rotation_keeps_one_more_public_half(tmp_path):
    keyids = [new_key(tmp_path).keyid] + [rotate_key(tmp_path)[0].keyid for _ in range(3)]

    found = {key.name: key.keyid for key in list_keys(tmp_path)}
    assert found == {
        "default.1": keyids[0],
        "default.2": keyids[1],
        "default.3": keyids[2],
        "default": keyids[3],
    }


def test_a_plain_key_becomes_an_encrypted_one(tmp_path):
    new_key(tmp_path)
    made, _ = rotate_key(tmp_path, keeping=KEEPING)

    assert made.kdf == "argon2id13"
    assert load_key(made.path, lambda _: KEEPING.passphrase).keyid == made.keyid


def test_the_seed_of_the_old_key_is_in_no_file_any_more(tmp_path):
    first = new_key(tmp_path)
    seed = read_key_file(first.path).seed.reveal()
    rotate_key(tmp_path)

    left = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert Secret(seed).reveal() not in left
    assert read_key_file(tmp_path / "default.1.json").seed is None


def test_a_name_that_is_in_use_is_left_as_it_is(tmp_path):
    new_key(tmp_path)
    other = new_key(tmp_path, "default.1")
    _, retired = rotate_key(tmp_path)

    assert retired.name == "default.2"
    assert load_key(other.path).keyid == other.keyid


def test_what_is_not_there_or_retired_is_not_rotated(tmp_path):
    with pytest.raises(NoSigningKeyError):
        rotate_key(tmp_path)
    new_key(tmp_path)
    rotate_key(tmp_path)
    with pytest.raises(KeyRetiredError):
        rotate_key(tmp_path, "default.1")
    with pytest.raises(SigningKeyError):
        rotate_key(tmp_path, "../default")
    assert names(tmp_path) == ["default.1.json", "default.json"]


def test_a_rotation_that_was_cut_off_between_its_two_files_is_taken_up_again(tmp_path):
    first = new_key(tmp_path)
    stub = dump_stub(first.public, "retired", retired_at="2026-01-01T00:00:00Z")
    (tmp_path / "default.1.json").write_bytes(stub)
    (tmp_path / "default.1.json").chmod(0o600)

    assert [(key.name, key.kdf) for key in list_keys(tmp_path)] == [("default", "none")]
    _, retired = rotate_key(tmp_path)
    assert (retired.name, retired.keyid) == ("default.1", first.keyid)
    assert names(tmp_path) == ["default.1.json", "default.json"]


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_all_files_are_private_whatever_the_umask(tmp_path, umask):
    before = os.umask(umask)
    try:
        new_key(tmp_path / "home" / "keys")
        rotate_key(tmp_path / "home" / "keys")
    finally:
        os.umask(before)

    for path in (tmp_path / "home").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)
    assert stat.S_IMODE((tmp_path / "home").stat().st_mode) == 0o700


@pytest.mark.parametrize("mode", [0o750, 0o705, 0o720, 0o777, 0o1777])
def test_a_directory_that_others_can_look_into_is_refused(tmp_path, mode):
    directory = tmp_path / "keys"
    new_key(directory)
    directory.chmod(mode)

    for use in (
        lambda: new_key(directory, "other"),
        lambda: rotate_key(directory),
        lambda: list_keys(directory),
        lambda: find_key(directory, "default"),
    ):
        with pytest.raises(UnsafeKeyFileError) as caught:
            use()
        assert caught.value.code == "unsafe-key-file"
    assert names(directory) == ["default.json"]


def test_a_link_in_the_place_of_the_directory_is_refused(tmp_path):
    new_key(tmp_path / "real")
    (tmp_path / "keys").symlink_to(tmp_path / "real")

    for use in (lambda: new_key(tmp_path / "keys", "x"), lambda: list_keys(tmp_path / "keys")):
        with pytest.raises(UnsafeKeyFileError):
            use()


def test_a_key_in_a_directory_that_others_may_write_is_refused(tmp_path):
    entry = new_key(tmp_path / "keys")
    (tmp_path / "keys").chmod(0o777)
    with pytest.raises(UnsafeKeyFileError):
        load_key(entry.path)

    (tmp_path / "keys").chmod(0o755)
    assert load_key(entry.path).keyid == entry.keyid


@pytest.fixture
def no_room():
    """Files may grow to 64 bytes only: a key needs more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def old(tmp_path):
    return new_key(tmp_path / "keys")


@pytest.mark.parametrize("keeping", [Keeping(), KEEPING], ids=["plain", "encrypted"])
def test_where_a_file_cannot_grow_the_old_key_is_as_it_was(old, no_room, keeping):
    directory, before = old.path.parent, old.path.read_bytes()

    for use in (
        lambda: rotate_key(directory, keeping=keeping),
        lambda: new_key(directory, "other", keeping),
    ):
        with pytest.raises(StoreUnavailableError):
            use()
        assert (names(directory), old.path.read_bytes()) == (["default.json"], before)


ROTATE_ONCE = """
import sys
from pathlib import Path
from pith_agent.errors import StoreUnavailableError
from pith_agent.storage.keys import list_keys, new_key, rotate_key
disk, room = Path(sys.argv[1]), int(sys.argv[2])
first = new_key(disk / "keys")
for place in range(room):
    (disk / f"ballast{place}").touch()
try:
    rotate_key(disk / "keys")
except StoreUnavailableError as error:
    print(error.code)
left = [(key.name, key.keyid == first.keyid) for key in list_keys(disk / "keys")]
print(left, sorted(path.name for path in (disk / "keys").iterdir()))
"""


@pytest.mark.parametrize("room", [4, 5])
def test_on_a_disk_with_no_room_for_the_second_file_nothing_changes(tmp_path, room):
    # Of eight inodes the root, keys/ and a key take three; the ballast leaves one, or none.
    mount = 'mount -t tmpfs -o nr_inodes=8 none "$0" && exec "$@"'
    inside = ["unshare", "-rm", "sh", "-c", mount, str(tmp_path)]
    if not shutil.which("unshare") or subprocess.run([*inside, "true"], check=False).returncode:
        pytest.skip("this machine does not let a test mount anything")

    done = subprocess.run(
        [*inside, sys.executable, "-c", ROTATE_ONCE, str(tmp_path), str(room)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.splitlines() == [
        "store-unavailable",
        "[('default', True)] ['default.json']",
    ]


ROTATE_FOR_EVER = """
import sys
from pathlib import Path
from pith_agent.storage.keys import rotate_key
while True:
    made, retired = rotate_key(Path(sys.argv[1]))
    print(retired.keyid, made.keyid, flush=True)
"""


def test_killed_while_it_rotates_a_whole_key_is_there_and_no_public_half_is_lost(tmp_path):
    chance, directory = random.Random(405), tmp_path / "keys"
    known = {new_key(directory).keyid}
    for _ in range(12):
        with subprocess.Popen(
            [sys.executable, "-c", ROTATE_FOR_EVER, str(directory)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        ) as child:
            for _ in range(chance.randrange(1, 12)):
                known |= set(child.stdout.readline().split())
            child.send_signal(signal.SIGKILL)
            for line in child.stdout.read().splitlines(keepends=True):
                known |= set(line.split()) if line.endswith("\n") else set()

        listed = list_keys(directory)
        (active,) = [key for key in listed if key.kdf != "retired"]
        assert load_key(directory / "default.json").keyid == active.keyid
        assert known <= {key.keyid for key in listed}
        assert len({key.keyid for key in listed}) == len(listed)

    rotate_key(directory)
    assert [name for name in names(directory) if not name.endswith(".json")] == []


def test_of_eight_programs_that_rotate_at_once_none_loses_a_key(tmp_path):
    new_key(tmp_path / "keys")
    once = "import sys\nfrom pathlib import Path\nfrom pith_agent.storage.keys import rotate_key\n"
    once += "for _ in range(5): print(rotate_key(Path(sys.argv[1]))[0].keyid)"
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", once, str(tmp_path / "keys")],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(8)
    ]
    made = {line for program in programs for line in program.communicate(timeout=120)[0].split()}

    listed = list_keys(tmp_path / "keys")
    assert (len(made), len(listed)) == (40, 41)
    assert made <= {key.keyid for key in listed}


def test_a_key_that_was_left_unfinished_is_removed_by_the_next_writer(tmp_path):
    new_key(tmp_path)
    (tmp_path / ".new-left").write_bytes(b"half a key")

    assert [key.name for key in list_keys(tmp_path)] == ["default"]
    new_key(tmp_path, "other")
    assert names(tmp_path) == ["default.json", "other.json"]
