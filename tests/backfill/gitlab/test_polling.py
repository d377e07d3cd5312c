"""What a cycle asks for: changes since the last look, open pipelines rarely, children's makers."""

from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

from backfill.pipeline import due_items
from backfill.reconcile.__main__ import main as reconcile
from fakegitlab.server import Server
from fakegitlab.world import Project
from schema.tables.ci import jobs, workflowruns
from schema.tables.reconciler import rereads
from store.deliveries.table import now
from tests.backfill.conftest import Command
from tests.backfill.gitlab.conftest import NAME

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
WORDS = ("-r", f"gitlab:{NAME}")


def floors(served: Server) -> list[datetime]:
    """Return since when changes of pipelines were asked for."""
    queries = [parse_qs(urlsplit(path).query) for path in served.requests]
    texts = [query["updated_after"][0] for query in queries if "updated_after" in query]
    return [datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ") for text in texts]


def test_cycle_lists_changes_since_the_last_one_and_reads_what_was_left_due(
    served: Server,
    project: Project,
    command: Command,
    engine: sa.Engine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(due_items, "FIRST_PAUSE", timedelta(0))
    begun = now()
    bad = next(iter(project.pipelines))
    lost = {gitid for gitid, job in project.jobs.items() if job["pipeline"]["id"] == bad}
    served.failing |= {f"/{project.id}/jobs?": 405, f"/pipelines/{bad}/jobs?": 404}
    assert reconcile(["--once", *WORDS]) == 1
    assert f"-r gitlab:{NAME} --audit" in "".join(capsys.readouterr())
    with engine.connect() as connection:
        assert not lost & set(connection.scalars(sa.select(jobs.c.gitid)))
    assert min(floors(served)) < datetime(2020, 1, 1)
    served.failing.clear()
    served.requests.clear()
    assert reconcile(["--once", *WORDS]) == 0
    assert min(floors(served)) >= begun - timedelta(days=1, seconds=61)
    assert max(floors(served)) >= begun - timedelta(seconds=61)
    asked = [path for path in served.requests if "/jobs?" in path]
    assert asked == [f"GET /api/v4/projects/{project.id}/pipelines/{bad}/jobs?" + ASKED]
    with engine.connect() as connection:
        assert {*connection.scalars(sa.select(jobs.c.gitid))} == {*project.jobs}


ASKED = "include_retried=true&per_page=100"


def test_pipelines_that_may_wait_for_ever_are_asked_for_rarely_or_never(
    served: Server, project: Project, command: Command, engine: sa.Engine
) -> None:
    world = served.world
    waiting, running, ended = [*project.pipelines.values()][:3]
    for pipeline, status in ((waiting, "manual"), (running, "running")):
        pipeline |= {"status": status, "finished_at": None, "created_at": recent()}
    gate = next(job for job in project.jobs.values() if job["pipeline"]["id"] == ended["id"])
    gate |= {"status": "manual", "started_at": None, "finished_at": None, "created_at": recent()}
    world.add_external(project)["created_at"] = recent()
    assert command(*WORDS).code == 0
    reconcile(["--once", *WORDS])
    with engine.connect() as connection:
        rows = connection.execute(sa.select(rereads.c.rungitid, rereads.c.duetime))
        pauses = {run: due - now() for run, due in rows}
    assert {*pauses} == {waiting["id"], running["id"]}
    assert timedelta(hours=23) < pauses[waiting["id"]] <= timedelta(days=1)
    assert pauses[running["id"]] <= timedelta(minutes=1)


def recent() -> str:
    return f"{now() - timedelta(hours=1):%Y-%m-%dT%H:%M:%S}.000Z"


@pytest.mark.parametrize("unknown", ["", "sourceJob"])
@pytest.mark.parametrize("hides", [False, True])
def test_child_that_comes_alone_has_its_maker(
    served: Server,
    project: Project,
    command: Command,
    engine: sa.Engine,
    unknown: str,
    hides: bool,
) -> None:
    served.unknown, project.hides_bridges = unknown, hides
    assert command(*WORDS).code == 0
    parent = [*project.pipelines.values()][5]
    if not unknown:
        served.world.add_child(project, parent)
        assert command(*WORDS).code == 0
    run = workflowruns.c
    query = sa.select(run.parentgitid, run.parentjobgitid, run.workflowname)
    with engine.connect() as connection:
        rows = connection.execute(query.where(run.event == "parent_pipeline")).all()
    made = [
        (bridge["pipeline"]["id"], gitid, "child tests")
        for gitid, bridge in project.bridges.items()
    ]
    assert sorted(map(tuple, rows)) == sorted(made)
