"""Files that a first sync copies straight among the lake's: they are the lake's from then on."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import make_url, select

from lake import maintain, publish, sync
from lake.catalog import open_lake
from lake.copying import table_copies, unmarked_tables
from lake.copying.table_copies import copy_tables, parts_of, places_in_lake
from schema.tables.ci import commits, jobs, repos, runattempts, workflowruns
from store import delete_repository
from tests.lake import lakes

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
COPIED = {"workflowruns", "runattempts", "jobs"}


@pytest.fixture
def pair(store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(unmarked_tables, "FEW", 20)  # proof's is as it was: it reads by SQLAlchemy
    made = lakes.make(store_url, tmp_path)
    yield made
    made.store.writer.dispose()
    made.store.reader.dispose()


def files_of(pair: lakes.Pair, table: str) -> set[Path]:
    return set((Path(pair.place.data) / "main" / table).iterdir())


def test_file_of_a_first_sync_is_the_lakes_own_for_all_that_follows(
    pair: lakes.Pair, tmp_path: Path
):
    pair.sync()
    first = {name: files_of(pair, name) for name in COPIED}
    assert {len(files) for files in first.values()} == {1}, "written once"
    assert pair.differences() == []
    with sqlite3.connect(pair.place.catalog) as catalog:
        told = catalog.execute(
            "SELECT table_name, d.path_is_relative, record_count, min_value, max_value"
            " FROM ducklake_data_file d JOIN ducklake_table USING (table_id)"
            " JOIN ducklake_column c USING (table_id)"
            " JOIN ducklake_file_column_stats s USING (data_file_id, column_id)"
            " WHERE column_name = 'gitid' AND table_name IN ('jobs', 'workflowruns') ORDER BY 1"
        ).fetchall()
    catalog.close()
    number = lakes.FIRST_RUN
    assert told == [
        ("jobs", 1, 200, "100000000000", "100000000199"),
        ("workflowruns", 1, 40, str(number), str(number + 39)),
    ]

    pair.touch([3, 39], "changed")
    delete_repository.forget(pair.engine, ("github", 9))
    pair.sync()
    assert pair.differences() == []
    asked = "SELECT count(*) FROM jobs {} WHERE failedstep = 'changed'"
    assert pair.ask(asked.format("")) == [(10,)]
    assert pair.ask("SELECT count(*) FROM jobs WHERE NOT inherited AND version = ''::BLOB")[0][0]
    versions = "SELECT snapshot_id FROM lake.snapshots() WHERE author = 'runledger' ORDER BY 1"
    ((full,), *_) = pair.ask(versions)
    assert pair.ask(asked.format(f"AT (VERSION => {full})")) == [(0,)]
    assert pair.ask(f"FROM jobs AT (VERSION => {full}) SELECT count(*)") == [(200,)]

    target = publish.read_target(str(tmp_path / "frozen"), None)
    assert publish.publish(pair.place, target).files >= len(COPIED)
    with closing(open_lake(pair.place, write=True)) as lake:
        maintain.maintain(lake, datetime.now(UTC))
        lake.execute("CALL ducklake_expire_snapshots('lake', older_than => now())")
        lake.execute("CALL ducklake_cleanup_old_files('lake', cleanup_all => true)")
    assert not first["jobs"] & files_of(pair, "jobs"), "rewritten, and removed"
    assert pair.differences() == []
    assert pair.sync().changed == (0, 0)


def test_sync_that_fails_after_the_copy_leaves_files_that_maintenance_removes(
    pair: lakes.Pair, monkeypatch: pytest.MonkeyPatch
):
    def fail(*_: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(sync, "note", fail)
        with pytest.raises(RuntimeError):
            pair.sync()
    assert pair.ask("SELECT count(*) FROM jobs") == [(0,)]
    left = files_of(pair, "jobs")
    pair.sync()
    assert pair.differences() == []
    assert left < files_of(pair, "jobs")
    with closing(open_lake(pair.place, write=True)) as lake:
        maintain.maintain(lake)
        assert left < files_of(pair, "jobs"), "younger than two days"
        lake.execute("CALL ducklake_delete_orphaned_files('lake', cleanup_all => true)")
    assert not left & files_of(pair, "jobs")
    assert pair.differences() == []


def test_table_that_cannot_be_copied_leaves_no_part_of_a_file(pair: lakes.Pair, tmp_path: Path):
    with sqlite3.connect(str(make_url(pair.engine.url).database)) as file:
        file.execute("UPDATE commits SET time = 'yesterday'")
    file.close()
    wanted = {repos: 1, commits: 1}
    with closing(open_lake(pair.place, make=True)) as lake, pair.store.reader.connect() as reader:
        places = places_in_lake(lake, wanted)
        assert list(copy_tables(reader, wanted, tmp_path, places)) == ["repos"]
    assert len(files_of(pair, "repos")) == 1
    assert files_of(pair, "commits") == set()


def test_two_processes_share_tables_by_their_rows(pair: lakes.Pair, tmp_path: Path):
    rows = {workflowruns: 10, jobs: 50, runattempts: 11, commits: 5, repos: 2}
    assert parts_of(rows) == [[runattempts, workflowruns, commits, repos], [jobs]]
    assert parts_of({jobs: 50}) == [[jobs]]
    assert table_copies.PROCESSES == 2
    with pair.store.reader.connect() as reader:
        copies = copy_tables(reader, rows, tmp_path)
        stored = len(reader.execute(select(jobs.c.Id)).all())
    assert copies["jobs"].rows == stored == 200
