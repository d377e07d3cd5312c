"""What a webhook lost while it was disabled, or never sent, one cycle of healing brings back."""

import random
import time
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from backfill.reconcile.__main__ import main as reconcile
from fakegitlab.director import Director
from fakegitlab.hooks import SECRET, hooks_of
from fakegitlab.sending import Sender, Version
from fakegitlab.server import TOKEN, Server, serve
from fakegitlab.world import Json, World
from rows.gitlab.words import STATES
from rows.sources import source_of
from store.doors import api
from tests.backfill.conftest import Command

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
NAME = "group/sub/app"
GITLAB = source_of("gitlab")


@pytest.fixture
def gitlab(bare: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Serve a world of eight pipelines that lived: tried again, cancelled, gated, one a child."""
    world, chance = World(seed=2), random.Random(11)
    with serve(world) as server:
        project = world.add_project(NAME)
        lives = [Director(world, project, chance).live() for _ in range(7)]
        child = Director(world, project, chance).live("parent_pipeline")
        world.add_bridge(project, lives[0].fixed, child.fixed, "checks")
        world.add_external(project)
        monkeypatch.setenv("GITLAB_URL", server.url)
        monkeypatch.setenv("GITLAB_TOKEN", TOKEN)
        yield server


def test_what_a_disabled_webhook_left_out_is_found_by_a_cycle(
    gitlab: Server, command: Command, engine: sa.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    (project,) = gitlab.world.projects.values()
    assert command("-r", f"gitlab:{NAME}", "-m", "1").code == 0
    chance = random.Random(3)
    answers = iter([200] * 40 + [503] * 4)

    def post(body: bytes, headers: dict[str, str]) -> int:
        return next(answers, 200)

    sender = Sender(project, "https://example.org/webhook", post)
    hooks = [hook for life in project.lives.values() for hook in hooks_of(project, life)]
    chance.shuffle(hooks)
    taken = [hook for hook in hooks if sender.send(hook._replace(time=gitlab.world.now)) == 200]
    left_out = len(hooks) - len(taken)
    rows = [GITLAB.rows_for(hook.kind, hook.payload, None, None) for hook in taken]
    api.write(engine, [api.Read(mapped) for mapped in rows])
    assert left_out > 40  # four were refused, and nothing was sent after that
    assert stored(engine, "jobs") != world(project.jobs)
    reconcile(["--once", "-r", f"gitlab:{NAME}"])
    said = "".join(capsys.readouterr())
    assert f"/projects/{NAME}/hooks/" in said
    assert "temporarily_disabled" in said
    assert stored(engine, "workflowruns") == world(project.pipelines)
    assert stored(engine, "jobs") == world(project.jobs)


def stored(engine: sa.Engine, table: str) -> dict[int, tuple[str | None, str | None]]:
    """Return how things stand in the store, by id."""
    with engine.connect() as connection:
        rows = connection.execute(sa.text(f"SELECT gitid, status, conclusion FROM {table}"))  # noqa: S608
        return {gitid: (status, conclusion) for gitid, status, conclusion in rows}


def world(records: dict[int, Json]) -> dict[int, tuple[str | None, str | None]]:
    """Return how things stand at GitLab, by id, in our words."""
    ours = {}
    for gitid, record in records.items():
        state = STATES[record["status"]]
        is_late = record.get("failure_reason") == "job_execution_timeout"
        ours[gitid] = (state.status, "timed_out" if is_late else state.conclusion)
    return ours


@pytest.mark.parametrize(("version", "taken"), [((17, 2), 0), ((17, 3), 3)])
def test_what_was_refused_is_taken_from_the_hooks_log_where_there_is_one(
    gitlab: Server, command: Command, engine: sa.Engine, version: Version, taken: int
) -> None:
    gitlab.version = version
    (project,) = gitlab.world.projects.values()
    assert command("-r", f"gitlab:{NAME}", "-m", "1").code == 0
    sender = Sender(project, "https://example.org/webhook", lambda sent, headers: 503)
    sender.version = version
    last = project.lives[max(project.lives)]
    hooks = list(hooks_of(project, last))[-3:]  # a fourth would disable it
    for hook in hooks:
        sender.send(hook._replace(time=round(time.time() * 1000)))
    for _ in range(2):  # the second time they are known
        reconcile(["--once", "-r", f"gitlab:{NAME}"])
    with engine.connect() as connection:
        query = "SELECT guid, state, body FROM deliveries"
        rows = connection.execute(sa.text(query)).all()
    logged = {line["request_headers"]["X-Gitlab-Webhook-UUID"] for line in project.events}
    assert ({row.guid for row in rows} == logged, len(rows)) == (bool(taken), taken)
    assert {row.state for row in rows} <= {"applied"}
    assert not any(SECRET.encode() in zlib.decompress(row.body) for row in rows)
    assert stored(engine, "jobs") == world(project.jobs)
