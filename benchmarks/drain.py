"""How fast a spool is written back to an empty database, and stored deliveries are replayed.

The listener's own code drains, in one process as ever; the database flushes at each commit, as in
production. SQLite works within that process: its time is in Python's.
"""

import cProfile
import pstats
import shutil
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from io import StringIO
from pathlib import Path

from backfill.command.replay import run_replay
from benchmarks.measuring import ENGINES, WorkTime, parser_of, print_head, row, time_work, workspace
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
from tests.torture.shots import shots_of_today
from tests.torture.stage import Stage

SHOWN = 25  # lines of a profile


def main(argv: Sequence[str] | None = None) -> int:
    """Print a line for each engine and way; 1 when a delivery is not in the database."""
    flags = parser_of("drain", __doc__, ENGINES)
    flags.add_argument("--deliveries", type=int, default=10_000)
    flags.add_argument("--profile", action="store_true", help="print where the time goes, too")
    given = flags.parse_args(argv)
    with workspace() as folder:
        size = fill(folder / "spool", given.deliveries)
        print(f"{given.deliveries} deliveries of {size / 1000:.1f} KB\n")
        print_head("engine", "way", "deliveries/s", "ms Python", "ms db", "applied")
        ways = [bench(one, folder, given.deliveries, given.profile) for one in given.engines]
    return 0 if all(ways) else 1


def fill(folder: Path, number: int) -> float:
    """Put deliveries into a spool; return the mean size of a body in bytes."""
    spool, size = Spool(folder), 0
    for shot in shots_of_today(8, number):
        spool.put(shot.delivery)
        size += len(shot.body)
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
            run = partial(profile.runcall, work) if profile else work
            took = time_work(run, stage.server)
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
    drain = SpoolDrain(engine, watch(()), spool, breaker, probe, Counter())
    while entries := spool.take(spool_drain.BATCH):
        spool_drain.step(drain, entries)
    spool.close()


def again(stage: Stage) -> None:
    """Replay all that is stored."""
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        run_replay(stage.engine(), DeliveryFilter(), ())


def line(engine: str, way: str, number: int, took: WorkTime, applied: int) -> str:
    """Return a row of the table."""
    times = [f"{1000 * cpu / number:.2f} ms" for cpu in (took.python, took.database)]
    return row(engine, way, f"{number / took.seconds:.0f}", *times, applied)


def shown(profile: cProfile.Profile) -> str:
    """Return the functions that take the most time by themselves, and with what they call."""
    out = StringIO()
    stats = pstats.Stats(profile, stream=out).strip_dirs()
    for order in ("tottime", "cumulative"):
        stats.sort_stats(order).print_stats(SHOWN)
    return out.getvalue()


if __name__ == "__main__":
    sys.exit(main())
