"""Somebody guesses the password at full speed, and its owner comes from the same address."""

import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from dashboard.web.login_attempts import DELAY_SECONDS, PLACES
from schema import migrate
from tests.listener.process import ROOT, environment
from tests.servers import free_port

PASSWORD = "correct horse battery"
GUESSERS = 30
SECONDS = 6.0


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[str]:
    """Serve the pages with a password; give the URL of one."""
    url, port = f"sqlite:///{tmp_path}/store.db", free_port()
    migrate.upgrade(url)
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "dashboard.py"), "-p", str(port)],
        cwd=tmp_path,
        env=environment(DATABASE_URL=url, DASHBOARD_PASSWORD=PASSWORD),
        stdout=subprocess.DEVNULL,
    )
    page = f"http://127.0.0.1:{port}/health"
    try:
        ends = time.monotonic() + 60
        while code_of(page, PASSWORD) != 200:
            assert time.monotonic() < ends
            time.sleep(0.1)
        yield page
    finally:
        process.terminate()
        process.wait(30)


def code_of(page: str, password: str) -> int:
    """Return the answer of somebody who was never there before; 0 for none."""
    try:
        return requests.get(page, auth=("any", password), timeout=10).status_code
    except requests.ConnectionError:
        return 0


@pytest.mark.timed
def test_owner_gets_in_while_others_guess_and_guesses_stay_bounded(pages: str):
    known = requests.Session()
    known.auth = ("any", PASSWORD)
    assert known.get(pages, timeout=10).status_code == 200
    codes: Counter[int] = Counter()
    stop = threading.Event()

    def guess() -> None:
        while not stop.is_set():
            codes[code_of(pages, "wrong horse bad")] += 1

    guessers = [threading.Thread(target=guess) for _ in range(GUESSERS)]
    began = time.monotonic()
    for one in guessers:
        one.start()
    time.sleep(1)
    waits: dict[str, list[float]] = {"known": [], "new": []}
    while time.monotonic() < began + SECONDS:
        for name, session in (("known", known), ("new", requests.Session())):
            asked = time.monotonic()
            assert session.get(pages, auth=("any", PASSWORD), timeout=10).status_code == 200
            waits[name].append(time.monotonic() - asked)
    stop.set()
    for one in guessers:
        one.join()
    assert max(waits["new"]) < 2
    assert max(waits["known"]) < 1
    tried, seconds = codes[401], time.monotonic() - began
    # What was tried before the first wrong ones were counted, then 40 a second.
    assert GUESSERS <= tried <= GUESSERS + PLACES * (seconds + 1) / DELAY_SECONDS
