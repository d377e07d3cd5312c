"""make bench-dashboard: how long the pages take over stores of several sizes.

python -m benchmarks.dashboard --engine sqlite --runs 10000,100000,1000000 --failures 100000
python -m benchmarks.dashboard --store sqlite:////folder/year.db    # one that year.write made
"""

import argparse
import math
import statistics
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from benchmarks import many_failures, year
from benchmarks.big_store.remade import remake_newest
from benchmarks.measuring import ENGINES, Asking, cpu_of_family, workspace
from config.calendar import Calendar
from config.settings import Settings, read
from dashboard.app import create_app
from engines import connect, faults
from runtime.garbage import settle
from schema import migrate
from schema.tables.ci import workflowruns
from store.figures.rates import SUBJECTS
from store.open import READ, open_engine
from store.rollups.spans import RollupPlan
from tests import databases
from tests.store.rollups.making import make_all

LIMIT = 0.300
FIRST_PAGE = 60_000
"""Bytes sent."""


def main(argv: Sequence[str] | None = None) -> int:
    """Print a line for each page and store; 1 when one took longer than it may, 2 for no store."""
    parser = argparse.ArgumentParser(prog="make bench-dashboard", description=__doc__)
    parser.add_argument("--engine", default="sqlite", choices=ENGINES)
    parser.add_argument("--runs", default="10000,100000,1000000")
    parser.add_argument("--failures", type=int, default=100_000, help="failed jobs, for Errors")
    parser.add_argument("--asked", type=int, default=40, help="how often each page is asked for")
    parser.add_argument("--store", help="URL of a store with its roll-ups; none is written then")
    parser.add_argument("--server", type=int, help="PID of the store's server: its time, too")
    parser.add_argument("--remade", action="store_true", help="today is, before each ask: --store")
    given = parser.parse_args(argv)
    slow = []
    with workspace() as folder:
        if given.store:
            remake = partial(remake_newest, given.store) if given.remade else None
            asking = Asking(given.asked, given.server, remake)
            try:
                return tell_slow(ask_store(given.store, folder, asking))
            except (ValueError, SQLAlchemyError) as problem:
                print(faults.cause(problem), file=sys.stderr)
                return 2
        for runs in map(int, given.runs.split(",")):
            with databases.fresh(given.engine, folder) as url:
                slow += measure(url, folder, runs, given.asked)
        with databases.fresh(given.engine, folder) as url:
            slow += measure_errors(url, folder, given.failures, given.asked)
    return tell_slow(slow)


def tell_slow(slow: Sequence[str]) -> int:
    """Print the pages that took longer than they may; return an exit code."""
    print(f"over {LIMIT * 1000:.0f} ms: {', '.join(slow) or 'none'}")
    return 1 if slow else 0


def ask_store(url: str, folder: Path, asking: Asking) -> list[str]:
    """Ask for the pages of a store that is there, as at its end; return those that took long."""
    settings = read({}, {"DATABASE_URL": url, "DATABASE_SSL": "off"}, folder)
    reader = open_engine(settings, READ)
    with reader.connect() as connection:
        newest = connection.scalar(select(func.max(workflowruns.c.createtime)))
    if newest is None:
        raise ValueError("the store has no run")
    slow = ask(settings, reader, newest + timedelta(minutes=5), paths(newest), asking)
    reader.dispose()
    return slow


def ask(
    settings: Settings, reader: Engine, now: datetime, pages: Sequence[str], asking: Asking
) -> list[str]:
    """Ask for pages at a time; return those that took too long."""
    client = create_app(settings, reader, clock=lambda: now).test_client()
    settle()  # as the server does
    return [path for path in pages if not fast(client, path, asking)]


def measure(url: str, folder: Path, runs: int, asked: int) -> list[str]:
    """Fill a store, make its roll-ups, ask for the pages; return those that took too long."""
    end = datetime.now(UTC).replace(tzinfo=None)
    migrate.upgrade(url)
    writer = connect(url, tls=False, read_seconds=600)
    began = time.monotonic()
    year.write(writer, runs, end)
    written = time.monotonic()
    with writer.begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.execute(text("ANALYZE"))
    settings = read({}, {"DATABASE_URL": url, "DATABASE_SSL": "off"}, folder)
    make_all(writer, RollupPlan(Calendar(settings.night_zone, settings.night_ends)))
    rolled = time.monotonic()
    writer.dispose()
    print(
        f"\n{runs:,} runs, {runs * year.JOBS:,} jobs on {writer.dialect.name}: written in "
        f"{written - began:.0f} s, roll-ups made in {rolled - written:.0f} s"
    )
    reader = open_engine(settings, READ)
    slow = ask(settings, reader, end, paths(end), Asking(asked))
    reader.dispose()
    return [f"{path} ({runs:,})" for path in slow]


