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

import gc
import statistics
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from sqlalchemy import Engine

from backfill.pipeline.writer import AtomicWrite
from benchmarks.measuring import ENGINES, WorkTime, parser_of, print_head, row, time_work, workspace
from benchmarks.recorded import record
from benchmarks.ways import by_backfill, by_plain, counted, counts, empty, stored
from tests import servers
from tests.torture.stage import Stage

JOBS = 8
BY_OBJECT = 2
"""Requests for a run by those who ask for each run and for its jobs."""

Fill = Callable[[Engine], None]


def main(argv: Sequence[str] | None = None) -> int:
    """Print a table of the engines, and the requests; 1 when the two ways end differently."""
    flags = parser_of("backfill", __doc__, ENGINES)
    flags.add_argument("--runs", type=int, default=1000)
    flags.add_argument("--rounds", type=int, default=5)
    given = flags.parse_args(argv)
    with workspace() as folder:
        parts, requests = record(given.runs, JOBS, folder)
        print_head(
            *("engine", "rows", "commits", "way"),
            *("rows/s", "of plain", "ms Python", "ms database"),
        )
        alike = [bench(engine, parts, given.rounds, folder / engine) for engine in given.engines]
    print("\nms: of CPU for 1,000 rows; in SQLite the database is part of Python")
    print(
        f"{1000 * requests / given.runs:.0f} requests for 1,000 runs; "
        f"{1000 * BY_OBJECT} by those who ask for each run and for its jobs"
    )
    return 0 if all(alike) else 1


def bench(name: str, parts: Sequence[AtomicWrite], rounds: int, folder: Path) -> bool:
    """Let both ways take turns on one engine; tell whether they always ended with the same."""
    with ExitStack() as stack:
        stage = Stage(name, folder, servers.LOGGED)
        stack.callback(stage.close)
        with empty(stage) as engine:  # the first warms up
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
        turns: dict[str, list[WorkTime]] = {way: [] for way in ways}
        alike = True
        for place in range(rounds):
            for way in sorted(ways, reverse=bool(place % 2)):
                with empty(stage) as engine:
                    turns[way].append(time_work(partial(ways[way], engine), stage.server))
                    ended = counts(engine)
                if ended != wanted:
                    print(f"{name}, {way}: {ended} in place of {wanted}", file=sys.stderr)
                    alike = False
    for way in ways:
        print(line(name, sum(map(len, rows.values())), number, way, turns), flush=True)
    return alike


def line(name: str, rows: int, commits: int, way: str, turns: dict[str, list[WorkTime]]) -> str:
    """Return a row of the table, of medians."""
    times = turns[way]
    rate = statistics.median(rows / one.seconds for one in times)
    pairs = zip(turns["plain"], times, strict=True)
    ratio = statistics.median(plain.seconds / one.seconds for plain, one in pairs)
    python = 1e6 * statistics.median(one.python for one in times) / rows
    database = 1e6 * statistics.median(one.database for one in times) / rows
    rates = (f"{rate:.0f}", f"{ratio:.2f}")
    return row(name, rows, commits, way, *rates, f"{python:.0f}", f"{database:.0f}")


if __name__ == "__main__":
    sys.exit(main())
