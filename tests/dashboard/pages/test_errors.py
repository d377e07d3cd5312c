"""Errors: what is most prevalent, what is new, and all of one error."""

import csv
import io
import re
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from rows.fingerprint import fingerprints_of
from tests.dashboard import stored
from tests.dashboard.conftest import NOW, MakeClient, text_of
from tests.dashboard.pages.test_failures import told

LAST_NIGHT = datetime(2026, 3, 10, 2)
on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
REFUSED = "connect: connection refused by db-1"
EXIT_CODE = "Process completed with exit code 1."


def failed(
    engine: Engine,
    repoid: int,
    message: str,
    days: float = 0,
    kind: str | None = "cause",
    **job: str,
) -> int:
    """Store a failed run with one failed job that says something, so many days before."""
    created = LAST_NIGHT - timedelta(days=days)
    gitid = stored.run(engine, repoid, created, conclusion="failure")
    jobid = stored.job(engine, repoid, gitid, created, conclusion="failure", **job)
    said = fingerprints_of(message)._asdict()
    stored.reason(engine, repoid, gitid, jobid, time=created, message=message, kind=kind, **said)
    return gitid


def sheet(client: FlaskClient, query: str = "") -> list[dict[str, str]]:
    """Return the list as CSV has it."""
    return list(csv.DictReader(io.StringIO(text_of(client, f"/errors.csv{query}"))))


def print_of(message: str) -> str:
    """Return a message's fingerprint."""
    return fingerprints_of(message).fingerprint


def test_errors_are_ranked_by_jobs_with_repositories_and_nights(
    client: FlaskClient, engine: Engine
):
    one, two = stored.repo(engine, "octo-org/one"), stored.repo(engine, "octo-org/two")
    failed(engine, one, "rare thing", name="lint")
    for days in (0, 1, 1.1, 40):
        failed(engine, one if days < 1 else two, REFUSED, days, runnername="r-1", branchname="dev")
    lines = sheet(client)
    figures = [
        (line["message"], line["jobs"], line["repositories"], line["nights"]) for line in lines
    ]
    assert figures == [(REFUSED, "3", "2", "2"), ("rare thing", "1", "1", "1")]
    assert (lines[0]["first"], lines[0]["last"]) == ("2026-01-29T02:00:00", "2026-03-10T02:00:00")
    assert (lines[0]["runners"], lines[0]["branches"], lines[1]["job_names"]) == (
        "r-1",
        "dev",
        "lint",
    )
    assert [line["new"] for line in lines] == ["no", "yes"]
    assert lines[0]["repository_names"] == "octo-org/two; octo-org/one"
    page = told(text_of(client, "/errors"))
    assert page.index(REFUSED) < page.index("rare thing")
    assert "2 errors, that of most jobs first." in page
    assert sheet(client, "?days=60")[0]["jobs"] == "4"
    assert text_of(client, "/errors?format=csv") == text_of(client, "/errors.csv")


def test_filters_narrow_the_list(engine: Engine, store_url: str, make_client: MakeClient):
    client = make_client(store_url, GROUPS='[prod]\nrepos = ["octo-org/one"]\n')
    one, two = stored.repo(engine, "octo-org/one"), stored.repo(engine, "octo-org/two")
    failed(engine, one, REFUSED, name="lint", workflowname="CI", branchname="dev", runnername="r-1")
    failed(engine, two, "out of 50% of memory", 3)
    for query in (
        *("repo=octo-org/one", "group=prod", "workflow=CI", "job=lint", "branch=dev", "runner=r-1"),
        *("q=CONNECTION+refused", "since=2026-03-09", "days=2"),
        f"problem={fingerprints_of(REFUSED).problem}",
    ):
        assert [line["message"] for line in sheet(client, f"?{query}")] == [REFUSED], query
    assert [line["message"] for line in sheet(client, "?q=50%25+of")] == ["out of 50% of memory"]
    assert sheet(client, "?q=5%25+of") == []
    assert "this page has" in text_of(client, "/errors?conclusion=failed", 400)
    assert "days is a number" in text_of(client, "/errors?days=0", 400)


