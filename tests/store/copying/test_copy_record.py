"""What may become a copy, and who is kept out of it until it is one."""

import os
from pathlib import Path

import pytest
import sqlalchemy as sa

from config.settings import read
from dashboard.app import create_app
from engines import connect
from engines.lease import release
from listener import startup
from schema import migrate
from schema.tables.ci import jobs
from store.copying import copy_record
from store.copying.copy_record import Busy, Refused
from tests.store.copying.conftest import read_store, rows_of
from tests.store.copying.test_copying import run

ON_A_FILE = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


@ON_A_FILE
def test_store_that_holds_something_is_refused_and_stays_as_it_is(source, writer, target):
    with target.begin() as connection:
        connection.execute(sa.insert(jobs), {"provider": "github", "gitid": 1, "version": b""})
    before = rows_of(target)
    with pytest.raises(Refused, match="it is a store already: there are rows in jobs"):
        run(source, target)
    assert rows_of(target) == before
    assert not sa.inspect(target).has_table("copyrecord")


@ON_A_FILE
@pytest.mark.parametrize("state", ["older", "newer", "foreign"])
def test_database_of_something_else_is_refused(source, target, state: str):
    if state == "foreign":
        with target.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE customers (name TEXT)")
        why = "it holds tables of something else: customers"
    else:
        copy_record.set_revision(target, {"older": "0001", "newer": "9999"}[state])
        why = "it holds tables of another release"
    try:
        with pytest.raises(Refused, match=why):
            run(source, target)
    finally:
        with target.begin() as connection:
            connection.exec_driver_sql("DROP TABLE IF EXISTS customers")


def test_store_itself_is_refused_by_whatever_name(source_url, source, tmp_path: Path):
    link, second = tmp_path / "link.db", tmp_path / "second.db"
    link.symlink_to("source.db")
    os.link(tmp_path / "source.db", second)
    for name in ("source.db", "./link.db", "second.db"):
        engine = connect(f"sqlite:///{tmp_path}/{name}")
        with pytest.raises(Refused):
            run(source, engine)
        engine.dispose()
    assert migrate.state(source.engine) == "current"
    assert not sa.inspect(source.engine).has_table("copyrecord")


@ON_A_FILE
def test_empty_store_is_not_copied_to_itself_by_a_name_that_hides_it(
    target, store_url, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(copy_record, "is_same", lambda *_: False)
    source = read_store(store_url)
    with pytest.raises(Refused, match="it is the store itself, by another name"):
        run(source, target)
    assert migrate.state(source.engine) == "current"
    assert not sa.inspect(source.engine).has_table("copyrecord")
    source.engine.dispose()


@ON_A_FILE
def test_copy_goes_on_after_it_was_opened_until_somebody_writes_to_it(source, writer, target):
    run(source, target)
    with writer.begin() as connection:
        connection.execute(sa.update(jobs).where(jobs.c.Id == 1).values(name="newer"))
    _, changed = run(source, target)
    assert changed == [1]
    with target.begin() as connection:
        connection.execute(sa.update(jobs).where(jobs.c.Id == 2).values(name="written here"))
    with pytest.raises(Refused, match="it is in use: written to since it was copied: jobs"):
        run(source, target)
    assert migrate.state(target) == "current"


@ON_A_FILE
def test_copy_of_another_store_is_refused(source, target, filled_file: Path):
    run(source, target, hold=True)
    other = read_store(f"sqlite:///{filled_file}")
    with pytest.raises(Refused, match=r"it is a copy of another store: sqlite .*source\.db"):
        run(other, target)
    other.engine.dispose()


@ON_A_FILE
def test_one_process_copies_at_a_time(source, target):
    lease = copy_record.begin(source, target)
    with pytest.raises(Busy, match="another --copy-to is at work"):
        copy_record.begin(source, target)
    release(lease)
    run(source, target)


@ON_A_FILE
def test_copy_of_an_earlier_release_is_upgraded_before_it_goes_on(source, target):
    run(source, target, hold=True)
    copy_record.note(target, copy_record.REVISION, migrate.known_revisions()[1])
    run(source, target)
    assert migrate.state(target) == "current"
    assert rows_of(target) == rows_of(source.engine)


@ON_A_FILE
def test_listener_spools_and_pages_wait_until_the_copy_is_opened(
    source, target, store_url, tmp_path: Path
):
    settings = read({}, {"DATABASE_URL": store_url}, tmp_path)
    pages = create_app(settings, target).test_client()
    run(source, target, hold=True)
    why = "the database is a copy that is not whole yet"
    assert why in (startup.first_try(settings) or "")
    answer = pages.get("/")
    assert (answer.status_code, b"still being copied" in answer.data) == (503, True)
    run(source, target)
    assert startup.first_try(settings) is None
    assert pages.get("/").status_code == 200


@ON_A_FILE
def test_listener_that_runs_already_spools_when_the_copy_is_closed_again(
    source, target, store_url, tmp_path: Path
):
    settings = read({}, {"DATABASE_URL": store_url}, tmp_path)
    run(source, target, hold=True)
    engine = connect(store_url)
    with pytest.raises(startup.CannotStart, match="not whole yet"):
        startup.check(settings, engine)
    engine.dispose()
