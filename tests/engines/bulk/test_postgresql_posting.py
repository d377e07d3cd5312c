"""Rows arrive as they are, however many are sent at once: each for itself, as a text, by COPY."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from engines import kind_of
from engines.bulk.postgresql_posting import MERGED_ROWS, TOGETHER_ROWS, as_hex
from schema.tables.ci import jobs
from store.write.upsert import statement

pytestmark = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
AT = datetime(2026, 3, 1, 12, 0, 0, 250_001)
NAME = 'it\'s "å", 100% \\ {0}\n\t'


def job(gitid: int) -> dict[str, Any]:
    return {
        "provider": "github",
        "gitid": gitid,
        "rungitid": 2**40,
        "name": NAME,
        "starttime": AT + timedelta(seconds=gitid),
        "endtime": None,
        "runtime": 0.1 + gitid,
        "inherited": gitid % 2 == 0,
        "version": bytes([gitid % 256, 0, 255, 92]),
    }


def put_and_read(engine: Engine, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    with engine.begin() as connection:
        kind = kind_of(connection)
        kind.post(connection, statement(kind, "jobs", tuple(sorted(rows[0]))), rows)
    columns = [jobs.c[name] for name in job(1)]
    with engine.connect() as connection:
        stored = connection.execute(select(*columns).order_by(jobs.c.Id)).mappings()
        return [dict(row) for row in stored]


@pytest.mark.parametrize("count", [1, TOGETHER_ROWS - 1, TOGETHER_ROWS, MERGED_ROWS])
def test_rows_are_stored_in_their_order_as_they_are(engine: Engine, count: int):
    rows = [job(gitid) for gitid in range(count, 0, -1)]
    assert put_and_read(engine, rows) == rows


@pytest.mark.parametrize("count", [TOGETHER_ROWS, MERGED_ROWS])
def test_second_record_of_a_row_is_merged_after_the_first(engine: Engine, count: int):
    rows = [{**job(gitid), "version": b"a"} for gitid in range(1, count + 1)]
    newer = {**rows[0], "endtime": AT, "version": b"b"}
    assert put_and_read(engine, [*rows, newer]) == [newer, *rows[1:]]


def test_value_that_no_column_holds_is_not_guessed_at(engine_name: str):
    assert as_hex(b"\0\xff") == "\\x00ff"
    with pytest.raises(TypeError, match="no set"):
        as_hex({1})
