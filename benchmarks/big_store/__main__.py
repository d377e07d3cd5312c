"""A store of ten million runs and fifty million jobs: make big-store. It takes hours, and 35 GB.

A year of a million runs is written into an SQLite file, or taken from one (`--from`), copied, and
written again by the database itself for as often as it takes (server_copy.py); or `--at` names a
store that was filled so already, into which deliveries are written and of which all are dropped.
Then measured: bytes a run, what a delivery costs beside an empty store of the same engine (the same
deliveries, in turns), how long the roll-ups of the newest night and of `--days` take, retention of
deliveries, and each page's p95. Exit code 1 where a page takes more than 300 ms, or a delivery more
than 1.1 times.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from benchmarks import year
from benchmarks.big_store import server_copy
from benchmarks.dashboard import LIMIT, ask, paths
from benchmarks.measuring import ENGINES, Asking, cpu_of_family, workspace
from config.calendar import Calendar
from config.settings import read
from engines import connect
from schema import migrate
from schema.tables.ci import workflowruns
from store.deliveries import retention
from store.deliveries.table import now
from store.open import READ, open_engine
from store.rollups.make import make_span
from store.rollups.schedule import PART
from store.rollups.spans import RollupPlan, list_due_spans
from tests import databases
from tests.store.production_doors import deliver_batches, sent
from tests.torture.shots import shots_of_today

TURNS = 13
TOGETHER = 8
"""Deliveries in one transaction, as they come to a busy listener."""
MOST = 1.1
YEAR = 1_000_000
"""Runs of a year that is written row by row."""


def main(argv: Sequence[str] | None = None) -> int:
    """Print what it is like; 1 where something takes too long."""
    parser = argparse.ArgumentParser(prog="make big-store", description=__doc__)
    parser.add_argument("--engine", default="mysql", choices=ENGINES)
    parser.add_argument("--runs", type=int, default=10 * YEAR, help="whole years of a million")
    parser.add_argument("--from", dest="source", metavar="URL", help="SQLite file with a year")
    parser.add_argument("--at", metavar="URL", help="a store of --runs, to be thrown away")
    parser.add_argument("--days", type=int, default=366, help="so many have their roll-ups made")
    parser.add_argument("--server", type=int, help="PID of the server of both: its time counts")
    parser.add_argument("--deliveries", type=int, default=400, help=f"in one of {TURNS} turns")
    parser.add_argument("--asked", type=int, default=40, help="how often each page is asked for")
    given = parser.parse_args(argv)
    with (
        workspace() as folder,
        full_store(given, folder) as full,
        databases.fresh(given.engine, folder) as empty,
    ):
        migrate.upgrade(empty)
        return measure(given, folder, full, empty)


@contextmanager
def full_store(given: argparse.Namespace, folder: Path) -> Iterator[str]:
    """Give the URL of a store that was filled, or is filled now and dropped afterwards."""
    if given.at:
        yield given.at
        return
    with databases.fresh(given.engine, folder) as url:
        source = given.source or write_year(folder, min(given.runs, YEAR))
        tell("written", lambda: server_copy.copy(source, url, max(1, given.runs // YEAR)))
        yield url


def measure(given: argparse.Namespace, folder: Path, full: str, empty: str) -> int:
    """Measure a full store beside an empty one; return an exit code."""
    big = connect(full, tls=False, read_seconds=36_000)
    print(f"{size_of(big) / given.runs:.0f} bytes a run, with its jobs and indexes", flush=True)
    ratio = compare_deliveries(given.deliveries, full, empty, given.server)
    settings = read({}, {"DATABASE_URL": full, "DATABASE_SSL": "off"}, folder)
    plan = RollupPlan(Calendar(settings.night_zone, settings.night_ends))
    end = newest_run(big)
    tell("roll-ups of the newest night made", lambda: make_rollups(big, plan, 1, end))
    tell(f"roll-ups of {given.days} days made", lambda: make_rollups(big, plan, given.days, end))
    tell("deliveries dropped", lambda: drop_deliveries(big))
    big.dispose()
    reader = open_engine(settings, READ)
    slow = ask(settings, reader, end, paths(end), Asking(given.asked))
    reader.dispose()
    print(f"over {LIMIT * 1000:.0f} ms: {', '.join(slow) or 'none'}; a delivery: {ratio:.2f}")
    return 1 if slow or ratio > MOST else 0


def newest_run(engine: sa.Engine) -> datetime:
    """Return when the last run was created, and five minutes more."""
    run = workflowruns.c
    with engine.connect() as connection:
        # Not those of today that the deliveries brought.
        chosen = sa.select(sa.func.max(run.createtime)).where(run.repo.like("octo-org/service-%"))
        newest: datetime = connection.execute(chosen).scalar_one()
    return newest + timedelta(minutes=5)


def make_rollups(engine: sa.Engine, plan: RollupPlan, days: int, end: datetime) -> None:
    """Make the roll-ups of the last days that have none, the newest first."""
    first = end - timedelta(days=days)
    while spans := [one for one in list_due_spans(engine, plan, PART, end) if one.end > first]:
        for span in spans:
            make_span(engine, plan, span)


def drop_deliveries(engine: sa.Engine) -> None:
    """Drop all but the newest, as the listener does with those of before, and say how many."""
    dropped = 0
    while number := retention.drop(engine, 0):
        dropped += number
    print(f"{dropped} deliveries", flush=True)


def write_year(folder: Path, runs: int) -> str:
    """Write a year into an SQLite file and return its URL."""
    url = f"sqlite:///{folder / 'year.db'}"
    migrate.upgrade(url)
    engine = connect(url, read_seconds=36_000)
    end = datetime.now(UTC).replace(tzinfo=None)
    tell("a year written", lambda: year.write(engine, runs, end))
    engine.dispose()
    return url


def tell(what: str, work: Callable[[], object]) -> None:
    """Do it and say how long it took."""
    began = time.monotonic()
    work()
    print(f"{what} in {time.monotonic() - began:.1f} s", flush=True)


def size_of(engine: sa.Engine) -> int:
    """Return the bytes that the tables and indexes of a store take."""
    query = {
        "sqlite": "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
        "postgresql": "SELECT pg_database_size(current_database())",
    }.get(
        engine.dialect.name,
        "SELECT sum(data_length + index_length) FROM information_schema.tables"
        " WHERE table_schema = database()",
    )
    with engine.connect() as connection:
        if engine.dialect.name in ("mysql", "mariadb"):  # which count anew when they are told to
            tables = ", ".join(sa.inspect(connection).get_table_names())
            connection.execute(sa.text(f"ANALYZE TABLE {tables}")).all()
        return int(connection.execute(sa.text(query)).scalar_one())


def compare_deliveries(number: int, full: str, empty: str, server: int | None = None) -> float:
    """Return what deliveries take in a full store beside an empty one: the median of turns.

    By the clock, or by the processor of both sides where the PID of their `server` is given.
    """

    def used() -> float:
        return time.process_time() + cpu_of_family(server) if server else time.perf_counter()

    engines = [connect(url, tls=False) for url in (full, empty)]  # as the listener's
    taken = shots_of_today(8, TURNS * number)
    every = [sent(one.event, json.loads(one.body), one.guid, now()) for one in taken]
    ratios = list[float]()
    for turn in range(TURNS):
        part = every[turn * number : (turn + 1) * number]
        batches = [part[place : place + TOGETHER] for place in range(0, len(part), TOGETHER)]
        taken_by = dict[sa.Engine, float]()
        for engine in engines if turn % 2 else engines[::-1]:
            began = used()
            deliver_batches(engine, batches)
            taken_by[engine] = used() - began
        ratios.append(taken_by[engines[0]] / taken_by[engines[1]])
    for engine in engines:
        engine.dispose()
    counted = ratios[1:]  # the first warms up
    ratio = statistics.median(counted)
    spread = f"{min(counted):.2f} to {max(counted):.2f}"
    print(f"a delivery costs {ratio:.2f} of one into an empty store, median of {spread}")
    return ratio


if __name__ == "__main__":
    sys.exit(main())
