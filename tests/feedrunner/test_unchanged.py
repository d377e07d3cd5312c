"""Loads that bring what the last one brought."""

import os

import pytest
from sqlalchemy import Engine, event, select

from feedrunner.comparing import brought
from feedrunner.runner import run_feed
from schema.tables import packages as tables
from tests.feedrunner.feed import (
    loads,
    printing,
    record,
    rows,
    state,
    states,
    write_feed,
)
from tests.feedrunner.feed import whole as whole_stream

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)

APPLE, PEAR = record("packages", name="apple"), record("packages", name="pear")
FIG = record("packages", name="fig")


def run(engine: Engine, tmp_path, lines: list[bytes], end: str = "", **more):
    return run_feed(engine, write_feed(tmp_path, printing(lines, end)), os.environ, **more)


def test_records_of_last_time_are_not_looked_for_and_the_new_state_is_kept(
    engine: Engine, tmp_path
):
    run(engine, tmp_path, [APPLE, state(at=1), PEAR, whole_stream("packages")])
    asked = list[str]()
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    ended = run(engine, tmp_path, [APPLE, PEAR, state(at=2), whole_stream("packages")])
    assert (ended.state, ended.lines, ended.changed, ended.gone) == ("done", 4, 0, 0)
    assert states(engine) == [("shop", '{"at":2}')]
    assert not [text for text in asked if "FROM packages" in text]
    assert run(engine, tmp_path, [APPLE, PEAR, state(at=3)], full=True).lines == 3
    assert [text for text in asked if "FROM packages" in text]


@pytest.mark.parametrize("block", [7, 80, 2**20])
@pytest.mark.parametrize(
    ("lines", "changed", "gone"),
    [
        ([APPLE, FIG, PEAR], 1, 0),
        ([APPLE, PEAR, FIG], 1, 0),
        ([APPLE, whole_stream("packages")], 0, 1),
        ([APPLE, PEAR, whole_stream("packages")], 0, 0),
        ([APPLE, record("packages", name="pear", readme="x"), state(at=1)], 1, 0),
    ],
)
def test_load_that_begins_as_the_last_is_read_from_its_first_line(
    engine: Engine, tmp_path, monkeypatch, lines: list[bytes], changed: int, gone: int, block: int
):
    monkeypatch.setattr(brought, "BLOCK", block)
    run(engine, tmp_path, [APPLE, PEAR])
    ended = run(engine, tmp_path, lines)
    assert (ended.lines, ended.changed, ended.gone) == (len(lines), changed, gone)


def test_bad_line_after_records_of_last_time_is_named_and_the_state_before_it_kept(
    engine: Engine, tmp_path
):
    run(engine, tmp_path, [APPLE, PEAR])
    ended = run(engine, tmp_path, [APPLE, state(at=1), b"Debug", PEAR])
    assert ended.error.startswith("line 3: is no JSON: 'Debug'")
    assert states(engine) == [("shop", '{"at":1}')]


def test_bad_state_among_records_of_last_time_is_named_by_its_line(engine: Engine, tmp_path):
    run(engine, tmp_path, [APPLE, PEAR])
    ended = run(engine, tmp_path, [APPLE, PEAR, b'{"type":"STATE","value":[]}'])
    assert ended.error == "line 3: STATE: value is no object"


def test_records_are_compared_only_with_a_whole_load_that_nobody_wrote_over(
    engine: Engine, tmp_path
):
    run(engine, tmp_path, [APPLE, PEAR])
    other = write_feed(tmp_path, printing([record("packages", name="pear", readme="x")]), "other")
    run_feed(engine, other, os.environ)
    reset = record("packages", name="pear", readme=None)
    run(engine, tmp_path, [APPLE, reset])
    run(engine, tmp_path, [record("packages", name="pear", readme="y"), state(a=1)], "sys.exit(1)")
    assert run(engine, tmp_path, [APPLE, reset]).changed == 1
    assert rows(engine, select(tables.packages.c.readme).distinct()) == [(None,)]
    assert [load[1] for load in loads(engine)] == ["done", "done", "done", "failed", "done"]
