"""One SQLite file, shared by threads and processes."""

import contextlib
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor, wait

import pytest

from pith_agent.errors import StorageError, StoreDamagedError, StoreUnavailableError
from pith_agent.storage.database import Database

SCHEMA = "CREATE TABLE things (name TEXT PRIMARY KEY);"


@pytest.fixture
def database(tmp_path):
    opened = Database(tmp_path / "made" / "file.sqlite3", SCHEMA, durable=True)
    yield opened
    opened.close()


def names(database: Database) -> list[str]:
    return [row["name"] for row in database.read("SELECT name FROM things ORDER BY name")]


def add(database: Database, name: str) -> None:
    with database.transaction() as connection:
        connection.execute("INSERT INTO things VALUES (?)", (name,))


def test_a_file_is_made_with_its_directory_and_kept(database):
    add(database, "a")
    again = Database(database.path, SCHEMA, durable=True)

    assert names(again) == ["a"]
    again.close()
    assert database.path.parent.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("level", ["EXCLUSIVE", "IMMEDIATE"])
def test_a_new_file_that_another_process_holds_is_waited_for(tmp_path, level):
    path = tmp_path / "file.sqlite3"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute(f"BEGIN {level}")
    with ThreadPoolExecutor(1) as pool:
        opening = pool.submit(Database, path, SCHEMA, durable=True)
        wait([opening], timeout=0.3)
        early = opening.done()
        other.execute("COMMIT")
        other.close()
        opening.result(timeout=20).close()

    assert not early


def test_a_new_file_that_is_not_let_go_is_unavailable_after_the_time_allowed(tmp_path):
    path = tmp_path / "file.sqlite3"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")

        with pytest.raises(StoreUnavailableError) as caught:
            Database(path, SCHEMA, durable=True, busy_milliseconds=20)

    assert caught.value.code == "store-unavailable"
    Database(path, SCHEMA, durable=True, busy_milliseconds=20).close()


def test_commits_reach_the_disk_where_that_is_asked(tmp_path):
    for durable, level in ((True, 2), (False, 1)):
        database = Database(tmp_path / f"{durable}.sqlite3", SCHEMA, durable=durable)
        assert database.read("PRAGMA synchronous")[0][0] == level
        assert database.read("PRAGMA journal_mode")[0][0] == "wal"
        database.close()


def add_then_raise(database: Database, error: BaseException) -> None:
    with database.transaction() as connection:
        connection.execute("INSERT INTO things VALUES ('b')")
        raise error


def add_all(database: Database, *added: str) -> None:
    with database.transaction() as connection:
        connection.executemany("INSERT INTO things VALUES (?)", [(name,) for name in added])


def test_a_transaction_is_done_whole_or_not_at_all(database):
    add(database, "a")

    for error in (KeyError("mine"), KeyboardInterrupt()):
        with pytest.raises(type(error)):
            add_then_raise(database, error)
    with pytest.raises(StoreUnavailableError):
        add_all(database, "b", "a")

    assert names(database) == ["a"]
    add(database, "c")
    assert names(database) == ["a", "c"]


def test_a_transaction_that_was_ended_by_others_leaves_the_connection_usable(database):
    def end_early() -> None:
        with database.transaction() as connection:
            connection.execute("COMMIT")

    with pytest.raises(StorageError):
        end_early()

    add(database, "a")
    assert names(database) == ["a"]


def test_where_the_file_cannot_be_the_store_is_unavailable(tmp_path):
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "directory.sqlite3").mkdir()

    for path in (tmp_path / "file" / "x.sqlite3", tmp_path / "directory.sqlite3"):
        with pytest.raises(StoreUnavailableError) as caught:
            Database(path, SCHEMA, durable=True)
        assert caught.value.code == "store-unavailable"


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b"\x00" * 4096])
def test_a_file_of_another_kind_is_damaged_and_left_alone(tmp_path, content):
    path = tmp_path / "file.sqlite3"
    path.write_bytes(content)

    with pytest.raises(StoreDamagedError) as caught:
        Database(path, SCHEMA, durable=True)

    assert caught.value.code == "store-damaged"
    assert path.read_bytes() == content


def test_a_file_with_a_damaged_middle_is_reported(tmp_path):
    path = tmp_path / "file.sqlite3"
    database = Database(path, SCHEMA, durable=True)
    with database.transaction() as connection:
        connection.executemany(
            "INSERT INTO things VALUES (?)", [(f"{n:0500}",) for n in range(2000)]
        )
    database.close()
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xaa" * (len(data) - 4096)
    path.write_bytes(data)

    def read() -> None:
        with contextlib.closing(Database(path, SCHEMA, durable=True)) as opened:
            opened.read("SELECT * FROM things")

    with pytest.raises(StoreDamagedError):
        read()


def test_a_full_disk_is_said_to_be_and_nothing_is_written(database):
    add(database, "a")
    pages = database.read("PRAGMA page_count")[0][0]
    database.read(f"PRAGMA max_page_count = {pages}")

    with pytest.raises(StoreUnavailableError) as caught:
        add_all(database, *(f"{n:0500}" for n in range(99)))

    assert "full" in caught.value.message
    assert names(database) == ["a"]
    database.read("PRAGMA max_page_count = 1000")
    add(database, "b")
    assert names(database) == ["a", "b"]


def test_a_closed_database_is_unavailable(tmp_path):
    database = Database(tmp_path / "file.sqlite3", SCHEMA, durable=True)
    database.close()

    with pytest.raises(StoreUnavailableError):
        database.read("SELECT 1")


def test_threads_share_one_connection_and_lose_nothing(database):
    failed: list[BaseException] = []

    def write(thread: int) -> None:
        try:
            for n in range(25):
                add(database, f"{thread}-{n}")
        except BaseException as error:  # noqa: BLE001
            failed.append(error)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert failed == []
    assert len(names(database)) == 200


def test_a_database_in_memory_is_nobody_elses():
    first, second = Database(None, SCHEMA, durable=False), Database(None, SCHEMA, durable=False)
    add(first, "a")

    assert (names(first), names(second)) == (["a"], [])
    first.close()
    second.close()


def test_another_process_that_holds_the_file_is_waited_for(database):
    other = sqlite3.connect(database.path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    other.execute("INSERT INTO things VALUES ('other')")
    release = threading.Timer(0.2, lambda: other.execute("COMMIT"))
    release.start()

    add(database, "mine")

    release.join(10)
    other.close()
    assert names(database) == ["mine", "other"]
