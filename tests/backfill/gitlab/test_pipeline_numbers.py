"""Holes in the numbers of a project's pipelines: what no list has, an audit asks for by number."""

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from fakegitlab.server import TOKEN, Server, serve
from fakegitlab.world import Project, World
from tests.backfill.conftest import Command

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
NAME = "group/sub/app"
AUDIT = ("-r", f"gitlab:{NAME}", "--audit", "--since", "2000-01-01")


@pytest.fixture
def gitlab(bare: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Serve a project with pipelines numbered 1 to 6: the third of a schedule, the last a child."""
    world = World()
    with serve(world) as server:
        project = world.add_project(NAME)
        for place in range(5):
            parent = world.add_pipeline(
                project, jobs=1, source="schedule" if place == 2 else "push"
            )
        world.add_child(project, parent)
        monkeypatch.setenv("GITLAB_URL", server.url)
        monkeypatch.setenv("GITLAB_TOKEN", TOKEN)
        yield server


@pytest.fixture
def project(gitlab: Server) -> Project:
    return next(iter(gitlab.world.projects.values()))


def numbered(project: Project, iid: int) -> int:
    return next(one["id"] for one in project.pipelines.values() if one["iid"] == iid)


def stored(engine: sa.Engine) -> set[int]:
    with engine.connect() as connection:
        return {*connection.scalars(sa.text("SELECT gitid FROM workflowruns"))}


@pytest.mark.parametrize("iid", [1, 6])
def test_pipeline_that_no_list_has_is_found_by_its_number_and_fetched(
    project: Project, command: Command, engine: sa.Engine, iid: int
) -> None:
    gitid = numbered(project, iid)
    project.hidden.add(gitid)
    assert command("-r", f"gitlab:{NAME}").code == 0
    assert stored(engine) == {*project.pipelines} - {gitid}
    audit = command(*AUDIT)
    assert audit.code == 1
    assert f"run {gitid} (" in audit.out
    assert f"run number {iid} is not stored" in audit.out
    assert command(*AUDIT, "--repair").code == 0
    assert stored(engine) == {*project.pipelines}


def test_numbers_of_deleted_pipelines_are_told_as_such(
    gitlab: Server, project: Project, command: Command, engine: sa.Engine
) -> None:
    for iid in (1, 3):
        gitlab.world.delete_pipeline(project, numbered(project, iid))
    assert command("-r", f"gitlab:{NAME}").code == 0
    audit = command(*AUDIT)
    assert audit.code == 0
    for iid in (1, 3):
        assert f"deleted {iid} (.gitlab-ci.yml, 2026-09-21): GitLab does not list it" in audit.out
    gitlab.requests.clear()
    offline = command(*AUDIT, "--offline")
    assert (offline.code, gitlab.requests) == (0, [])
    assert "deleted 3 (.gitlab-ci.yml, 2026-09-21): GitLab did not list it" in offline.out


def test_hole_in_a_store_that_listed_nothing_is_missing_without_asking(
    project: Project, command: Command, engine: sa.Engine
) -> None:
    assert command("-r", f"gitlab:{NAME}").code == 0
    gone = numbered(project, 4)
    with engine.begin() as connection:
        for table, key in (
            ("jobs", "rungitid"),
            ("runattempts", "rungitid"),
            ("workflowruns", "gitid"),
        ):
            connection.execute(sa.text(f"DELETE FROM {table} WHERE {key} = {gone}"))  # noqa: S608
        for table in ("windows", "runreads"):
            connection.execute(sa.text(f"DELETE FROM {table}"))  # noqa: S608
    audit = command(*AUDIT, "--offline")
    assert audit.code == 1
    assert (
        "run number 4 (.gitlab-ci.yml, 2026-09-21): is not stored; only GitLab can say" in audit.out
    )
    assert "(unnamed)" not in audit.out


def test_numbers_are_not_asked_for_without_graphql_which_is_said(
    gitlab: Server, project: Project, command: Command, engine: sa.Engine
) -> None:
    gitlab.has_graphql = False
    gitlab.world.delete_pipeline(project, numbered(project, 2))
    assert command("-r", f"gitlab:{NAME}").code == 0
    audit = command(*AUDIT)
    assert audit.code == 0
    assert "numbers that nobody has are not asked for" in audit.out + audit.err


def test_what_may_wait_or_run_for_ever_is_not_missing(
    gitlab: Server, project: Project, command: Command, engine: sa.Engine
) -> None:
    gitlab.world.add_external(project)
    gate = next(iter(project.jobs.values()))
    gate.update(status="manual", started_at=None, finished_at=None, failure_reason=None)
    done = command("-r", f"gitlab:{NAME}")
    counts = {
        line.split()[0]: line.split()[1] for line in done.out.splitlines() if line[:4] != "Next"
    }
    assert (counts["workflows"], counts["workflowruns"]) == ("1", "7")
    for words in (AUDIT, (*AUDIT, "--offline")):
        audit = command(*words)
        assert (audit.code, "open " in audit.out) == (0, False)


def test_one_job_that_is_missing_is_found_by_a_deep_audit(
    project: Project, command: Command, engine: sa.Engine
) -> None:
    assert command("-r", f"gitlab:{NAME}").code == 0
    lost = max(project.jobs)
    with engine.begin() as connection:
        connection.execute(sa.text(f"DELETE FROM jobs WHERE gitid = {lost}"))  # noqa: S608
    audit = command(*AUDIT, "--deep")
    assert (audit.code, f"job {lost} (" in audit.out) == (1, True)
    assert command(*AUDIT, "--deep", "--repair").code == 0
    assert command(*AUDIT, "--deep").code == 0


def test_forecast_counts_what_is_left_of_pipelines_and_children(
    gitlab: Server, project: Project, command: Command, engine: sa.Engine
) -> None:
    for iid in (1, 2):
        gitlab.world.delete_pipeline(project, numbered(project, iid))
    assert "4 runs, 0 of them are stored" in command("-r", f"gitlab:{NAME}", "--dry-run").out
