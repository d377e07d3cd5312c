"""How fast a spool is written back to an empty database, and stored deliveries are replayed.

The listener's own code drains, in one process as ever; the database flushes at each commit, as in
production. SQLite works within that process: its time is in Python's.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from io import StringIO
from pathlib import Path
from typing import NamedTuple

from backfill.command.replay import run_replay
from benchmarks.reception import cpu
from config.watch import watch
from listener.background import spool_drain
from listener.background.spool_drain import SpoolDrain
from listener.intake.circuit_breaker import CircuitBreaker
from schema import migrate
from store.deliveries.spool import Spool
from store.deliveries.table import APPLIED, DeliveryFilter
from store.doors import probe as probes
from store.doors import replay as replays
from tests import servers
from tests.leftovers import close_session
from tests.torture.shots import shots_of_today
from tests.torture.stage import Stage

SHOWN = 25  # lines of a profile


class Took(NamedTuple):
    """Seconds: by the clock, of this process's CPU, of the database's."""

    seconds: float
    python: float
    database: float


def main(argv: Sequence[str] | None = None) -> int:
    """Print a line for each engine and way; 1 when a delivery is not in the database."""
    flags = argparse.ArgumentParser(
        prog="python -m benchmarks.drain",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    flags.add_argument("--engines", nargs="+", default=["sqlite", "mariadb", "mysql"])
    flags.add_argument("--deliveries", type=int, default=10_000)
    flags.add_argument("--profile", action="store_true", help="print where the time goes, too")
    given = flags.parse_args(argv)
    folder = Path(tempfile.mkdtemp(prefix="runledger-drain-"))
    try:
        size = fill(folder / "spool", given.deliveries)
        print(f"{given.deliveries} deliveries of {size / 1000:.1f} KB\n")
        print("| engine | way | deliveries/s | ms Python | ms db | applied |")
        print("|---|---|---|---|---|---|")
        ways = [bench(one, folder, given.deliveries, given.profile) for one in given.engines]
    finally:
        close_session()
        shutil.rmtree(folder, ignore_errors=True)
    return 0 if all(ways) else 1


def fill(folder: Path, number: int) -> float:
    """Put deliveries into a spool; return the mean size of a body in bytes."""
    spool, size = Spool(folder), 0
    for one in shots_of_today(8, number):
        spool.put(one.delivery)
        size += len(one.body)
    spool.close()
    return size / number


def bench(engine: str, folder: Path, number: int, is_profiled: bool) -> bool:
    """Drain a copy of the spool and replay it; tell whether all deliveries are applied."""
    shutil.copytree(folder / "spool", folder / engine / "spool")
    stage = Stage(engine, folder / engine, servers.LOGGED)
    ways = {"drain": partial(write_back, stage), "replay": partial(again, stage)}
    try:
        migrate.upgrade(stage.engine())
        whole = True
        for way, work in ways.items():
            profile = cProfile.Profile() if is_profiled else None
            took = measured(work, stage, profile)
            applied = replays.count(stage.engine(), DeliveryFilter(states=(APPLIED,)))
            print(line(engine, way, number, took, applied), flush=True)
            if profile is not None:
                print(shown(profile))
            whole &= applied == number
    finally:
        stage.close()
    return whole


def write_back(stage: Stage) -> None:
    """Drain the spool as the listener does."""
    engine = stage.engine()
    probe = partial(probes.probe, engine)
    spool, breaker = Spool(stage.folder / "spool"), CircuitBreaker(probe)
    whole = SpoolDrain(engine, watch(()), spool, breaker, probe, Counter())
    while found := spool.take(spool_drain.BATCH):
        spool_drain.step(whole, found)
    spool.close()


def again(stage: Stage) -> None:
    """Replay all that is stored."""
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        run_replay(stage.engine(), DeliveryFilter(), ())


def measured(work: Callable[[], None], stage: Stage, profile: cProfile.Profile | None) -> Took:
    """Do it, and return what it took."""
    server = [stage.server.pid] if stage.server else []
    theirs, ours, began = cpu(server), time.process_time(), time.perf_counter()
    if profile is None:
        work()
    else:
        profile.runcall(work)
    seconds = time.perf_counter() - began
    return Took(seconds, time.process_time() - ours, cpu(server) - theirs)


def line(engine: str, way: str, number: int, took: Took, applied: int) -> str:
    """Return a row of the table."""
    python, database = (f"{1000 * one / number:.2f} ms" for one in (took.python, took.database))
    rate = number / took.seconds
    return f"| {engine} | {way} | {rate:.0f} | {python} | {database} | {applied} |"


def shown(profile: cProfile.Profile) -> str:
    """Return the functions that take the most time by themselves, and with what they call."""
    out = StringIO()
    found = pstats.Stats(profile, stream=out).strip_dirs()
    for order in ("tottime", "cumulative"):
        found.sort_stats(order).print_stats(SHOWN)
    return out.getvalue()


if __name__ == "__main__":
    sys.exit(main())
