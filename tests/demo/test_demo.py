"""The demo's day holds what it promises, and its command shows it."""

import os
import subprocess
import sys
import threading
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from demo import cli, day, month
from engines import connect
from fakegithub.world.world import Delivery
from schema import migrate
from store.write import changed_runs

ROOT = Path(__file__).resolve().parent.parent.parent
START = datetime(2026, 3, 1, 6, tzinfo=UTC)


@pytest.fixture(scope="module")
def deliveries() -> list[Delivery]:
    return list(day.deliveries(START))


def test_day_has_every_event_and_ends_within_thirty_hours(deliveries):
    assert {one.event for one in deliveries} == {
        "push",
        "create",
        "delete",
        "repository",
        "workflow_run",
        "workflow_job",
    }
    assert (deliveries[-1].time - START).total_seconds() < 30 * 3600


def test_day_has_jobs_on_three_systems_that_fail_are_cancelled_and_run_again(deliveries):
    jobs = [one.payload["workflow_job"] for one in deliveries if one.event == "workflow_job"]
    ended = Counter(job["conclusion"] for job in jobs if job["status"] == "completed")
    assert {"success", "failure", "cancelled"} <= set(ended)
    labels = {job["labels"][0] for job in jobs if job["labels"]}
    assert {"ubuntu-latest", "windows-2022", "macos-14"} <= labels
    assert any(job["run_attempt"] == 2 for job in jobs)


def test_day_has_a_fork_a_tag_a_deleted_branch_a_rename_and_hostile_text(deliveries):
    payloads = [one.payload for one in deliveries]
    runs = [payload["workflow_run"] for payload in payloads if "workflow_run" in payload]
    assert any(run["head_repository"]["fork"] for run in runs)
    refs = {payload["ref"] for payload in payloads if "after" in payload}
    assert f"refs/heads/{day.HOSTILE_BRANCH}" in refs
    assert any(ref.startswith("refs/tags/") for ref in refs)
    assert any(payload.get("deleted") for payload in payloads)
    assert [one.action for one in deliveries if one.event == "repository"].count("renamed") == 1
    messages = {commit["message"] for payload in payloads for commit in payload.get("commits", ())}
    assert day.HOSTILE_MESSAGE in messages


@pytest.mark.parametrize("hour", [0, 3, 4, 11, 12, 23])
def test_month_ends_on_new_still_failing_and_fixed_nights(hour: int):
    now = datetime(2026, 3, 2, hour, 50, tzinfo=UTC)
    start = now - month.LONGEST
    happened = list(month.world_of(start).deliveries())
    assert happened[-1].time <= now
    assert (start - happened[0].time).days >= 28
    ended: dict[str, list[str]] = {}
    for one in happened:
        run = one.payload.get("workflow_run", {}) if one.event == "workflow_run" else {}
        if run.get("status") == "completed" and run["name"] == "Nightly":
            name = one.payload["repository"]["name"].replace("portal", "website")
            ended.setdefault(name, []).append(run["conclusion"])
    bad, good = "failure", "success"
    assert {name: nights[-5:] for name, nights in ended.items()} == {
        "app-1": [good, good, good, good, bad],
        "app-2": [good, bad, bad, bad, bad],
        "website": [good, good, bad, bad, good],
    }


def test_pages_wait_until_the_day_is_counted(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cli.FOLDER.mkdir(parents=True)
    migrate.upgrade(cli.store_url())
    engine = connect(cli.store_url())
    with engine.begin() as connection:
        changed_runs.note_changes(connection, [("github", 7)])
    waiting = threading.Thread(target=cli.wait_counted, daemon=True)
    waiting.start()
    waiting.join(0.5)
    assert waiting.is_alive()
    with engine.begin() as connection:
        changed_runs.acknowledge(connection, changed_runs.read_changes(connection, 10))
    waiting.join(60)
    assert not waiting.is_alive()
    engine.dispose()


def test_demo_command_stores_the_day_and_shows_a_query_without_touching_the_real_store(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "demo", "--once"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "from sqlauthenticator import connector" in done.stdout
    assert {"demo-org/portal", "shop/backend/api"} <= set(done.stdout.split())
    assert [one.name for one in (tmp_path / "data").iterdir()] == ["demo"]
