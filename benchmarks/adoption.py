"""Adopt a database of many legacy runs while deliveries come in: time, locks, and what was lost.

python -m benchmarks.adoption [--engine mysql] [--runs 1000000]
"""

import argparse
import sys
import threading
import time
from pathlib import Path

import sqlalchemy as sa

from benchmarks.measuring import ENGINES, workspace
from engines import connect
from schema import migrate
from tests import servers
from tests.schema.adopt import legacy
from tests.torture.oracle import applied
from tests.torture.sender import Sender, noted
from tests.torture.shots import shots
from tests.torture.stage import Stage

REPOS = 20
PACE, THREADS = 0.2, 2
ROOMY = (*servers.DURABLE, "--innodb-buffer-pool-size=1G", "--max-allowed-packet=64M")


def main(argv: list[str] | None = None) -> int:
    """Run it and print the figures; 0 when nothing was lost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--engine", choices=ENGINES, default="mysql")
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--deliveries", type=int, default=6_000)
    asked = parser.parse_args(argv)
    with workspace() as folder:
        stage = Stage(asked.engine, folder / "listener", ROOMY)
        try:
            lost = measure(stage, asked.runs, asked.deliveries, folder)
        finally:
            stage.close()
    return 1 if lost else 0


def fill(engine: sa.Engine, runs: int) -> None:
    """Make a legacy database with so many runs and a tenth of commits and branches."""
    legacy.create(engine, "utf8mb3")
    names = [f"gone-org/gone-{number}" for number in range(REPOS)]
    legacy.insert(engine, {"repos": [{"name": name} for name in names]})
    step = 1000
    numbers = sa.table("numbers", sa.column("i"))
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE numbers (i INTEGER PRIMARY KEY)"))
        connection.execute(numbers.insert(), [{"i": number} for number in range(1, step + 1)])
    for first in range(0, runs, step):
        with engine.begin() as connection:
            connection.execute(
                sa.text(
                    "INSERT INTO workflowruns (gitid, author, runtime, createtime, starttime,"
                    " endtime, queuetime, status, conclusion, url, branchname, commithash,"
                    " workflowname, repo, os) SELECT i + :first, 'octocat', 61.5,"
                    " '2024-03-02 12:00:00', '2024-03-02 12:00:07', '2024-03-02 12:01:08', 7,"
                    " 'completed', 'success', 'https://github.com/gone-org/gone/actions/runs/1',"
                    " 'main', 'c0ffee0000000000000000000000000000000001', 'CI', :repo, 'Linux'"
                    " FROM numbers"
                ),
                {"first": first, "repo": names[first // step % REPOS]},
            )


def measure(stage: Stage, runs: int, deliveries: int, folder: Path) -> int:
    """Adopt while deliveries and a reader come; print the figures and return how many were lost."""
    engine = connect(stage.url, read_seconds=3600)
    began = time.monotonic()
    fill(engine, runs)
    print(f"{runs} legacy runs made in {time.monotonic() - began:.0f} s", flush=True)
    stage.start()
    sender = Sender(stage.port, shots(1, deliveries), folder)
    sender.pace = PACE
    sender.start(THREADS)
    waits: list[float] = []
    done = threading.Event()
    reader = threading.Thread(target=read, args=(stage.url, waits, done))
    reader.start()
    time.sleep(5)
    began = time.monotonic()
    migrate.upgrade(engine)
    took = time.monotonic() - began
    done.set()
    reader.join()
    time.sleep(10)
    sender.stop()
    drained = stage.wait_until_drained(600)
    told = noted(folder)
    lost = len(told - applied(engine))
    with engine.connect() as connection:
        kept = connection.execute(
            sa.text("SELECT COUNT(*) FROM workflowruns WHERE gitid <= :most"), {"most": runs}
        ).scalar_one()
    engine.dispose()
    bad = sum(1 for one in sender.answers if one.code // 100 != 2)
    print(
        f"adopted in {took:.0f} s; a reader waited {max(waits):.1f} s at most\n"
        f"{len(told)} deliveries acknowledged ({sender.statuses()['spooled']} spooled, {bad} not"
        f" 2xx, slowest {sender.slowest():.1f} s), {lost} lost; spool empty {drained:.0f} s after"
        f" the load\n{kept} of {runs} runs kept"
    )
    return lost + (runs - int(kept))


def read(url: str, waits: list[float], done: threading.Event) -> None:
    """Ask for a run again and again, as a page would; note how long each answer took."""
    engine = connect(url, read_seconds=3600)
    while not done.is_set():
        began = time.monotonic()
        with engine.connect() as connection:
            connection.execute(sa.text("SELECT * FROM workflowruns WHERE Id = 77")).all()
        waits.append(time.monotonic() - began)
        done.wait(0.05)
    engine.dispose()


if __name__ == "__main__":
    sys.exit(main())
