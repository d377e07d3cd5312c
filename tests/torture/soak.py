"""Send deliveries for hours, and watch what must not grow: `python -m tests.torture.soak`."""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa

from tests.leftovers import close_session
from tests.torture.sender import Sender
from tests.torture.shots import shots
from tests.torture.stage import Stage

MYSQL_COUNT = "SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'root'"
COUNT = {"postgresql": "SELECT count(*) FROM pg_stat_activity WHERE usename = 'root'"}
WARM = 0.2  # of the deliveries


class Sample(NamedTuple):
    """What the listener's processes and its database use; memory in MiB, sizes in KiB."""

    stored: int
    memory: float
    descriptors: int
    threads: int
    connections: int
    spool: int
    log: int


def main(argv: Sequence[str] | None = None) -> int:
    """Print samples; return 0 when nothing grew after the warm-up."""
    flags = argparse.ArgumentParser(prog="python -m tests.torture.soak", description=__doc__)
    flags.add_argument("--deliveries", type=int, default=500_000)
    flags.add_argument("--engine", default="mariadb")
    flags.add_argument("--samples", type=int, default=20)
    given = flags.parse_args(argv)
    folder = Path(tempfile.mkdtemp(prefix="runledger-soak-"))
    stage = Stage(given.engine, folder / "listener")
    try:
        stage.start()
        sender = Sender(stage.port, shots(1, given.deliveries), folder)
        sender.start()
        samples = []
        for number in range(1, given.samples + 1):
            while sender.stored < given.deliveries * number / given.samples:
                if not any(one.is_alive() for one in sender.threads):
                    break
                time.sleep(0.1)
            sender.answers.clear()
            samples.append(sample(stage, sender.stored))
            print(samples[-1], flush=True)
    finally:
        stage.close()
        close_session()
    return 0 if is_flat(samples) else 1


def sample(stage: Stage, stored: int) -> Sample:
    """Look at the listener's processes now."""
    pids = [stage.master.pid, *stage.workers()]
    proc = [Path(f"/proc/{pid}") for pid in pids]
    status = [
        dict(
            field.split(":", 1)
            for field in (one / "status").read_text().splitlines()
            if ":" in field
        )
        for one in proc
    ]
    folder = stage.folder
    return Sample(
        stored,
        round(sum(int(one["VmRSS"].split()[0]) for one in status) / 1024, 1),
        sum(len(list((one / "fd").iterdir())) for one in proc),
        sum(int(one["Threads"]) for one in status),
        connections(stage),
        size(folder / "spool"),
        size(folder / "data", "*-wal"),
    )


def connections(stage: Stage) -> int:
    """Return how many connections the server has; 0 for SQLite."""
    if stage.server is None:
        return 0
    engine = sa.create_engine(stage.server.url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        query = COUNT.get(engine.dialect.name, MYSQL_COUNT)
        return int(connection.execute(sa.text(query)).scalar_one())


def size(folder: Path, pattern: str = "*") -> int:
    """Return the size of files in KiB."""
    return sum(file.stat().st_size for file in folder.glob(pattern)) // 1024


def is_flat(samples: Sequence[Sample]) -> bool:
    """Tell whether the end needs no more than the time after the warm-up did."""
    warm = samples[int(len(samples) * WARM) :]
    first, last = warm[0], warm[-1]
    grown = [now - then for then, now in zip(first[2:], last[2:], strict=True)]
    return (
        last.memory < first.memory * 1.15 + 5
        and all(more <= 20_000 for more in grown[3:])
        and (grown[0] <= 10 and grown[1] <= 2 and grown[2] <= 4)
    )


if __name__ == "__main__":
    sys.exit(main())
