"""Locks that processes share by the name of a file."""

import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from runtime.file_lock import FileLock
from tests.listener.process import ROOT

HOLD = """
import sys, time
from pathlib import Path
from runtime.file_lock import FileLock
lock = FileLock(Path(sys.argv[1]))
lock.wait()
print("held", flush=True)
time.sleep(60)
"""


def takes(lock: FileLock, seconds: float) -> bool:
    """Tell whether a lock is had in time."""
    thread = threading.Thread(target=lock.wait, daemon=True)
    thread.start()
    thread.join(seconds)
    return not thread.is_alive()


def test_lock_is_given_back_in_the_block_or_at_its_end(tmp_path: Path):
    first, second = (FileLock(tmp_path / "folder/lock") for _ in range(2))
    with closing(first), closing(second):
        with first.held() as give_back:
            give_back()
            assert takes(second, 10)
            second.release()
        assert takes(second, 10)


def test_lock_that_was_given_back_is_not_taken_from_who_has_it_since(tmp_path: Path):
    first, second = (FileLock(tmp_path / "lock") for _ in range(2))
    with closing(first), closing(second):
        with first.held() as give_back:
            give_back()
            first.wait()
            give_back()
        assert not takes(second, 0.2)
        first.release()


def test_something_is_done_first_only_where_another_has_the_lock(tmp_path: Path):
    first, second = (FileLock(tmp_path / "lock") for _ in range(2))
    done: list[str] = []
    with closing(first), closing(second):
        with first.held(lambda: done.append("free")):
            assert done == []
            waiting = threading.Thread(target=hold, args=(second, done), daemon=True)
            waiting.start()
            until = time.monotonic() + 30
            while not done and time.monotonic() < until:
                time.sleep(0.01)
            assert done == ["first"]
        waiting.join(30)
    assert done == ["first", "held"]


def hold(lock: FileLock, done: list[str]) -> None:
    """Note what is done first, and that the lock is had."""
    with lock.held(lambda: done.append("first")):
        done.append("held")


def test_lock_of_a_process_that_was_killed_is_free(tmp_path: Path):
    command = [sys.executable, "-c", HOLD, str(tmp_path / "lock")]
    with (
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as holder,
        closing(FileLock(tmp_path / "lock")) as lock,
    ):
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert not takes(lock, 0.2)
        holder.kill()
        assert takes(lock, 20)


def test_all_threads_of_a_process_have_it_together(tmp_path: Path):
    with closing(FileLock(tmp_path / "lock")) as lock:
        assert takes(lock, 10)
        assert takes(lock, 10)


def test_lock_where_no_file_can_be_made_is_an_error(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=r"exists|directory"):
        FileLock(tmp_path / "file/lock")
