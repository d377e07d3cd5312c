"""History, healing and audit of GitLab's projects, asked of a fake one over HTTP."""

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from backfill.reconcile.__main__ import main as reconcile
from fakegitlab.server import TOKEN, Server, serve
from fakegitlab.world import World
from tests.backfill.conftest import Command

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
NAME = "group/sub/app"


@pytest.fixture
def gitlab(bare: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Serve a world of one project with 13 pipelines, one of them a child, two scheduled."""
    world = World()
    with serve(world) as server:
        project = world.add_project(NAME)
        for place in range(12):
            source = "schedule" if place in (4, 5) else "push"
            parent = world.add_pipeline(project, source=source)
        world.add_child(project, parent)
        monkeypatch.setenv("GITLAB_URL", server.url)
        monkeypatch.setenv("GITLAB_TOKEN", TOKEN)
        yield server


def rows(engine: sa.Engine, query: str) -> list[Any]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(query))]


def test_history_of_a_project_is_the_world(
    gitlab: Server, command: Command, engine: sa.Engine
) -> None:
    done = command("-r", f"gitlab:{NAME}")
    assert done.code == 0, done.err
    assert f'-r "gitlab:{NAME}" --audit' in done.out
    (project,) = gitlab.world.projects.values()
    ids = {gitid for (gitid,) in rows(engine, "SELECT gitid FROM workflowruns")}
    assert ids == set(project.pipelines)
    assert {gitid for (gitid,) in rows(engine, "SELECT gitid FROM jobs")} == set(project.jobs)
    (child,) = rows(
        engine,
        "SELECT author, conclusion IS NOT NULL, parentgitid IS NOT NULL, workflowname "
        "FROM workflowruns WHERE event = 'parent_pipeline'",
    )
    assert child == ("ada", 1, 1, "child tests")
    nightly = rows(engine, "SELECT count(*) FROM workflowruns WHERE workflowname = 'nightly'")
    assert nightly == [(2,)]
    audit = command("-r", f"gitlab:{NAME}", "--audit", "--since", "2000-01-01")
    assert (audit.code, "contradict" in audit.out) == (0, False)


def test_history_again_asks_for_no_pipeline(
    gitlab: Server, command: Command, engine: sa.Engine
) -> None:
    command("-r", f"gitlab:{NAME}")
    gitlab.requests.clear()
    assert command("-r", f"gitlab:{NAME}").code == 0
    assert not [path for path in gitlab.requests if "jobs" in path or "graphql" in path]


def test_history_without_graphql_asks_for_each_and_says_so(
    gitlab: Server, command: Command, engine: sa.Engine
) -> None:
    gitlab.has_graphql = False
    done = command("-r", f"gitlab:{NAME}")
    assert done.code == 0
    assert "GraphQL is not to be had" in done.out + done.err
    assert rows(engine, "SELECT count(*) FROM workflowruns WHERE author IS NULL") == [(0,)]
    assert rows(engine, "SELECT count(*) FROM workflowruns WHERE parentgitid IS NOT NULL") == [(1,)]


def test_key_that_graphql_and_schedules_refuse_reads_all_the_same(
    gitlab: Server, command: Command, engine: sa.Engine
) -> None:
    gitlab.failing |= {"/api/graphql": 401, "/pipeline_schedules": 403}
    done = command("-r", f"gitlab:{NAME}")
    assert (done.code, "GraphQL is not to be had" in done.out + done.err) == (0, True)
    assert "nightlies are called by their branch" in done.out + done.err
    assert rows(engine, "SELECT count(*) FROM workflowruns WHERE author IS NULL") == [(0,)]


def test_history_takes_a_query_for_a_hundred_pipelines_as_forecast(
    gitlab: Server, command: Command, engine: sa.Engine
) -> None:
    world = gitlab.world
    (project,) = world.projects.values()
    for _ in range(90):
        world.add_pipeline(project, jobs=1)
    forecast = command("-r", f"gitlab:{NAME}", "--dry-run").out
    gitlab.requests.clear()
    assert command("-r", f"gitlab:{NAME}").code == 0
    queries = [path for path in gitlab.requests if "graphql" in path]
    assert len(queries) == 3  # 60 and 42 out of two pages, the child by its number
    ended = rows(engine, "SELECT count(*) FROM workflowruns WHERE endtime IS NULL")
    assert ended == [(0,)]
    said = int(forecast.rpartition("about ")[2].split()[0])
    assert said == len(gitlab.requests)


def test_group_means_the_projects_below_it(
    gitlab: Server, command: Command, engine: sa.Engine
) -> None:
    assert command("-r", "gitlab:group/*", "-m", "3").code == 0
    assert rows(engine, "SELECT name FROM repos") == [(NAME,)]
    assert rows(engine, "SELECT count(*) FROM jobs WHERE status IS NOT NULL")[0][0] >= 18


def test_bad_pipeline_leaves_the_others_be(
    gitlab: Server, command: Command, engine: sa.Engine
) -> None:
    (project,) = gitlab.world.projects.values()
    bad = [*project.pipelines][3]
    project.pipelines[bad]["created_at"] = "yesterday"
    command("-r", f"gitlab:{NAME}")
    stored = {gitid for (gitid,) in rows(engine, "SELECT gitid FROM workflowruns")}
    assert stored >= set(project.pipelines) - {bad}


def test_cycle_finds_a_pipeline_that_was_tried_again_and_a_disabled_hook(
    gitlab: Server,
    command: Command,
    engine: sa.Engine,
    capsys: pytest.CaptureFixture[str],
) -> None:
    command("-r", f"gitlab:{NAME}")
    world = gitlab.world
    (project,) = world.projects.values()
    old = next(iter(project.pipelines.values()))
    end = world.add_job(project, old, 0, world.now, "success")
    old["status"] = "running"  # its end stays
    old["updated_at"] = project.jobs[world.last]["finished_at"]
    assert end > 0
    project.hooks.append(
        {
            "id": 5,
            "url": "https://example.org/webhook",
            "alert_status": "temporarily_disabled",
            "disabled_until": "2027-01-01T00:00:00Z",
        }
    )
    assert reconcile(["--once", "-r", f"gitlab:{NAME}"]) == 1
    assert "temporarily_disabled until 2027" in "".join(capsys.readouterr())
    running = rows(engine, "SELECT gitid FROM workflowruns WHERE status = 'in_progress'")
    assert running == [(old["id"],)]
    assert {gitid for (gitid,) in rows(engine, "SELECT gitid FROM jobs")} == set(project.jobs)


def test_reasons_tell_the_code_from_what_the_runner_lacked(
    gitlab: Server, command: Command, engine: sa.Engine
) -> None:
    world = gitlab.world
    (project,) = world.projects.values()
    pipeline = next(iter(project.pipelines.values()))
    for job in project.jobs.values():
        job["status"], job["failure_reason"] = "success", None
    failed = []
    for place in range(6):
        world.add_job(project, pipeline, place, world.now, "failed")
        failed.append(world.last)
    for place, reason in (
        (1, "runner_system_failure"),
        (3, "job_execution_timeout"),
        (4, "stuck_pending_no_matching_runners"),
    ):
        project.jobs[failed[place]]["failure_reason"] = reason
    for place in (2, 3, 4):
        project.traces[failed[place]] = ""
    project.traces[failed[5]] = "<html><body>Sign in</body></html>"
    done = command("-r", f"gitlab:{NAME}")
    done = command("-r", f"gitlab:{NAME}", "--reasons", "--since", "2000-01-01")
    assert (done.code, f"job {failed[5]}: " in done.err) == (1, True), done.err
    query = "SELECT jobgitid, kind, message, absence FROM failures ORDER BY jobgitid, number"
    said = {
        gitid: (kind, message, absence) for gitid, kind, message, absence in rows(engine, query)
    }
    first, more = said[failed[1]][1].splitlines()
    assert first == "GitLab says: runner system failure (infrastructure)"
    assert "is wrong" in more
    assert said[failed[0]][0] == "cause"
    assert "is wrong" in said[failed[0]][1]
    assert said[failed[2]] == (None, None, "gone")
    assert said[failed[3]] == ("cause", "GitLab says: job execution timeout", None)
    stuck = "GitLab says: stuck pending no matching runners (infrastructure)"
    assert said[failed[4]] == ("cause", stuck, None)
    assert failed[5] not in said


@pytest.mark.parametrize("has_graphql", [True, False])
def test_pipeline_whose_bridge_failed_and_may_is_warned(
    gitlab: Server, command: Command, engine: sa.Engine, has_graphql: bool
) -> None:
    gitlab.has_graphql = has_graphql
    (project,) = gitlab.world.projects.values()
    (bridge,) = project.bridges.values()
    passed = [
        gitid
        for gitid, one in project.pipelines.items()
        if one["status"] == "success" and project.jobs_of(gitid) == project.latest_of(gitid)
    ]
    warned = "SELECT gitid FROM workflowruns WHERE warned"
    bridge |= {"pipeline": {"id": passed[0]}, "status": "failed"}
    command("-r", f"gitlab:{NAME}")
    retried = rows(engine, warned)
    assert (passed[0],) not in retried
    bridge["allow_failure"] = True
    project.pipelines[passed[0]]["updated_at"] = project.pipelines[max(passed)]["updated_at"]
    command("-r", f"gitlab:{NAME}")
    assert sorted(rows(engine, warned)) == sorted([*retried, (passed[0],)])
