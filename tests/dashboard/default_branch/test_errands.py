"""Dependabot's updates and agents' tasks run on the default branch, and tell nothing of it."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from schema.tables.ci import workflows
from store.rollups.count_figures import count_figures
from store.rollups.nightly_runs import read_nights
from tests.dashboard import stored
from tests.dashboard.browsing import UTC_NOON
from tests.dashboard.conftest import NOW, engine

__all__ = ["engine"]

# Paths as GitHub has them; the event of all of their runs is `dynamic`.
ERRANDS = {
    1: "dynamic/dependabot/dependabot-updates",
    2: "dynamic/dependabot/update-graph",
    3: "dynamic/copilot-swe-agent/copilot",
    4: "dynamic/agents/copilot-pull-request-reviewer",
}
OF_THE_BRANCH = {
    5: "dynamic/github-code-scanning/codeql",
    6: "dynamic/pages/pages-build-deployment",
    7: ".github/workflows/dynamic/dependabot/check.yml",
    8: None,
}
BEGIN, END = NOW - timedelta(days=1), NOW + timedelta(days=1)


@pytest.fixture
def repoid(engine: sa.Engine) -> int:
    """Store a repository of whose workflows each failed on the default branch, with a job."""
    repoid = stored.repo(engine, defaultbranch="main")
    for flow, path in {**ERRANDS, **OF_THE_BRANCH}.items():
        stored.put(
            engine, workflows, provider="github", repoid=repoid, gitid=flow, path=path,
            state="active",
        )  # fmt: skip
        run = stored.run(
            engine, repoid, NOW, conclusion="failure", event="dynamic", workflowgitid=flow,
            workflowname=f"flow {flow}",
        )  # fmt: skip
        stored.job(engine, repoid, run, NOW, conclusion="failure", name="build")
    return repoid


@pytest.mark.parametrize("view", ["main_red", "main_now"])
def test_only_workflows_of_the_branch_are_in_its_views(engine: sa.Engine, repoid: int, view: str):
    with engine.connect() as connection:
        query = sa.select(sa.column("workflowgitid", sa.BigInteger)).select_from(sa.table(view))
        flows = connection.scalars(query).all()
    assert sorted(flows) == list(OF_THE_BRANCH)


def test_only_workflows_of_the_branch_are_in_its_nights(engine: sa.Engine, repoid: int):
    with engine.connect() as connection:
        (night,) = read_nights(connection, UTC_NOON, BEGIN, END)
    assert sorted(one.workflowkey for one in night.content.failures) == list(OF_THE_BRANCH)
    assert night.content.runs == len(OF_THE_BRANCH)


def test_runs_of_all_are_counted_and_those_of_the_branch_turn_it_red(
    engine: sa.Engine, repoid: int
):
    with engine.connect() as connection:
        day = count_figures(connection, BEGIN, END)[repoid]
    assert day.failed == [1] * 8
    red = sorted(flow_of(day.flows[place]) for place, _ in day.red)
    assert red == list(OF_THE_BRANCH)
    assert sorted(flow_of(flow) for flow, *_ in day.turns.red) == list(OF_THE_BRANCH)


def flow_of(flow: str) -> int:
    """Return the id that stands in the text of a workflow."""
    return int(flow.split(",")[1])