@on_sqlite
def test_what_says_nothing_is_never_ranked(client: FlaskClient, engine: Engine):
    repoid = stored.repo(engine)
    failed(engine, repoid, REFUSED)
    for _ in range(3):
        failed(engine, repoid, EXIT_CODE, kind="vague")
        failed(engine, repoid, EXIT_CODE, kind=None)
        failed(engine, repoid, "Process completed with exit code 137.", kind="cause")
        failed(engine, repoid, "README is out of date", kind="end")
        failed(engine, repoid, "make: *** [Makefile:3: test] Error 2", kind=None)
    assert [line["message"] for line in sheet(client)] == [REFUSED]
    page = told(text_of(client, "/errors"))
    assert "3 jobs of which only the end of a step is known" in page
    assert "9 jobs that only say that they failed" in page
    assert [line["message"] for line in sheet(client, "?kind=end")] == ["README is out of date"]
    assert "the step ended with" in text_of(client, f"/errors/{print_of('README is out of date')}")


@on_sqlite
def test_error_is_new_only_if_nothing_before_the_days_has_it(client: FlaskClient, engine: Engine):
    repoid = stored.repo(engine)
    failed(engine, repoid, "old thing", 60)
    failed(engine, repoid, "old thing")
    failed(engine, repoid, "new thing", 3)
    assert [line["message"] for line in sheet(client, "?new=yes")] == ["new thing"]
    assert [line["message"] for line in sheet(client, "?new=yes&days=2")] == []
    assert "Failures are kept since 9 Jan" in told(text_of(client, "/errors"))
    assert told(text_of(client, "/errors")).count("new thing new ") == 1
    thing = f"/errors/{print_of('new thing')}"
    assert "new in these days" in text_of(client, thing)
    everything = "since=2026-01-01"  # the store has nothing before: all of it would be new
    assert "new thing new " not in told(text_of(client, f"/errors?{everything}"))
    assert "which errors are new in these days is not known" in text_of(
        client, f"/errors?{everything}"
    )
    assert "new in these days" not in text_of(client, f"{thing}?{everything}")
    failed(engine, repoid, "oldest thing", 100)
    assert "Failures are kept since" not in told(text_of(client, "/errors"))


@on_sqlite
def test_jobs_of_two_servers_with_one_id_are_two(client: FlaskClient, engine: Engine):
    for provider in ("github", "github:ghes.example.org"):
        repoid = stored.repo(engine, "octo-org/app", provider=provider)
        said = {"fingerprint": "1:x", "problem": "1:x", "time": LAST_NIGHT, "provider": provider}
        stored.reason(engine, repoid, 7, 9, **said)
        stored.reason(engine, repoid, 7, 9, **{**said, "number": 2})
    assert [(line["jobs"], line["repositories"]) for line in sheet(client)] == [("2", "2")]


@on_sqlite
def test_list_has_pages(client: FlaskClient, engine: Engine):
    repoid = stored.repo(engine)
    words = [f"{first}{second} broke" for first in "abcdef" for second in "abcde"]
    for word in words:
        failed(engine, repoid, word)
    page = text_of(client, "/errors")
    more = re.search(r'rel="next" href="([^"]+)"', page)[1]
    second = text_of(client, more.replace("&amp;", "&"))
    assert "1 to 25 of 30" in page
    assert "26 to 30 of 30" in second
    shown = re.findall(r'class="said".*?<code>(.*?)</code>', page + second, re.DOTALL)
    assert sorted(shown) == words
    assert "To its top" in text_of(client, "/errors?page=3")


