"""Servers that are older, that stand behind a proxy, or that tell less than GitLab.com does."""

import pytest
import sqlalchemy as sa

from backfill.gitlab import failure_reasons, pipelines
from backfill.reconcile.__main__ import main as reconcile
from fakegitlab import answers
from fakegitlab.server import Handler, Server
from fakegitlab.world import Json, Project
from schema.tables.ci import jobs, workflowruns
from schema.tables.failures import failures
from tests.backfill.conftest import Command
from tests.backfill.gitlab.conftest import NAME
from tests.backfill.gitlab.test_bad_answers import ids

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
WORDS = ("-r", f"gitlab:{NAME}")


@pytest.mark.parametrize("filters", [True, False])
def test_long_list_of_a_server_that_does_not_filter_by_time_ends(
    served: Server,
    project: Project,
    command: Command,
    engine: sa.Engine,
    monkeypatch: pytest.MonkeyPatch,
    filters: bool,
) -> None:
    monkeypatch.setattr(pipelines, "FAR", 5)
    plain = answers.list_pipelines

    def listed(asked: Project, query: dict[str, str]) -> list[Json]:
        known = {name: value for name, value in query.items() if name != "created_before"}
        return plain(asked, query if filters else known)[:5]

    monkeypatch.setattr(answers, "list_pipelines", listed)
    done = command(*WORDS)
    newest = set(sorted(project.pipelines)[-6:])
    wanted = {*project.pipelines} if filters else newest
    assert ids(engine, workflowruns.c.gitid) == wanted
    assert len(served.requests) < 40
    said = "GitLab lists no pipelines by their time (created_before)"
    assert (done.code, (done.out + done.err).count(said)) == ((0, 0) if filters else (1, 1))


def test_links_of_a_server_that_does_not_know_that_its_proxy_speaks_tls(
    served: Server,
    project: Project,
    command: Command,
    engine: sa.Engine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain = Handler.rest
    asked = served.url.partition("://")[2]

    def rest(self: Handler, path: str, query: dict[str, str], url: str) -> answers.Answered:
        return plain(self, path, query, url.replace(served.url, f"https://{asked}"))

    monkeypatch.setattr(Handler, "rest", rest)
    done = command(*WORDS)
    assert (done.code, "not followed" in done.out + done.err) == (0, False)
    assert len(project.jobs) > 100
    assert ids(engine, jobs.c.gitid) == {*project.jobs}


def test_pipeline_that_was_not_made_failed_at_its_start(
    served: Server, project: Project, command: Command, engine: sa.Engine
) -> None:
    """As where a user is not verified: there is nothing wrong with the CI file."""
    unmade, by_bridge = (served.world.new_pipeline(project, "push") for _ in range(2))
    for one in (unmade, by_bridge):
        times = {"created_at": one["created_at"], "updated_at": one["created_at"]}
        one.update(status="failed", finished_at=one["created_at"], started_at=None, **times)
        one.update(duration=None, queued_duration=None)
    child = {"id": None, "project_id": None, "status": None}
    served.world.add_bridge(project, by_bridge, child, "trigger")
    assert command(*WORDS).code == 0
    with engine.connect() as connection:
        query = sa.select(workflowruns.c.gitid, workflowruns.c.conclusion)
        own = query.where(workflowruns.c.gitid.in_([unmade["id"], by_bridge["id"]]))
        assert {gitid: conclusion for gitid, conclusion in connection.execute(own)} == {
            unmade["id"]: "startup_failure",
            by_bridge["id"]: "failure",
        }


@pytest.mark.parametrize("off", [{"builds"}, {"builds", "repository"}])
def test_project_without_ci_hinders_nobody(
    served: Server,
    project: Project,
    command: Command,
    engine: sa.Engine,
    capsys: pytest.CaptureFixture[str],
    off: set[str],
) -> None:
    other = served.world.add_project("group/docs")
    other.url, other.off = served.url, off
    served.world.add_pipeline(other)
    assert command("-r", "gitlab:group", "--dry-run").code == 0
    done = command("-r", "gitlab:group")
    assert (done.code, (done.out + done.err).count("CI/CD is switched off there")) == (0, 1)
    assert ids(engine, workflowruns.c.gitid) == {*project.pipelines}
    assert reconcile(["--once", "-r", "gitlab:group"]) == 0
    assert "group/docs" not in "".join(capsys.readouterr())
    assert command("-r", "gitlab:group", "--audit").code == 0


def test_ci_that_is_switched_off_later_leaves_what_is_stored(
    served: Server,
    project: Project,
    command: Command,
    engine: sa.Engine,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert command(*WORDS).code == 0
    project.off.add("builds")
    assert command(*WORDS).code == 0
    capsys.readouterr()
    reconcile(["--once", *WORDS])
    said = "".join(capsys.readouterr())
    assert f"{NAME}: reasons of failed jobs: GitLab forbids it" in said
    assert command(*WORDS, "--audit").code == 0
    with engine.connect() as connection:
        ends = set(connection.scalars(sa.select(workflowruns.c.conclusion)))
    assert ends <= {"success", "failure"}


def test_project_without_a_commit_is_whole(
    served: Server, command: Command, engine: sa.Engine
) -> None:
    empty = served.world.add_project("group/empty")
    empty.url = served.url
    served.failing |= {f"/{empty.id}/repository/{what}": 404 for what in ("branches", "commits")}
    assert command("-r", "gitlab:group/empty").code == 0
    assert reconcile(["--once", "-r", "gitlab:group/empty"]) == 0


def test_traces_that_are_refused_of_one_project_hinder_no_other(
    served: Server,
    project: Project,
    command: Command,
    engine: sa.Engine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(failure_reasons, "IN_ROW", 2)
    other = served.world.add_project("group/other")
    other.url = served.url
    while sum(job["status"] == "failed" for job in other.jobs.values()) < 3:
        served.world.add_pipeline(other)
    served.failing[f"/projects/{other.path.replace('/', '%2F')}/jobs/"] = 403
    assert command("-r", "gitlab:group").code == 0
    assert reconcile(["--once", "-r", "gitlab:group"]) == 1
    assert "group/other: reasons of failed jobs: GitLab forbids it" in "".join(capsys.readouterr())
    failed = {gitid for gitid, job in project.jobs.items() if job["status"] == "failed"}
    assert failed
    assert ids(engine, failures.c.jobgitid) == failed
