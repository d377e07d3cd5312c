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
with all indexes, and flush at each commit; ways and engines take turns, and what counts is the
median of the ratios. Nothing is fetched meanwhile: (a) gets its parts as fast as it takes them.
"""

import statistics
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from typing import NamedTuple

from backfill.pipeline.writer import AtomicWrite
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
from benchmarks.recorded import record
from benchmarks.ways import Rows, by_backfill, by_plain, counted, counts, empty, stored
from runtime.garbage import rare_collections
from tests import servers
from tests.torture.stage import Stage

JOBS = 8
BY_OBJECT = 2
"""Requests for a run by those who ask for each run and for its jobs."""

WAYS = ("backfill", "plain")

Turns = dict[tuple[str, str], list[WorkTime]]
"""What was measured, by way and engine, in the order of the rounds."""


class Subject(NamedTuple):
    """An engine's stage, and what a backfill left there: rows, after so many commits, by counts."""

    name: str
    stage: Stage
    rows: Rows
    commits: int
    wanted: dict[str, int]


def main(argv: Sequence[str] | None = None) -> int:
    """Print a table of the engines, and the requests; 1 when the two ways end differently."""
    flags = parser_of("backfill", __doc__, ENGINES)
    flags.add_argument("--runs", type=int, default=1000)
    flags.add_argument("--rounds", type=int, default=5)
    given = flags.parse_args(argv)
    with workspace() as folder, ExitStack() as stack:
        parts, requests = record(given.runs, JOBS, folder)
        subjects = []
        for name in given.engines:
            stage = Stage(name, folder / name, servers.LOGGED)
            stack.callback(stage.close)
            subjects.append(subject_of(name, stage, parts))
        # As the command does; and what is kept here is nobody's, not to be looked at.
        stack.enter_context(rare_collections())
        turns, alike = bench(subjects, parts, given.rounds)
        print_head(
            *("engine", "rows", "commits", "way"),
            *("rows/s", "of plain", "ms Python", "ms database"),
        )
        for subject in subjects:
            for way in WAYS:
                print(line(subject, way, turns), flush=True)
        print_beside(turns)
    print("\nms: of CPU for 1,000 rows; in SQLite the database is part of Python")
    print(
        f"{1000 * requests / given.runs:.0f} requests for 1,000 runs; "
        f"{1000 * BY_OBJECT} by those who ask for each run and for its jobs"
    )
    return 0 if alike else 1


def subject_of(name: str, stage: Stage, parts: Sequence[AtomicWrite]) -> Subject:
    """Let a backfill fill a database, which warms up, and return what it wrote."""
    with empty(stage) as engine:
        there, commits = stored(engine), counted(engine)
        by_backfill(engine, parts)
        number, wanted = len(commits), counts(engine)
        return Subject(name, stage, stored(engine, there), number, wanted)


def bench(
    subjects: Sequence[Subject], parts: Sequence[AtomicWrite], rounds: int
) -> tuple[Turns, bool]:
    """Let all ways on all engines take turns; tell whether they always ended with the same."""
    turns: Turns = {(way, subject.name): [] for subject in subjects for way in WAYS}
    alike = True
    for place in range(rounds):
        for subject in subjects if place % 2 == 0 else reversed(subjects):
            for way in sorted(WAYS, reverse=bool(place % 2)):
                with empty(subject.stage) as engine:
                    work = (
                        partial(by_backfill, engine, parts)
                        if way == "backfill"
                        else partial(by_plain, engine, subject.rows, subject.commits)
                    )
                    turns[way, subject.name].append(time_work(work, subject.stage.server))
                    ended = counts(engine)
                if ended != subject.wanted:
                    told = f"{subject.name}, {way}: {ended} in place of {subject.wanted}"
                    print(told, file=sys.stderr)
                    alike = False
    return turns, alike


def line(subject: Subject, way: str, turns: Turns) -> str:
    """Return a row of the table, of medians."""
    times, rows = turns[way, subject.name], sum(map(len, subject.rows.values()))
    rate = statistics.median(rows / one.seconds for one in times)
    pairs = zip(turns["plain", subject.name], times, strict=True)
    ratio = statistics.median(plain.seconds / one.seconds for plain, one in pairs)
    took = median_of(times)
    cpu = (f"{1e6 * seconds / rows:.0f}" for seconds in (took.python, took.database))
    return row(subject.name, rows, subject.commits, way, f"{rate:.0f}", f"{ratio:.2f}", *cpu)


if __name__ == "__main__":
    sys.exit(main())
