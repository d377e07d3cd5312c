"""What GitLab says of a pipeline in several answers is of several moments: it goes on meanwhile."""

from typing import Any

import pytest
import sqlalchemy as sa

from backfill.reconcile.__main__ import main as reconcile
from fakegitlab.server import Handler, Server
from fakegitlab.world import Project
from schema.tables.ci import jobs, workflowruns
from tests.backfill.conftest import Command
from tests.backfill.gitlab.conftest import NAME

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
WORDS = ("-r", f"gitlab:{NAME}")


def state_of(engine: sa.Engine, gitid: int) -> tuple[str | None, str | None]:
    run = workflowruns.c
    with engine.connect() as connection:
        query = sa.select(run.status, run.conclusion).where(run.gitid == gitid)
        status, conclusion = connection.execute(query).one()
    return status, conclusion


def change_before_graphql(
    monkeypatch: pytest.MonkeyPatch, pipeline: dict[str, Any], later: dict[str, Any]
) -> None:
    """Let a pipeline go on between its list and what GraphQL says of it."""
    plain = Handler.result

    def result(self: Handler, body: Any) -> Any:
        if "/graphql" in self.path:
            pipeline.update(later)
        return plain(self, body)

    monkeypatch.setattr(Handler, "result", result)


def test_pipeline_that_ends_after_it_was_listed_has_ended(
    served: Server,
    project: Project,
    command: Command,
    engine: sa.Engine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gitid = sorted(project.pipelines)[-3]
    ended = dict(project.pipelines[gitid])
    going = {"status": "running", "finished_at": None, "duration": None}
    project.pipelines[gitid].update(going, updated_at=ended["started_at"])
    change_before_graphql(monkeypatch, project.pipelines[gitid], ended)
    assert command(*WORDS).code == 0
    assert reconcile(["--once", *WORDS]) == 0
    assert state_of(engine, gitid) == ("completed", ended["status"].replace("failed", "failure"))
    with engine.connect() as connection:
        stored = connection.scalar(sa.select(sa.func.count(jobs.c.gitid)))
    assert stored == len(project.jobs)


def test_pipeline_that_ended_anew_after_it_was_listed_is_as_it_ended_last(
    served: Server,
    project: Project,
    command: Command,
    engine: sa.Engine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gitid = sorted(project.pipelines)[-3]
    last = {**project.pipelines[gitid], "status": "success"}
    before = {"finished_at": last["started_at"], "updated_at": last["started_at"]}
    project.pipelines[gitid].update(before, status="canceled")
    change_before_graphql(monkeypatch, project.pipelines[gitid], last)
    assert command(*WORDS).code == 0
    assert state_of(engine, gitid) == ("completed", "success")
