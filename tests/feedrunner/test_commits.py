"""A batch's commit goes on beside the next lines; what becomes of it is known before the end."""

import threading
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, select

from engines import kind_of
from feedrunner import load as loading
from feedrunner.runner import load_lines
from schema.tables import packages as tables
from tests.feedrunner.feed import SHOP, rows, state, write_feed


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_next_lines_are_read_while_a_batch_is_committed(
    engine: Engine, tmp_path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(loading, "BATCH", 1)
    came = threading.Event()
    waited = list[bool]()

    def commit(_: Connection) -> None:
        if threading.current_thread() is not threading.main_thread():
            waited.append(came.wait(10))

    def pieces():
        yield SHOP[0] + b"\n"
        yield SHOP[1] + b"\n"  # the first is committed now
        came.set()
        yield SHOP[2] + b"\n" + b"Debug\n"

    event.listen(engine, "commit", commit)
    ended = load_lines(engine, write_feed(tmp_path, ""), pieces(), lambda: 0)
    assert ended.error.startswith("line 4: is no JSON")
    assert waited
    assert all(waited)


def test_first_load_goes_on_where_the_answer_to_a_commit_is_lost(
    engine: Engine, tmp_path, monkeypatch: pytest.MonkeyPatch
):
    lost, do_commit = list[int](), engine.dialect.do_commit

    def commit(connection: Any) -> None:
        do_commit(connection)
        if threading.current_thread() is not threading.main_thread() and not lost:
            lost.append(1)
            raise kind_of(engine).error("lost")

    monkeypatch.setattr(engine.dialect, "do_commit", commit)
    lines = b"".join(line + b"\n" for line in (SHOP[0], state(at=1), SHOP[1]))
    ended = load_lines(engine, write_feed(tmp_path, ""), [lines], lambda: 0)
    assert (ended.state, ended.error, lost) == ("done", "", [1])
    names = select(tables.packages.c.name).order_by(tables.packages.c.name)
    assert len(rows(engine, names)) == 2
