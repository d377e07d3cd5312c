"""Answers that are refused, fail, or are no JSON: what is known is stored, the rest is left due."""

import pytest
import sqlalchemy as sa

from fakegitlab.server import Server
from fakegitlab.world import Project
from schema.tables.ci import jobs, workflowruns
from tests.backfill.conftest import Command, Done
from tests.backfill.gitlab.conftest import NAME

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
WORDS = ("-r", f"gitlab:{NAME}")


def ids(engine: sa.Engine, column: sa.Column[int]) -> set[int]:
    with engine.connect() as connection:
        return set(connection.scalars(sa.select(column)))


def left_due(done: Done) -> list[str]:
    said = (done.out + done.err).splitlines()
    return [line.removeprefix(f"{NAME}: ") for line in said if line.endswith("left due")]


@pytest.mark.parametrize(
    ("status", "why", "most"),
    [
        (403, "GitLab forbids it: the key lacks a scope or a role (403 as it was told)", 20),
        (200, "GitLab's answer is no JSON (check the API's address, and proxies)", 25),
    ],
)
def test_pipelines_are_stored_without_jobs_that_are_not_to_be_had(
    served: Server,
    project: Project,
    command: Command,
    engine: sa.Engine,
    status: int,
    why: str,
    most: int,
) -> None:
    served.failing["/jobs?"] = status
    done = command(*WORDS)
    assert (done.code, len(served.requests) <= most) == (1, True), served.requests
    assert left_due(done) == [f"jobs of pipelines (stored without them): {why}; left due"]
    assert (ids(engine, workflowruns.c.gitid), ids(engine, jobs.c.gitid)) == (
        {*project.pipelines},
        set(),
    )
    served.failing.clear()
    assert command(*WORDS).code == 0
    assert ids(engine, jobs.c.gitid) == {*project.jobs}


def test_nothing_waits_behind_one_pipeline_whose_jobs_are_not_to_be_had(
    served: Server, project: Project, command: Command, engine: sa.Engine
) -> None:
    bad = [*project.pipelines][6]
    served.failing |= {f"/{project.id}/jobs?": 405, f"/pipelines/{bad}/jobs?": 500}
    done = command(*WORDS)
    assert (done.code, left_due(done)) == (
        1,
        [f"jobs of pipeline {bad}: GitLab answers 500; left due"],
    )
    assert ids(engine, workflowruns.c.gitid) == {*project.pipelines}
    lost = {gitid for gitid, job in project.jobs.items() if job["pipeline"]["id"] == bad}
    assert ids(engine, jobs.c.gitid) == {*project.jobs} - lost


def test_details_that_are_refused_leave_pipelines_as_the_list_has_them(
    served: Server, project: Project, command: Command, engine: sa.Engine
) -> None:
    served.has_graphql = False
    served.failing |= {f"/pipelines/{gitid}": 403 for gitid in project.pipelines}
    done = command(*WORDS)
    assert [line.partition(": ")[0] for line in left_due(done)] == [
        "pipelines one by one (stored as the list has them)"
    ]
    assert ids(engine, workflowruns.c.gitid) == {*project.pipelines}


def test_list_of_jobs_that_loses_its_links_is_not_taken_for_whole(
    served: Server, project: Project, command: Command, engine: sa.Engine
) -> None:
    served.has_links = False
    assert len(project.jobs) > 100
    assert command(*WORDS).code == 0
    assert ids(engine, jobs.c.gitid) == {*project.jobs}


def test_bridges_that_are_refused_are_said_once(
    served: Server, project: Project, command: Command, engine: sa.Engine
) -> None:
    served.has_graphql = False
    served.failing["/bridges?"] = 403
    done = command(*WORDS)
    assert (done.code, (done.out + done.err).count("who made a child is not known")) == (0, 1)
    assert ids(engine, jobs.c.gitid) == {*project.jobs}


def test_server_whose_pages_are_all_no_json_ends_the_command(
    served: Server, command: Command, engine: sa.Engine
) -> None:
    served.failing["/"] = 200
    done = command(*WORDS)
    assert (done.code, len(served.requests)) == (2, 2)
    assert done.err == (
        "local-database.py: GITLAB_URL: GitLab's answer is no JSON"
        " (check the API's address, and proxies)\n"
    )
