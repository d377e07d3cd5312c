"""A pipeline of GitLab that goes on after its end tells of its branch what it did, until it ends.

So does one that waits for somebody: it has passed, or failed, as far as it went.
"""

from typing import Any

import pytest
import sqlalchemy as sa

from rows.sources import source_of
from store.history.red_now import list_red
from store.rollups.nightly_runs import read_nights
from tests.dashboard.browsing import UTC_NOON
from tests.dashboard.conftest import NOW, engine
from tests.dashboard.default_branch.test_renamed_default import BEGIN, END
from tests.rows.gitlab.payloads import Json, job, pipeline
from tests.store.test_retried_jobs import write

__all__ = ["engine"]
GITLAB = source_of("gitlab")
SQLITE = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


def at(hour: int, minute: int = 0) -> str:
    return f"2026-03-10 {hour:02}:{minute:02}:00 UTC"


def ran(number: int, name: str, hour: int, status: str = "success", **more: object) -> Json:
    """Return a job that ran for a minute, of a pipeline of the same hour or an earlier one."""
    times = {"created_at": at(hour), "started_at": at(hour, 1), "finished_at": at(hour, 2)}
    return job(number, name, status, **{**times, "duration": 60.0, **more})


def waits(number: int, name: str, hour: int, status: str) -> Json:
    none = dict.fromkeys(("started_at", "finished_at", "duration", "queued_duration", "runner"))
    return job(number, name, status, created_at=at(hour), manual=True, when="manual", **none)


def runs(number: int, name: str, hour: int) -> Json:
    return ran(number, name, hour, "running", finished_at=None, duration=None)


def made(gitid: int, hour: int, *jobs: Json, status: str, end: str | None, **more: Any) -> Json:
    own = {"id": gitid, "iid": gitid, "created_at": at(hour), **more}
    return pipeline(*jobs, status=status, end=end, **own)


GOOD = made(1, 1, ran(10, "unit", 1), status="success", end=at(1, 3))
BAD = made(1, 1, ran(10, "unit", 1, "failed"), status="failed", end=at(1, 3))
PASSED = made(2, 3, ran(20, "unit", 3), status="success", end=at(3, 3))
LOST = made(2, 3, ran(20, "unit", 3, "failed"), status="failed", end=at(3, 3))
PLAYED = made(2, 3, ran(20, "unit", 3), runs(21, "deploy", 5), status="running", end=at(3, 3))
AGAIN = made(2, 3, runs(22, "unit", 5), status="running", end=at(3, 3))
STOPPED = made(2, 3, ran(22, "unit", 5, "canceled"), status="canceled", end=at(5, 3))
MENDED = made(2, 3, ran(22, "unit", 5), status="success", end=at(5, 3))


def blocked(status: str, *more: Json, **changes: object) -> Json:
    """Return a pipeline that waits at its gate, and how its job before that ended."""
    jobs = (ran(20, "unit", 3, status, **changes), waits(21, "deploy", 3, "manual"), *more)
    return made(2, 3, *jobs, status="manual", end=None)


# What hooks told, whether main is red then and by which run main is told, and what the night says.
CASES: dict[str, tuple[tuple[Json, ...], bool, int, str]] = {
    "failed, passed": ((BAD, PASSED), False, 2, "warned"),
    "failed, passed, a job is played": ((BAD, PASSED, PLAYED), False, 2, "running"),
    "passed, failed, tried again": ((GOOD, LOST, AGAIN), True, 2, "running"),
    "passed, failed, stopped": ((GOOD, LOST, AGAIN, STOPPED), True, 2, "failed"),
    "passed, failed, mended": ((GOOD, LOST, AGAIN, MENDED), False, 2, "warned"),
    "passed, never ended": ((GOOD, made(2, 3, runs(20, "unit", 3), status="running", end=None)),
                            False, 1, "running"),
    "failed, waits": ((BAD, blocked("success")), False, 2, "warned"),
    "failed, waits, was stopped": (
        (BAD, blocked("success"), made(2, 3, ran(20, "unit", 3), waits(21, "deploy", 3, "canceled"),
                                       status="canceled", end=at(6))), False, 2, "warned"),
    "failed, waits for its first job": ((BAD, made(2, 3, waits(21, "deploy", 3, "manual"),
                                                   status="manual", end=None)), True, 1, "warned"),
    "passed, failed, waits": ((GOOD, blocked("failed")), True, 2, "failed"),
    "passed, failed what may, waits": (
        (BAD, blocked("failed", allow_failure=True)), False, 2, "warned"),
    "failed, a job was stopped, waits": ((BAD, blocked("canceled")), True, 1, "warned"),
}  # fmt: skip


def tell(engine: sa.Engine, hooks: tuple[Json, ...]) -> None:
    for hook in hooks:
        write(engine, GITLAB.rows_for("pipeline", hook, None, NOW))


def standing(engine: sa.Engine) -> tuple[list[int], list[int]]:
    """Return the runs by which main is red, by pages and by the view, and that which it is told by.

    Both must say the same.
    """
    with engine.connect() as connection:
        red = [one.rungitid for one in list_red(connection)]
        view = connection.scalars(sa.text("SELECT rungitid FROM main_red")).all()
        now = connection.execute(sa.text("SELECT rungitid, conclusion, endtime FROM main_now"))
        ((gitid, conclusion, ended),) = now
    assert (list(view), conclusion) == (red, "failure" if red else "success")
    assert ended is not None
    return red, [gitid]


@pytest.mark.parametrize(("hooks", "is_red", "told", "night"), CASES.values(), ids=CASES)
def test_branch_is_what_its_newest_pipeline_last_said(
    engine: sa.Engine, hooks: tuple[Json, ...], is_red: bool, told: int, night: str
):
    tell(engine, hooks)
    assert standing(engine) == ([told] * is_red, [told])
    with engine.connect() as connection:
        (found,) = read_nights(connection, UTC_NOON, BEGIN, END)
    assert found.content.state == night


@SQLITE
def test_order_of_hooks_changes_nothing(engine: sa.Engine):
    tell(engine, (AGAIN, LOST, GOOD))
    assert standing(engine) == ([2], [2])


@SQLITE
def test_failed_job_of_a_pipeline_that_waits_is_told(engine: sa.Engine):
    tell(engine, (GOOD, blocked("failed")))
    with engine.connect() as connection:
        (night,) = read_nights(connection, UTC_NOON, BEGIN, END)
    assert [failure.job for failure in night.content.failures] == ["unit"]


@SQLITE
def test_tag_that_is_called_as_the_default_branch_tells_nothing_of_it(engine: sa.Engine):
    tag = made(2, 3, ran(20, "unit", 3, "failed"), status="failed", end=at(3, 3), tag=True)
    tell(engine, (GOOD, tag))
    assert standing(engine) == ([], [1])


@SQLITE
def test_schedules_of_two_branches_are_two_nightlies(engine: sa.Engine):
    lost = made(1, 1, ran(10, "unit", 1, "failed"), status="failed", end=at(1, 3),
                source="schedule", ref="release")  # fmt: skip
    good = made(2, 3, ran(20, "unit", 3), status="success", end=at(3, 3), source="schedule")
    tell(engine, (lost, good))
    with engine.connect() as connection:
        (night,) = read_nights(connection, UTC_NOON, BEGIN, END)
    assert (night.content.state, [one.job for one in night.content.failures]) == (
        "failed", ["unit"]
    )  # fmt: skip
