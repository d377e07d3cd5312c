"""DuckLake's own threads: what crashes with two of them is done by one."""

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from lake.catalog import open_lake, write_rows_as_files
from lake.maintain import count_files, maintain
from tests.lake import lakes

THREADS = "SELECT current_setting('threads')"
TABLES = 4


class Watched:
    """A connection that notes how many threads DuckDB has at each CALL, and may fail there."""

    def __init__(self, lake: Any, *, fails: bool = False) -> None:
        self.lake, self.fails = lake, fails
        self.threads: dict[str, int] = {}

    def execute(self, sql: str) -> Any:
        if sql.startswith("CALL"):
            name = sql.removeprefix("CALL ducklake_").partition("(")[0]
            self.threads[name] = self.lake.execute(THREADS).fetchone()[0]
            if self.fails:
                raise RuntimeError("the catalog went away")
        return self.lake.execute(sql)


@pytest.mark.parametrize("fails", [False, True])
def test_rows_of_several_tables_become_files_by_one_thread(tmp_path: Path, fails: bool):
    with closing(open_lake(lakes.place_of(tmp_path), make=True)) as lake:
        before = lake.execute(THREADS).fetchone()
        for number in range(TABLES):
            lake.execute(f"CREATE TABLE t{number} AS SELECT {number} AS a")
        watched = Watched(lake, fails=fails)
        if fails:
            with pytest.raises(RuntimeError):
                write_rows_as_files(watched)
        else:
            write_rows_as_files(watched)
            assert count_files(lake) == TABLES
        assert watched.threads == {"flush_inlined_data": 1}
        assert lake.execute(THREADS).fetchone() == before
        assert lake.execute("SELECT a FROM t3").fetchall() == [(3,)]


def test_files_of_several_tables_are_rewritten_and_merged_by_one_thread(tmp_path: Path):
    with closing(open_lake(lakes.place_of(tmp_path), make=True)) as lake:
        lake.execute("SET threads = 2")
        for number in range(TABLES):
            lake.execute(f"CREATE TABLE t{number} AS FROM range(100) r(a)")
            lake.execute(f"DELETE FROM t{number} WHERE a >= 80")  # noqa: S608 - our own name
        watched: Any = Watched(lake)
        maintain(watched)
        of_files = ("flush_inlined_data", "rewrite_data_files", "merge_adjacent_files")
        assert {watched.threads[name] for name in of_files} == {1}
        assert lake.execute("SELECT sum(a) FROM t3").fetchall() == [(3160,)]
        assert count_files(lake) == TABLES
