"""Records of a server whose clock is far ahead: in any order, by any door, they decide nothing."""

import itertools
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pytest
from sqlalchemy import Engine, text

from fakegithub.payloads.events import (
    ZERO_SHA,
    at,
    delete_event,
    job,
    push_event,
    repository_event,
)
from rows import version
from rows.github.events import rows_for, rows_read
from tests.store.production_doors import DOORS, Door, Sent, deliver, replay_all, sent, write
from tests.store.writers import emptied
from tests.stories.git import NOON, OTHER, OTHER_SHA, PUSHED
from tests.stories.story import CI, HERE, SHA, clock, job_sent, run_sent, the_run

FAR = "2090-01-01T00:00:00Z"
AHEAD = {**HERE, "pushed_at": FAR}
RECEIVED = clock("12:05:00")
END = {"status": "completed", "conclusion": "success"}


def far(record: dict[str, Any], name: str = "updated_at") -> dict[str, Any]:
    """Return a record of the API as a server of another century would tell it."""
    return {**record, name: FAR}


class History(NamedTuple):
    """Deliveries, one of a wrong clock among them, and what one column is afterwards."""

    deliveries: tuple[tuple[str, dict[str, Any]], ...]
    column: str
    right: object


def push(before: str, after: str, here: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return a push to the branch."""
    commits = [OTHER] if after == OTHER_SHA else []
    ref = "refs/heads/feature/x"
    return "push", push_event(repository=here, ref=ref, before=before, after=after, commits=commits)


def named(name: str, **times: Any) -> tuple[str, dict[str, Any]]:
    """Return what tells the repository's default branch."""
    here = {**NOON, "default_branch": name, **times}
    return "repository", repository_event(action="edited", repository=here)


def with_state(state: str, updated: str) -> tuple[str, dict[str, Any]]:
    """Return a run that tells its workflow's state."""
    event, body = run_sent("requested", the_run("12:00:00"))
    return event, {**body, "workflow": {**CI, "state": state, "updated_at": updated}}


BUILD = job(run=the_run("12:00:00"), id=83_456_000_001, created_at=at("12:00:02"))
HELD = job_sent("waiting", {**far(BUILD, "started_at"), "status": "waiting"})

HISTORIES = {
    "run goes on": History(
        (
            run_sent("in_progress", far(the_run("12:00:08", status="in_progress"))),
            run_sent("completed", the_run("12:02:10", **END)),
        ),
        "workflowruns.status",
        "completed",
    ),
    "run ends": History(
        (
            run_sent("in_progress", the_run("12:00:08", status="in_progress")),
            run_sent("completed", far(the_run("12:02:10", **END))),
        ),
        "workflowruns.status",
        "completed",
    ),
    "run is queued": History(
        (
            run_sent("requested", far(the_run("12:00:00"))),
            run_sent("in_progress", the_run("12:00:08", status="in_progress")),
        ),
        "workflowruns.status",
        "in_progress",
    ),
    "job is held": History(
        (HELD, job_sent("queued", {**BUILD, "started_at": "2026-03-02T12:01:00Z"})),
        "jobs.status",
        "queued",
    ),
    "branch is pushed to": History(
        (push("f" * 40, SHA, AHEAD), push(SHA, OTHER_SHA, NOON)),
        "branches.headhash",
        OTHER_SHA,
    ),
    "branch is deleted": History(
        (
            PUSHED,
            ("delete", delete_event(repository=AHEAD, ref="feature/x")),
            push(SHA, ZERO_SHA, AHEAD),
            push(ZERO_SHA, OTHER_SHA, NOON),
        ),
        "branches.headhash",
        OTHER_SHA,
    ),
    "repository is changed": History(
        (named("past", pushed_at=FAR), named("odd", updated_at=FAR), named("trunk")),
        "repos.defaultbranch",
        "trunk",
    ),
    "workflow is changed": History(
        (with_state("disabled_manually", FAR), with_state("active", "2026-03-02T12:01:00Z")),
        "workflows.state",
        "active",
    ),
}


@pytest.fixture(params=HISTORIES)
def history(request: pytest.FixtureRequest) -> History:
    return HISTORIES[request.param]


@pytest.fixture(params=DOORS)
def door(request: pytest.FixtureRequest) -> Door:
    return DOORS[request.param]


def received(history: History) -> list[Sent]:
    """Return the deliveries of a history, all received within a second."""
    return [
        sent(event, payload, f"wrong time {place}", RECEIVED)
        for place, (event, payload) in enumerate(history.deliveries)
    ]


def shown(engine: Engine, column: str) -> object:
    """Return the only value of a column."""
    table, _, name = column.partition(".")
    with engine.connect() as connection:
        return connection.execute(text(f"SELECT {name} FROM {table}")).scalar_one()  # noqa: S608


def shown_in_all_orders(engine: Engine, history: History, door: Door) -> set[object]:
    """Return what a history leaves, over all its orders."""
    ends = set()
    for order in itertools.permutations(received(history)):
        emptied(engine.url.render_as_string(hide_password=False))
        deliver(engine, order, door)
        ends.add(shown(engine, history.column))
    return ends


def test_wrong_time_decides_nothing_in_any_order(engine: Engine, history: History, door: Door):
    assert shown_in_all_orders(engine, history, door) == {history.right}


def test_wrong_time_decides_nothing_when_it_is_replayed(engine: Engine, history: History):
    deliver(engine, reversed(received(history)))
    replay_all(engine)
    assert shown(engine, history.column) == history.right


def test_wrong_time_decides_where_every_time_is_believed(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(version, "AHEAD", timedelta.max)
    history = HISTORIES["branch is pushed to"]
    assert shown_in_all_orders(engine, history, DOORS["webhook"]) == {SHA}


def test_reading_is_of_its_hour_where_the_servers_clock_is_wrong(engine: Engine):
    branch = {"name": "feature/x", "commit": {"sha": SHA}}
    payload = {"branch": branch, "repository": AHEAD}
    write(engine, [rows_read("branch", payload, clock("11:59:59"))])
    deliver(engine, [sent(*push(SHA, OTHER_SHA, NOON), "a push of noon", RECEIVED)])
    assert shown(engine, "branches.headhash") == OTHER_SHA
    write(engine, [rows_read("branch", payload, clock("13:00:01"))])
    assert shown(engine, "branches.headhash") == SHA


def test_branch_deleted_at_a_wrong_time_was_deleted_when_that_came(engine: Engine):
    gone = ("delete", delete_event(repository={**AHEAD, "updated_at": FAR}, ref="feature/x"))
    deliver(engine, [sent(*gone, "gone", RECEIVED)])
    assert shown(engine, "branches.deletetime") in (RECEIVED, f"{RECEIVED}.000000")


def test_time_of_a_day_ahead_is_believed():
    push = push_event(repository=AHEAD)
    far = datetime(2090, 1, 1)
    versions = [
        rows_for("push", push, None, far - timedelta(hours=hours)).repository.values["version"]
        for hours in (0, 24, 25)
    ]
    assert versions[0] == versions[1] != versions[2]
