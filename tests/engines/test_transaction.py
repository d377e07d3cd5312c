"""A transaction is carried out whole or not at all, whatever stops it."""

import sqlite3
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, insert, select, update
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError

from engines import connect, deadline, faults, kind_of
from engines.transaction import transact, write_first
from runtime.beside import Beside
from schema.tables.reconciler import marks
from store.deliveries.table import now


def mark(connection: Connection, name: str) -> None:
    """Add a row that nothing but its name tells from others."""
    connection.execute(insert(marks).values(subject="", name=name, time=now()))


def writing(name: str) -> Callable[[Connection], int]:
    """Return what adds a row, and returns 7."""

    def work(connection: Connection) -> int:
        mark(connection, name)
        return 7

    return work


def names(engine: Engine) -> set[str]:
    """Return the rows that are committed."""
    with engine.connect() as connection:
        return set(connection.scalars(select(marks.c.name)))


def test_lock_that_is_never_had_leaves_nothing_of_its_transaction(engine: Engine, store_url: str):
    transact(engine, lambda connection: mark(connection, "locked"))
    locked = update(marks).where(marks.c.name == "locked").values(value="ours")

    def work(connection: Connection) -> None:
        mark(connection, "first half")
        connection.execute(locked)

    other = connect(store_url)
    with other.begin() as holding:
        holding.execute(locked)
        with pytest.raises(SQLAlchemyError), deadline.within(2.5):
            transact(engine, work)
    assert names(other) == {"locked"}
    transact(engine, work)
    assert names(other) == {"locked", "first half"}
    other.dispose()


@pytest.mark.parametrize("engine_name", ["mariadb", "mysql", "postgresql"], indirect=True)
def test_lock_whose_last_wait_the_deadline_cuts_is_told_as_a_lock(engine: Engine, store_url: str):
    """Or it would seem that the server does not answer, and everything went to the spool."""
    transact(engine, lambda connection: mark(connection, "locked"))
    locked = update(marks).where(marks.c.name == "locked").values(value="ours")
    other = connect(store_url)
    with other.begin() as holding:
        holding.execute(locked)
        with pytest.raises(SQLAlchemyError) as raised, deadline.within(2.5):
            transact(engine, lambda connection: connection.execute(locked))
    assert faults.fault(raised.value) == faults.LOCKS
    other.dispose()


def test_result_is_told_once_when_it_is_durable_and_before_the_connection_is_given_back(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
):
    told, tries, do_commit = list[object](), list[int](), engine.dialect.do_commit
    given_back = list[int]()

    def refuse_first(connection: Any) -> None:
        tries.append(1)
        if len(tries) == 1:
            error = kind_of(engine).error("lost")
            raise OperationalError("COMMIT", None, error, connection_invalidated=True)
        do_commit(connection)

    def note(result: int) -> None:
        given_back.clear()
        told.append((result, names(other)))
        assert not given_back

    other = connect(engine.url)
    monkeypatch.setattr(engine.dialect, "do_commit", refuse_first)
    event.listen(engine, "checkin", lambda *_: given_back.append(1))
    assert transact(engine, writing("whole"), note) == 7
    assert (told, len(tries)) == ([(7, {"whole"})], 2)
    assert given_back == [1]
    other.dispose()


def test_what_is_written_first_is_committed_by_another_thread(engine: Engine):
    beside = Beside[int]()
    beside.begin(write_first(engine, writing("apart")))
    assert beside.end() == 7
    assert names(engine) == {"apart"}


def test_what_could_not_be_written_is_done_again_and_what_is_wrong_is_raised(engine: Engine):
    tries = list[int]()

    def work(connection: Connection) -> int:
        tries.append(1)
        mark(connection, "whole")
        if len(tries) == 1:
            raise OperationalError("INSERT", None, sqlite3.OperationalError("lost"))
        return len(tries)

    assert write_first(engine, work)() == 2
    assert names(engine) == {"whole"}

    def fail(connection: Connection) -> None:
        mark(connection, "half")
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        write_first(engine, fail)
    assert names(engine) == {"whole"}


def test_what_is_refused_is_not_tried_again(engine: Engine):
    tries = list[int]()

    def work(_: Connection) -> None:
        tries.append(1)
        raise IntegrityError("INSERT", None, sqlite3.IntegrityError("is there"))

    with pytest.raises(IntegrityError):
        write_first(engine, work)
    assert len(tries) == 1


def test_commit_that_fails_is_done_again_with_all_that_it_commits(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
):
    commits, do_commit = list[int](), engine.dialect.do_commit

    def lose(connection: Any) -> None:
        commits.append(1)
        if len(commits) == 1:
            raise kind_of(engine).error("lost")
        do_commit(connection)

    commit = write_first(engine, writing("whole"))
    monkeypatch.setattr(engine.dialect, "do_commit", lose)
    assert commit() == 7
    assert (len(commits), names(engine)) == (2, {"whole"})


def test_lock_of_a_transaction_that_a_signal_ended_is_free_at_once(
    store_url: str, monkeypatch: pytest.MonkeyPatch
):
    engine = connect(store_url, read_seconds=1.0)
    do_executemany = engine.dialect.do_executemany
    rows = [{"subject": "", "name": name, "time": now()} for name in ("half", "other half")]

    def end(cursor: Any, *values: Any) -> None:
        do_executemany(cursor, *values)
        raise KeyboardInterrupt

    monkeypatch.setattr(engine.dialect, "do_executemany", end)
    try:
        transact(engine, lambda connection: connection.execute(insert(marks), rows))
    except KeyboardInterrupt:
        monkeypatch.undo()
        transact(engine, writing("after it"))
    assert names(engine) == {"after it"}
    engine.dispose()
