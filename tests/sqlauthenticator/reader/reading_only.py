"""Try to write through a reader whose account may do everything; print the figures.

make reader                                               10,000 statements on each engine
make reader ARGS="--statements 500 --engines sqlite"      as many, and where, as are wanted
"""

import argparse
import contextlib
import logging
import random
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pymysql
import sqlalchemy as sa

import sqlauthenticator
from tests import databases, leftovers
from tests.sqlauthenticator.conftest import make_items
from tests.sqlauthenticator.reader.hostile_statements import READS, hostile
from tests.sqlauthenticator.reader.watched import FileState, ServerState, make_targets
from tests.sqlauthenticator.reader.watched_postgresql import PostgresState

LIMIT = 1.0
SLOWEST = LIMIT + sqlauthenticator.MARGIN + 4
BATCH = 50
REFUSALS = (
    *(sqlite3.Error, sqlite3.Warning, pymysql.Error, psycopg.Error),
    *(sa.exc.SQLAlchemyError, ValueError),
)
STATES: dict[str, Any] = {
    "sqlite": FileState,
    "postgresql": PostgresState,
    "servers": ServerState,
}


class Result(NamedTuple):
    """How many statements ended how, the longest in seconds, and what went wrong."""

    ended: Counter[str]
    longest: float
    wrong: list[str]


class Doors:
    """The ways in: the connector, the engine, and the driver's own cursor out of the engine."""

    def __init__(self, url: str) -> None:
        self.connector = sqlauthenticator.connector(url=url, limit=LIMIT)
        self.engine = sqlauthenticator.engine(url=url, limit=LIMIT)

    def try_connector(self, sql: str) -> Any:
        return self.connector.execute(sql).fetchmany(5)

    def try_snapshot(self, sql: str) -> Any:
        with self.connector.snapshot():
            return self.connector.execute(sql).fetchmany(5)

    def try_engine(self, sql: str) -> Any:
        with self.engine.connect() as connection:
            result = connection.exec_driver_sql(sql)
            return result.fetchmany(5) if result.returns_rows else []

    def try_driver(self, sql: str) -> Any:
        with contextlib.closing(self.engine.raw_connection()) as connection:
            cursor = connection.cursor()
            cursor.execute(sql)
            return cursor.fetchmany(5) if cursor.description else []

    def close(self) -> None:
        self.connector.close()
        self.engine.dispose()


def try_statements(url: str, seed: int, count: int) -> Result:
    """Run hostile statements through all doors, and reads between them, which have to work."""
    kind = next((kind for kind in ("sqlite", "postgresql") if url.startswith(kind)), "servers")
    chance, ended, wrong, longest = random.Random(seed), Counter[str](), [], 0.0
    with contextlib.closing(STATES[kind](url)) as state:
        doors = Doors(url)
        ways = (doors.try_connector, doors.try_snapshot, doors.try_engine, doors.try_driver)
        before, tried = state.read(doors), []
        for number in range(1, count + 1):
            is_read = number % 10 == 0
            sql = chance.choice(READS[kind]) if is_read else hostile(chance, kind)
            way = chance.choice(ways)
            start = time.monotonic()
            try:
                way(sql)
                ended["ran"] += 1
            except REFUSALS as error:
                by_us = "only reads" in str(error)
                ended["refused by us" if by_us else "refused by the database"] += 1
                if is_read:
                    wrong.append(f"{way.__name__} does not run {sql!r}: {error}")
            took = time.monotonic() - start
            longest = max(longest, took)
            tried.append(f"{way.__name__} {sql!r}")
            if took > SLOWEST:
                wrong.append(f"{took:.0f} s: {tried[-1]}")
            if number % BATCH == 0 or number == count:
                after = state.read(doors)
                wrong += [f"{name} changed, by one of {tried}" for name in differ(before, after)]
                before, tried = after, []
        doors.close()
    return Result(ended, longest, wrong)


def differ(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return [name for name in after if before.get(name) != after[name]]


@contextlib.contextmanager
def without_guard() -> Iterator[None]:
    """Let every statement pass, as if nobody judged it before the database does."""
    real = sqlauthenticator.refused_word, sqlauthenticator.permit
    unjudged: Any = lambda *_: None  # noqa: E731
    kept = sqlauthenticator.Connection._refused
    of_postgresql = sqlauthenticator.refused_on_postgresql
    sqlauthenticator.refused_on_postgresql = unjudged
    sqlauthenticator.refused_word = unjudged
    sqlauthenticator.Connection._refused = staticmethod(unjudged)
    sqlauthenticator.permit = lambda *_: sqlite3.SQLITE_OK
    try:
        yield
    finally:
        sqlauthenticator.refused_word, sqlauthenticator.permit = real
        sqlauthenticator.refused_on_postgresql = of_postgresql
        sqlauthenticator.Connection._refused = staticmethod(kept)


def main(argv: Sequence[str] | None = None) -> int:
    """Return 0 when nothing was written but without the guard."""
    flags = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    flags.add_argument("--statements", type=int, default=10_000)
    flags.add_argument("--seed", type=int, default=1)
    flags.add_argument("--engines", default=",".join(databases.ENGINES))
    given = flags.parse_args(argv)
    is_good = True
    logging.disable()  # SQLAlchemy's pool complains of what the control does
    try:
        for engine in given.engines.split(","):
            if reason := databases.why_absent(engine):
                print(f"{engine}: left out, {reason}")
                continue
            is_good &= report(engine, given.seed, given.statements)
    finally:
        leftovers.close_session()
    return 0 if is_good else 1


def report(engine: str, seed: int, count: int) -> bool:
    """Print the figures of one engine, and whether the control is noticed."""
    result = tried_on(engine, seed, count)
    for sentence in result.wrong:
        print(f"{engine}, seed {seed}: {sentence}", file=sys.stderr)
    ended = ", ".join(f"{number} {how}" for how, number in sorted(result.ended.items()))
    print(f"{engine}: {ended}; {len(result.wrong)} wrong; the longest {result.longest:.1f} s")
    with without_guard():
        is_noticed = bool(tried_on(engine, -seed, 300).wrong)
    print(f"{engine}: control without the guard {'noticed' if is_noticed else 'NOT NOTICED'}")
    return not result.wrong and is_noticed


def tried_on(engine: str, seed: int, count: int) -> Result:
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.chdir(folder),
        databases.fresh(engine, Path(folder)) as url,
    ):
        if engine == "sqlite":
            with contextlib.closing(sqlite3.connect(str(sa.make_url(url).database))) as made:
                made.execute("PRAGMA journal_mode = WAL")
        with contextlib.closing(sqlauthenticator.connector(url=url, write=True)) as writer:
            make_items(writer, engine)
        make_targets(url)
        return try_statements(url, seed, count)


if __name__ == "__main__":
    raise SystemExit(main())
