"""The server around the app: its processes, their death, and many senders at once."""

import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engines import connect, kind_of
from listener.uvicorn_worker import workers_for
from rows.github.events import EVENTS
from tests import leftovers
from tests.listener.process import ROOT, Listener, Reply, reply, request, running
from tests.listener.sending import FIXTURES, headers, recorded
from tests.listener.stored import counted

BODY = recorded("push__branch_created")


def children(listener: Listener) -> list[int]:
    """Return the processes that gunicorn's master has started."""
    command = ["pgrep", "-P", str(listener.process.pid)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return [int(pid) for pid in done.stdout.split()]


def deliver(listener: Listener) -> Reply:
    return listener.post(BODY, headers("push", BODY))


def stored(listener: Listener, event: str, body: bytes) -> Reply:
    """Send a delivery, again while a busy machine has no time for it; return its answer."""
    made = headers(event, body)
    while (answer := listener.post(body, made)).code == 503:
        time.sleep(0.2)
    return answer


def test_workers_are_one_for_sqlite_and_as_many_as_cores_for_servers():
    cores = len(os.sched_getaffinity(0))
    urls = ("sqlite:///a.db", "mysql+pymysql://h/a", "mariadb+pymysql://h/a")
    assert [workers_for(kind_of(url).workers) for url in urls] == [1, cores, cores]


def test_deliveries_of_many_senders_at_once_are_all_stored(tmp_path: Path, database_url: str):
    payloads = [
        (event, file.read_bytes())
        for file in sorted((FIXTURES / "github").glob("*.json"))
        if (event := file.stem.partition("__")[0]) in EVENTS
    ]
    with running(tmp_path, DATABASE_URL=database_url) as listener, ThreadPoolExecutor(12) as pool:
        posts = [pool.submit(stored, listener, event, body) for event, body in payloads]
        again = [pool.submit(stored, listener, event, body) for event, body in payloads]
        answers = {(post.result().code, post.result().json["status"]) for post in posts + again}
        assert answers <= {(200, "applied"), (202, "spooled")}
        engine, until = connect(database_url), time.monotonic() + 60
        while counted(engine)["deliveries"] < 84:  # what was spooled is written back
            assert time.monotonic() < until
            time.sleep(0.2)
        assert counted(engine)["deliveries"] == len(posts + again) == 84
        engine.dispose()
        assert len(children(listener)) == workers_for(kind_of(database_url).workers)
        assert listener.stop() == 0


def test_worker_killed_is_replaced_and_said_in_one_line_of_our_log(tmp_path: Path):
    with running(tmp_path) as listener:
        assert deliver(listener).code == 200
        (worker,) = children(listener)
        os.kill(worker, signal.SIGKILL)
        deadline = time.monotonic() + 20
        while children(listener) in ([], [worker]):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert deliver(listener).json == {"status": "applied"}
        (line,) = [line for line in listener.log().splitlines() if "SIGKILL" in line]
        assert f'level=error msg="Worker (pid:{worker}) was sent SIGKILL! Perhaps out' in line


def test_master_killed_takes_its_workers_along(tmp_path: Path):
    with running(tmp_path) as listener:
        (worker,) = children(listener)
        listener.process.kill()
        listener.process.wait()
        assert leftovers.wait_gone(worker, seconds=20)


def test_server_opens_no_control_socket_and_reads_no_options_of_gunicorns(tmp_path: Path):
    home = tmp_path / "home"
    home.mkdir()
    with running(tmp_path, HOME=str(home), GUNICORN_CMD_ARGS="--workers 3") as listener:
        assert deliver(listener).code == 200
        assert len(children(listener)) == 1
        assert list(home.rglob("*")) == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_server_listens_on_a_name_as_on_an_address(tmp_path: Path, host: str):
    with running(tmp_path, "--host", host) as listener:
        assert deliver(listener).code == 200


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_it_cleanly_with_exit_0_and_frees_the_port(tmp_path: Path, number: int):
    with running(tmp_path) as listener:
        assert deliver(listener).code == 200
        assert listener.stop(number) == 0
        assert "Traceback" not in listener.log()
        assert "was sent" not in listener.log()
        assert listener.log().splitlines()[-1].endswith("level=info msg=stopped")
        socket.create_server(("127.0.0.1", listener.port)).close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT, signal.SIGTERM])
def test_signal_to_the_master_alone_ends_workers_without_killing_them(tmp_path: Path, number: int):
    with (
        running(tmp_path) as listener,
        socket.create_connection(("127.0.0.1", listener.port), timeout=30) as connection,
    ):
        connection.sendall(request(headers("push", BODY), len(BODY)) + BODY[:100])
        time.sleep(0.5)  # it must have been accepted
        listener.process.send_signal(number)
        time.sleep(0.5)
        connection.sendall(BODY[100:])
        assert reply(connection).json == {"status": "applied"}
        assert listener.process.wait(timeout=30) == 0
        assert "was sent" not in listener.log()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_lets_a_delivery_that_is_coming_in_be_answered(tmp_path: Path, number: int):
    with (
        running(tmp_path) as listener,
        socket.create_connection(("127.0.0.1", listener.port), timeout=30) as connection,
    ):
        connection.sendall(request(headers("push", BODY), len(BODY)) + BODY[:100])
        time.sleep(0.5)  # it must have been accepted
        os.killpg(listener.process.pid, number)
        time.sleep(0.5)
        connection.sendall(BODY[100:])
        assert reply(connection).json == {"status": "applied"}
        assert listener.process.wait(timeout=30) == 0


SERVER = """
import socket
from runtime import gunicorn

def app(environ, start):
    start("200 OK", [])
    return [b"ready"]

listening = socket.create_server(("127.0.0.1", 0))
print(listening.getsockname()[1], flush=True)
gunicorn.run(listening, lambda: app, {"workers": 1})
"""


@pytest.mark.parametrize(
    ("started", "ends"), [("on a terminal", True), ("by a service", False), ("by nohup", False)]
)
def test_closed_terminal_ends_what_it_started(started: str, *, ends: bool):
    shown, terminal = os.openpty()
    # Whoever runs the tests may ignore SIGHUP, and children take that over.
    beginning = ["nohup"] if started == "by nohup" else ["env", "--default-signal=HUP"]
    command = [*beginning, sys.executable, "-c", SERVER]
    stdin = subprocess.DEVNULL if started == "by a service" else terminal
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        address = ("127.0.0.1", int(process.stdout.readline()))
        assert ask(address) == b"ready"
        process.send_signal(signal.SIGHUP)
        if ends:
            assert process.wait(30) == 0
        else:
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(1)
            assert ask(address) == b"ready"
    finally:
        process.terminate()
        process.communicate()
        os.close(shown)
        os.close(terminal)


def ask(address: tuple[str, int]) -> bytes:
    """Return the body that a server answers with."""
    with socket.create_connection(address, timeout=30) as connection:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        return b"".join(iter(lambda: connection.recv(1000), b"")).rpartition(b"\r\n\r\n")[2]
