"""The lake follows the store: whatever changed, however often, whatever was restored."""

import json
import shutil
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select, update

from benchmarks import year
from engines import connect, connect_reader
from engines.transaction import transact
from lake.catalog import open_lake
from lake.sync import OtherStore, Store
from schema import migrate
from schema.tables.ci import branches, commits, jobs, repos, workflowruns
from schema.tables.lake_notes import lakecommits, lakeruns
from schema.tables.rollups import rollspans, rollups
from store import delete_repository
from store.write import lake_marks, renames
from tests import databases
from tests.counts import ALL
from tests.lake import lakes
from tests.own_code import ROOT
from tests.store import production_doors

PUSH = ROOT / "tests/fixtures/github/push__branch_created_committer_without_username.json"
SQLITE = pytest.mark.parametrize(
    "engine_name", databases.ENGINES if ALL else ["sqlite"], indirect=True
)
"""In `make test` alone: `make test-lake` has all engines."""


@pytest.fixture
def pair(store_url: str, tmp_path: Path):
    made = lakes.make(store_url, tmp_path)
    yield made
    made.store.writer.dispose()
    made.store.reader.dispose()


@SQLITE
def test_lake_equals_the_store_after_every_sync(pair: lakes.Pair):
    assert pair.sync().mode == "full"
    assert pair.differences() == []
    pair.touch([3, 39], "changed")
    transact(pair.engine, lambda each: each.execute(
        delete(branches).where(branches.c.name == "none")
    ))  # fmt: skip
    report = pair.sync()
    # Two runs with five jobs each, and the notes of both in dirtyruns.
    assert (report.mode, report.changed.written) == ("incremental", 2 + 10 + 2)
    assert pair.differences() == []
    assert pair.ask("SELECT count(*) FROM workflowruns WHERE title = 'changed'") == [(2,)]


@SQLITE
def test_types_and_moments_come_back_as_they_were(pair: lakes.Pair):
    moment = datetime(2026, 3, 1, 23, 59, 59, 123456)
    with pair.engine.begin() as connection:
        connection.execute(
            update(workflowruns)
            .where(workflowruns.c.gitid == lakes.FIRST_RUN)
            .values(createtime=moment, runtime=0.1 + 0.2, warned=True, gitid=2**62, title="ß\n'\"")
        )
    pair.sync()
    rows = pair.ask(
        "SELECT createtime, runtime, warned, gitid, title FROM workflowruns WHERE gitid > 1e18"
    )
    assert rows == [(moment, 0.30000000000000004, True, 2**62, "ß\n'\"")]


@SQLITE
def test_nothing_new_writes_nothing(pair: lakes.Pair):
    pair.sync()
    before = pair.ask("SELECT max(snapshot_id) FROM ducklake_snapshots('lake')")
    assert pair.sync().changed == (0, 0)
    assert pair.sync(full=True).changed == (0, 0)
    assert pair.ask("SELECT max(snapshot_id) FROM ducklake_snapshots('lake')") == before


def test_change_whose_roll_ups_were_made_arrives(pair: lakes.Pair):
    pair.sync()
    pair.touch([1], "first")
    pair.make_rollups()
    pair.touch([2], "second")
    pair.sync()
    assert pair.differences() == []
    pair.make_rollups()
    pair.sync()
    assert pair.differences() == []
    with pair.engine.connect() as connection:
        assert connection.execute(select(lakeruns)).all() == []


@SQLITE
def test_renamed_and_forgotten_repositories_arrive(pair: lakes.Pair):
    pair.sync()
    with pair.engine.begin() as connection:
        connection.execute(update(repos).where(repos.c.Id == 7).values(name="octo-org/new"))
        renames.schedule(connection, 7)
    while renames.rewrite(pair.engine):
        pass
    pair.sync()
    assert pair.differences() == []
    key = ("github", 9)
    assert delete_repository.forget(pair.engine, key)["jobs"] > 0
    pair.sync()
    assert pair.differences() == []
    assert pair.ask("SELECT count(*) FROM jobs WHERE repoid = 9") == [(0,)]


@SQLITE
def test_rows_of_no_run_arrive_changed_and_gone(pair: lakes.Pair):
    pair.sync()
    with pair.engine.begin() as connection:
        values = {"name": "main", "repoid": 1, "repo": "octo-org/service-01"}
        connection.execute(insert(branches).values(**values))
        connection.execute(delete(commits).where(commits.c.hash == year.sha(17)))
        other = update(commits).where(commits.c.hash == year.sha(18))
        connection.execute(other.values(author="somebody"))
    assert pair.sync().changed == (2, 1)
    assert pair.differences() == []


