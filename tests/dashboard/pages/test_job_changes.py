"""What changed since a job was well, on the pages of its run and of its night."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from store.state.job_versions import VersionsRead
from tests.dashboard import stored
from tests.dashboard.conftest import text_of
from tests.dashboard.nights import (
    GOOD,
    IS,
    NIGHT,
    OTHER,
    WAS,
    StoredNights,
    read_commits,
    read_versions,
    three_nights,
)

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
GONE, HUGE = VersionsRead({}, "gone"), VersionsRead({}, "huge")
HEAD = "What changed since it was well"


def section(client: FlaskClient, path: str) -> str:
    """Return the text of the section on a page, empty where there is none."""
    page = text_of(client, path)
    match = re.search(r'<section class="card since">.*?</section>', page, re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", match[0] if match else ""))


def run_page(nights: StoredNights, number: int = 2) -> str:
    return f"/runs/github/{nights.runs[number]}"


@pytest.mark.parametrize("number", [1, 2])
def test_run_shows_what_changed_before_the_first_failed_one(
    client: FlaskClient, engine: sa.Engine, number: int
):
    nights = three_nights(engine)
    read_versions(engine, nights, VersionsRead(WAS), VersionsRead(IS))
    read_commits(engine, nights.repoid)
    text = section(client, run_page(nights, number))
    assert "test Last passed in #1 " in text
    assert "failed first in #2 " in text
    assert "image ubuntu24 20260301.1 20260308.1 pip requests 2.31.0 2.32.0" in text
    assert "2 other names that both logs list are at the same version." in text
    assert "Only listed on one side: 2" in text
    assert "go example.org/cached v1.2.3 – pip &lt;b&gt;new&lt;/b&gt; – 1.0" in text
    assert "2 commits between: bbbbbbbbb Break it Mona ccccccccc Release Mona" in text
    assert "Tagged between: v2.0 ." in text


def test_night_shows_versions_and_commits_by_their_ancestry(client: FlaskClient, engine: sa.Engine):
    nights = three_nights(engine)
    read_versions(engine, nights, VersionsRead(WAS), VersionsRead(WAS))
    page = f"/nights/{nights.repoid}/2026-03-10"
    assert "Nothing that the logs name changed: 5 names at the same version." in section(
        client, page
    )
    stored.commit(engine, nights.repoid, GOOD, NIGHT - timedelta(days=3))
    stored.commit(engine, nights.repoid, "e" * 40, NIGHT - timedelta(days=1.5), message="By time")
    assert "By time" in text_of(client, page)
    assert "their ancestry has not been read yet" in text_of(client, page)
    read_commits(engine, nights.repoid, behind=3)
    text = text_of(client, page)
    assert "Break it" in text
    assert "Elsewhere" not in text
    assert "By time" not in text
    assert "3 commits of the good one are not in the bad one" in text
    assert OTHER[:7] not in text


@on_sqlite
@pytest.mark.parametrize(
    ("reads", "said"),
    [
        ((), "Which versions changed is not known yet"),
        ((GONE, VersionsRead(IS)), "their server no longer has one of the logs"),
        ((VersionsRead(WAS), GONE), "their server no longer has one of the logs"),
        ((GONE, GONE), "their server no longer has the logs"),
        ((VersionsRead(WAS), HUGE), "A log is too long to read"),
        ((VersionsRead({}), VersionsRead({})), "Nothing that the logs name changed."),
    ],
)
def test_what_is_not_known_is_said(
    client: FlaskClient, engine: sa.Engine, engine_name: str, reads: tuple, said: str
):
    nights = three_nights(engine)
    if reads:
        read_versions(engine, nights, *reads)
    assert said in section(client, run_page(nights))


@on_sqlite
@pytest.mark.parametrize(
    "values",
    [{"name": "lint"}, {"branchname": "other"}, {"conclusion": "cancelled"}, {"inherited": True}],
)
def test_job_that_is_not_like_it_is_no_job_to_compare_with(
    client: FlaskClient, engine: sa.Engine, engine_name: str, values: dict
):
    nights = three_nights(engine)
    good = sa.table("jobs", *map(sa.column, ("gitid", *values)))
    runs = sa.table("workflowruns", sa.column("gitid"), sa.column("branchname"))
    with engine.begin() as connection:
        connection.execute(sa.update(good).where(good.c.gitid == nights.jobs[0]).values(**values))
        if branch := values.get("branchname"):
            of_run = sa.update(runs).where(runs.c.gitid == nights.runs[0])
            connection.execute(of_run.values(branchname=branch))
    assert section(client, run_page(nights)) == ""


@on_sqlite
def test_error_shows_what_changed_before_its_latest_jobs(
    client: FlaskClient, engine: sa.Engine, engine_name: str
):
    nights = three_nights(engine)
    read_versions(engine, nights, VersionsRead(WAS), VersionsRead(IS))
    text = section(client, "/errors/1:f")
    assert "octo-org/app: test Last passed in #1 " in text
    assert "pip requests 2.31.0 2.32.0" in text


@on_sqlite
def test_jobs_of_which_the_same_is_to_be_said_are_named_together(
    client: FlaskClient, engine: sa.Engine, engine_name: str
):
    nights = three_nights(engine)
    for run, number in zip(nights.runs, range(3), strict=True):
        time = NIGHT - timedelta(days=2 - number)
        conclusion = "failure" if number else "success"
        stored.job(engine, nights.repoid, run, time, name="lint", conclusion=conclusion)
    assert section(client, run_page(nights)).count("Last passed in") == 1
    assert "test , lint Last passed in #1" in section(client, run_page(nights))


@on_sqlite
def test_runs_of_a_package_at_a_version_are_one_statement(engine: sa.Engine, engine_name: str):
    nights = three_nights(engine)
    read_versions(engine, nights, VersionsRead(WAS), VersionsRead(IS))
    query = """
    SELECT DISTINCT r.repo, r.workflowname, r.runnumber, r.conclusion
    FROM jobversions v JOIN workflowruns r ON r.provider = v.provider AND r.gitid = v.rungitid
    WHERE v.kind = 'pip' AND v.name = 'requests' AND v.version = '2.32.0'
    """
    assert stored.ask(engine, query) == [("octo-org/app", "Nightly", 2, "failure")]
