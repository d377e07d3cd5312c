"""A store that benchmarks.year wrote into an SQLite file, copied to an empty database at once.

`python -m benchmarks.big_store.server_copy --from sqlite:///year.db --to URL`. The schema is made,
its indexes only after the rows, and the tables are counted. With `--times 10` the database then
writes the year nine times more beside itself, with other repositories, ids and names; roll-ups are
left out of that, since those of all repositories would be wrong. `--revision 0001` makes the tables
as they were then, without what came later: migrations can be timed from there. For databases that
are thrown away: nothing is asked, and a database that holds a run is refused.
"""

import argparse
import sqlite3
import sys
import time
from collections.abc import Sequence
from itertools import chain

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from benchmarks.big_store import migrations
from benchmarks.big_store.lines import read_columns
from benchmarks.big_store.targets import Target, open_target
from engines import faults, kind_of
from schema import migrate
from schema.tables.ci import repos, workflowruns
from schema.tables.rollups import dirtyruns, rollflakes, rollspans
from store.copying.table_copy import tables
from store.rollups.make import TABLES

VENDOR_IDS = frozenset(("gitid", "rungitid", "jobgitid", "workflowgitid"))
VENDOR_STEP = 10**12
"""Far above the ids of a year."""
NAMES = frozenset(("repo", "guid"))
SHIFTED = VENDOR_IDS | NAMES | {"repoid"}
"""Columns that tell the copies of a year apart; tables without one hold words of all."""
ROLLUPS = frozenset(
    table.name
    for table in (dirtyruns, rollspans, rollflakes, *chain.from_iterable(TABLES.values()))
)
LEFT = frozenset(("leases", "marks"))
"""Tables that are of the process which wrote the file."""


def main(argv: Sequence[str] | None = None) -> int:
    """Copy, and say how long each part took; 2 for what cannot be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from", dest="source", required=True, metavar="URL")
    parser.add_argument("--to", required=True, metavar="URL")
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--revision", default=migrate.HEAD, help="of the schema")
    given = parser.parse_args(argv)
    try:
        copy(given.source, given.to, given.times, given.revision)
    except ValueError as problem:
        print(problem, file=sys.stderr)
        return 2
    except (sqlite3.Error, SQLAlchemyError) as problem:
        print(faults.cause(problem), file=sys.stderr)
        return 2
    return 0


def copy(source: str, url: str, times: int = 1, revision: str = migrate.HEAD) -> None:
    """Fill an empty database. Raises ValueError."""
    path = sa.make_url(source).database
    if times < 1 or sa.make_url(source).get_backend_name() != "sqlite" or not path:
        raise ValueError("--from is an SQLite file, and --times at least 1")
    migrate.upgrade(url, revision)
    file = sqlite3.connect(f"file:{path}?mode=ro", uri=True, check_same_thread=False)
    engine, target = open_target(url)
    try:
        with engine.connect() as connection:
            check(file, connection)
            for statement in target.session:
                connection.exec_driver_sql(statement)
            connection.commit()
            chosen = migrations.tables_of(connection)
            for table in chosen:
                if table.name not in LEFT and not (times > 1 and table.name in ROLLUPS):
                    copy_table(connection, target, file, table, times)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for table in chosen:
                connection.exec_driver_sql(target.analyze.format(table.name))
    finally:
        file.close()
        engine.dispose()


def check(file: sqlite3.Connection, connection: sa.Connection) -> None:
    """Raise ValueError where the file has what the tables do not, or the database holds runs.

    A file of an earlier schema will do: columns that it lacks stay empty.
    """
    for table in tables():
        unknown = {name for name, _ in read_columns(file, table.name)} - set(table.c.keys())
        if unknown:
            raise ValueError(f"{table.name} has no {min(unknown)} here: write the file anew")
    if connection.execute(sa.select(workflowruns.c.Id).limit(1)).first():
        raise ValueError("the database holds runs: give an empty one")
    connection.rollback()


def copy_table(
    connection: sa.Connection, target: Target, file: sqlite3.Connection, table: sa.Table, times: int
) -> None:
    """Fill a table, with its indexes dropped meanwhile. Raises ValueError for rows that lack."""
    name = table.name
    if not read_columns(file, name):
        return
    (rows,) = file.execute(f"SELECT count(*) FROM {name}").fetchone()  # noqa: S608 - our own
    if not rows or connection.execute(sa.select(table.c.Id).limit(1)).first():
        return  # those that the migrations fill are filled
    began = time.monotonic()
    drops, adds = target.indexes(connection, name)
    for statement in drops:
        connection.exec_driver_sql(statement)
    copied = target.load(connection, file, table)
    if copied != rows:
        raise ValueError(f"{name}: {copied} of {rows} rows were copied")
    loaded = time.monotonic()
    (places,) = file.execute("SELECT max(Id) FROM repos").fetchone()
    if table.name == repos.name or not SHIFTED.isdisjoint(table.c.keys()):
        multiply(connection, table, rows, times, places)
    multiplied = time.monotonic()
    for statement in adds:
        connection.exec_driver_sql(statement)
    last = connection.execute(sa.select(sa.func.max(table.c.Id))).scalar_one()
    kind_of(connection).raise_number(connection, name, last + 1)
    connection.commit()
    print(
        f"{name}: {last} rows; copied in {loaded - began:.1f} s,"
        f" multiplied in {multiplied - loaded:.1f} s, indexes in"
        f" {time.monotonic() - multiplied:.1f} s",
        flush=True,
    )


def multiply(
    connection: sa.Connection, table: sa.Table, rows: int, times: int, places: int
) -> None:
    """Write a table's rows again beside themselves, as those of other repositories."""
    last = connection.execute(sa.select(sa.func.max(table.c.Id))).scalar_one()
    for number in range(1, times):
        chosen = [shifted(table, column, number, last, places) for column in table.c]
        query = sa.select(*chosen).where(table.c.Id <= last).order_by(table.c.Id)
        statement = sa.insert(table).from_select(list(table.c), query)
        statement = statement.execution_options(preserve_rowcount=True)
        written = connection.execute(statement).rowcount
        connection.commit()
        if written != rows:
            raise ValueError(f"{table.name}: {written} of {rows} rows were written again")


def shifted(
    table: sa.Table, column: sa.Column[object], number: int, last: int, places: int
) -> sa.ColumnElement[object]:
    """Return what a column holds in the year's copy of a number."""
    if column.name == "Id":
        return column + number * last
    if column.name == "repoid":
        return column + number * places
    if column.name in VENDOR_IDS:
        return column + number * VENDOR_STEP
    if column.name in NAMES or (table.name == repos.name and column.name == "name"):
        return column.concat(f"-{number}")
    return column


if __name__ == "__main__":
    sys.exit(main())
