"""Writers of one SQLite file take their turns: none waits for ever among busy ones."""

import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, inspect
from sqlalchemy.exc import OperationalError

from engines import connect
from tests.store import production_doors
from tests.store.writers import together
from tests.stories.plain import SUCCESS

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


@on_sqlite
def test_delivery_gets_its_turn_among_writers_that_never_pause(
    writers: list[Engine], store_url: str
):
    patient, over = connect(store_url, read_seconds=60), threading.Event()
    turns = 0

    def busy(engine: Engine) -> None:
        nonlocal turns
        while not over.is_set():
            with engine.begin():
                turns += 1
                time.sleep(0.005)

    def delivering() -> None:
        try:
            for one in production_doors.told(SUCCESS) * 6:
                before = turns
                production_doors.deliver(patient, [one])
                waited.append(turns - before)
        finally:
            over.set()

    waited: list[int] = []
    together([delivering, *(lambda e=engine: busy(e) for engine in writers[1:])], seconds=300)
    patient.dispose()
    assert len(waited) == 42
    # Turns of the three others, of which each is as likely to be the next. While who had it just
    # now could take it again at once, it was a hundred and more, however busy all was.
    assert max(waited) < 60


def test_writer_begins_where_the_file_of_turns_cannot_be_opened(tmp_path: Path):
    (tmp_path / "runs.db-turn").mkdir()
    engine = connect(f"sqlite:///{tmp_path / 'runs.db'}")
    for number in (1, 2):
        with engine.begin() as connection:
            connection.exec_driver_sql(f"CREATE TABLE made{number} (number INTEGER)")
    assert inspect(engine).get_table_names() == ["made1", "made2"]
    engine.dispose()


@on_sqlite
def test_transaction_gives_up_when_another_holds_the_file_too_long(engine: Engine, store_url: str):
    impatient = connect(store_url, read_seconds=0.3)
    with engine.begin():
        start = time.monotonic()
        with pytest.raises(OperationalError, match="database is locked"):
            impatient.begin().__enter__()
        assert 0.25 < time.monotonic() - start < 2.8  # not the 3 seconds of others
    with impatient.begin():
        pass
    impatient.dispose()


@on_sqlite
def test_fault_that_is_no_lock_is_told_at_once(engine: Engine, store_url: str):
    broken = connect(store_url, read_seconds=60)

    @event.listens_for(broken, "connect")
    def spoil(connection, _) -> None:
        connection.set_authorizer(lambda *_: 1)  # 1: SQLITE_DENY

    start = time.monotonic()
    with pytest.raises(Exception, match="not authorized"):
        broken.begin().__enter__()
    assert time.monotonic() - start < 30
