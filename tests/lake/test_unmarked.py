"""Tables without marks, or whose marks tell of no row that went: what is read of them."""

from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Executable, delete, insert, update

from benchmarks import year
from lake import sync
from lake.catalog import open_lake
from lake.copying import unmarked_tables
from schema.tables.ci import commits, jobs
from schema.tables.deliveries import deliveries
from schema.tables.packages import load_history, packages
from store.write import lake_marks
from tests.lake import lakes

MOMENT, LATER = datetime(2026, 3, 1), datetime(2026, 3, 2)
pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


@pytest.fixture
def pair(store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(unmarked_tables, "MANY", 5)
    monkeypatch.setattr(unmarked_tables, "BLOCK", 4)
    made = lakes.make(store_url, tmp_path, 1)
    yield made
    made.store.writer.dispose()
    made.store.reader.dispose()


def change(pair: lakes.Pair, *statements: Executable) -> None:
    with pair.engine.begin() as connection:
        for statement in statements:
            connection.execute(statement)


def test_deliveries_that_changed_arrive_and_those_of_other_blocks_are_not_read(pair: lakes.Pair):
    row = {"provider": "github", "event": "push", "receivetime": MOMENT, "state": "applied"}
    rows = [{**row, "guid": f"g{number}", "attempts": 1} for number in range(1, 21)]
    change(pair, insert(deliveries).values(rows))
    pair.sync()
    c = deliveries.c
    change(
        pair,
        update(deliveries).where(c.guid == "g9").values(attempts=2, state="quarantined"),
        delete(deliveries).where(c.guid == "g14"),
        insert(deliveries).values(**row, guid="g21", attempts=1),
        update(deliveries).where(c.guid == "g2").values(error="by hand, without a count"),
    )
    assert pair.sync().changed == (2, 1)
    assert pair.ask(
        "SELECT guid FROM deliveries WHERE state <> 'applied' OR error IS NOT NULL"
    ) == [("g9",)]
    change(pair, update(deliveries).where(c.guid == "g2").values(error=None))
    assert pair.differences() == []
    pair.sync(full=True)
    assert pair.differences() == []
    with closing(open_lake(pair.place, write=True)) as lake:
        lake.execute("DELETE FROM deliveries WHERE guid = 'g3'")
    (difference,) = pair.differences()
    assert (difference.table, difference.store, difference.lake) == ("deliveries", 20, 19)


def test_rows_of_feeds_are_read_once_a_load_ended_and_while_one_runs(pair: lakes.Pair):
    load = {"feed": "npm", "starttime": MOMENT, "created_at": MOMENT, "updated_at": MOMENT}
    rows = [
        {
            "name": f"p{number}",
            "derived_id": f"npm/p{number}",
            "package_manager_id": 1,
            "import_id": str(number),
        }
        for number in range(1, 11)
    ]
    rows = [{**row, "created_at": MOMENT, "updated_at": MOMENT} for row in rows]
    change(
        pair,
        insert(packages).values(rows),
        insert(load_history).values(**load, state="done", endtime=MOMENT),
    )
    pair.sync()
    first = update(packages).where(packages.c.name == "p1")
    change(pair, first.values(manager="no load said so"))
    assert pair.sync().changed == (0, 0)
    change(pair, insert(load_history).values(**load | {"starttime": LATER}, state="running"))
    assert pair.sync().changed == (2, 0)
    change(pair, first.values(manager="npm"))
    assert pair.sync().changed == (1, 0), "of a load that runs"
    ended = update(load_history).where(load_history.c.state == "running")
    change(pair, first.values(manager="NPM"), ended.values(state="done", endtime=LATER))
    assert pair.sync().changed == (2, 0)
    assert pair.differences() == []


def test_commit_that_comes_hides_none_that_goes(pair: lakes.Pair):
    pair.sync()
    change(
        pair,
        insert(commits).values(repoid=1, hash=year.sha(99)),
        delete(commits).where(commits.c.hash == year.sha(17)),  # noted nowhere
    )
    with pair.engine.begin() as connection:
        lake_marks.note_commits(connection, [(1, year.sha(99))])
    assert pair.sync().changed == (1, 1)
    assert pair.differences() == []
    assert pair.sync().changed == (0, 0)


def test_rows_that_an_upgrade_changed_arrive_with_the_first_sync_after_it(
    pair: lakes.Pair, monkeypatch: pytest.MonkeyPatch
):
    pair.sync()
    for values in ({"version": b""}, {}):  # a migration marks no run; another one changes no row
        if values:
            change(pair, update(jobs).values(values))
        newest = (f"9{len(values)}", *sync.known_revisions())
        monkeypatch.setattr(sync, "known_revisions", lambda newest=newest: newest)
        assert pair.sync().mode == "full"
        assert pair.differences() == []
        report = pair.sync()
        assert (report.mode, report.changed) == ("incremental", (0, 0))
