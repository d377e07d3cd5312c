"""A feed asks what the turns were that it tells of, all at once, and tells of the newest."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from schema.tables.alerts import redperiods
from store.history.turn_list import list_turns
from store.state.alerts import GREEN, RED
from tests.dashboard import stored
from tests.dashboard.conftest import NOW, engine

__all__ = ["engine"]
HOUR = timedelta(hours=1)


def note(engine: sa.Engine, repoid: int, flow: int, rungitid: int, **values: Any) -> None:
    """Note that a workflow was red."""
    usual = {"provider": "github", "branchname": "main", "seentime": NOW}
    row = {**usual, "repoid": repoid, "workflowgitid": flow, "rungitid": rungitid, **values}
    stored.put(engine, redperiods, **row)


@pytest.fixture
def number(engine: sa.Engine) -> int:
    """Store 40 branches that turned: noted, green since, red without a note, gone, missed."""
    for place in range(40):
        repoid, kind, flow = stored.repo(engine, f"org/app-{place}"), place % 5, 100 + place
        begin = NOW - (40 - place) * HOUR
        own: dict[str, Any] = {"workflowgitid": flow, "workflowname": f"CI {place}"}
        if kind < 3:
            run = stored.run(engine, repoid, begin, conclusion="failure", author="ana", **own)
            job = stored.job(engine, repoid, run, begin, conclusion="failure")
            stored.reason(engine, repoid, run, job, message=f"error {place}")
            if kind != 2:
                green: dict[str, Any] = {}
                if kind == 1:
                    again = stored.run(engine, repoid, begin + HOUR / 2, **own)
                    green = {"greentime": begin + HOUR / 2, "greengitid": again}
                note(engine, repoid, flow, run, redtime=begin, **green)
        elif kind == 3:  # its run was deleted
            note(engine, repoid, flow, 5, redtime=begin, greentime=begin + HOUR, greengitid=7)
        else:
            note(engine, repoid, flow, -begin.date().toordinal(), redtime=begin)
    return 40


def test_newest_turns_are_those_of_all_and_cost_no_more_where_there_are_many(
    engine: sa.Engine, number: int
):
    told = list[str]()

    def listen(_: Any, __: Any, statement: str, *___: Any) -> None:
        told.append(statement)

    with engine.connect() as connection:
        every = list_turns(connection, 1000)
        # By each that is red, begun and ended, by each that is red, and by each missed night.
        assert len(every) == 8 * (1 + 2 + 1 + 0 + 1)
        expected = {f"CI {place}" for place in range(number) if place % 5 < 3}
        assert {turn.workflow for _, turn in every if turn.night is None} == expected
        for time, turn in every:
            place = int(turn.repository.rpartition("-")[2])
            begin = NOW - (number - place) * HOUR
            assert time == begin + (HOUR / 2 if turn.turn == GREEN else timedelta())
            assert turn.turn == RED or turn.lasted == HOUR / 2
            assert turn.night == (begin.date() if place % 5 == 4 else None)
            assert turn.error == (None if place % 5 == 4 else f"error {place}")
        assert [time for time, _ in every] == sorted((time for time, _ in every), reverse=True)
        sa.event.listen(engine, "before_cursor_execute", listen)
        assert [list_turns(connection, most) for most in (1, 7, 20)] == [
            every[:most] for most in (1, 7, 20)
        ]
        sa.event.remove(engine, "before_cursor_execute", listen)
    runs = [one for one in told if "workflowruns.url" in one and "JOIN repos" in one]
    assert 3 <= len(runs) < 10, runs  # of 28 turns
