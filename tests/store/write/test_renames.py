"""Renames: the name answers at once, older rows follow in small batches, whatever comes between."""

from datetime import datetime

import pytest
from sqlalchemy import Connection, Engine, select, update

from engines import connect, database_time, reading
from engines.transaction import transact
from fakegithub.payloads.events import at, repository
from schema.tables.ci import PLACED, repoaliases, repos, workflowruns
from schema.tables.deliveries import rewrites
from store.write import renames
from tests.equality import LONG_AGO, check_equal, contents, finish_rewrites
from tests.store import production_doors
from tests.store.fold import folded
from tests.store.write.renaming import (
    BEFORE,
    NEW,
    OLD,
    a_job,
    a_push,
    a_rename,
    a_run,
    called,
    is_renaming,
    named,
    pages,
    rewrite_all,
)
from tests.store.writers import together


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renames, "BATCH", 7)


def test_rename_answers_at_once_and_rewrites_nothing_itself(engine: Engine):
    production_doors.deliver(engine, [*BEFORE, a_rename(NEW, "app")])
    with reading(engine).connect() as connection:
        assert connection.scalars(select(repos.c.name)).all() == ["octo-org/core"]
        known = connection.scalars(select(repoaliases.c.name).order_by(repoaliases.c.name)).all()
    assert known == ["octo-org/app", "octo-org/core"]
    assert named(engine) == {name: {"octo-org/app"} for name in PLACED}
    assert is_renaming(engine)


def test_rewriting_reaches_every_row_and_page(engine: Engine, small_batches: None):
    production_doors.deliver(engine, [*BEFORE, a_rename(NEW, "app")])
    # 25 runs and 25 jobs make 4 batches each, the other tables 1, and each pass ends: twice.
    assert rewrite_all(engine) == 2 * (4 + 4 + 1 + 1 + 1 + 5)
    assert named(engine) == {name: {"octo-org/core"} for name in PLACED}
    assert pages(engine) == {"octo-org/core"}
    assert renames.rewrite(engine) == 0


def test_rewriting_goes_on_where_a_killed_process_left_it(
    writers: list[Engine], store_url: str, small_batches: None
):
    production_doors.deliver(writers[0], [*BEFORE, a_rename(NEW, "app")])
    whole = 0
    while is_renaming(writers[0]):
        with writers[0].begin() as connection:
            connection.execute(update(rewrites).values(duetime=LONG_AGO))
        process = connect(store_url)
        whole += renames.rewrite(process)
        process.dispose()
    # Every row is looked at once in each pass, however often the process is another.
    assert whole == 2 * (25 + 25 + 5 + 5 + 1 + 5)
    assert pages(writers[0]) == {"octo-org/core"}


def test_batch_that_is_killed_halfway_is_made_again(engine: Engine, small_batches: None):
    production_doors.deliver(engine, [*BEFORE, a_rename(NEW, "app")])

    class Killed(Exception):
        pass

    def work(connection: Connection) -> None:
        assert renames.rewrite_batch(connection) > 0
        raise Killed

    with pytest.raises(Killed):
        transact(engine, work)
    assert named(engine)["branches"] == {"octo-org/app"}
    rewrite_all(engine)
    assert pages(engine) == {"octo-org/core"}


def test_second_pass_waits_until_older_transactions_have_ended(engine: Engine):
    production_doors.deliver(engine, [*BEFORE, a_rename(NEW, "app")])
    while renames.rewrite(engine):
        pass
    assert is_renaming(engine)
    with reading(engine).connect() as connection:
        found = connection.execute(select(rewrites.c.passes, rewrites.c.position)).all()
    assert found == [(1, 0)] * len(PLACED)


def test_row_written_late_by_an_older_transaction_is_reached_by_the_second_pass(engine: Engine):
    production_doors.deliver(engine, [*BEFORE, a_rename(NEW, "app")])
    while renames.rewrite(engine):
        pass
    page = "https://github.com/octo-org/app/actions/runs/1"
    with engine.begin() as connection:
        late = update(workflowruns).where(workflowruns.c.gitid == 1)
        connection.execute(late.values(repo="octo-org/app", url=page))
    assert pages(engine) == {"octo-org/core", "octo-org/app"}
    rewrite_all(engine)
    assert pages(engine) == {"octo-org/core"}
    assert named(engine) == {name: {"octo-org/core"} for name in PLACED}


def test_deliveries_between_batches_leave_what_any_order_leaves(
    engine: Engine, small_batches: None
):
    before = [*BEFORE, a_rename(NEW, "app")]
    production_doors.deliver(engine, before)
    late = [a_job(NEW, 3), a_run(NEW, 26), a_job(OLD, 27), a_run(OLD, 5), a_push(OLD, "late")]
    for one in late:
        renames.rewrite(engine)
        production_doors.deliver(engine, [one])
    check_equal(contents(engine), folded(one.rows for one in (*before, *late)))
    assert pages(engine) == {"octo-org/core"}


