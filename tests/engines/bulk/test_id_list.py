"""A list of ids is one value, on every engine, and leads to rows by the index."""

import pytest
from sqlalchemy import Engine, bindparam, select

from engines.bulk.id_list import among_ids
from schema.tables.ci import jobs
from store.write.upsert import upsert

QUERY = select(jobs.c.gitid).where(
    jobs.c.provider == bindparam("of"), among_ids(jobs.c.gitid, "those")
)
FIRST = 2**40


@pytest.fixture
def filled(engine: Engine) -> Engine:
    rows = [
        {"provider": one, "gitid": FIRST + number, "rungitid": 1, "version": b""}
        for one in ("github", "gitlab:x")
        for number in range(600)
    ]
    with engine.begin() as connection:
        upsert(connection, "jobs", rows)
    return engine


@pytest.mark.parametrize("count", [0, 1, 500])
def test_rows_of_the_ids_are_found_and_no_others(filled: Engine, count: int):
    ids = [FIRST + 2 * number for number in range(count)]
    with filled.connect() as connection:
        for given in (ids, tuple(ids)):
            found = connection.scalars(QUERY, {"of": "github", "those": given}).all()
            assert sorted(found) == [one for one in ids if one < FIRST + 600]


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_index_leads_to_them(filled: Engine):
    plan = f"EXPLAIN QUERY PLAN {QUERY.compile(filled)}"
    with filled.connect() as connection:
        steps = connection.exec_driver_sql(plan, ("github", "[1]")).all()
    assert any("provider=? AND gitid=?" in row[3] for row in steps), steps
