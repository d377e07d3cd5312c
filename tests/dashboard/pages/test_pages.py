"""Every page over an empty store, a store of its own, hostile text, and filters of all kinds."""

import html
import re
import zlib
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from dashboard.pages import flakes
from tests.dashboard import stored
from tests.dashboard.conftest import PAGES, text_of

SHEETS = ("/nights.csv", "/runs.csv", "/time.csv", "/days.csv", "/flakes.csv", "/health.csv")
LAST_NIGHT = datetime(2026, 3, 10, 2)

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


@pytest.mark.parametrize("path", PAGES)
def test_page_of_an_empty_store_says_what_to_do_next(client: FlaskClient, path: str):
    assert "make run" in text_of(client, path)


@pytest.mark.parametrize("path", [*SHEETS, "/metrics"])
def test_sheet_of_an_empty_store_has_a_title_line(client: FlaskClient, path: str):
    assert len(text_of(client, path).splitlines()[0]) > 10


@on_sqlite
@pytest.mark.parametrize(
    "path",
    [
        "/?nights=15",
        "/?status=odd",
        "/?sort=odd",
        "/runs?conclusion=odd",
        "/runs?since=yesterday",
        "/runs?since=0001-01-01",
        "/runs?after=odd",
        "/runs?repo=nobody/knows",
        "/runs?branch=" + "x" * 600,
        "/time?os=BeOS",
        "/time?since=2026-03-02&until=2026-03-01",
        "/time?since=2000-01-01",
        "/flakes?until=9999-12-31",
    ],
)
def test_filter_that_makes_no_sense_is_refused(client: FlaskClient, path: str):
    page = text_of(client, path, 400)
    assert "This filter does not fit" in page
    assert '<a href="/runs">' in page


@on_sqlite
@pytest.mark.parametrize(
    "path",
    [*"/ /runs /time /flakes /health".split(), *SHEETS[:5]],
)
def test_filter_that_a_page_does_not_have_is_refused(client: FlaskClient, path: str):
    assert "There is no filter nonsense: this page has " in text_of(
        client, f"{path}?nonsense=1", 400
    )


@on_sqlite
@pytest.mark.parametrize(
    ("path", "says"),
    [
        (
            "/runs?order=x",
            "no filter order: this page has after, author, branch, commit, conclusion,",
        ),
        ("/runs?conclusion=odd", "Result (conclusion) is one of failed, running,"),
        ("/runs?author=a&author=b", "Actor (author) is given 2 times"),
        ("/health?repo=x", "no filter repo: this page has q, sort."),
    ],
)
def test_filter_that_is_refused_says_why(client: FlaskClient, path: str, says: str):
    assert says in text_of(client, path, 400)


@on_sqlite
@pytest.mark.parametrize(
    "path",
    [
        "/nights/1/2026-03-10",
        "/nights/1/odd",
        "/runs/github/1",
        "/runs/github/99999999999999999999",
        "/deliveries/github/none",
        "/odd",
    ],
)
def test_what_is_not_stored_is_not_found(client: FlaskClient, path: str):
    text_of(client, path, 404)


@on_sqlite
def test_address_may_end_with_a_slash_and_a_wrong_one_is_said(client: FlaskClient):
    for path in (*PAGES[1:], "/metrics", "/runs.csv"):
        assert (
            text_of(client, f"{path}/").partition("<main")[2]
            == text_of(client, path).partition("<main")[2]
        )
    assert "No page has this address" in text_of(client, "/odd", 404)


def test_nights_say_what_is_new_what_goes_on_and_what_is_fixed(client: FlaskClient, engine: Engine):
    day = timedelta(days=1)
    for name, outcomes in {
        "new": ("failure", "success", "success"),
        "old": ("failure", "failure", "success"),
        "fixed": ("success", "failure", "success"),
        "well": ("success", "success", "success"),
    }.items():
        repoid = stored.repo(engine, f"octo-org/{name}")
        for place, conclusion in enumerate(outcomes):
            created = LAST_NIGHT - place * day
            gitid = stored.run(engine, repoid, created, conclusion=conclusion)
            step = "Compile" if conclusion == "failure" else None
            stored.job(engine, repoid, gitid, created, conclusion=conclusion, failedstep=step)
    page = text_of(client, "/")
    told = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    assert "2 errors, 1 new since yesterday: 2 jobs in 2 repositories" in told
    assert "2 nights at step “Compile” octo-org/old Nightly / test" in told
    assert "new at step “Compile” octo-org/new Nightly / test" in told
    assert "Fixed 1 job octo-org/fixed Nightly / test after 1 failed night" in told
    names = re.findall(r'<th scope="row"><a[^>]*><span class="own">octo-org/</span>(\w+)', page)
    assert names == ["new", "old", "fixed", "well"]


