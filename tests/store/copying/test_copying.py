"""What arrives of a store that is copied: everything, as it was, wherever the copying was killed.

The engine of a test is that of the target; the source is a file, where nothing else is said.
"""

import os
import signal
from datetime import datetime

import pytest
import sqlalchemy as sa

from engines import connect
from engines.kind import Kind
from engines.transaction import transact
from schema import migrate
from schema.tables.ci import jobs, repos, workflowruns
from schema.tables.deliveries import deliveries
from store.copying import comparison, copying, table_copy
from store.copying.comparison import Round
from store.copying.copy_record import Store
from store.copying.table_copy import Uncopied
from tests.counts import ALL, count
from tests.databases import fresh
from tests.store.copying.conftest import fill, read_store, rows_of

ON_A_FILE = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
TARGETS = pytest.mark.parametrize(
    "engine_name",
    ["mariadb", "postgresql", *(["sqlite", "mysql"] if ALL else [])],
    indirect=True,
)


def run(
    source: Store,
    target: sa.Engine,
    report: table_copy.Report = lambda *_: None,
    *,
    hold: bool = False,
) -> tuple[Round, list[int]]:
    """Copy; return the last look at both, and how many rows each look changed."""
    changed = list[int]()
    last = copying.copy_store(
        source, target, report, lambda each: changed.append(each.changed), hold=hold
    )
    return last, changed


def next_numbers(engine: sa.Engine) -> list[int]:
    """Return the Ids that tables whose last row is gone give to one, which is taken back."""
    new: list[tuple[sa.Table, dict[str, object]]] = [
        (jobs, {"provider": "new", "gitid": 1, "version": b""}),
        (deliveries, {"provider": "new", "guid": "x", "event": "x", "state": "x", "attempts": 1}),
        (repos, {"provider": "new", "gitid": 1, "version": b""}),
    ]
    numbers = list[int]()
    with engine.connect() as connection:
        for table, row in new:
            row |= {"receivetime": datetime(2026, 1, 1)} if table is deliveries else {}
            numbers += connection.execute(sa.insert(table).values(row)).inserted_primary_key or ()
    return numbers


@TARGETS
def test_every_row_arrives_as_it_is_and_the_next_gets_the_same_id(source, writer, target):
    last, _ = run(source, target)
    assert rows_of(target) == rows_of(source.engine)
    assert {name: its.rows for name, its in last.tables.items()} == {
        name: len(rows) for name, rows in rows_of(source.engine).items()
    }
    assert migrate.state(target) == "current"
    assert next_numbers(target) == next_numbers(writer)


SERVERS = ["postgresql", *(["mariadb", "mysql"] if ALL else [])]


@pytest.mark.parametrize("engine_name", SERVERS, indirect=True)
@pytest.mark.parametrize("other", ["sqlite", *(SERVERS if ALL else [])])
def test_a_server_is_copied_to_a_file_and_to_a_server(target, store_url, other: str, tmp_path):
    fill(target)
    source = read_store(store_url)
    with fresh(other, tmp_path) as url:
        second = connect(url)
        run(source, second)
        assert rows_of(second) == rows_of(target)
        assert next_numbers(second) == next_numbers(target)
        second.dispose()
    source.engine.dispose()


@ON_A_FILE
def test_what_changes_while_it_is_copied_arrives(source, writer, target, monkeypatch):
    monkeypatch.setattr(table_copy, "ROWS", 3)
    monkeypatch.setattr(copying, "FEW", 0)
    steps = iter(range(1, 10_000))

    def change(connection: sa.Connection, step: int) -> None:
        first = connection.scalar(sa.select(sa.func.min(jobs.c.Id)))
        last = connection.scalar(sa.select(sa.func.max(jobs.c.Id)))
        connection.execute(sa.update(jobs).where(jobs.c.Id == last).values(name=f"step {step}"))
        # Its key comes back under another Id, as that of a row that is made anew.
        row = dict(connection.execute(sa.select(jobs).where(jobs.c.Id == first)).one()._mapping)
        connection.execute(sa.delete(jobs).where(jobs.c.Id == first))
        connection.execute(sa.insert(jobs), {**row, "Id": last + 1, "version": b"1"})

    def report(*_: object) -> None:
        if (step := next(steps)) % 9 == 0 and step < 400:
            transact(writer, lambda connection: change(connection, step))

    _, changed = run(source, target, report)
    assert changed[0] > 0
    assert rows_of(target) == rows_of(source.engine)


