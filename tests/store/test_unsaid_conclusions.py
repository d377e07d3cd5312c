"""What is said to be completed, but not how it ended, never stands above who says that."""

import itertools

import pytest
from sqlalchemy import Engine, text

from fakegithub.payloads.events import at, job
from tests.store.production_doors import DOORS, deliver, replay_all, sent
from tests.store.writers import emptied
from tests.stories.story import clock, job_sent, run_sent, the_run

RECEIVED = clock("12:05:00")
RUN = the_run("12:02:10", status="completed", conclusion="success")
BUILD = job(
    run=the_run("12:00:00"),
    id=83_456_000_001,
    created_at=at("12:00:02"),
    started_at=at("12:00:08"),
    completed_at=at("12:02:08"),
    status="completed",
    conclusion="success",
)
HISTORIES = {
    "runattempts": (
        run_sent("in_progress", the_run("12:02:10", status="in_progress")),
        run_sent("completed", {**RUN, "conclusion": None}),
        run_sent("completed", RUN),
    ),
    "workflowruns": (
        run_sent("completed", RUN),
        run_sent("completed", {**RUN, "conclusion": None, "updated_at": "2026-03-02T12:02:11Z"}),
    ),
    "jobs": (
        job_sent("completed", {**BUILD, "conclusion": None}),
        job_sent("completed", BUILD),
        job_sent(
            "completed", {**BUILD, "conclusion": None, "completed_at": "2026-03-02T12:02:09Z"}
        ),
    ),
}


def ends(engine: Engine, table: str) -> list[tuple[object, ...]]:
    """Return how a table's rows ended."""
    with engine.connect() as connection:
        found = connection.execute(text(f"SELECT status, conclusion FROM {table}"))  # noqa: S608
        return [tuple(row) for row in found]


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("table", HISTORIES)
def test_conclusion_is_kept_in_any_order(engine: Engine, table: str, door: str):
    deliveries = [
        sent(event, payload, f"conclusion {place}", RECEIVED)
        for place, (event, payload) in enumerate(HISTORIES[table])
    ]
    for order in itertools.permutations(deliveries):
        emptied(engine.url.render_as_string(hide_password=False))
        deliver(engine, order, DOORS[door])
        assert ends(engine, table) == [("completed", "success")]
    replay_all(engine)
    assert ends(engine, table) == [("completed", "success")]


def test_run_that_is_completed_without_a_conclusion_is_that(engine: Engine):
    event, payload = HISTORIES["runattempts"][1]
    deliver(engine, [sent(event, payload, "unsaid", RECEIVED)])
    assert ends(engine, "workflowruns") == [("completed", None)]
