"""`python3 dashboard.py` as typed: what it serves, and when it does not start."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from dashboard.cli import main
from schema import migrate
from tests.servers import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
START_SECONDS = 60


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder of its own, with no setting but an SQLite store."""
    for name in ("DASHBOARD_PASSWORD", "DASHBOARD_HOST", "DASHBOARD_PORT", "DATABASE_READ_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/store.db")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_pages_are_served_at_loopback_until_they_are_stopped(home: Path):
    migrate.upgrade(f"sqlite:///{home}/store.db")
    port = free_port()
    with (home / "stderr").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "dashboard.py"), "-p", str(port)],
            cwd=home,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        assert process.stdout.readline() == (
            f"The pages are at http://127.0.0.1:{port}/  (Ctrl-C ends them)\n"
        )
        answer = wait_for(f"http://localhost:{port}/health")
        assert (answer.status_code, "Health" in answer.text) == (200, True)
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(START_SECONDS) == 0
    assert (home / "stderr").read_text() == ""


def wait_for(url: str) -> requests.Response:
    """Return the first answer of a server that is starting."""
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            return requests.get(url, timeout=10)
        except requests.ConnectionError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "pages.example.org"])  # noqa: S104 - refused
def test_address_that_others_reach_needs_a_password(
    home: Path, host: str, capsys: pytest.CaptureFixture[str]
):
    assert main(["--host", host]) == 2
    assert capsys.readouterr().err == (
        f"dashboard.py: DASHBOARD_PASSWORD: is needed to serve at {host}, which others may reach;"
        " without it the pages stay at 127.0.0.1\n"
    )


@pytest.mark.parametrize(
    ("argv", "environ", "line"),
    [
        (["-p", "0"], {}, "DASHBOARD_PORT: '0' is not a number from 1 to 65535"),
        (
            ["strange"],
            {},
            "usage: 1 unknown argument, not repeated: it may be of a password (see --help)",
        ),
        (
            [],
            {"DASHBOARD_PASSWORD": "short"},
            "DASHBOARD_PASSWORD: is too short: 12 characters or more",
        ),
        (
            [],
            {"FLASK_DEBUG": "1"},
            "FLASK_DEBUG: must not be set: its debugger runs code for who asks",
        ),
        (
            [],
            {"NIGHT_ZONE": "Mars"},
            "NIGHT_ZONE: 'Mars' is no time zone like UTC or Europe/Berlin",
        ),
        ([], {"NIGHT_ENDS": "25:00"}, "NIGHT_ENDS: '25:00' is not a time like 12:00"),
    ],
)
def test_start_that_cannot_be_says_why_in_one_line(
    home: Path,
    argv: list[str],
    environ: dict[str, str],
    line: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert main(argv) == 2
    assert capsys.readouterr().err == f"dashboard.py: {line}\n"


@pytest.mark.parametrize("task", [["--digest"], ["--export", "pages"]])
def test_task_without_a_store_says_what_makes_one(
    home: Path, task: list[str], capsys: pytest.CaptureFixture[str]
):
    assert main(task) == 1
    said = "dashboard.py: There is no store yet. The listener makes it when it starts"
    assert capsys.readouterr().err.startswith(said)
    assert not (home / "pages").exists()
