"""GitLab's hooks name neither schedules nor children: one says nothing of the other."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from store.history.red_now import list_red
from store.rollups.count_figures import count_figures
from tests.dashboard import stored
from tests.dashboard.conftest import NOW, engine

__all__ = ["engine"]
BEGIN, END = NOW - timedelta(days=1), NOW + timedelta(days=1)


@pytest.mark.parametrize(
    ("name", "child", "red"),
    [
        (None, "success", [("schedule", 2)]),
        (None, "failure", [("schedule", 2)]),
        ("deploy", "success", [("schedule", 2)]),
        ("deploy", "failure", [("deploy", 1), ("schedule", 2)]),
    ],
)
def test_child_without_a_name_turns_no_schedule_red_or_green(
    engine: sa.Engine, name: str | None, child: str, red: list[tuple[str, int]]
):
    repoid = stored.repo(engine, defaultbranch="main")
    for hours, event, flow, conclusion in (
        (2, "schedule", None, "failure"), (1, "parent_pipeline", name, child),
    ):  # fmt: skip
        created = NOW - timedelta(hours=hours)
        told = {"workflowname": flow, "event": event, "conclusion": conclusion}
        stored.run(engine, repoid, created, endtime=created, branchname="main", **told)
    with engine.connect() as connection:
        found = list_red(connection)
        day = count_figures(connection, BEGIN, END)[repoid]
    said = [
        (one.workflow.removesuffix(" on main"), int((NOW - one.since).seconds / 3600))
        for one in found
    ]
    assert said == red
    assert [len(turns) for _, turns in day.red] == [2] * len(red)  # a second and a tag: no green
    assert sum(day.failed) == 1 + (child == "failure")
