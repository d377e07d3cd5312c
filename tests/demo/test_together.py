"""`make run`: the pages live as long as the listener, and never keep it from its work."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from tests.servers import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 90
SOON = (
    "from demo import pages_beside, together; pages_beside.CALM_SECONDS = pages_beside.PAUSE = 0.5;"
    " raise SystemExit(together.main())"
)
"""What `demo.together` does, with pages that count as started at once."""


@contextmanager
def running(
    folder: Path, port: int, pages: int, *, soon: bool = False
) -> Iterator[subprocess.Popen[bytes]]:
    """Run what `make run` does, with its output in a file."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": f"sqlite:///{folder}/store.db",
        "WEBHOOK_SECRET": "a secret of the tests",
        "SPOOL_DIR": str(folder / "spool"),
        "DASHBOARD_PORT": str(pages),
    }
    programme = ["-c", SOON] if soon else ["-m", "demo.together"]
    command = [sys.executable, *programme, "--host", "127.0.0.1", "-p", str(port)]
    with (folder / "out").open("wb") as out:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=out, stderr=out, start_new_session=True
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()


def wait_until(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.1)


def answers(port: int, path: str) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}{path}", timeout=10).ok
    except requests.ConnectionError:
        return False


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def test_pages_end_with_the_listener_however_it_ends(tmp_path: Path):
    port, pages = free_port(), free_port()
    with running(tmp_path, port, pages) as process:
        wait_until(lambda: answers(port, "/readyz") and answers(pages, "/health"))
        process.send_signal(signal.SIGKILL)
        process.wait()
        wait_until(lambda: is_free(pages))
        wait_until(lambda: is_free(port))


def test_pages_whose_port_is_in_use_say_so_and_the_listener_listens(tmp_path: Path):
    port = free_port()
    with socket.create_server(("127.0.0.1", 0)) as other:
        pages = other.getsockname()[1]
        with running(tmp_path, port, pages) as process:
            said = f"dashboard.py: port {pages} is in use"
            wait_until(lambda: answers(port, "/readyz") and said in (tmp_path / "out").read_text())
            wait_until(lambda: "the listener goes on" in (tmp_path / "out").read_text())
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == 0


def pages_of(process: subprocess.Popen[bytes]) -> int:
    """Return the pages' own first process."""
    lists = Path(f"/proc/{process.pid}/task").glob("*/children")  # each thread has its own
    children = [pid for one in lists for pid in one.read_text().split()]
    (pages,) = [
        pid for pid in children if b"dashboard.py" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]
    return int(pages)


def test_pages_that_alone_are_killed_are_started_again_and_it_is_said(tmp_path: Path):
    port, pages = free_port(), free_port()
    with running(tmp_path, port, pages, soon=True) as process:
        wait_until(lambda: answers(port, "/readyz") and answers(pages, "/health"))
        first = pages_of(process)
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: "the pages ended" in (tmp_path / "out").read_text())
        wait_until(lambda: answers(pages, "/health"))
        assert answers(port, "/readyz")
        assert pages_of(process) != first
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
        wait_until(lambda: is_free(pages))
    said = (tmp_path / "out").read_text()
    assert said.count("the pages ended: they are started again") == 1
    assert "Traceback" not in said


def test_pages_that_end_with_the_listener_are_not_started_again(tmp_path: Path):
    port, pages = free_port(), free_port()
    with running(tmp_path, port, pages, soon=True) as process:
        wait_until(lambda: answers(port, "/readyz") and answers(pages, "/health"))
        os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C does
        assert process.wait(PATIENCE) == 0
        wait_until(lambda: is_free(pages))
    assert "the pages ended" not in (tmp_path / "out").read_text()
