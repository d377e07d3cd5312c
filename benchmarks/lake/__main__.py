"""make bench-lake: the lake beside the store's own SQL, bare Parquet and pandas, in one run.

make bench-lake ARGS="--runs 1000000 --engines sqlite mariadb --limit 240". Prints how long a full
sync and one of 1,000 changed runs take, files and sizes, and how long five questions take: by the
clock and, in brackets, of the processor, of this process and all that it began, servers too. A
statement of a store is cut off after --limit seconds, and counted with them: the factors are the
least then. Answers are compared; 1 where they differ.
"""

import math
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, cast

import pandas
from sqlalchemy import update

from benchmarks import year
from benchmarks.big_store import server_copy
from benchmarks.lake.questions import QUESTIONS, SINCE_DAYS, spelled
from benchmarks.measuring import cpu_of_tree, parser_of, row, workspace
from config.lake_place import LakeSettings, read_lake
from engines import connect, connect_reader
from engines.transaction import transact
from lake.catalog import literal, open_lake
from lake.extensions import open_duckdb
from lake.sync import Store, sync_all
from schema import migrate
from schema.tables.ci import jobs, workflowruns
from sqlauthenticator import connector
from store.write import changed_runs
from tests import databases

END = datetime(2026, 3, 1)
TIMES = 3
"""How often the lake and Parquet are asked; the quickest counts."""
CHANGED = 1000
COPIED = ("workflowruns", "runattempts", "jobs", "failures")


def main(argv: Sequence[str] | None = None) -> int:
    """Print the tables."""
    parser = parser_of("lake", __doc__, ("sqlite",))
    parser.add_argument("--runs", type=int, default=100_000, help="of five jobs each")
    parser.add_argument("--limit", type=float, default=240, help="seconds of a store's statement")
    parser.add_argument("--store", help="a file of SQLite that has the year already; it is copied")
    parser.add_argument("--no-pandas", action="store_true", help="leave out the slow copy")
    given = parser.parse_args(argv)
    is_equal = True
    with workspace() as folder:
        for number, engine in enumerate(given.engines):
            with databases.fresh(engine, folder) as url:
                fill(url, given)
                if number == 0:
                    lake = measure_syncs(url, folder, pandas_too=not given.no_pandas)
                is_equal &= measure_questions(engine, url, lake, folder, given.limit)
    return 0 if is_equal else 1


