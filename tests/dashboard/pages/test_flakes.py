"""The list of flaky jobs: found by their names, sorted, counted, and gone through page by page."""

from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from dashboard.pages import flakes
from tests.dashboard import stored
from tests.dashboard.conftest import text_of
from tests.dashboard.pages.test_failures import told

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)

LAST_NIGHT = datetime(2026, 3, 10, 2)


def write_flake(engine: Engine, repoid: int, job: str, good: int, seconds: float = 60.0) -> None:
    """Store a job that failed and passed on one commit, and passed on `good` others."""
    run = stored.run(engine, repoid, LAST_NIGHT, workflowname="Nightly")
    failed = stored.job(
        engine, repoid, run, LAST_NIGHT, name=job, conclusion="failure", runtime=seconds
    )
    stored.reason(engine, repoid, run, failed, message=f"boom of {job}", time=LAST_NIGHT)
    for number in range(good + 1):
        sha = "c0ffee" * 6 if number == 0 else f"{number:036x}"
        run = stored.run(engine, repoid, LAST_NIGHT, workflowname="Nightly", commithash=sha)
        stored.job(engine, repoid, run, LAST_NIGHT, name=job, commithash=sha)


def test_flakes_are_filtered_sorted_counted_and_go_on(
    engine: Engine, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
):
    app, site = stored.repo(engine), stored.repo(engine, "octo-org/site")
    write_flake(engine, app, "lint", good=3)
    write_flake(engine, app, "test", good=1, seconds=600)
    write_flake(engine, site, "e2e", good=0)
    monkeypatch.setattr(flakes, "PAGE", 2)
    first = text_of(client, "/flakes")
    assert "3 flaky jobs, 1 to 2; wasted job time: 12 min" in first
    assert "<code>boom of lint</code>" in first
    assert 'rel="next" href="/flakes?after=2"' in first
    assert "3 flaky jobs, 3 to 3;" in text_of(client, "/flakes?after=2")
    for query in ("repo=octo-org/site", "repo=site", "job=E2E", "q=octo-org/site nightly e2"):
        assert "1 of 3 flaky jobs; wasted" in text_of(client, f"/flakes?{query}")
    assert "Nothing here for these filters" in text_of(client, "/flakes?workflow=Weekly")
    for sort, order in (("rate", ["e2e", "test", "lint"]), ("lost", ["test", "lint", "e2e"])):
        lines = text_of(client, f"/flakes.csv?sort={sort}").splitlines()
        assert [line.split(",")[2] for line in lines[1:]] == order
    said = text_of(client, "/flakes?colour=red", 400)
    assert (
        "There is no filter colour: this page has after, job, q, repo, repoid, since, sort, until,"
        " workflow."
    ) in said


def test_flaky_job_tells_its_days_and_how_often_it_was_run_again(
    client: FlaskClient, engine: Engine
):
    repoid = stored.repo(engine)
    for days, attempts in ((0, 3), (4, 2), (4, 1)):
        created, sha = LAST_NIGHT - timedelta(days=days), f"{days}{attempts}" * 20
        run = stored.run(engine, repoid, created, workflowname="CI", commithash=sha)
        own = {"name": "lint", "workflowname": "CI", "commithash": sha}
        for attempt in range(1, attempts + 1):
            end = "success" if attempt == attempts else "failure"
            stored.job(engine, repoid, run, created, conclusion=end, attempt=attempt, **own)
    page = told(text_of(client, "/flakes"))
    assert "1 flaky job; wasted job time: 3 min, 3 re-runs." in page
    bars = 'aria-label="2 of 30 days, at most 2 jobs a day"'
    assert bars in text_of(client, "/flakes")
    line = client.get("/flakes.csv?sort=reruns").text.splitlines()[1].split(",")
    assert (line[3:5], line[-1]) == (["3", "2"], "3")


def test_tries_of_gitlab_are_re_runs(client: FlaskClient, engine: Engine):
    repoid = stored.repo(engine, "grp/app", provider="gitlab")
    for sha, ends in (("a" * 40, "failure failure success"), ("b" * 40, "failure success")):
        run = stored.run(engine, repoid, LAST_NIGHT, provider="gitlab", commithash=sha)
        for number, end in enumerate(ends.split(), 1):
            own = {"provider": "gitlab", "name": "unit", "tryno": number, "conclusion": end}
            stored.job(engine, repoid, run, LAST_NIGHT, commithash=sha, **own)
    line = client.get("/flakes.csv").text.splitlines()[1].split(",")
    assert (line[3:5], line[-1]) == (["2", "2"], "3")
