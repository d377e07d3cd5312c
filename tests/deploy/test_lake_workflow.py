"""What the lake's workflow runs does what it says: its own commands, against the fake GitHub."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fakegithub.server import serve
from fakegithub.world.world import World
from lake.extensions import open_duckdb
from tests.deploy.test_workflows import read
from tests.own_code import ROOT

BUILD = read(ROOT / ".github/workflows/lake.yml")["jobs"]["build"]
INSTALL = "python -m pip install --quiet --require-hashes -r requirements-lake.txt"
OWN = "feeds", "data", ".git", ".venv", ".env"


def fill_in(text: str, values: Mapping[str, str]) -> str:
    """Put values in place of GitHub's expressions; a secret or variable that is not set is empty.

    Raises KeyError for any other one.
    """

    def value(match: re.Match[str]) -> str:
        name = match[1]
        return values.get(name, "") if name.startswith(("secrets.", "vars.")) else values[name]

    return re.sub(r"\$\{\{ ([\w.]+) \}\}", value, text)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Give a folder with what is checked out, that may be written to."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    for each in ROOT.iterdir():
        if each.name not in OWN:
            (folder / each.name).symlink_to(each)
    shutil.copytree(ROOT / "feeds", folder / "feeds")
    return folder


def run(step: Mapping[str, Any], values: Mapping[str, str], folder: Path) -> None:
    """Run a step's command as a runner does, to a good end."""
    done = try_run(step, values, folder)
    assert done.returncode == 0, done.stdout + done.stderr


def try_run(
    step: Mapping[str, Any], values: Mapping[str, str], folder: Path
) -> subprocess.CompletedProcess[str]:
    """Run a step's command as a runner does."""
    given = {**BUILD["env"], **step.get("env", {})}
    environ = {name: fill_in(text, values) for name, text in given.items()}
    path = f"{Path(sys.executable).parent}:{os.defpath}"
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=folder, env={**environ, "PATH": path, "HOME": str(folder)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_commands_of_the_build_collect_prove_and_draw(checkout: Path):
    world = World(seed=1, start=datetime.now(UTC) - timedelta(hours=5))
    repo = world.create_repo("octo-org/app")
    world.push(repo, "First commit")
    flow = world.add_workflow(repo, "CI")
    for conclusion in ("success", "failure"):
        started = world.trigger(flow, after=60)
        job = world.queue_job(started, "build")
        world.start_job(job, after=5)
        world.finish_job(job, conclusion, after=30)
        world.finish_run(started)
    commands = [step for step in BUILD["steps"] if "run" in step and step["run"] != INSTALL]
    assert len(commands) == len([step for step in BUILD["steps"] if "run" in step]) - 1
    (collect,) = [step for step in commands if step.get("id") == "collect"]
    with serve(world) as github:
        values = {
            "vars.LAKE_REPOSITORIES": "octo-org/app",
            "vars.LAKE_PUBLISH": "on",
            "github.api_url": github.url,
            "github.token": github.token,
            "steps.pages.outputs.base_url": "https://octo-org.github.io/lake",
        }
        for step in commands:
            run(step, values, checkout)
        asked = len(github.requests)
        # The next one begins with what is kept in data/, and a new checkout.
        run(collect, values, checkout)
        assert len(github.requests) - asked == 2
    page = (checkout / "pages/index.html").read_text()
    assert '<dd id="run-count">2</dd>' in page
    assert "1 workflow red on main" in page
    frozen = open_duckdb("ducklake")
    pages = checkout / "pages/lake"
    frozen.execute(
        f"ATTACH 'ducklake:{pages}/catalog.ducklake' AS lake"
        f" (READ_ONLY, DATA_PATH '{pages}/files/', OVERRIDE_DATA_PATH true)"
    )
    ends = frozen.execute("SELECT conclusion FROM lake.workflowruns ORDER BY gitid").fetchall()
    assert ends == [("success",), ("failure",)]
    assert set(os.listdir(checkout)) - {each.name for each in ROOT.iterdir()} <= {"data", "pages"}


def test_lake_elsewhere_needs_a_store_that_is_not_lost_with_the_cache(tmp_path: Path):
    guard = next(step for step in BUILD["steps"] if "::error::" in step.get("run", ""))
    own = {"secrets.LAKE_DATA": "s3://bucket/years/"}
    refused = try_run(guard, own, tmp_path)
    assert (refused.returncode, "set the secret DATABASE_URL" in refused.stdout) == (1, True)
    run(guard, {**own, "secrets.DATABASE_URL": "mysql+pymysql://host/ci"}, tmp_path)
    # Before anything is written.
    order = [step.get("id") or step.get("run") for step in BUILD["steps"]]
    assert order.index(guard["run"]) < order.index("collect")


def test_nothing_is_done_before_repositories_are_named():
    assert BUILD["if"] == "vars.LAKE_REPOSITORIES != ''"
    (kept,) = [step for step in BUILD["steps"] if step.get("with", {}).get("path") == "data"][:1]
    assert kept["uses"].startswith("actions/cache@")
