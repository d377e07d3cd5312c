"""What docs/operating.md tells an operator to do, done: each page with its commands."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from engines import connect
from fakegithub.api.hooks import Hook
from fakegithub.server import Server, serve
from fakegithub.world.world import World
from schema.tables.ci import repoaliases, workflowruns
from tests.fakegithub.samples import app_of
from tests.healing.equal import check_equals_world
from tests.healing.test_process import APP, recent_world, until
from tests.listener.process import ROOT, Listener, environment, running

OLD, NEW = "the secret that was known to us", "the secret that nobody else knows"
DAY = 86_400


def audit(folder: Path, github: Server, *words: str, **store: str) -> tuple[int, dict[str, Any]]:
    """Run the audit as an operator does; return its exit code and its one repository."""
    command = [sys.executable, str(ROOT / "local-database.py"), "--audit", "--json", *words]
    settings = {"GITHUB_TOKEN": github.token, "GITHUB_API_URL": github.url, **store}
    done = subprocess.run(
        command, cwd=folder, env=environment(**settings), capture_output=True, timeout=120
    )
    assert done.returncode in (0, 1), done.stderr.decode()
    (one,) = json.loads(done.stdout)["repositories"]
    return done.returncode, one


def hook_of(github: Server, world: World, secret: str) -> Hook:
    """Make a hook that sends all that happens in the first repository of a world."""
    hook = github.hooks.create(
        "", repo_id=app_of(world), events=("*",), secret=secret, content_type="json"
    )
    hook.created_at = world.times[0]
    return hook


def point(hook: Hook, listener: Listener) -> None:
    hook.url = f"http://127.0.0.1:{listener.port}/webhook"


def finish_runs(world: World, count: int) -> None:
    """Let runs happen, each with a job, and a push before it."""
    repo = app_of(world)
    flow = world.members[("workflow", repo)][0]
    for _ in range(count):
        world.push(repo, "Go on", after=60)
        run = world.trigger(flow, after=5)
        job = world.queue_job(run, "build")
        world.start_job(job, after=5)
        world.finish_job(job, "success", after=60)
        world.finish_run(run, after=1)


def codes(hook: Hook, since: int = 0) -> set[int]:
    return {record.outcome.status_code for record in hook.log[since:]}


def test_listener_that_was_down_without_a_key_is_repaired_by_one_command(tmp_path: Path):
    world = recent_world(days=3, runs=10)
    repo = app_of(world)
    now = int(time.time())
    with serve(world, clock=lambda: now - 2 * DAY) as github:
        hook = hook_of(github, world, OLD)
        with running(tmp_path, "-r", APP, secret=OLD) as listener:
            point(hook, listener)
            github.hooks.send_due(until=github.now())
            assert codes(hook) == {200}
        github.clock = None
        github.hooks.send_due()  # nobody takes them
        with running(tmp_path, "-r", APP, secret=OLD) as listener:
            point(hook, listener)
            code, found = audit(tmp_path, github, "-r", APP)
            assert (code, found["complete"]) == (1, False)
            assert found["missing"] == len(found["findings"]) > 0
            code, found = audit(tmp_path, github, "-r", APP, "--repair")
            assert (code, found["findings"]) == (0, [])
            engine = connect(listener.url)
            check_equals_world(engine, world, repo)
            engine.dispose()


def test_renamed_repository_goes_on_under_its_new_name_with_the_old_flag(tmp_path: Path):
    world = recent_world(days=1, runs=4)
    repo = app_of(world)
    with serve(world) as github:
        hook = hook_of(github, world, OLD)
        with running(tmp_path, "-r", APP, secret=OLD) as listener:
            point(hook, listener)
            github.hooks.send_due()
            world.rename(repo, "application", after=60)
            finish_runs(world, 1)
            github.hooks.send_due()
        with running(tmp_path, "-r", APP, secret=OLD) as listener:  # restarted as it was
            point(hook, listener)
            finish_runs(world, 1)
            github.hooks.send_due()
            assert codes(hook) == {200}
            engine = connect(listener.url)

            def is_rewritten() -> bool:
                with engine.connect() as connection:
                    names = set(connection.scalars(sa.select(workflowruns.c.repo)))
                return names == {"octo-org/application"}

            until(is_rewritten, listener.log)
            with engine.connect() as connection:
                aliases = set(connection.scalars(sa.select(repoaliases.c.name)))
            engine.dispose()
        assert aliases == {APP, "octo-org/application"}
        for name in (APP, "octo-org/application"):
            code, found = audit(tmp_path, github, "-r", name)
            assert (code, found["repository"]) == (0, "octo-org/application")


def test_leaked_secret_is_replaced_without_losing_a_delivery(tmp_path: Path):
    world = recent_world(days=1, runs=2)
    with serve(world) as github:
        hook = hook_of(github, world, OLD)
        with running(tmp_path, "-r", APP, secret=f"{NEW},{OLD}") as listener:
            point(hook, listener)
            github.hooks.send_due()
            done = subprocess.run(
                [sys.executable, str(ROOT / "listener.py"), "-r", APP, "--register", hook.url],
                cwd=tmp_path,
                env=environment(
                    GITHUB_TOKEN=github.token,
                    GITHUB_API_URL=github.url,
                    WEBHOOK_SECRET=f"{NEW},{OLD}",
                ),
                capture_output=True,
                timeout=120,
            )
            assert (done.returncode, hook.secret) == (0, NEW), done
            finish_runs(world, 1)
            github.hooks.send_due()
            assert codes(hook) == {200}
        with running(tmp_path, "-r", APP, secret=NEW) as listener:
            point(hook, listener)
            finish_runs(world, 1)
            github.hooks.send_due()
            assert codes(hook) == {200}
            sent = len(hook.log)
            hook.secret = OLD  # whoever knows it
            finish_runs(world, 1)
            github.hooks.send_due()
            assert codes(hook, sent) == {401}
