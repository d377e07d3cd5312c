"""A run that is done again tells of its branch what its attempt before did, until it ends anew."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from schema.tables.ci import runattempts, workflowruns
from store.history.main_now import list_main
from store.history.red_now import list_red
from store.rollups.nightly_runs import read_nights
from tests.dashboard import stored
from tests.dashboard.browsing import UTC_NOON
from tests.dashboard.conftest import NOW, engine

__all__ = ["engine"]
HOUR = timedelta(hours=1)
# How the newest run's attempts ended, whether main is red after a good run, and by which run.
CASES: dict[str, tuple[tuple[str | None, ...], bool]] = {
    "failed, goes on": (("failure", None), True),
    "failed, was stopped": (("failure", "cancelled"), True),
    "failed, was stopped, goes on": (("timed_out", "cancelled", None), True),
    "failed, is good": (("failure", "success"), False),
    "good, goes on": (("success", None), False),
    "good, was stopped": (("success", "cancelled"), False),
    "good, failed": (("success", "failure"), True),
    "good, failed, goes on": (("success", "failure", None), True),
    "failed, good, goes on": (("failure", "success", None), False),
    "stopped, goes on": (("cancelled", None), False),
    "waits for its first end": ((None,), False),
}


def done_again(
    engine: sa.Engine, repoid: int, created: Any, ends: tuple[str | None, ...], **workflow: Any
) -> int:
    """Store a run with attempts that ended so; return its gitid."""
    shown = {
        **(workflow or {"workflowgitid": 5}),
        "attempt": len(ends),
        "conclusion": ends[-1],
        "status": "completed" if ends[-1] else "in_progress",
        "endtime": created + len(ends) * HOUR if ends[-1] else None,
    }
    gitid = stored.run(engine, repoid, created, event="push", **shown)
    for number, end in enumerate(ends, 1):
        begun = created + number * HOUR - timedelta(minutes=10)
        values = {"conclusion": end, "endtime": created + number * HOUR, "runtime": 60.0 * number}
        if number == len(ends):
            its = runattempts.c
            own = sa.update(runattempts).where(its.rungitid == gitid, its.attempt == number)
            with engine.begin() as connection:
                connection.execute(own.values(**values))
        else:
            key = {"provider": "github", "repoid": repoid, "rungitid": gitid, "attempt": number}
            stored.put(engine, runattempts, **key, status="completed", createtime=begun, **values)
    return gitid


@pytest.mark.parametrize(("ends", "is_red"), CASES.values(), ids=CASES)
def test_newest_run_tells_what_its_last_end_did(
    engine: sa.Engine, ends: tuple[str | None, ...], is_red: bool
):
    repoid = stored.repo(engine)
    good = done_again(engine, repoid, NOW - 9 * HOUR, ("success",))
    newest = done_again(engine, repoid, NOW - 5 * HOUR, ends)
    with engine.connect() as connection:
        red, view = list_red(connection), connection.execute(sa.text("SELECT * FROM main_red"))
        now = connection.execute(sa.text("SELECT * FROM main_now")).mappings().one()
        shown = view.mappings().all()
        assert list_main(connection)
    assert [(one.rungitid, one.sincerungitid) for one in red] == [(newest, newest)] * is_red
    told = [end for end in ends if end not in (None, "cancelled")]
    assert now["rungitid"] == (newest if told else good)
    assert now["conclusion"] == (told[-1] if told else "success")
    if is_red:
        number = len(ends) - list(reversed(ends)).index(told[-1])
        ended = NOW - 5 * HOUR + number * HOUR
        for row in (*shown, now):
            assert row["conclusion"] == told[-1]
            assert str(row["endtime"])[:19] == f"{ended:%Y-%m-%d %H:%M:%S}"


def test_branch_is_red_since_the_same_run_while_that_is_done_again(engine: sa.Engine):
    repoid = stored.repo(engine)
    done_again(engine, repoid, NOW - 9 * HOUR, ("success", None))
    first = done_again(engine, repoid, NOW - 8 * HOUR, ("success", "failure"))
    newest = done_again(engine, repoid, NOW - 5 * HOUR, ("failure", None))
    with engine.connect() as connection:
        (red,) = list_red(connection)
    assert (red.rungitid, red.sincerungitid) == (newest, first)
    assert red.goodtime == NOW - 9 * HOUR


def test_workflows_without_ids_are_told_apart(engine: sa.Engine):
    """MariaDB 10.11 sorted runs without what only the query of their attempts asks of them."""
    repoid, expected = stored.repo(engine), []
    for name in ("Build", "Docs", "Lint"):
        done_again(engine, repoid, NOW - 9 * HOUR, ("success", None), workflowname=name)
        first = done_again(engine, repoid, NOW - 8 * HOUR, ("failure",), workflowname=name)
        newest = done_again(engine, repoid, NOW - 7 * HOUR, ("failure", None), workflowname=name)
        done_again(engine, repoid, NOW - 5 * HOUR, ("cancelled", None), workflowname=name)
        expected.append((name, newest, first, NOW - 9 * HOUR))
    with engine.connect() as connection:
        red = list_red(connection)
        view = connection.execute(sa.text("SELECT workflow, rungitid, sincerungitid FROM main_red"))
        now = connection.execute(sa.text("SELECT workflow, rungitid FROM main_now"))
        assert sorted(map(tuple, view)) == [row[:3] for row in expected]
        assert sorted(map(tuple, now)) == [row[:2] for row in expected]
    found = [(one.workflow, one.rungitid, one.sincerungitid, one.goodtime) for one in red]
    assert sorted(found) == expected


def test_attempts_of_another_server_tell_nothing(engine: sa.Engine):
    repoid = stored.repo(engine)
    newest = done_again(engine, repoid, NOW - 5 * HOUR, ("cancelled", None))
    other = {"provider": "github:elsewhere.example.org", "rungitid": newest, "attempt": 1}
    stored.put(
        engine, runattempts, **other, repoid=repoid, status="completed", conclusion="failure"
    )
    with engine.connect() as connection:
        assert list_red(connection) == []
        assert connection.scalar(sa.select(workflowruns.c.gitid)) == newest


@pytest.mark.parametrize(
    ("ends", "state", "failed"),
    [
        (("failure", "cancelled"), "failed", ["build"]),
        (("failure", "cancelled", "cancelled"), "failed", ["build"]),
        (("failure", None), "running", []),
        (("failure", "success"), "warned", []),
        (("success", "cancelled"), "passed", []),
        (("cancelled", "cancelled"), "warned", []),
    ],
)
def test_night_tells_of_a_run_that_was_stopped_what_its_attempt_before_did(
    engine: sa.Engine, ends: tuple[str | None, ...], state: str, failed: list[str]
):
    repoid = stored.repo(engine)
    run = done_again(engine, repoid, NOW - 5 * HOUR, ends)
    stored.job(engine, repoid, run, NOW - 4 * HOUR, conclusion=ends[0], name="build")
    stored.job(engine, repoid, run, NOW, conclusion="cancelled", name="deploy", attempt=2)
    with engine.connect() as connection:
        (night,) = read_nights(connection, UTC_NOON, NOW - 9 * HOUR, NOW)
    assert night.content.state == state
    assert [failure.job for failure in night.content.failures] == failed
