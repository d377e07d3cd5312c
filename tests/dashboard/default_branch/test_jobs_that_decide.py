"""A failed run is told by the jobs that failed it: in its newest attempt, none that may fail."""

import csv
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from dashboard import digest
from store.failed_jobs import read_run_errors
from tests.dashboard import stored
from tests.dashboard.conftest import NOW, text_of
from tests.dashboard.pages.test_failures import told

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
LAST_NIGHT = NOW - timedelta(hours=7)


def failed(engine: sa.Engine, repoid: int, run: int, name: str, **values: Any) -> int:
    """Store a failed job that says its own name and attempt; a copy says nothing."""
    own = {"name": name, "conclusion": "failure", **values}
    job = stored.job(engine, repoid, run, LAST_NIGHT, **own)
    if not values.get("inherited"):
        words = f"{name} broke in {values.get('attempt', 1)}"
        said = {"message": words, "fingerprint": f"1:{words}", "kind": "cause"}
        same = {"provider": values.get("provider", "github"), "time": LAST_NIGHT}
        stored.reason(engine, repoid, run, job, **said, **same)
    return job


def errors_of(engine: sa.Engine, key: tuple[str, int], *, first: bool) -> str | None:
    """Return what made a run fail."""
    with engine.connect() as connection:
        return read_run_errors(connection, [key], first=first)[key].text


def test_job_that_may_fail_or_was_tried_again_is_no_reason(engine: sa.Engine, client: FlaskClient):
    repoid = stored.repo(engine, "grp/app", provider="gitlab")
    on = {"provider": "gitlab"}
    run = stored.run(engine, repoid, LAST_NIGHT, conclusion="failure", **on)
    failed(engine, repoid, run, "lint", allowfailure=True, **on)
    failed(engine, repoid, run, "unit", superseded=True, **on)
    failed(engine, repoid, run, "deploy", **on)
    assert {errors_of(engine, ("gitlab", run), first=one) for one in (True, False)} == {
        "deploy broke in 1"
    }
    text = digest.make_digest(client.application).text
    assert "grp/app: Nightly / deploy: deploy broke in 1" in text
    assert "lint" not in text
    page = text_of(client, "/runs").partition('class="runs"')[2]
    assert "deploy : deploy broke in 1" in told(page)
    assert "unit" not in page
    # A pipeline that another one failed: what may fail in it is no reason either.
    other = stored.run(engine, repoid, LAST_NIGHT, conclusion="failure", **on)
    failed(engine, repoid, other, "lint", allowfailure=True, **on)
    assert errors_of(engine, ("gitlab", other), first=False) is None
    # Failed by a job that was tried again since, and passed: that turned it red.
    mended = stored.run(engine, repoid, LAST_NIGHT, **on)
    failed(engine, repoid, mended, "unit", superseded=True, **on)
    assert errors_of(engine, ("gitlab", mended), first=True) == "unit broke in 1"


def test_run_that_was_done_again_says_why_it_failed_then_and_what_turned_it_red(
    engine: sa.Engine, client: FlaskClient
):
    repoid = stored.repo(engine)
    run = stored.run(engine, repoid, LAST_NIGHT, conclusion="failure", attempt=2)
    failed(engine, repoid, run, "build")
    failed(engine, repoid, run, "test", attempt=2)
    assert errors_of(engine, ("github", run), first=True) == "build broke in 1"
    assert errors_of(engine, ("github", run), first=False) == "test broke in 2"
    assert "test : test broke in 2" in told(text_of(client, "/runs"))
    assert "build broke in 1" in text_of(client, "/feed.atom")
    passed = stored.run(engine, repoid, NOW, attempt=2)
    failed(engine, repoid, passed, "build")
    assert errors_of(engine, ("github", passed), first=True) == "build broke in 1"


@on_sqlite
def test_job_that_a_re_run_only_lists_again_says_what_it_said(
    engine: sa.Engine, client: FlaskClient
):
    repoid = stored.repo(engine)
    run = stored.run(engine, repoid, LAST_NIGHT, conclusion="failure", attempt=2)
    failed(engine, repoid, run, "build")
    failed(engine, repoid, run, "test")
    failed(engine, repoid, run, "test", attempt=2, inherited=True)
    stored.job(engine, repoid, run, LAST_NIGHT, name="build", attempt=2)
    assert errors_of(engine, ("github", run), first=False) == "test broke in 1"
    for path in ("/", f"/nights/{repoid}/2026-03-10", "/runs"):
        page = text_of(client, path)
        assert "test broke in 1" in page
        assert "build broke" not in page
    page = text_of(client, f"/runs/github/{run}")
    assert "test broke in 1 1 job" in told(page.partition('id="said"')[2])


@on_sqlite
def test_sheet_of_nights_has_those_in_which_a_nightly_did_not_run(
    engine: sa.Engine, client: FlaskClient
):
    repoid = stored.repo(engine)
    for days in range(1, 9):
        stored.run(engine, repoid, LAST_NIGHT - timedelta(days=days))
    lines = list(csv.DictReader(text_of(client, "/nights.csv").splitlines()))
    assert [(line["night"], line["state"], line["runs"]) for line in lines[:2]] == [
        ("2026-03-10", "failed", "0"),
        ("2026-03-09", "passed", "1"),
    ]
    assert lines[0]["failed jobs"] == "Nightly"
    assert lines[0]["errors"] == "expected 02:30, did not run"


@on_sqlite
def test_job_that_said_nothing_is_not_taken_for_its_run(engine: sa.Engine, client: FlaskClient):
    for name, has_job in (("octo-org/silent", True), ("octo-org/bare", False)):
        repoid = stored.repo(engine, name)
        run = stored.run(engine, repoid, LAST_NIGHT, conclusion="failure")
        if has_job:
            stored.job(engine, repoid, run, LAST_NIGHT, conclusion="failure")
    page = told(text_of(client, "/"))
    assert "no reason is known octo-org/silent Nightly / test" in page
    assert "the run itself failed octo-org/bare Nightly / the run itself" in page