def fill(url: str, given: Any) -> None:
    """Fill a store with the year, or with a copy of the file that is named."""
    if given.store and url.startswith("sqlite:///"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as file:
            sqlite3.connect(given.store).backup(file)  # with what stands in its WAL
        migrate.upgrade(url)
    elif given.store:
        server_copy.copy(f"sqlite:///{given.store}", url)
    else:
        migrate.upgrade(url)
        engine = connect(url)
        year.write(engine, given.runs, END)
        engine.dispose()


class Took(NamedTuple):
    """How long work took by the clock, and of the processors."""

    clock: float
    processor: float

    def __str__(self) -> str:
        return f"{self.clock:.2f} s ({self.processor:.2f})"

    def rounded(self, digits: int) -> str:
        """Return both numbers as text."""
        return f"{self.clock:.{digits}f} ({self.processor:.{digits}f})"

    def times(self, other: "Took") -> "Took":
        """Return how many times as long this took."""
        return Took(self.clock / other.clock, self.processor / max(other.processor, 0.01))


def measure(work: Callable[[], Any]) -> Took:
    """Return how long work takes."""
    began, used = time.perf_counter(), cpu_of_tree()
    work()
    return Took(time.perf_counter() - began, cpu_of_tree() - used)


def measure_syncs(url: str, folder: Path, *, pandas_too: bool) -> LakeSettings:
    """Print how long syncs take, and what they write; return where the lake is."""
    place = read_lake(
        {"LAKE_CATALOG": f"sqlite:{folder}/lake/c.sqlite", "LAKE_DATA": f"{folder}/lake/files"},
        folder,
    )
    store = Store(connect(url), connect_reader(url, read_seconds=3600.0))

    def sync() -> None:
        with closing(open_lake(place, make=True)) as lake:
            sync_all(store, lake)

    full = measure(sync)
    files = set(Path(place.data).rglob("*.parquet"))
    size = sum(each.stat().st_size for each in files)
    print(f"full sync: {full}, {len(files)} files, {size / 1e6:.1f} MB", flush=True)
    if url.startswith("sqlite:///"):
        share = size / Path(url.removeprefix("sqlite:///")).stat().st_size
        print(f"of the SQLite file's size: {100 * share:.1f}%")
    with store.reader.connect() as connection:
        newest = connection.exec_driver_sql("SELECT max(gitid) FROM workflowruns").scalar_one()
    apart = max(1, (newest - year.FIRST_RUN) // CHANGED)
    for title, step in (("the newest", 1), ("scattered", apart)):
        touch(store, [newest - number * step for number in range(CHANGED)], title)
        took = measure(sync)
        new = set(Path(place.data).rglob("*.parquet")) - files
        files |= new
        shares = f"{full.times(took).rounded(0)} in a full one, {len(new)} files"
        print(f"sync of {CHANGED:,} changed runs, {title}: {took}, {shares}", flush=True)
    print(f"sync of nothing: {measure(sync)}", flush=True)
    if pandas_too:
        took = measure(lambda: copy_by_pandas(url, folder / "pandas"))
        print(f"pandas by the connector: {took}, {took.times(full).rounded(1)} full syncs")
    store.writer.dispose()
    store.reader.dispose()
    return place


def touch(store: Store, gitids: Sequence[int], title: str) -> None:
    """Change runs and their jobs as a writer does."""

    def work(connection: Any) -> None:
        for begin in range(0, len(gitids), 500):
            part = gitids[begin : begin + 500]
            changed_runs.note_changes(connection, [("github", gitid) for gitid in part])
            of_runs = workflowruns.c.gitid.in_(part)
            connection.execute(update(workflowruns).where(of_runs).values(title=title))
            of_jobs = jobs.c.rungitid.in_(part)
            connection.execute(update(jobs).where(of_jobs).values(failedstep=title))

    transact(store.writer, work)


def copy_by_pandas(url: str, folder: Path) -> None:
    """Copy the tables as an analyst would: frames of 100,000 rows, each a Parquet file."""
    folder.mkdir()
    duckdb = open_duckdb()
    with connector(url=url, limit=3600) as connection:
        for table in COPIED:
            query, source = f"SELECT * FROM {table}", cast("Any", connection)  # noqa: S608
            frames = pandas.read_sql(query, source, chunksize=100_000)
            for number, frame in enumerate(frames):
                duckdb.register("frame", frame)
                target = literal(f"{folder}/{table}-{number}.parquet")
                duckdb.execute(f"COPY frame TO {target} (FORMAT parquet, COMPRESSION zstd)")


def measure_questions(
    engine: str, url: str, place: LakeSettings, folder: Path, limit: float
) -> bool:
    """Print how long the questions take; tell whether the answers are equal."""
    is_equal, factors, to_parquet = True, list[Took](), list[Took]()
    parquet = open_parquet(place, folder)
    print(f"\n| question | lake | Parquet | {engine} | times |\n|---|---|---|---|---|")
    with closing(open_lake(place)) as lake, connector(url=url, limit=limit) as store:
        lake.execute("SET TimeZone = 'UTC'")
        (end,) = lake.execute("SELECT max(createtime) FROM workflowruns").fetchone() or (END,)
        since = str(end - timedelta(days=SINCE_DAYS))
        for question in QUESTIONS:
            text = spelled(question.lake, "lake", since)
            own, answer = ask(lake, text, TIMES)
            bare, _ = ask(parquet, text, TIMES)
            took, told = ask_store(store, spelled(question.store, engine, since))
            sign = "" if told is not None else "over "
            if told is not None and rows_of(told) != rows_of(answer):
                print(f"the answers differ: {question.title}", file=sys.stderr)
                is_equal = False
            factors.append(took.times(own))
            to_parquet.append(own.times(bare))
            cells = own, bare, f"{sign}{took}", f"{sign}{factors[-1].rounded(0)}"
            print(row(question.title, *cells), flush=True)
    print(row("geometric mean", 1, "", "", mean(factors).rounded(0)))
    print(f"lake / bare Parquet: {mean(to_parquet).rounded(2)}", flush=True)
    parquet.close()
    return is_equal


def ask(connection: Any, sql: str, times: int = 1) -> tuple[Took, list[Any]]:
    """Return the quickest of some times, and the answer."""
    took, answer = list[Took](), list[Any]()
    for _ in range(times):
        answer.clear()
        took.append(measure(lambda: answer.extend(connection.execute(sql).fetchall())))
    return min(took), answer


def ask_store(connection: Any, sql: str) -> tuple[Took, list[Any] | None]:
    """Return what one try took, and the answer; None where it was cut off."""
    answer = list[Any]()

    def work() -> None:
        try:
            answer.append(connection.execute(sql).fetchall())
        except sqlite3.OperationalError as error:
            if "interrupted" not in str(error):
                raise

    return measure(work), answer[0] if answer else None


def open_parquet(place: LakeSettings, folder: Path) -> Any:
    """Return a DuckDB whose tables are bare Parquet files of what the lake has."""
    connection = open_duckdb()
    with closing(open_lake(place)) as lake:
        for table in COPIED:
            path = folder / f"{table}.parquet"
            if not path.exists():
                target = f"{literal(str(path))} (FORMAT parquet, COMPRESSION zstd)"
                lake.execute(f"COPY (FROM {table}) TO {target}")
            connection.execute(f"CREATE VIEW {table} AS FROM read_parquet({literal(str(path))})")
    return connection


def rows_of(answer: Iterable[Sequence[Any]]) -> list[tuple[str, ...]]:
    """Return an answer as texts, the same for all engines."""
    return sorted(tuple(str(value).removesuffix(".0") for value in row) for row in answer)


def mean(factors: Sequence[Took]) -> Took:
    """Return the geometric means."""
    logs = (sum(math.log(max(one, 0.01)) for one in ones) for ones in zip(*factors, strict=True))
    return Took(*(math.exp(one / len(factors)) for one in logs))


if __name__ == "__main__":
    raise SystemExit(main())
