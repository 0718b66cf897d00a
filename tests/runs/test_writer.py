"""One thread writes for many: each gets what its own act gives, and what one does wrong harms no other."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.errors import Stopped, StoreError
from core.runs.writer import Writer
from core.store import open_store


@pytest.fixture
def path(tmp_path):
    with open_store(tmp_path / "t.db", create=True) as store:
        store.db.execute("CREATE TABLE notes (n INTEGER PRIMARY KEY)")
    return tmp_path / "t.db"


def note(number):
    return lambda store: store.insert("notes", {"n": number})


def test_what_waits_together_is_committed_together_and_each_thread_gets_its_own(path):
    commits, first, free = [], threading.Event(), threading.Event()

    def hold(store):
        store.db.conn.set_trace_callback(lambda sql: commits.append(sql) if sql == "COMMIT" else None)
        first.set()
        assert free.wait(60)

    write = Writer(path)
    with ThreadPoolExecutor(65) as pool:
        holding = pool.submit(write, hold)
        assert first.wait(60)
        given = [pool.submit(write, note(n)) for n in range(64)]
        while write._waiting.qsize() < 64:
            pass
        free.set()
        assert [one.result() for one in given] == list(range(64))
        holding.result()
    write.close()
    assert len(commits) == 2
    with open_store(path) as store:
        assert store.value("SELECT count(*) FROM notes") == 64


def test_an_act_that_fails_fails_alone(path):
    write = Writer(path)
    with ThreadPoolExecutor(9) as pool:
        given = [pool.submit(write, note(n % 5)) for n in range(9)]
        faults = [one.exception() for one in given]
    write.close()
    assert sum(isinstance(fault, sqlite3.IntegrityError) for fault in faults) == 4
    with open_store(path) as store:
        assert [row["n"] for row in store.rows("SELECT n FROM notes ORDER BY n")] == [0, 1, 2, 3, 4]


def test_nothing_is_written_after_the_end(path):
    write = Writer(path)
    write(note(1))
    write.close()
    with pytest.raises(Stopped):
        write(note(2))


def test_a_file_that_cannot_be_opened_is_said_to_each_who_writes(tmp_path):
    write = Writer(tmp_path / "none.db")
    for _ in range(2):
        with pytest.raises(StoreError, match=r"none\.db does not exist"):
            write(note(1))
    write.close()
