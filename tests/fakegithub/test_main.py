"""The fake GitHub by hand: python -m fakegithub."""

import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
import requests

ROOT = Path(__file__).parents[2]


@pytest.fixture
def listener() -> Iterator[HTTPServer]:
    """A listener that counts events and answers 200."""
    server = HTTPServer(("127.0.0.1", 0), Counter)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


class Counter(BaseHTTPRequestHandler):
    got: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append(self.headers["X-GitHub-Event"])
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


def test_port_that_is_in_use_is_one_line_and_2(listener):
    port = str(listener.server_address[1])
    command = [sys.executable, "-m", "fakegithub", "--port", port, "--runs", "1", "--days", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    said = f"port {port} is in use: choose another with --port\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", said)


def test_command_serves_what_it_prints_posts_to_a_listener_and_ends_on_ctrl_c(listener):
    url = f"http://127.0.0.1:{listener.server_address[1]}/webhook"
    command = [sys.executable, "-m", "fakegithub", "--port", "0", "--runs", "12"]
    command += ["--days", "2", "--jobs", "2", "--hook", url, "--secret", "0123456789abcdef"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        printed = ""
        for line in process.stdout:
            printed += line
            if line.startswith("posted"):
                break
        process_url = re.search(r"^API +(\S+)", printed, re.M)
        token = re.search(r"^token +(\S+)", printed, re.M)
        assert process_url is not None
        assert token is not None
        answer = requests.get(
            f"{process_url[1]}/repos/octo-org/app-1/actions/runs",
            headers={"Authorization": f"Bearer {token[1]}"},
            timeout=10,
        )
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=20)
    assert answer.json()["total_count"] == 12
    assert "octo-org/app-1   12 runs" in printed
    assert {"push", "workflow_run", "workflow_job"} <= set(Counter.got)
    assert f"posted {len(Counter.got)} deliveries" in printed
    assert rest == "stopped after 1 requests\n"
    assert process.returncode == 0
