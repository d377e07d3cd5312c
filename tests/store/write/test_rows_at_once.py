"""A new row is written at once, in the order of keys, whatever columns the rows beside it have."""

import re
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, event, select

from engines import reading
from schema.tables.ci import workflowruns
from store.write.upsert import upsert

STUB_OF = {"provider": "github", "version": b""}


def inserts(
    engine: Engine, table: str, rows: list[dict[str, Any]]
) -> list[tuple[set[str], list[int]]]:
    """Merge rows; return which columns each INSERT names, and the numbers among its values."""
    told: list[tuple[str, Any]] = []
    event.listen(
        engine, "before_cursor_execute", lambda _, __, text, many, *___: told.append((text, many))
    )
    with engine.begin() as connection:
        upsert(connection, table, rows)
    return [
        (
            set(re.findall(r"\w+", text.partition("(")[2].partition(")")[0])),
            [one for row in listed(many) for one in row if isinstance(one, int)],
        )
        for text, many in told
        if text.startswith("INSERT")
    ]


def listed(many: Any) -> list[list[Any]]:
    """Return the values of each row that a driver is given, in its own way."""
    rows = many if isinstance(many, list) else [many]
    return [list(row.values()) if isinstance(row, dict) else list(row) for row in rows]


def test_rows_with_different_columns_go_in_one_order_each_once(engine: Engine):
    rows = [{**STUB_OF, "gitid": 3, "name": "c"}, *({**STUB_OF, "gitid": one} for one in (4, 1, 2))]
    key = {"provider", "gitid", "version"}
    assert inserts(engine, "repos", rows) == [(key, [1, 2]), (key | {"name"}, [3]), (key, [4])]


def test_rows_whose_columns_change_often_are_locked_in_one_order_first(engine: Engine):
    names = ({"name": "x"} if number % 2 else {} for number in range(1, 8))
    rows = [{**STUB_OF, "gitid": one, **more} for one, more in enumerate(names, 1)]
    (locked, first), *rest = inserts(engine, "repos", rows[::-1])
    assert (locked, first) == ({"provider", "gitid", "version"}, [1, 2, 3, 4, 5, 6, 7])
    assert [numbers for _, numbers in rest] == [[1, 3, 5, 7], [2, 4, 6]]


def test_run_and_its_job_together_write_the_run_once(engine: Engine):
    """A row of its key alone would have an entry in each index, to be moved by the next one."""
    at = datetime(2026, 3, 2, 6)
    stub = {**STUB_OF, "gitid": 7, "repoid": 1, "branchname": "main"}
    run = {**stub, "createtime": at, "workflowgitid": 9, "version": b"\x01"}
    other = {**stub, "gitid": 8}
    (columns, numbers), (others, last) = inserts(engine, "workflowruns", [stub, other, run])
    assert {"createtime", "workflowgitid"} <= columns
    assert sorted(numbers) == [1, 7, 9]
    assert "createtime" not in others
    assert sorted(last) == [1, 8]
    with reading(engine).connect() as connection:
        c = workflowruns.c
        query = select(c.gitid, c.branchname, c.createtime).order_by(c.gitid)
        assert connection.execute(query).all() == [(7, "main", at), (8, "main", None)]


def test_stub_that_says_more_than_a_record_fills_its_gap(engine: Engine):
    stub = {**STUB_OF, "gitid": 7, "repoid": 1, "branchname": "main"}
    run = {**STUB_OF, "gitid": 7, "repoid": 1, "createtime": None, "version": b"\x01"}
    assert len(inserts(engine, "workflowruns", [stub, run])) == 2
    with reading(engine).connect() as connection:
        assert connection.scalars(select(workflowruns.c.branchname)).all() == ["main"]
