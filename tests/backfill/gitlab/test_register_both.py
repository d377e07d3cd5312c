"""`python3 listener.py --register URL` for repositories of both vendors, to its end."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from fakegithub.server import Server as GitHub
from fakegithub.server import serve as serve_github
from fakegitlab.server import TOKEN, Server, serve
from fakegitlab.world import World
from tests.fakegithub.samples import small_world
from tests.listener.process import ROOT, environment, running

NAME = "group/sub/app"
BOTH = ("-r", "octo-org/app", "-r", f"gitlab:{NAME}")


@pytest.fixture
def github() -> Iterator[GitHub]:
    with serve_github(small_world()) as server:
        yield server


@pytest.fixture
def gitlab() -> Iterator[Server]:
    """Serve a project of five commits."""
    world = World()
    project = world.add_project(NAME)
    for _ in range(5):
        world.add_pipeline(project, jobs=1)
    with serve(world) as server:
        yield server


def test_hooks_of_both_vendors_are_made_once_and_reach_the_listener(
    tmp_path: Path, github: GitHub, gitlab: Server
):
    settings = {
        "GITHUB_API_URL": github.url,
        "GITHUB_TOKEN": github.token,
        "GITLAB_URL": gitlab.url,
        "GITLAB_TOKEN": TOKEN,
    }

    def said(*words: str) -> tuple[int, list[str]]:
        command = [sys.executable, str(ROOT / "listener.py"), *BOTH, *words]
        env = environment(**settings)
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)
        return done.returncode, (done.stdout + done.stderr).splitlines()

    with running(tmp_path, *BOTH, secret=None, RECONCILE="off", **settings) as listener:
        url = f"http://127.0.0.1:{listener.port}/webhook"
        for done in (f"was made, it delivers to {url}", "is as it should be; its secret was set"):
            code, lines = said("--register", url)
            assert (code, len(lines)) == (0, 4), lines
            assert [done in lines[0], done in lines[2]] == [True, True], lines
            assert lines[1] == "octo-org/app: the ping was answered with 200"
            assert lines[3] == f"{NAME}: a test push was answered with 2xx"
        (project,) = gitlab.world.projects.values()
        assert (len(github.hooks.hooks), len(project.hooks)) == (1, 1)
        (sender,) = project.senders.values()
        assert sender.token == (tmp_path / "data/gitlab_webhook_secret").read_text().strip()
        assert said("--check")[0] == 0
        engine = sa.create_engine(listener.url)
        with engine.connect() as connection:
            stored = connection.execute(sa.text("SELECT name, headhash FROM branches")).all()
        assert (("main", project.commits[-1]["id"]) in [tuple(row) for row in stored]) is True
        gitlab.may_manage_hooks = False
        code, lines = said("--register", url)
        assert (code, len(lines), lines[1]) == (
            1,
            3,
            "octo-org/app: the ping was answered with 200",
        )
        told = "the key may not manage its webhooks: it needs to be a maintainer's"
        assert lines[2].startswith(f"{NAME}: {told}"), json.dumps(lines)
