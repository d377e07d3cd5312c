"""Many rows at once: copied beside and merged, they leave what a statement for each leaves."""

from datetime import datetime
from random import Random

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError

from engines import connect, faults
from engines.bulk import postgresql_posting
from rows.version import STUB, timed
from schema.tables.ci import branches, jobs, workflowruns
from store.write.upsert import upsert
from tests.store.conftest import engine as engine
from tests.store.conftest import writers as writers
from tests.store.writers import emptied

pytestmark = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
Rows = list[dict[str, object]]


def branch(number: int, second: int) -> dict[str, object]:
    state = {"headhash": f"{second:040}", "deletetime": None}
    version = timed("branches", datetime(2026, 3, 1, 0, 0, second), 0, state.values())
    return {"repoid": number % 3, "name": f"é\\\t\n'{number}", **state, "version": version}


def stub(number: int) -> dict[str, object]:
    return {"provider": "github", "gitid": number, "version": STUB}


def batches(seed: int) -> list[tuple[str, Rows]]:
    """Return rows as they may come: some keys twice in a batch, stubs, newer ones before older."""
    random = Random(seed)
    found = list[tuple[str, Rows]]()
    for _ in range(8):
        rows = [branch(random.randrange(12), random.randrange(60)) for _ in range(20)]
        found += [("branches", rows), ("workflowruns", [stub(n % 7) for n in range(9)])]
    return found


def written(engine: Engine, merged_from: int, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Write batches, two of a table in some transactions; return what is stored."""
    monkeypatch.setattr(postgresql_posting, "MERGED_ROWS", merged_from)
    whole = batches(5)
    for at in range(0, len(whole), 4):
        with engine.begin() as connection:
            for name, rows in whole[at : at + 4]:
                upsert(connection, name, rows)
    with engine.connect() as connection:
        columns = [one for one in branches.c if one.name != "Id"]
        stored = connection.execute(select(*columns).order_by("repoid", "name")).all()
        runs = connection.execute(select(workflowruns.c.gitid).order_by("gitid")).all()
        return [*stored, *runs]


def test_rows_that_are_merged_are_those_of_a_statement_for_each(
    engine: Engine, store_url: str, monkeypatch: pytest.MonkeyPatch
):
    merged = written(engine, 1, monkeypatch)
    with engine.connect() as connection:
        made = "SELECT count(*) FROM pg_class WHERE relname = 'merged_branches'"
        assert connection.scalar(text(made)) == 1
    emptied(store_url)
    assert merged == written(engine, 10_000, monkeypatch)
    assert len(merged) > 12


def test_rows_are_written_after_one_of_them_was_refused(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(postgresql_posting, "MERGED_ROWS", 1)
    job = {"provider": "github", "gitid": 5, "rungitid": 1, "version": b"1"}
    with engine.begin() as connection:
        upsert(connection, "jobs", [job])
    with pytest.raises(DBAPIError) as refused, engine.begin() as connection:
        upsert(connection, "jobs", [{**job, "rungitid": 2, "version": b"2"}])
    assert faults.is_data(refused.value)
    with engine.begin() as connection:
        upsert(connection, "jobs", [{**job, "gitid": 6}])
        upsert(connection, "jobs", [{**job, "version": b"3"}])
        assert connection.execute(select(jobs.c.gitid).order_by("gitid")).all() == [(5,), (6,)]


def test_account_that_may_make_no_temporary_table_writes_each_row(
    store_url: str, engine: Engine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(postgresql_posting, "MERGED_ROWS", 1)
    name = engine.url.database
    with engine.begin() as connection:
        for statement in (
            "DROP ROLE IF EXISTS untemporary",
            "CREATE ROLE untemporary LOGIN",
            f"REVOKE TEMPORARY ON DATABASE {name} FROM PUBLIC",
            "GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO untemporary",
        ):
            connection.execute(text(statement))
    writer = connect(engine.url.set(username="untemporary"))
    try:
        with writer.begin() as connection:
            upsert(connection, "branches", [branch(1, 1)])
            assert connection.scalar(select(branches.c.repoid)) == 1
    finally:
        writer.dispose()
        with engine.begin() as connection:
            connection.execute(text("DROP OWNED BY untemporary"))
            connection.execute(text("DROP ROLE untemporary"))
            connection.execute(text(f"GRANT TEMPORARY ON DATABASE {name} TO PUBLIC"))
