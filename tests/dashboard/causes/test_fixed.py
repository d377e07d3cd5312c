"""What is fixed passed last night; what did not fail may have been skipped or stopped."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from dashboard.app import create_app
from dashboard.digest import make_digest
from store.open import open_engine
from tests.dashboard import stored
from tests.dashboard.browsing import PATIENT
from tests.dashboard.conftest import NOW, settings_for, text_of

DAY = timedelta(days=1)
LAST_NIGHT = NOW - timedelta(hours=7)
ALIVE: dict[str, Any] = {"status": "in_progress", "conclusion": None}


def store_night(engine: Engine, repoid: int, nights: int, run: str, **jobs: str | None) -> None:
    """Store the run of a night, and its jobs by how they ended."""
    how = {"conclusion": run} if run else ALIVE
    created = LAST_NIGHT - nights * DAY
    key = stored.run(engine, repoid, created, workflowgitid=7, **how)
    for name, ended in jobs.items():
        own = {"conclusion": ended} if ended else ALIVE
        stored.job(engine, repoid, key, created, name=name, **own)


def list_fixed(client: FlaskClient) -> list[tuple[str, str]]:
    """Return the jobs that the first page calls fixed, and after how many nights."""
    block = re.search(r'(?s)<section class="fixed".*?</section>', text_of(client, "/"))
    text = re.sub(r"<[^>]+>", " ", block[0] if block else "")
    return re.findall(r"Nightly / (\w+) +after (\d) failed", re.sub(r"\s+", " ", text))


FAILED = ("failure", {"build": "success", "test": "failure"})
WELL = ("success", {"build": "success", "test": "success"})
SKIPPED = ("failure", {"build": "failure", "test": "skipped"})
STOPPED = ("cancelled", {"build": "success", "test": "cancelled"})


@pytest.mark.parametrize(
    ("nights", "fixed"),
    [
        ([WELL, FAILED, FAILED], [("test", "2")]),
        ([SKIPPED, FAILED, FAILED], []),
        ([STOPPED, FAILED, FAILED], []),
        ([("failure", {"build": "failure", "renamed": "failure"}), FAILED, FAILED], []),
        ([("failure", {"build": "failure", "test": "success"}), FAILED], [("test", "1")]),
        ([("success", {"build": "success", "test": "skipped"}), FAILED], []),
        ([("success", {"build": "success"}), FAILED], [("test", "1")]),
        # Of what was skipped it is said when it passes, once.
        ([WELL, SKIPPED, FAILED, FAILED], [("build", "1"), ("test", "2")]),
        ([WELL, STOPPED, SKIPPED, FAILED], [("test", "1")]),
        ([("failure", {"build": "failure", "test": "success"}), WELL, FAILED], []),
        ([("failure", {"x": "failure", "test": "success"}),
          ("failure", {"x": "failure", "test": "success"}), FAILED], []),
    ],
)  # fmt: skip
def test_fixed_is_what_passed_after_it_had_failed(
    client: FlaskClient, engine: Engine, nights: list[Any], fixed: list[tuple[str, str]]
):
    repoid = stored.repo(engine)
    for place, (run, jobs) in enumerate(nights):
        store_night(engine, repoid, place, run, **jobs)
    assert sorted(list_fixed(client)) == fixed


@pytest.mark.parametrize(
    ("nights", "told"),
    [
        ([FAILED, WELL, FAILED], ["New since yesterday (1):"]),
        ([FAILED, SKIPPED, FAILED, FAILED], ["Still failing (1):", "test, for 3+ nights"]),
        ([FAILED, STOPPED, SKIPPED, FAILED], ["Still failing (1):", "test, for 2+ nights"]),
        ([FAILED, ("failure", {"build": "failure", "test": "success"}), FAILED],
         ["New since yesterday (1):"]),
        ([FAILED, SKIPPED, WELL, FAILED], ["New since yesterday (1):"]),
        ([FAILED, SKIPPED], ["New since yesterday (1):"]),
    ],
)  # fmt: skip
def test_new_is_what_passed_since_it_failed_last(
    engine: Engine, store_url: str, tmp_path: Path, nights: list[Any], told: list[str]
):
    repoid = stored.repo(engine)
    for place, (run, jobs) in enumerate(nights):
        store_night(engine, repoid, place, run, **jobs)
    settings = settings_for(store_url, tmp_path)
    reader = open_engine(settings, PATIENT)
    text = make_digest(create_app(settings, reader, clock=lambda: NOW)).text
    reader.dispose()
    blocks = [line for line in text.splitlines() if line.startswith(("New since", "Still"))]
    assert blocks == told[:1]
    assert [part for part in told if part not in text] == [], text


def test_other_branches_workflows_and_proposals_fix_nothing(client: FlaskClient, engine: Engine):
    repoid = stored.repo(engine)
    store_night(engine, repoid, 1, "failure", test="failure")
    store_night(engine, repoid, 0, "cancelled", test="cancelled")
    for own in (
        {"branchname": "other", "event": "push"},
        {"workflowgitid": 8, "workflowname": "CI", "event": "push"},
        {"event": "pull_request"},
        {"event": "push", "headrepo": "fork/app"},
    ):
        key = stored.run(engine, repoid, LAST_NIGHT, **{"workflowgitid": 7, **own})
        stored.job(engine, repoid, key, LAST_NIGHT, name="test")
    assert list_fixed(client) == []


def test_run_that_failed_by_itself_is_fixed_by_one_that_passed(client: FlaskClient, engine: Engine):
    for name, last in (("a", "success"), ("b", "cancelled")):
        repoid = stored.repo(engine, f"octo-org/{name}")
        stored.run(engine, repoid, LAST_NIGHT - DAY, workflowgitid=7, conclusion="startup_failure")
        stored.run(engine, repoid, LAST_NIGHT, workflowgitid=7, conclusion=last)
    block = text_of(client, "/").partition('class="fixed"')[2].partition("</section>")[0]
    assert "octo-org/a" in block
    assert "octo-org/b" not in block


def test_schedule_whose_name_is_kept_back_is_fixed_by_its_own_runs(
    client: FlaskClient, engine: Engine
):
    repoid = stored.repo(engine)
    for nights, ended in ((1, "failure"), (0, "success")):
        created = LAST_NIGHT - nights * DAY
        key = stored.run(engine, repoid, created, workflowname=None, conclusion=ended)
        stored.job(engine, repoid, key, created, workflowname=None, conclusion=ended)
    block = text_of(client, "/").partition('class="fixed"')[2].partition("</section>")[0]
    assert "schedule on main / test" in block
