"""Pipelines that are tried again converge, whatever came of them, in whichever order.

What is told of one here is a real life in small: a job fails, is tried again after the pipeline
ended, one that was skipped is created anew, and an optional one waits for somebody for ever.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from engines import reading
from rows.gitlab import version
from rows.gitlab.words import ENDED
from rows.sources import source_of
from schema.tables.ci import jobs, metadata, workflowruns
from store import apply
from tests.counts import count
from tests.rows.gitlab import payloads
from tests.rows.gitlab.payloads import Json, job, pipeline

GITLAB = source_of("gitlab")
NOW = datetime(2021, 10, 8, 9, 0)
TABLES = ("repos", "workflows", "workflowruns", "runattempts", "jobs")
LEFT_OUT = {"Id", "version", "repoid", "title", "gated", "failedtime"}
"""Of the last three the API does not know: a commit's title, that a job waited, an end before."""
some = settings(
    max_examples=count(5, 300), suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def at(minute: int, second: int = 0) -> str:
    return f"2021-10-07 08:{minute:02}:{second:02} UTC"


def ran(number: int, name: str, minute: int, status: str = "success", **changes: object) -> Json:
    """Return a job that ran for a minute and a half second."""
    times = {"started_at": at(minute), "finished_at": at(minute + 1), "duration": 60.5}
    return job(number, name, status, **{**times, **changes})


def waits(number: int, name: str, status: str) -> Json:
    none = dict.fromkeys(("started_at", "finished_at", "duration", "queued_duration", "runner"))
    return job(number, name, status, **none)


def runs(number: int, name: str, minute: int, **changes: object) -> Json:
    return ran(number, name, minute, "running", finished_at=None, duration=1.5, **changes)


GATE = waits(5, "optional", "manual")
AGAIN = {"created_at": at(30)}
LIFE = [
    pipeline(waits(1, "unit", "created"), waits(2, "deploy", "created"),
             status="created", end=None),
    pipeline(waits(1, "unit", "pending"), waits(2, "deploy", "created"),
             status="pending", end=None),
    pipeline(runs(1, "unit", 18), waits(2, "deploy", "created"), GATE, status="running", end=None),
    pipeline(ran(1, "unit", 18, "failed"), waits(2, "deploy", "skipped"), GATE,
             status="failed", end=at(19, 1)),
    pipeline(waits(3, "unit", "pending") | AGAIN, waits(2, "deploy", "skipped"), GATE,
             status="running", end=at(19, 1)),
    pipeline(runs(3, "unit", 31) | AGAIN, waits(2, "deploy", "created"), GATE,
             status="running", end=at(19, 1)),
    pipeline(ran(3, "unit", 31) | AGAIN, runs(2, "deploy", 33), GATE,
             status="running", end=at(19, 1)),
    pipeline(ran(3, "unit", 31) | AGAIN, ran(2, "deploy", 33), GATE, end=at(34, 1)),
]  # fmt: skip
"""What GitLab sends of one pipeline, and last how it ended."""
BUILDS = [
    payloads.build(LIFE[moment], number)
    for moment, number in ((2, 1), (3, 1), (3, 2), (4, 3), (5, 2), (6, 2), (7, 2), (7, 3))
]
SENT = [("pipeline", hook) for hook in LIFE] + [("build", hook) for hook in BUILDS]


def reading_of(hooks: Json) -> Json:
    """Return what the API has of the pipeline in the end, with the job that was tried again."""
    read = payloads.read_pipeline(hooks)
    return {**read, "jobs": [payloads.listed_job(ran(1, "unit", 18, "failed")), *read["jobs"]]}


END = reading_of(LIFE[-1])


def write(engine: Engine, *batch: Any) -> None:
    apply.write(engine, lambda connection, cache: (
        apply.apply(connection, batch, cache, told=True), None
    ))  # fmt: skip


def tell(engine: Engine, event: str, hook: Json) -> None:
    write(engine, GITLAB.rows_for(event, hook, None, NOW))


def reconcile(engine: Engine) -> None:
    write(engine, GITLAB.rows_read("project", {"project": END["project"]}, NOW))
    write(engine, GITLAB.rows_read("pipeline", END, NOW))


def stored(engine: Engine) -> dict[str, list[dict[str, object]]]:
    """Return all rows of the tables, but for what one of the doors cannot know."""
    found = {}
    with reading(engine).connect() as connection:
        for name in TABLES:
            table = metadata.tables[name]
            order = table.c.rungitid if "rungitid" in table.c and name != "jobs" else table.c.gitid
            rows = connection.execute(select(table).order_by(order)).mappings()
            found[name] = [
                {key: value for key, value in row.items() if key not in LEFT_OUT} for row in rows
            ]
    return found


def converges(engine: Engine, empty: Callable[[], None], order: list[int]) -> bool:
    """Tell whether hooks in an order, and one reading, leave what the reading alone leaves."""
    empty()
    reconcile(engine)
    world = stored(engine)
    empty()
    for number in order:
        tell(engine, *SENT[number])
    reconcile(engine)
    return stored(engine) == world


@pytest.fixture
def empty(store_url: str) -> Callable[[], None]:
    from tests.store.writers import emptied

    return lambda: emptied(store_url)


@some
@given(order=st.lists(st.integers(0, len(SENT) - 1), max_size=20))
def test_hooks_in_any_order_and_one_reading_leave_the_world(
    engine: Engine, empty: Callable[[], None], order: list[int]
):
    assert converges(engine, empty, order)


@some
@given(order=st.permutations(range(len(SENT))))
def test_all_hooks_in_any_order_leave_the_same(
    engine: Engine, empty: Callable[[], None], order: list[int]
):
    empty()
    for number in range(len(SENT)):
        tell(engine, *SENT[number])
    expected = stored(engine)
    empty()
    for number in order:
        tell(engine, *SENT[number])
    assert stored(engine) == expected


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_pipeline_that_goes_on_after_its_end_is_open(
    engine: Engine, empty: Callable[[], None], monkeypatch: pytest.MonkeyPatch
):
    orders = ([0, 1, 2, 3, 4], [4, 3, 2, 1, 0])
    assert [status_of(engine, empty, order) for order in orders] == ["in_progress"] * 2
    # Control: by the rule that what ended never goes on, it is not.
    right = version.pipeline

    def ended_wins(table: str, status: str | None, *others: Any) -> bytes:
        return bytes([status in ENDED]) + right(table, status, *others)

    monkeypatch.setattr(version, "pipeline", ended_wins)
    assert [status_of(engine, empty, order) for order in orders] == ["completed"] * 2


def status_of(engine: Engine, empty: Callable[[], None], order: list[int]) -> str | None:
    """Return what hooks in an order leave of the pipeline's status."""
    return state_of(engine, empty, order)[0]


def state_of(
    engine: Engine, empty: Callable[[], None], order: list[int]
) -> tuple[str | None, str | None, str | None]:
    """Return what hooks in an order leave of the pipeline, and of the job that was skipped."""
    empty()
    for number in order:
        tell(engine, *SENT[number])
    with reading(engine).connect() as connection:
        run = connection.execute(select(workflowruns.c.status, workflowruns.c.conclusion)).one()
        deploy = select(jobs.c.conclusion).where(jobs.c.gitid == 2)
        return run.status, run.conclusion, connection.execute(deploy).scalar_one()


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_pipeline_that_was_tried_again_ends_as_it_ended_last(
    engine: Engine, empty: Callable[[], None]
):
    everything = list(range(len(SENT)))
    for order in (everything, everything[::-1]):
        assert state_of(engine, empty, order) == ("completed", "success", "success")


def test_tries_of_a_job_are_numbered_and_the_run_is_warned(engine: Engine):
    reconcile(engine)
    with reading(engine).connect() as connection:
        query = select(jobs.c.gitid, jobs.c.tryno, jobs.c.superseded).order_by(jobs.c.gitid)
        assert [tuple(row) for row in connection.execute(query)] == [
            (1, 1, True),
            (2, 1, False),
            (3, 2, False),
            (5, 1, False),
        ]
        run = connection.execute(select(workflowruns)).mappings().one()
    # Two jobs that count ran for 60.5 s each; the first try is no part of that.
    assert (run["runtime"], run["warned"]) == (121.0, True)
    assert run["starttime"] == datetime(2021, 10, 7, 8, 18)
    assert run["endtime"] == datetime(2021, 10, 7, 8, 34, 1)
    assert run["os"] == "Linux"
