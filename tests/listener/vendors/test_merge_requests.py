"""A listener of its own is told of a merge request by a fake GitLab, and `/pr/N` shows it."""

import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from dashboard.app import create_app
from engines import connect
from fakegitlab.director import MERGE_REQUEST, Director
from fakegitlab.hooks import hooks_of
from fakegitlab.sending import Sender
from fakegitlab.world import World
from schema.tables.ci import workflowruns
from store.open import READ, open_engine
from tests.dashboard.settings import settings_for
from tests.listener.process import ROOT, environment, running
from tests.listener.vendors.test_gitlab import TOKEN

RUN = workflowruns.c


def numbers(engine: sa.Engine) -> dict[int, int | None]:
    with engine.connect() as connection:
        rows = connection.execute(sa.select(RUN.gitid, RUN.pullrequest)).all()
    return {gitid: number for gitid, number in rows}


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_number_of_a_hook_is_stored_shown_and_mended_by_a_replay(tmp_path: Path, database_url: str):
    world, chance = World(), random.Random(6)
    project = world.add_project("group/sub/app")
    lives = [Director(world, project, chance).live(one) for one in ("push", MERGE_REQUEST)]
    pushed, proposed = (life.fixed["id"] for life in lives)
    secrets = {"DATABASE_URL": database_url, "GITLAB_WEBHOOK_SECRET": TOKEN}
    with running(tmp_path, **secrets) as listener:

        def post(body: bytes, headers: dict[str, str]) -> int:
            return listener.post(body, headers).code

        sender = Sender(project, "https://example.org/webhook", post, token=TOKEN)
        assert {sender.send(hook) for life in lives for hook in hooks_of(project, life)} == {200}
    # The second pipeline of the project; the fake counts its requests from 501.
    wanted = {pushed: None, proposed: 502}
    engine = connect(database_url)
    assert numbers(engine) == wanted
    settings = settings_for(database_url, tmp_path)
    pages = create_app(settings, open_engine(settings, READ)).test_client()
    page = pages.get("/pr/502").text
    assert re.findall(r'class="row" href="/runs/[^"]+/(\d+)"', page) == [str(proposed)]
    assert re.search(r"<h1>!502 <small>Merge request", page)
    with engine.begin() as connection:  # as an earlier release left it
        connection.execute(sa.update(workflowruns).values(pullrequest=None))
    command = [sys.executable, str(ROOT / "local-database.py"), "--replay"]
    subprocess.run(command, cwd=tmp_path, env=environment(**secrets), check=True)
    assert numbers(engine) == wanted
    engine.dispose()