def measure_errors(url: str, folder: Path, failures: int, asked: int) -> list[str]:
    """Fill a store with failed jobs, ask for the pages of errors; return those that took long."""
    end = datetime.now(UTC).replace(tzinfo=None)
    migrate.upgrade(url)
    writer = connect(url, tls=False, read_seconds=600)
    year.write(writer, 1000, end)
    frequent = many_failures.write(writer, failures, end)
    if writer.dialect.name == "sqlite":
        with writer.begin() as connection:
            connection.execute(text("ANALYZE"))
    writer.dispose()
    kinds = f"{many_failures.ERRORS:,} errors on {writer.dialect.name}"
    print(f"\n{failures:,} failed jobs with {kinds}")
    settings = read({}, {"DATABASE_URL": url, "DATABASE_SSL": "off"}, folder)
    reader = open_engine(settings, READ)
    asked_for = [
        *("/errors", "/errors?days=90", "/errors?days=90&new=yes", "/errors?q=answered"),
        *("/errors?repo=octo-org/service-07", "/errors?workflow=CI&branch=main&days=90"),
        *(f"/errors/{frequent}", f"/errors/{frequent}?days=90", f"/errors/{frequent}?similar=yes"),
    ]
    slow = ask(settings, reader, end, asked_for, Asking(asked))
    reader.dispose()
    return [f"{path} ({failures:,} failures)" for path in slow]


def paths(end: datetime) -> list[str]:
    """Return what is asked for."""
    since = (end - timedelta(days=89)).date()
    first, last = ((end - timedelta(days=days)).date() for days in (60, 31))
    flow = "repo=octo-org/service-07&workflow=CI"
    night = end.date() - timedelta(days=1)
    return [
        "/",
        "/?nights=60&q=timeout",
        f"/nights/7/{night}",
        "/runs",
        "/runs?repo=octo-org/service-07&conclusion=failure",
        "/runs?workflow=Release&branch=main",
        f"/runs?repo=octo-org/service-07&workflowgitid={year.flow_id(7, 'Release')}",
        "/runs?author=nobody",
        f"/runs/github/{year.FIRST_RUN}",
        "/time",
        f"/time?since={since}",
        "/time?repo=octo-org/service-07&os=Linux",
        "/flakes",
        "/time?event=push",
        "/time?workflow=CI",
        f"/time?workflow=CI&event=push&since={since}",
        f"/time?job=lint&since={since}",
        "/time?branch=main",
        "/time?branch=topic-7",
        f"/time?{flow}&job=lint",
        f"/flakes?since={since}",
        f"/flakes?since={first}&until={last}&sort=rate&q=build",
        "/runs?sort=runtime",
        "/runs?sort=queuetime",
        *(f"/figures?by={by}" for by in SUBJECTS),
        *(f"/figures?since={since}&by={by}" for by in SUBJECTS),
        "/figures?repo=octo-org/service-07&by=job",
        "/slower",
        f"/slower?since={since}",
        "/pools",
        f"/pools?since={since}",
        "/pr/7",
        "/pr/7?repo=octo-org/service-07",
        f"/workflow?{flow}",
        f"/job?{flow}&job=lint",
        "/branch?repo=octo-org/service-07&branch=main",
        "/branch?repo=octo-org/service-07&branch=topic-7",
        "/runner?name=build-3",
        "/pool?labels=ubuntu-24.04&group=GitHub+Actions",
        "/deliveries",
        "/deliveries?event=push",
        "/deliveries?q=guid-8000",
        "/figures?q=service-1&sort=rate",
        *("/errors", "/errors?days=90", "/errors?q=expected&days=90"),
        "/errors?repo=octo-org/service-07",
        *(f"/errors?days=90&{name}" for name in ("workflow=CI", "job=lint", "branch=main")),
        *("/errors?branch=topic-7", "/errors?days=90&runner=build-3&q=expected"),
        f"/errors/1:{year.ERRORS[0][:30]}",
        f"/errors/1:{year.ERRORS[0][:30]}?days=90",
        "/feeds",
        "/packages",
        f"/badge.svg?{flow}",
        "/feed.atom",
        "/health",
        "/metrics",
    ]


def fast(client: FlaskClient, path: str, asking: Asking) -> bool:
    """Ask for a page again and again, print its times, and tell whether it is quick enough.

    The processor's time leaves out what other work on the machine took, and that of a server,
    whose mean is told apart; the least time leaves out most of the first, and has the second.
    """
    times, own, server = [], [], asking.server
    database = cpu_of_family(server)
    for _ in range(asking.times):
        if asking.before is not None:
            asking.before()
        began, used = time.perf_counter(), time.process_time()
        answer = client.get(path, headers={"Accept-Encoding": "gzip"})
        times.append(time.perf_counter() - began)
        own.append(time.process_time() - used)
        if answer.status_code != 200:
            print(f"{path}: {answer.status_code}", file=sys.stderr)
            return False
    shown: tuple[tuple[str, float], ...] = (
        *(("least", min(times)), ("p50", statistics.median(times)), ("p95", p95(times))),
        *(("processor p50", statistics.median(own)), ("p95", p95(own))),
    )
    if server:
        shown += (("server", (cpu_of_family(server) - database) / asking.times),)
    told = "  ".join(f"{name} {seconds * 1000:4.0f} ms" for name, seconds in shown)
    print(f"{path:50} {len(answer.data) / 1000:4.0f} kB  {told}", flush=True)
    return p95(times) <= LIMIT and (path != "/" or len(answer.data) < FIRST_PAGE)


def p95(times: Sequence[float]) -> float:
    """Return the nearest-rank percentile."""
    return sorted(times)[math.ceil(len(times) * 0.95) - 1]


if __name__ == "__main__":
    raise SystemExit(main())
