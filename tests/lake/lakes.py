"""A small store with its lake, for the tests of this folder."""

import random
from collections.abc import Iterable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Engine, insert, update

from benchmarks import year
from config.lake_place import LakeSettings, read_lake
from engines import connect, connect_reader, kind_of
from engines.transaction import transact
from lake.catalog import open_lake
from lake.proof import Difference, compare
from lake.sync import Store, SyncReport, sync_all
from schema.tables.ci import commits, jobs, repos, workflowruns
from store.write import changed_runs

END = datetime(2026, 3, 2, 12)
FIRST_RUN = 10_000_000_000
"""workflowruns.gitid of the first run that `year` writes."""


class Pair(NamedTuple):
    """A store, and where its lake is."""

    store: Store
    place: LakeSettings

    @property
    def engine(self) -> Engine:
        return self.store.writer

    def sync(self, *, full: bool = False) -> SyncReport:
        with closing(open_lake(self.place, make=True)) as lake:
            return sync_all(self.store, lake, full=full)

    def differences(self) -> list[Difference]:
        with closing(open_lake(self.place)) as lake:
            return compare(self.store, lake)[1]

    def ask(self, sql: str) -> list[tuple]:
        with closing(open_lake(self.place)) as lake:
            return lake.execute(sql).fetchall()

    def touch(self, numbers: Iterable[int], title: str) -> None:
        """Change runs and their jobs as a writer does."""
        gitids = [FIRST_RUN + number for number in numbers]

        def work(connection):
            changed_runs.note_changes(connection, [("github", gitid) for gitid in gitids])
            runs = update(workflowruns).where(workflowruns.c.gitid.in_(gitids))
            connection.execute(runs.values(title=title))
            of_them = update(jobs).where(jobs.c.rungitid.in_(gitids))
            connection.execute(of_them.values(failedstep=title))

        transact(self.engine, work)

    def make_rollups(self) -> None:
        """Take the marks back, as whoever makes roll-ups does."""

        def work(connection):
            changed_runs.acknowledge(connection, changed_runs.read_changes(connection, 1000))

        transact(self.engine, work)


def make(url: str, folder: Path, runs: int = 40) -> Pair:
    """Write so many runs, one a day, into an empty store, and say where its lake will be."""
    store = Store(connect(url), connect_reader(url, read_seconds=60.0))
    batch: year.Batch = {table: [] for table in year.TABLES}
    chance = random.Random(1)
    for number in range(runs):
        year.add(batch, chance, number, END - timedelta(days=runs - number), END)
    with store.writer.begin() as connection:
        # The Ids that the year's rows name; a store that was cleared would give later ones.
        connection.execute(insert(repos), [
            {"Id": number, "provider": "github", "gitid": number, "name": year.name_of(number),
             "url": f"https://github.com/{year.name_of(number)}"}
            for number in range(1, year.REPOS + 1)
        ])  # fmt: skip
        kind_of(connection).raise_number(connection, repos.name, year.REPOS + 1)
        connection.execute(insert(commits), [
            {"repoid": 1, "hash": year.sha(number), "author": "dev", "message": "Change"}
            for number in range(20)
        ])  # fmt: skip
    year.flush(store.writer, batch)
    return Pair(store, place_of(folder))


def place_of(folder: Path) -> LakeSettings:
    """Return where a lake in a folder is."""
    places = {"LAKE_CATALOG": f"sqlite:{folder}/lake/c.sqlite", "LAKE_DATA": f"{folder}/lake/files"}
    return read_lake(places, folder)