def test_late_delivery_under_the_old_name_is_stored_under_the_new(engine: Engine):
    production_doors.deliver(
        engine, [a_rename(NEW, "app"), a_run(OLD, 1), a_job(OLD, 1), a_push(OLD, "x")]
    )
    assert named(engine) == {name: {"octo-org/core"} for name in PLACED}
    assert pages(engine) == {"octo-org/core"}
    assert not is_renaming(engine)


def test_job_after_a_rename_leaves_the_page_of_its_run_to_the_rewriting(engine: Engine):
    production_doors.deliver(engine, [a_run(OLD, 1), a_rename(NEW, "app"), a_job(NEW, 1)])
    finish_rewrites(engine)
    assert pages(engine) == {"octo-org/core"}


def test_run_without_a_page_does_not_lose_the_one_it_has(engine: Engine):
    one = a_run(NEW, 1)
    rows = tuple(
        row._replace(values={**row.values, "url": None}) if row.table == "workflowruns" else row
        for row in one.rows.rows
    )
    production_doors.deliver(engine, [a_run(OLD, 1), a_rename(NEW, "app")])
    production_doors.write(engine, [one.rows._replace(rows=rows)])
    finish_rewrites(engine)
    assert pages(engine) == {"octo-org/core"}


def test_rename_back_restores_every_row(engine: Engine, small_batches: None):
    back = called("octo-org/app", "14:00")
    told = [*BEFORE, a_rename(NEW, "app"), a_job(NEW, 3), a_rename(back, "core")]
    production_doors.deliver(engine, told[:-1])
    for _ in range(3):
        renames.rewrite(engine)  # some rows know the new name when the old one returns
    production_doors.deliver(engine, told[-1:])
    finish_rewrites(engine)
    assert named(engine) == {name: {"octo-org/app"} for name in PLACED}
    assert pages(engine) == {"octo-org/app"}
    check_equal(contents(engine), folded(one.rows for one in told))


def test_rename_in_the_middle_of_a_rewriting_begins_anew(engine: Engine, small_batches: None):
    third = called("octo-org/kernel", "14:00")
    production_doors.deliver(engine, [*BEFORE, a_rename(NEW, "app")])
    for _ in range(9):
        renames.rewrite(engine)
    production_doors.deliver(engine, [a_rename(third, "core")])
    finish_rewrites(engine)
    assert named(engine) == {name: {"octo-org/kernel"} for name in PLACED}
    assert pages(engine) == {"octo-org/kernel"}


def test_rename_of_case_only_reaches_every_row_and_page(engine: Engine):
    production_doors.deliver(engine, [*BEFORE, a_rename(called("octo-org/App", "13:00"), "app")])
    finish_rewrites(engine)
    assert named(engine) == {name: {"octo-org/App"} for name in PLACED}
    assert pages(engine) == {"octo-org/App"}


def test_other_repositories_keep_their_rows_as_they_are(engine: Engine, small_batches: None):
    heir = repository(full_name="octo-org/app", id=700_000_002, pushed_at=at("15:00"))
    production_doors.deliver(
        engine, [*BEFORE, a_rename(NEW, "app"), a_run(heir, 900), a_push(heir, "main")]
    )
    finish_rewrites(engine)
    with reading(engine).connect() as connection:
        runs = select(workflowruns.c.repo, workflowruns.c.url).where(workflowruns.c.gitid == 900)
        found = connection.execute(runs).all()
    assert found == [("octo-org/app", "https://github.com/octo-org/app/actions/runs/900")]
    assert named(engine)["branches"] == {"octo-org/app", "octo-org/core"}


def test_two_processes_may_rewrite_at_once(writers: list[Engine], small_batches: None):
    production_doors.deliver(writers[0], [*BEFORE, a_rename(NEW, "app")])
    together([lambda engine=engine: rewrite_all(engine) for engine in writers[:2]])
    assert named(writers[0]) == {name: {"octo-org/core"} for name in PLACED}
    assert pages(writers[0]) == {"octo-org/core"}


def test_rows_that_are_not_due_yet_wait(engine: Engine):
    production_doors.deliver(engine, [*BEFORE, a_rename(NEW, "app")])
    with engine.begin() as connection:
        soon = database_time(connection) + renames.PAUSE
        connection.execute(update(rewrites).values(duetime=soon))
    assert renames.rewrite(engine) == 0
    assert is_renaming(engine)


def test_rows_that_are_due_later_than_they_can_be_are_due(engine: Engine):
    production_doors.deliver(engine, [*BEFORE, a_rename(NEW, "app")])
    with engine.begin() as connection:
        connection.execute(update(rewrites).values(duetime=datetime(9000, 1, 1)))
    assert renames.rewrite(engine) > 0