def test_store_restored_from_yesterday_is_compared_as_a_whole(tmp_path: Path):
    path = tmp_path / "store.db"
    pair = lakes.make(made(path), tmp_path)
    pair.sync()
    pair.engine.dispose()
    shutil.copy(path, tmp_path / "backup.db")
    pair.touch([5], "lost again")
    pair.sync()
    pair.engine.dispose()
    for name in ("store.db-wal", "store.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    shutil.copy(tmp_path / "backup.db", path)
    assert pair.sync().mode == "full"
    assert pair.differences() == []


def test_other_store_with_fewer_runs_does_not_empty_the_lake(tmp_path: Path):
    pair = lakes.make(made(tmp_path / "store.db"), tmp_path)
    pair.sync()
    url = made(tmp_path / "another.db")
    empty = pair._replace(store=Store(connect(url), connect_reader(url, read_seconds=60.0)))
    with pytest.raises(OtherStore, match="40 runs, and the store, which does not know it, 0:"):
        empty.sync()
    assert pair.differences() == []
    empty.sync(full=True)
    assert pair.ask("SELECT count(*) FROM workflowruns") == [(0,)]
    assert empty.differences() == []


def made(path: Path) -> str:
    """Make a store without rows; return its URL."""
    url = f"sqlite:///{path}"
    migrate.upgrade(url)
    return url


@SQLITE
def test_mark_that_was_lost_is_found_by_check_and_mended_by_a_full_sync(pair: lakes.Pair):
    pair.sync()
    with pair.engine.begin() as connection:  # a writer that notes nothing
        connection.execute(
            update(jobs).where(jobs.c.rungitid == lakes.FIRST_RUN).values(failedstep="unseen")
        )
        ids = connection.scalars(select(jobs.c.Id).where(jobs.c.failedstep == "unseen")).all()
    pair.sync()
    (difference,) = pair.differences()
    assert (difference.table, difference.ids) == ("jobs", tuple(ids))
    assert (difference.store, difference.lake) == (difference.store, difference.store)
    pair.sync(full=True)
    assert pair.differences() == []


@SQLITE
def test_check_counts_no_change_since_the_sync_and_every_damage_of_the_lake(pair: lakes.Pair):
    pair.sync()
    pair.touch([3], "later")
    with pair.engine.begin() as connection:
        connection.execute(update(repos).where(repos.c.Id == 2).values(name="octo-org/later"))
        connection.execute(update(commits).where(commits.c.hash == year.sha(3)).values(author="x"))
        lake_marks.note_commits(connection, [(1, year.sha(3))])
    assert pair.differences() == []
    with closing(open_lake(pair.place, write=True)) as lake:
        lake.execute(
            "UPDATE commits SET author = 'nobody' WHERE Id = (SELECT max(Id) FROM commits)"
        )
        lake.execute("DELETE FROM failures WHERE Id = (SELECT max(Id) FROM failures)")
    assert {one.table for one in pair.differences()} == {"commits", "failures"}
    pair.sync(full=True)
    assert pair.differences() == []


@SQLITE
def test_commits_that_are_pushed_arrive_by_their_marks(pair: lakes.Pair):
    pair.sync()
    with pair.engine.begin() as connection:
        its = commits.c.hash == year.sha(3)
        connection.execute(update(commits).where(its).values(author="somebody"))
        lake_marks.note_commits(connection, [(1, year.sha(3))])
        connection.execute(insert(commits).values(repoid=1, hash=year.sha(99)))
        lake_marks.note_commits(connection, [(1, year.sha(99))])
    assert pair.sync().changed == (2, 0)
    assert pair.differences() == []
    assert pair.ask("SELECT count(*) FROM commits WHERE author = 'somebody'") == [(1,)]
    push = json.loads(PUSH.read_text("utf-8"))
    production_doors.by_webhook(pair.engine, [production_doors.sent("push", push, "guid")])
    with pair.engine.connect() as connection:
        pushed = connection.execute(select(lakecommits.c.hash)).all()
    assert pushed
    pair.sync()
    assert pair.differences() == []
    with pair.engine.connect() as connection:
        assert connection.execute(select(lakecommits)).all() == []


@SQLITE
def test_roll_ups_arrive_by_their_spans_and_go_when_they_are_dropped(pair: lakes.Pair):
    moment = datetime(2026, 3, 1)
    span = {"kind": "day", "begintime": moment, "endtime": moment, "rules": "", "rolltime": moment}
    row = {"begintime": moment, "repoid": 1, "runs": 5, "open": 0, "detail": "{}"}
    with pair.engine.begin() as connection:
        connection.execute(insert(rollspans).values(revision=1, **span))
        connection.execute(insert(rollups).values(**row))
    pair.sync()
    with pair.engine.begin() as connection:
        connection.execute(update(rollspans).values(revision=2))
        connection.execute(update(rollups).values(runs=6))
    assert pair.differences() == [], "what was made anew since is no difference"
    assert pair.sync().changed == (2, 0)
    assert pair.ask("SELECT runs FROM rollups") == [(6,)]
    with pair.engine.begin() as connection:
        connection.execute(delete(rollspans))
    pair.sync()
    with pair.engine.begin() as connection:
        connection.execute(delete(rollups))
    pair.sync()
    assert pair.ask("SELECT count(*) FROM rollups") == [(0,)]
    assert pair.differences() == []
