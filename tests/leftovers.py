"""Which servers a test session started, so that the next session can end what a kill -9 left.

Each session owns one directory under the system's temporary one and holds a lock in it; the
kernel releases the lock however the session ends. A directory without a lock holder is stale.
"""

import contextlib
import fcntl
import os
import re
import shutil
import signal
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, NamedTuple

MEMORY = Path("/dev/shm")  # noqa: S108 - directories of our own are made in it
DISK = Path("/var/tmp")  # noqa: S108 - likewise
"""For what is to be on a disk, whatever TMPDIR says."""
NEEDED = 8 << 30
"""Bytes: a session's servers and databases take up to half of it."""


class Session(NamedTuple):
    """The process that made a directory, its path, and the open file that holds the lock."""

    owner: int
    path: Path
    lock: IO[str]


_session: list[Session] = []


def root() -> Path:
    """Give the directory of all sessions of this user, once it is known where files go."""
    return Path(tempfile.gettempdir()) / f"runledger-tests-{os.geteuid()}"


def session_dir() -> Path:
    """Give this session's directory; the first call clears up after dead sessions."""
    if not _session:
        root().mkdir(mode=0o700, exist_ok=True)
        sweep(root())
        path = Path(tempfile.mkdtemp(prefix="s", dir=root()))
        (path / "pids").mkdir()
        lock = (path / "lock.new").open("w")
        fcntl.flock(lock, fcntl.LOCK_EX)
        (path / "lock.new").rename(path / "lock")  # locked before another session can see it
        _session.append(Session(os.getpid(), path, lock))
    return _session[0].path


def remember(pid: int, directory: Path) -> None:
    """Note that the server `pid` runs in `directory`."""
    (session_dir() / "pids" / str(pid)).write_text(str(directory))


def forget(pid: int) -> None:
    """Strike out a server that has ended."""
    (session_dir() / "pids" / str(pid)).unlink(missing_ok=True)


def close_session() -> None:
    """End every server of this session that still runs and remove its directory."""
    while _session:
        session = _session.pop()
        if session.owner == os.getpid():  # a forked child only forgets it
            clear(session.path)
        session.lock.close()


def sweep(root: Path) -> list[Path]:
    """Clear the directories whose session is dead, and give their paths."""
    cleared = []
    for path in root.iterdir():
        # A directory without its lock file belongs to a session that starts at this moment.
        with contextlib.suppress(OSError), (path / "lock").open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            clear(path)
            cleared.append(path)
    return cleared


def clear(path: Path) -> None:
    """End the servers noted under `path` and remove it."""
    for note in (path / "pids").glob("*"):
        pid, directory = int(note.name), note.read_text()
        if runs_in(pid, directory):
            os.kill(pid, signal.SIGKILL)
            wait_gone(pid, seconds=10)
    shutil.rmtree(path, ignore_errors=True)


def runs_in(pid: int, directory: str) -> bool:
    """Tell a server of `directory` from a stranger that was given the same pid later."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    words = command.split(b"\0")
    return f"--datadir={directory}/data".encode() in words or f"{directory}/data".encode() in words


def wait_gone(pid: int, *, seconds: float) -> bool:
    """Wait until the process has ended, and tell whether it has."""
    deadline = time.monotonic() + seconds
    while alive(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def alive(pid: int) -> bool:
    """Tell whether the process runs; one that waits to be reaped does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    if state in "ZX":
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
        return False
    return True


def children(pid: int) -> list[int]:
    """Return the pids of a process's children, whichever of its threads made them."""
    found = list[int]()
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += map(int, task.read_text().split())
    return found


def freeze_family(pid: int) -> bool:
    """Stop a process, and then its children, as it makes no more; tell whether it stands."""
    os.kill(pid, signal.SIGSTOP)
    if not wait_frozen(pid, seconds=30):
        return False
    for child in children(pid):
        with contextlib.suppress(ProcessLookupError, FileNotFoundError):
            os.kill(child, signal.SIGSTOP)
            wait_frozen(child, seconds=30)
    return True


def send(number: int, pids: Sequence[int]) -> None:
    """Send a signal to processes that may be gone, the last one first."""
    for pid in reversed(pids):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def kill_all(pids: Sequence[int]) -> None:
    """Kill processes, and wait until they are gone."""
    send(signal.SIGKILL, pids)
    for pid in pids:
        wait_gone(pid, seconds=30)


def wait_frozen(pid: int, seconds: float) -> bool:
    """Wait until every thread of a process has stopped; tell whether they have."""
    ends = time.monotonic() + seconds
    while {state(task) for task in Path(f"/proc/{pid}/task").iterdir()} - {"T", ""}:
        if time.monotonic() > ends:
            return False
        time.sleep(0.001)
    return True


def state(task: Path) -> str:
    """Return the letter that /proc has for a thread's state; "" when it has ended.

    Source: proc_pid_stat(5): the third field, after a name in parentheses.
    """
    try:
        return (task / "stat").read_text().rpartition(") ")[2][:1]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def use_memory() -> None:
    """Have temporary files made in memory, where there is enough: this session's, by all it starts.

    Half of the time of `make test` went to waiting for the disk. Nothing here loses power: what a
    killed process wrote is there either way. A TMPDIR that is given stays.
    """
    if "TMPDIR" in os.environ or not is_memory_enough():
        return
    os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


def is_memory_enough() -> bool:
    """Tell whether a memory disk is there, and free memory behind it."""
    try:
        room = shutil.disk_usage(MEMORY).free
        told = re.search(r"MemAvailable: +(\d+) kB", Path("/proc/meminfo").read_text())
    except OSError:
        return False
    available = int(told[1]) * 1024 if told else 0
    return os.access(MEMORY, os.W_OK) and min(room, available) >= NEEDED
