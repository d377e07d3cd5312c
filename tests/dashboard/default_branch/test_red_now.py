"""What is red on the default branch now stands first: page, digest and metrics say the same."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from dashboard import digest
from schema import migrate
from schema.tables.ci import repos, workflows
from tests.dashboard import stored
from tests.dashboard.conftest import NOW, text_of
from tests.dashboard.pages.test_failures import told

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


def broken(engine: sa.Engine, name: str, gitid: int) -> int:
    """Store a repository whose nights pass and whose pushes to main fail; return its number."""
    migrate.upgrade(engine)
    repoid = stored.repo(engine, name, defaultbranch="main")
    stored.put(engine, workflows, provider="github", repoid=repoid, gitid=gitid)
    push = {"workflowgitid": gitid, "workflowname": "<CI>", "event": "push", "author": "ana"}
    stored.run(engine, repoid, NOW - timedelta(hours=9), conclusion="failure", **push)
    stored.run(engine, repoid, NOW - timedelta(hours=8), conclusion="failure", **push)
    stored.run(engine, repoid, NOW - timedelta(hours=7))
    return repoid


def test_red_default_branch_is_named_beside_a_good_night(client: FlaskClient, engine: sa.Engine):
    broken(engine, "acme/shop", 1)
    page = told(text_of(client, "/"))
    assert "Red now 1 workflow on the default branch of 1 repository" in page
    assert "new acme/shop &lt;CI&gt; on main" in page
    assert "by ana, no good run is known before it" in page
    assert "Nothing failed last night" in page


def test_night_in_which_all_waits_or_nothing_ran_is_not_called_well(
    client: FlaskClient, engine: sa.Engine
):
    repoid = stored.repo(engine, "acme/shop", defaultbranch="main")
    own = {"event": "pull_request", "branchname": "topic"}
    stored.run(engine, repoid, NOW - timedelta(hours=7), **own)
    page = told(text_of(client, "/"))
    assert "Runs are stored, but none that a night is judged by" in page
    assert "for these filters" not in page
    stored.run(engine, repoid, NOW - timedelta(days=2), event="push")
    assert "Nothing ran last night." in told(text_of(client, "/"))
    waits = {"event": "push", "status": "queued", "conclusion": None, "endtime": None}
    stored.run(engine, repoid, NOW - timedelta(hours=1), **waits)
    page = text_of(client, "/")
    assert "Nothing has failed so far; 1 repository is still running." in told(page)
    assert "calm" not in page
    assert "Nothing to show yet" in told(text_of(client, "/pools"))


def test_branch_that_is_good_again_is_not_named(client: FlaskClient, engine: sa.Engine):
    repoid = broken(engine, "acme/shop", 1)
    push = {"workflowgitid": 1, "event": "push"}
    stored.run(engine, repoid, NOW - timedelta(hours=1), **push)
    assert "Red now" not in told(text_of(client, "/"))


def test_repository_that_is_gone_is_not_named(client: FlaskClient, engine: sa.Engine):
    repoid = broken(engine, "acme/shop", 1)
    with engine.begin() as connection:
        gone = sa.update(repos).where(repos.c.Id == repoid)
        connection.execute(gone.values(gonereason="deleted", gonetime=NOW))
    assert "Red now" not in told(text_of(client, "/"))


def test_search_leaves_the_red_branches_of_what_it_shows(client: FlaskClient, engine: sa.Engine):
    broken(engine, "acme/shop", 1)
    broken(engine, "acme/other", 2)
    assert "Red now 2 workflows" in told(text_of(client, "/"))
    assert "Red now 1 workflow" in told(text_of(client, "/?q=acme/other"))


def test_branches_of_one_error_are_a_line_and_those_of_last_night_stand_below(
    client: FlaskClient, engine: sa.Engine
):
    said = {"message": "registry timed out", "fingerprint": "1:out", "kind": "cause"}
    for number, name in enumerate(("acme/one", "acme/two", "acme/three")):
        repoid = broken(engine, name, number)
        push = {"workflowgitid": number, "workflowname": "<CI>", "event": "push"}
        run = stored.run(engine, repoid, NOW - timedelta(hours=6), conclusion="failure", **push)
        job = stored.job(engine, repoid, run, NOW, conclusion="failure")
        stored.reason(engine, repoid, run, job, time=NOW, **said)
    nightly = stored.repo(engine, "acme/night")
    stored.failed(engine, nightly, NOW - timedelta(hours=5))
    page = told(text_of(client, "/"))
    assert "Red now 4 workflows on the default branch of 4 repositories" in page
    assert "3 repositories : acme/ one , acme/ two , acme/ three registry timed out since" in page
    assert "Red too, by what failed last night, below: acme/ night Nightly" in page
    text = digest.make_digest(client.application).text
    since = (NOW - timedelta(hours=9)).strftime("%H:%M")
    line = "- 3 repositories (acme/one, acme/two, acme/three), since 10 Mar "
    assert f"{line}{since}: registry timed out [/errors/1:out]" in text


def test_digest_and_metrics_say_the_same(client: FlaskClient, engine: sa.Engine):
    broken(engine, "acme/shop", 1)
    text = digest.make_digest(client.application).text
    assert "Red now on the default branch (1):\n- acme/shop: <CI>, since " in text
    line = 'runledger_default_branch_red_workflows{repo="acme/shop"} 1\n'
    assert line in text_of(client, "/metrics")


@pytest.mark.parametrize("view", ["main_red", "main_now"])
def test_no_view_reads_more_runs_than_an_index_leads_to(engine: sa.Engine, view: str):
    with engine.connect() as connection:
        plan = connection.exec_driver_sql(
            f"EXPLAIN QUERY PLAN SELECT * FROM {view}"  # noqa: S608 - a name of ours
        ).all()
    runs = ("ended", "newest", "good", "bad", "began", "low", "above", "latest")
    steps = {" ".join(row[-1].split()[:2]) for row in plan}
    assert not steps & {f"SCAN {alias}" for alias in runs}
    assert "SEARCH ended" in steps
