"""How fast a spool is written back to an empty database, and stored deliveries are replayed.

The listener's own code drains, in one process as ever; the database flushes at each commit, as in
production. SQLite works within that process: its time is in Python's. Engines take turns, and a
line is of the medians of `--rounds` turns.
"""

import cProfile
import pstats
import shutil
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from functools import partial
from io import StringIO
from pathlib import Path

from sqlalchemy import Engine

from backfill.command.replay import run_replay
from benchmarks.measuring import (
    ENGINES,
    WorkTime,
    median_of,
    parser_of,
    print_beside,
    print_head,
    row,
    time_work,
    workspace,
)
from benchmarks.ways import empty
from config.watch import watch
from listener.background import spool_drain
from listener.background.spool_drain import SpoolDrain
from listener.intake.circuit_breaker import CircuitBreaker
from runtime.garbage import rare_collections
from store.deliveries.spool import Spool
from store.deliveries.table import APPLIED, DeliveryFilter
from store.doors import probe as probes
from store.doors import replay as replays
from tests import servers
from tests.torture.shots import shots_of_today
from tests.torture.stage import Stage

SHOWN = 25  # lines of a profile

Turns = dict[tuple[str, str], list[WorkTime]]
"""What was measured, by way and engine, in the order of the rounds."""


def main(argv: Sequence[str] | None = None) -> int:
    """Print a line for each engine and way; 1 when a delivery is not in the database."""
    flags = parser_of("drain", __doc__, ENGINES)
    flags.add_argument("--deliveries", type=int, default=10_000)
    flags.add_argument("--rounds", type=int, default=1)
    flags.add_argument("--profile", action="store_true", help="print where the time goes, too")
    given = flags.parse_args(argv)
    with workspace() as folder, ExitStack() as stack:
        size = fill(folder / "spool", given.deliveries)
        print(f"{given.deliveries} deliveries of {size / 1000:.1f} KB\n")
        print_head("engine", "way", "deliveries/s", "ms Python", "ms db", "applied")
        stages = []
        for name in given.engines:
            stages.append(Stage(name, folder / name, servers.LOGGED))
            stack.callback(stages[-1].close)
        turns, applied = bench(stages, folder, given.deliveries, given.rounds, given.profile)
        for (way, name), times in turns.items():
            print(line(name, way, given.deliveries, median_of(times), applied[way, name]))
        print_beside(turns)
    return 0 if set(applied.values()) == {given.deliveries} else 1


def fill(folder: Path, number: int) -> float:
    """Put deliveries into a spool; return the mean size of a body in bytes."""
    spool, size = Spool(folder), 0
    for shot in shots_of_today(8, number):
        spool.put(shot.delivery)
        size += len(shot.body)
    spool.close()
    return size / number


def bench(
    stages: Sequence[Stage], folder: Path, number: int, rounds: int, is_profiled: bool
) -> tuple[Turns, dict[tuple[str, str], int]]:
    """Drain copies of the spool and replay them, engine by engine; return the times, and the least
    number of deliveries that were applied.
    """
    turns: Turns = defaultdict(list)
    applied: dict[tuple[str, str], int] = {}
    for place in range(rounds):
        for stage in stages if place % 2 == 0 else reversed(stages):
            name = stage.server.engine if stage.server else "sqlite"
            with empty(stage) as engine:
                shutil.copytree(folder / "spool", stage.folder / "spool", dirs_exist_ok=True)
                ways: dict[str, Callable[[], None]] = {
                    "drain": partial(write_back, engine, stage.folder / "spool"),
                    "replay": partial(again, engine),
                }
                for way, work in ways.items():
                    profile = cProfile.Profile() if is_profiled else None
                    run = partial(profile.runcall, work) if profile else work
                    turns[way, name].append(time_work(run, stage.server))
                    held = replays.count(engine, DeliveryFilter(states=(APPLIED,)))
                    applied[way, name] = min(held, applied.get((way, name), number))
                    if profile is not None:
                        print(shown(profile))
    return turns, applied


def write_back(engine: Engine, folder: Path) -> None:
    """Drain a spool as the listener does."""
    probe = partial(probes.probe, engine)
    spool, breaker = Spool(folder), CircuitBreaker(probe)
    drain = SpoolDrain(engine, watch(()), spool, breaker, probe, Counter())
    with rare_collections():
        while entries := spool.take(spool_drain.BATCH):
            spool_drain.step(drain, entries)
    spool.close()


def again(engine: Engine) -> None:
    """Replay all that is stored."""
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()), rare_collections():
        run_replay(engine, DeliveryFilter(), ())


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