@pytest.mark.parametrize(
    "engine_name",
    ["sqlite", *(["mariadb", "mysql", "postgresql"] if ALL else [])],
    indirect=True,
)
def test_copy_that_was_killed_anywhere_is_continued(source_url, source, target, store_url):
    expected = rows_of(source.engine)
    statements, kills = 40, 0
    while statements < count(4_000, 12_000):
        child = os.fork()
        if child == 0:
            killed_after(source_url, store_url, statements)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):
            assert os.WEXITSTATUS(status) == 0
            break
        kills += 1
        assert migrate.state(target) == "copying" or statements < 100
        statements = statements * count(2, 1) + count(7, 60)
    run(source, target)
    assert kills >= count(2, 8)
    assert rows_of(target) == expected
    assert migrate.state(target) == "current"


def killed_after(source_url: str, target_url: str, statements: int) -> None:
    """Copy in a process that ends itself, with kill -9, at its so many-th statement."""
    left = iter(range(statements, -1, -1))

    def spend(*_: object) -> None:
        if next(left) == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    engines = read_store(source_url), connect(target_url)
    for engine in (engines[0].engine, engines[1]):
        sa.event.listen(engine, "before_cursor_execute", spend)
        sa.event.listen(engine, "commit", spend)
    try:
        run(*engines)
        os._exit(0)
    finally:
        os._exit(1)


@ON_A_FILE
def test_verification_notices_a_row_that_is_not_kept(source, target, monkeypatch):
    def careless(kind: Kind) -> Kind:
        def post(connection: sa.Connection, statement: sa.Insert, rows: list[dict]) -> None:
            if statement.table is workflowruns:
                rows = [{**row, "runtime": round(row["runtime"] or 0)} for row in rows]
            kind.post(connection, statement, rows)

        return type(kind)(**{**vars(kind), "post": post})

    kind_of = table_copy.kind_of
    monkeypatch.setattr(table_copy, "kind_of", lambda place: careless(kind_of(place)))
    with pytest.raises(Uncopied, match=r"workflowruns Id [0-9]+ does not keep its runtime"):
        run(source, target)
    assert migrate.state(target) == "copying"


@ON_A_FILE
def test_row_that_another_wrote_meanwhile_is_noticed_and_put_right(source, target):
    _, changed = run(source, target, hold=True)
    with target.begin() as connection:
        connection.execute(sa.update(deliveries).values(event="forged").where(deliveries.c.Id == 1))
        connection.execute(sa.delete(jobs).where(jobs.c.Id == 1))
    before = comparison.hash_tables(target)
    last, again = run(source, target)
    assert (changed, again) == ([0], [2])
    differing = {name for name, state in last.tables.items() if state != before[name]}
    assert differing == {"deliveries", "jobs"}
    assert rows_of(target) == rows_of(source.engine)


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_nul_of_an_older_release_is_replaced_where_it_cannot_be_held(source, writer, target):
    with writer.begin() as connection:
        connection.execute(sa.update(jobs).where(jobs.c.Id == 1).values(name="a\0b"))
    run(source, target)
    with target.connect() as connection:
        assert connection.scalar(sa.select(jobs.c.name).where(jobs.c.Id == 1)) == "a\ufffdb"


@pytest.mark.parametrize("engine_name", ["mariadb"], indirect=True)
def test_row_that_the_other_engine_refuses_is_named(source, writer, target):
    with writer.begin() as connection:
        connection.execute(sa.update(jobs).where(jobs.c.Id == 2).values(os="x" * 101))
    with pytest.raises(Uncopied, match=r"jobs Id 2: .*'os'"):
        run(source, target)