@pytest.mark.parametrize("event", ["schedule", "push", "workflow_dispatch", "pull_request_target"])
def test_run_of_a_fork_s_branch_is_none_of_a_night(client: FlaskClient, engine: Engine, event: str):
    repoid = stored.repo(engine)
    created = LAST_NIGHT - timedelta(days=1)
    stored.run(engine, repoid, created, commithash="a" * 40, runnumber=1)
    fork = {"headrepo": "mona/app", "event": event}
    stored.run(engine, repoid, LAST_NIGHT, conclusion="failure", **fork)
    assert "octo-org/app" in text_of(client, "/")
    assert "Failing, by error" not in text_of(client, "/")
    stored.run(engine, repoid, LAST_NIGHT, conclusion="failure", commithash="b" * 40, runnumber=3)
    newer = created + timedelta(hours=1)
    stored.run(engine, repoid, newer, headrepo="mona/app", commithash="c" * 40, runnumber=2)
    page = text_of(client, f"/nights/{repoid}/2026-03-10")
    assert f"compare/{'a' * 40}...{'b' * 40}" in page  # the fork's run is no last good one


def test_page_never_says_none_where_something_is_not_known(client: FlaskClient, engine: Engine):
    repoid = stored.repo(engine, defaultbranch=None)
    bare = dict.fromkeys(
        ("branchname", "commithash", "workflowname", "runnumber", "endtime", "url", "author")
    )
    gitid = stored.run(engine, repoid, LAST_NIGHT, **bare, title=None, conclusion="failure")
    unsaid = dict.fromkeys(("name", "starttime", "queuetime", "runtime", "os", "url", "endtime"))
    jobid = stored.job(engine, repoid, gitid, LAST_NIGHT, **unsaid, conclusion="failure")
    stored.reason(engine, repoid, gitid, jobid, message=None, fingerprint=None, time=LAST_NIGHT)
    sha = "a" * 40
    stored.commit(engine, repoid, sha, LAST_NIGHT - timedelta(hours=1))
    other = stored.run(engine, repoid, LAST_NIGHT, commithash=sha, conclusion="failure")
    guid = stored.delivery(engine, LAST_NIGHT, body=zlib.compress(b"{}"), error="a field: is odd")
    paths = [f"/runs/github/{gitid}", f"/runs/github/{other}", f"/nights/{repoid}/2026-03-10"]
    for path in (*PAGES, *paths, *SHEETS, "/metrics", f"/deliveries/github/{guid}"):
        assert "None" not in text_of(client, path), path
    assert "a field: is odd" in text_of(client, f"/deliveries/github/{guid}")


def test_night_names_the_last_good_run_and_the_commits_since(client: FlaskClient, engine: Engine):
    repoid = stored.repo(engine)
    good, bad = "a" * 40, "b" * 40
    for sha, days, message in ((good, 2, "Was fine"), (bad, 1, "Break it")):
        time = LAST_NIGHT - timedelta(days=days, hours=3)
        stored.commit(engine, repoid, sha, time, message=message, author="Mona Lisa")
    before = LAST_NIGHT - timedelta(days=2)
    stored.run(engine, repoid, before, commithash=good, runnumber=41)
    for days in (1, 0):
        created = LAST_NIGHT - timedelta(days=days)
        fate = {"conclusion": "failure", "commithash": bad, "runnumber": 43 - days}
        stored.run(engine, repoid, created, **fate)
    lint = {"workflowname": "Lint", "runnumber": 9, "conclusion": "failure"}
    stored.run(engine, repoid, LAST_NIGHT, **lint)
    page = text_of(client, f"/nights/{repoid}/2026-03-10")
    told = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))
    assert "Lint #9: no good run of this workflow, branch and event is stored before it." in told
    assert "Last good: Nightly #41, 8 Mar 02:00, commit aaaaaaaaa" in told
    assert "First bad: #42, 9 Mar 02:00, commit bbbbbbbbb" in told
    assert "Break it" in told
    assert "Was fine" not in told
    assert f"https://github.com/octo-org/app/compare/{good}...{bad}" in page
    (issue,) = re.findall(r'href="(https://github.com/octo-org/app/issues/new[^"]+)"', page)
    form = parse_qs(urlsplit(html.unescape(issue)).query)
    assert form["title"][0].startswith("Nightly failed: ")
    compare = f"https://github.com/octo-org/app/compare/{good}...{bad}"
    since = f"`Nightly` was last good at commit `aaaaaaaaa` and first bad at `bbbbbbbbb`: {compare}"
    assert since in form["body"][0].splitlines()


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_flakes_of_too_many_days_are_refused_in_words(
    client: FlaskClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
):
    stored.repo(engine)
    monkeypatch.setattr(flakes, "LIVE_SECONDS", 0.0)
    for path in ("/flakes", "/flakes.csv"):
        page = text_of(client, f"{path}?since=2026-01-01", 400)
        assert "more jobs than can be counted while you wait" in page


def test_job_that_was_refused_makes_no_flake(engine: Engine, client: FlaskClient):
    repoid = stored.repo(engine)
    run = stored.run(engine, repoid, LAST_NIGHT)
    unrun = {"starttime": None, "queuetime": None, "runtime": None, "conclusion": "failure"}
    stored.job(engine, repoid, run, LAST_NIGHT, name="refused", **unrun)
    stored.job(engine, repoid, run, LAST_NIGHT, name="refused", attempt=2)
    for attempt, how in enumerate(("failure", "success"), 1):
        ended = {"conclusion": how, "attempt": attempt}
        stored.job(engine, repoid, run, LAST_NIGHT, name="shaky", **ended)
    sheet = text_of(client, "/flakes.csv")
    assert "shaky" in sheet
    assert "refused" not in sheet
