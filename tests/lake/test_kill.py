"""A sync that is killed anywhere: the next one leaves every row once."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from schema import migrate
from tests.counts import ALL
from tests.lake import lakes

KILLS = 40 if ALL else 3
ROOT = Path(__file__).resolve().parent.parent.parent


def test_sync_killed_anywhere_is_continued_and_every_row_is_there_once(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/store.db"
    migrate.upgrade(url)
    pair = lakes.make(url, tmp_path)
    environ = {
        **os.environ,
        "DATABASE_URL": url,
        "LAKE_CATALOG": f"sqlite:{pair.place.catalog}",
        "LAKE_DATA": pair.place.data,
    }
    command = [sys.executable, str(ROOT / "lake.py"), "sync"]
    began = time.monotonic()
    subprocess.run(command, env=environ, check=True, capture_output=True)
    longest = time.monotonic() - began
    chance = random.Random(4)
    for number in range(KILLS):
        pair.touch(chance.sample(range(40), 12), f"change {number}")
        if number % 2:
            pair.make_rollups()
        process = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL)
        try:
            process.wait(chance.uniform(0.3, 1.0) * longest)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
    subprocess.run(command, env=environ, check=True, capture_output=True)
    assert pair.differences() == []
    assert pair.ask("SELECT count(*), count(DISTINCT Id) FROM jobs") == [(200, 200)]
    subprocess.run([*command[:2], "check"], env=environ, check=True, capture_output=True)
