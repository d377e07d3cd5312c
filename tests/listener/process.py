"""The listener as processes of its own, and requests to it byte for byte."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.listener.sending import SECRET
from tests.servers import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
START_SECONDS = 60
WSGI_APP = "listener.app:create_app()"


class Reply(NamedTuple):
    """One HTTP answer; header names in lower case, `json` None where the body is none."""

    code: int
    headers: dict[str, str]
    json: Any


class Listener(NamedTuple):
    """A running listener: its port, process, working folder and the URL of its store."""

    port: int
    process: subprocess.Popen[bytes]
    folder: Path
    url: str

    def send(self, raw: bytes, *, rest: bytes = b"") -> Reply:
        """Send bytes and read the answer to the end; `rest` is sent as far as it is taken."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            connection.sendall(raw)
            with contextlib.suppress(ConnectionError):
                connection.sendall(rest)
            return reply(connection)

    def post(self, body: bytes, headers: Mapping[str, str], path: str = "/webhook") -> Reply:
        """Post a body with its length."""
        return self.send(request(headers, len(body), path=path) + body)

    def stop(self, number: int = signal.SIGINT) -> int:
        """Signal its whole group, as a terminal does, and return the exit status."""
        os.killpg(self.process.pid, number)
        return self.process.wait(timeout=30)

    def log(self) -> str:
        """Return what it has written to stderr."""
        return (self.folder / "stderr").read_text()

    def said(self) -> str:
        """Return what it has written to stdout."""
        return (self.folder / "stdout").read_text()


def request(
    headers: Mapping[str, str], length: int | None, *, method: str = "POST", path: str = "/webhook"
) -> bytes:
    """Return the head of a request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [] if length is None else [f"Content-Length: {length}"]
    return "\r\n".join([*lines, "", ""]).encode()


def reply(connection: socket.socket) -> Reply:
    """Read an answer until the server closes."""
    received = b""
    while piece := connection.recv(65536):
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {
        name.lower(): value.strip() for name, _, value in (one.partition(":") for one in lines)
    }
    is_json = headers.get("content-type") == "application/json"
    found = json.loads(body) if is_json and body else None  # HEAD has no body
    return Reply(int(first.split()[1]), headers, found)


def environment(**variables: str) -> dict[str, str]:
    """Return this environment without our own settings, and with `variables`."""
    kept = ("PATH", "HOME", "LANG", "TMPDIR")
    return {**{name: os.environ[name] for name in kept if name in os.environ}, **variables}


def spawn(folder: Path, command: Sequence[str], **variables: str) -> subprocess.Popen[bytes]:
    """Start a command in a folder; its output goes to files there."""
    with (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as err:
        return subprocess.Popen(
            command,
            cwd=folder,
            env=environment(**variables),
            stdout=out,
            stderr=err,
            start_new_session=True,
        )


@contextlib.contextmanager
def running(
    folder: Path, *arguments: str, secret: str | None = SECRET, **variables: str
) -> Iterator[Listener]:
    """Run a listener until the end of the block, on SQLite unless DATABASE_URL is given."""
    port = free_port()
    variables |= {} if secret is None else {"WEBHOOK_SECRET": secret}
    command = [sys.executable, str(ROOT / "listener.py"), "--host", "127.0.0.1", "-p", str(port)]
    with running_command([*command, *arguments], folder, port, **variables) as listener:
        yield listener


@contextlib.contextmanager
def running_on_gunicorn(folder: Path, *options: str, **variables: str) -> Iterator[Listener]:
    """Run the Flask app on gunicorn as anybody would, until the end of the block."""
    port = free_port()
    variables = {"WEBHOOK_SECRET": SECRET, "PYTHONPATH": str(ROOT), **variables}
    command = [sys.executable, "-m", "gunicorn", *options, "-b", f"127.0.0.1:{port}", WSGI_APP]
    with running_command(command, folder, port, **variables) as listener:
        yield listener


@contextlib.contextmanager
def running_command(
    command: Sequence[str], folder: Path, port: int, **variables: str
) -> Iterator[Listener]:
    """Run what serves a listener at a port until the end of the block."""
    process = spawn(folder, command, **variables)
    url = variables.get("DATABASE_URL", f"sqlite:///{folder}/data/shark_dashboard.db")
    listener = Listener(port, process, folder, url)
    try:
        wait_until_alive(listener)
        yield listener
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_until_alive(listener: Listener) -> None:
    """Wait until it answers."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        with contextlib.suppress(OSError, IndexError):
            if listener.send(request({}, None, method="GET", path="/healthz")).code == 200:
                return
        ended = listener.process.poll() is not None
        if ended or time.monotonic() > deadline:
            raise AssertionError(f"the listener did not start: {listener.log()}")
        time.sleep(0.05)
