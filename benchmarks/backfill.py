"""How fast a backfill writes, beside plain inserts of the same rows: make bench-backfill.

The command reads a generated repository over HTTP once; what it hands to its writer is kept, and
written to empty databases again and again:

(a) backfill: by its writer, all that it does: what is stored already is looked for, rows
    are merged, what follows from them is derived, runs are marked for the roll-ups, and how far
    the backfill came is noted
(b) plain: the rows that are in the database after (a), all tables and columns, by executemany,
    table after table, in as many transactions as (a) took

A row is one that is in the database at the end, of any table: (a) writes some of them twice, and
that counts once. Both end with the same rows, by count of each table. The databases are alike,
with all indexes, and flush at each commit; they take turns, and what counts is the median of the
ratios. Nothing is fetched meanwhile: (a) gets its parts as fast as it takes them.
"""

from __future__ import annotations

import argparse
import gc
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Engine

from backfill.pipeline.writer import AtomicWrite
from benchmarks.reception import cpu
from benchmarks.recorded import record
from benchmarks.ways import by_backfill, by_plain, counted, counts, empty, started, stored
from tests import databases, leftovers
from tests.servers import Server

JOBS = 8
BY_OBJECT = 2
"""Requests for a run by those who ask for each run and for its jobs."""

Fill = Callable[[Engine], None]


class Turn(NamedTuple):
    """One turn of one way to write: seconds, and CPU seconds of Python and of the database."""

    seconds: float
    python: float
    database: float


def main(argv: Sequence[str] | None = None) -> int:
    """Print a table of the engines, and the requests; 1 when the two ways end differently."""
    flags = argparse.ArgumentParser(
        prog="python -m benchmarks.backfill",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    flags.add_argument("--engines", nargs="+", default=[*databases.ENGINES])
    flags.add_argument("--runs", type=int, default=1000)
    flags.add_argument("--rounds", type=int, default=5)
    given = flags.parse_args(argv)
    folder = Path(tempfile.mkdtemp(prefix="runledger-bench-"))
    try:
        parts, requests = record(given.runs, JOBS, folder)
        print(
            "| engine | rows | commits | way | rows/s | of plain | ms Python | ms database |\n"
            "|---|---|---|---|---|---|---|---|"
        )
        alike = [bench(engine, parts, given.rounds, folder) for engine in given.engines]
    finally:
        leftovers.close_session()
        shutil.rmtree(folder, ignore_errors=True)
    print("\nms: of CPU for 1,000 rows; in SQLite the database is part of Python")
    print(
        f"{1000 * requests / given.runs:.0f} requests for 1,000 runs; "
        f"{1000 * BY_OBJECT} by those who ask for each run and for its jobs"
    )
    return 0 if all(alike) else 1


def bench(name: str, parts: Sequence[AtomicWrite], rounds: int, folder: Path) -> bool:
    """Let both ways take turns on one engine; tell whether they always ended with the same."""
    with ExitStack() as stack:
        server = stack.enter_context(started(name))
        with empty(server, folder) as engine:  # the first warms up
            there, commits = stored(engine), counted(engine)
            by_backfill(engine, parts)
            number, wanted = len(commits), counts(engine)
            rows = stored(engine, there)
        # What is kept here is none of either's: a collection of garbage shall not look at it.
        gc.collect()
        gc.freeze()
        stack.callback(gc.unfreeze)
        ways: dict[str, Fill] = {
            "backfill": lambda engine: by_backfill(engine, parts),
            "plain": lambda engine: by_plain(engine, rows, number),
        }
        turns: dict[str, list[Turn]] = {way: [] for way in ways}
        alike = True
        for place in range(rounds):
            for way in sorted(ways, reverse=bool(place % 2)):
                with empty(server, folder) as engine:
                    turns[way].append(turn(server, engine, ways[way]))
                    ended = counts(engine)
                if ended != wanted:
                    print(f"{name}, {way}: {ended} in place of {wanted}", file=sys.stderr)
                    alike = False
    for way in ways:
        print(line(name, sum(map(len, rows.values())), number, way, turns), flush=True)
    return alike


def turn(server: Server | None, engine: Engine, fill: Fill) -> Turn:
    """Write, and return what it took."""
    pids = [server.pid] if server else []
    database, python, began = cpu(pids), time.process_time(), time.monotonic()
    fill(engine)
    seconds = time.monotonic() - began
    return Turn(seconds, time.process_time() - python, cpu(pids) - database)


def line(name: str, rows: int, commits: int, way: str, turns: dict[str, list[Turn]]) -> str:
    """Return a row of the table, of medians."""
    those = turns[way]
    rate = statistics.median(rows / one.seconds for one in those)
    pairs = zip(turns["plain"], those, strict=True)
    ratio = statistics.median(plain.seconds / one.seconds for plain, one in pairs)
    python, database = (
        1e6 * statistics.median(getattr(one, part) for one in those) / rows
        for part in ("python", "database")
    )
    return (
        f"| {name} | {rows} | {commits} | {way} | {rate:.0f} | {ratio:.2f} | "
        f"{python:.0f} | {database:.0f} |"
    )


if __name__ == "__main__":
    sys.exit(main())
