"""Servers that are older, that stand behind a proxy, or that tell less than GitLab.com does."""

import pytest
import sqlalchemy as sa

from backfill.gitlab import pipelines
from fakegitlab import answers
from fakegitlab.server import Handler, Server
from fakegitlab.world import Json, Project
from schema.tables.ci import jobs, workflowruns
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
    assert command(*WORDS).code == 0
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