def test_page_of_an_error_tells_where_and_when(client: FlaskClient, engine: Engine):
    one, two = stored.repo(engine, "octo-org/one"), stored.repo(engine, "octo-org/two")
    runs = [failed(engine, one, REFUSED, days, runnername=f"r-{days}") for days in (0, 1)]
    runs.append(failed(engine, two, REFUSED, 50, branchname="<b>dev</b>"))
    other = "disk quota exceeded"
    failed(engine, two, other, 0.01)
    stored.reason(
        engine, one, runs[0], 1, time=LAST_NIGHT, message="beside it", fingerprint="2:beside"
    )
    page = text_of(client, f"/errors/{print_of(REFUSED)}?days=60")
    text = told(page)
    for words in (
        *("Jobs 3", "Repositories 2", "Nights 3", "r-0 1", "r-1 1", "octo-org/one 2"),
        *("octo-org/two 1", "&lt;b&gt;dev&lt;/b&gt;", "Other errors of the same runs beside it"),
        "Elsewhere in the same night of 9-10 Mar disk quota exceeded",
    ):
        assert words in text, words
    for run in runs:
        assert f"/runs/github/{run}" in page
    assert "https://github.com/octo-org/one/issues/new?title=CI+error" in page
    assert print_of(REFUSED).replace(":", "%3A") in page
    assert f"/runs/github/{runs[2]}" not in text_of(client, f"/errors/{print_of(REFUSED)}")


@on_sqlite
def test_similar_errors_are_shown_when_asked_for(client: FlaskClient, engine: Engine):
    one, two = stored.repo(engine, "octo-org/one"), stored.repo(engine, "octo-org/two")
    failed(engine, one, "could not fetch the archive of module alpha from the mirror")
    failed(engine, one, "could not fetch the archive of module beta from the mirror", 9)
    failed(engine, two, "could not fetch the archive of module gamma from the mirror", 9)
    failed(engine, one, "quite another thing", 9)
    path = f"/errors/{print_of('could not fetch the archive of module alpha from the mirror')}"
    assert "Similar errors" not in text_of(client, path)
    page = text_of(client, f"{path}?similar=yes")
    assert "module beta" in page
    assert "module gamma" not in page
    assert "another thing" not in page


@on_sqlite
def test_same_problem_lists_its_tests(client: FlaskClient, engine: Engine):
    repoid = stored.repo(engine)
    first, second = (
        f"FAILED tests/test_x.py::test_{name} - ConnectionError: no broker at queue"
        for name in "ab"
    )
    failed(engine, repoid, first)
    failed(engine, repoid, second, 2)
    assert print_of(first) != print_of(second)
    page = told(text_of(client, f"/errors/{print_of(first)}"))
    assert f"The same problem in other tests 1 {second} 1 job" in page


@on_sqlite
def test_error_that_is_unknown_or_masked_otherwise_is_said(client: FlaskClient, engine: Engine):
    assert "No failure has the fingerprint 2:abc." in text_of(client, "/errors/2:abc", 404)
    assert "It is of revision 1" in text_of(client, "/errors/1:abc", 404)


@on_sqlite
def test_empty_store_says_what_is_missing(client: FlaskClient, engine: Engine):
    assert "No run is stored yet" in text_of(client, "/errors")
    stored.run(engine, stored.repo(engine), NOW)
    assert "No failed job has said anything yet" in text_of(client, "/errors")


@on_sqlite
def test_pages_of_nights_and_runs_lead_to_the_error(client: FlaskClient, engine: Engine):
    repoid = stored.repo(engine)
    gitid = failed(engine, repoid, REFUSED)
    link = f'href="/errors/{print_of(REFUSED)}"'
    for path in ("/", f"/nights/{repoid}/2026-03-10", f"/runs/github/{gitid}"):
        assert link in text_of(client, path), path


def test_analysts_read_errors_by_sql(engine: Engine):
    one, two = stored.repo(engine, "octo-org/one"), stored.repo(engine, "octo-org/two")
    for repoid, days in ((one, 0), (two, 0), (two, 3)):
        failed(engine, repoid, REFUSED, days)
    failed(engine, one, EXIT_CODE, kind="cause")
    rows = stored.ask(
        engine,
        "SELECT message, kind, jobs, repositories, runs, days FROM errors ORDER BY jobs DESC",
    )
    assert rows == [(REFUSED, "cause", 3, 2, 3, 2), (EXIT_CODE, "vague", 1, 1, 1, 1)]
