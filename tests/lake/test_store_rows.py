"""Whole tables of a store, copied by DuckDB itself in a process of its own."""

import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import make_url, update

from lake.catalog import open_lake
from lake.copying import store_rows, table_copies
from schema.tables.ci import commits, jobs, repos, workflowruns
from tests.lake import lakes

SQLITE = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
MOMENT = datetime(2026, 3, 1, 23, 59, 59, 123456)
TITLE = "Straße 🎉 \\ \n'\"\t"


@pytest.fixture
def pair(store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)  # not the checkout's folder
    made = lakes.make(store_url, tmp_path, 2)
    yield made
    made.store.writer.dispose()
    made.store.reader.dispose()


def test_table_that_is_copied_is_what_is_read_row_by_row(pair: lakes.Pair, tmp_path: Path):
    values = {
        "createtime": MOMENT, "runtime": 0.1 + 0.2, "warned": True, "title": TITLE, "os": "",
        "gitid": 2**62, "version": b"\x00\xff'\\",
    }  # fmt: skip
    with pair.engine.begin() as connection:
        its = workflowruns.c.gitid == lakes.FIRST_RUN
        connection.execute(update(workflowruns).where(its).values(**values))
        connection.execute(update(commits).where(commits.c.Id == 1).values(message="main"))
        connection.execute(update(commits).where(commits.c.Id == 2).values(message="Main"))
    wanted = [workflowruns, jobs, commits, repos]
    with closing(open_lake(pair.place, make=True)) as lake, pair.store.reader.connect() as reader:
        copies = {
            name: copy.query
            for name, copy in table_copies.copy_tables(
                reader, dict.fromkeys(wanted, 1), tmp_path
            ).items()
        }
        assert {*copies} == {table.name for table in wanted}
        for table in wanted:
            rows = store_rows.stage(lake, reader, table, [store_rows.select_rows(table)])
            one_by_one = lake.execute(f"FROM ({rows}) ORDER BY ALL").fetchall()
            assert (
                lake.execute(f"FROM ({copies[table.name]}) ORDER BY ALL").fetchall() == one_by_one
            )
            types = f"DESCRIBE {copies[table.name]}", f"DESCRIBE {rows}"
            copied, staged = (lake.execute(query).fetchall() for query in types)
            assert [row[:2] for row in copied] == [row[:2] for row in staged]
        runs = lake.sql(copies["workflowruns"]).filter("gitid > 1e18")
        (row,) = runs.project(", ".join(values)).fetchall()
    assert row == tuple(values.values())


@SQLITE
def test_table_with_a_value_of_another_type_is_left_and_said(
    pair: lakes.Pair, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    with sqlite3.connect(str(make_url(pair.engine.url).database)) as file:
        file.execute("UPDATE commits SET time = 'yesterday'")
    file.close()
    with pair.store.reader.connect() as reader:
        assert list(table_copies.copy_tables(reader, {repos: 1, commits: 1}, tmp_path)) == ["repos"]
    assert "read row by row" in caplog.text
