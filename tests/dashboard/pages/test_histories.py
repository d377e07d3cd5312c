"""Pages of one workflow, job, branch, runner and pull request."""

import re
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from dashboard.history import job_history
from tests.dashboard import stored
from tests.dashboard.conftest import NOW, text_of

LAST_NIGHT = datetime(2026, 3, 10, 2)
FLOW = 501


def told(client: FlaskClient, path: str, code: int = 200) -> str:
    """Return a page's words."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text_of(client, path, code)))


def runs_on(page: str) -> list[int]:
    """Return the runs that a page lists."""
    return [int(one) for one in re.findall(r'class="row" href="/runs/github/(\d+)"', page)]


def store_history(engine: Engine, repoid: int, **values: object) -> list[int]:
    """Store three runs of a workflow with the jobs lint and test; test failed in the newest two."""
    gitids = []
    for place in range(3):
        created = LAST_NIGHT - timedelta(hours=place)
        flow = {"workflowgitid": FLOW, "workflowname": "CI", "event": "push", **values}
        ended = {"conclusion": "failure"} if place < 2 else {}
        gitid = stored.run(engine, repoid, created, **flow, **ended, runtime=300.0)
        kind = {"workflowname": "CI", "runnername": "build-3", "runnergroup": "pool"}
        stored.job(engine, repoid, gitid, created, name="lint", **kind)
        stored.job(engine, repoid, gitid, created, name="test", failedstep="Run", **kind, **ended)
        gitids.append(gitid)
    return gitids


@pytest.mark.parametrize("query", ["workflow=ci", f"workflowgitid={FLOW}"])
def test_workflow_page_has_its_runs_and_leads_to_its_jobs(
    client: FlaskClient, engine: Engine, query: str
):
    repoid = stored.repo(engine)
    gitids = store_history(engine, repoid)
    stored.run(engine, repoid, NOW, workflowgitid=502, workflowname="Docs")
    path = f"/workflow?repo=octo-org/app&{query}"
    page, words = text_of(client, path), told(client, path)
    assert runs_on(page) == gitids
    assert "Failed 66.7 % 2 failed" in words
    assert "Failing now 2 times" in words
    (job,) = (one for one in re.findall(r'href="(/job[^"]+)"', page) if one.endswith("job=test"))
    words = told(client, job.replace("&amp;", "&"))
    assert "test Job" in words
    assert "Failed 66.7 % 2 failed" in words


def test_workflow_without_an_id_is_found_by_its_name(client: FlaskClient, engine: Engine):
    repoid = stored.repo(engine)
    gitids = store_history(engine, repoid, workflowgitid=None)
    assert runs_on(text_of(client, "/workflow?repo=octo-org/app&workflow=CI")) == gitids
    page = text_of(client, "/job?repo=octo-org/app&workflow=CI&job=lint")
    assert runs_on(page) == gitids


def test_every_bar_of_a_job_leads_to_its_run(client: FlaskClient, engine: Engine):
    gitids = store_history(engine, stored.repo(engine))
    page = text_of(client, "/job?repo=octo-org/app&workflow=CI&job=test")
    chart = page[page.index('<svg class="plot"') : page.index('<ol class="runs">')]
    bars = re.findall(r'<a href="/runs/github/(\d+)" aria-label="([^"]+)"', chart)
    assert [int(gitid) for gitid, _ in bars] == gitids[::-1]
    assert bars[0][1] == "10 Mar 00:00, success: 1 min"


def test_branch_page_has_commits_by_jobs_and_no_fork_of_that_name(
    client: FlaskClient, engine: Engine
):
    repoid = stored.repo(engine)
    gitids = store_history(engine, repoid, branchname="topic/a b", commithash="d" * 40)
    fork = stored.run(engine, repoid, NOW, branchname="topic/a b", headrepo="mona/app")
    page = text_of(client, "/branch?repo=octo-org/app&branch=topic/a%20b")
    assert runs_on(page) == gitids
    assert "ddddddddd" in page
    assert runs_on(text_of(client, "/branch?repo=octo-org/app&branch=topic/a b&head=mona/app")) == [
        fork
    ]


def test_grid_shows_how_each_job_ended_last_on_a_commit(client: FlaskClient, engine: Engine):
    store_history(engine, stored.repo(engine), pullrequest=7)
    page = text_of(client, "/pr/7")
    grid = page[page.index("jobgrid") : page.index("How long they ran")]
    cells = re.findall(r'class="cell (\w+)"[^>]*title="([^"]+)".*?(?:<b[^>]*>(\d)</b>)?</a>', grid)
    assert cells == [("failed", "test: failure", "3"), ("passed", "lint: success", "3")]


def test_pull_request_of_several_repositories_is_asked_for(client: FlaskClient, engine: Engine):
    first, second = stored.repo(engine), stored.repo(engine, "octo-org/other")
    own = store_history(engine, first, pullrequest=7)
    other = stored.run(engine, second, NOW, pullrequest=7)
    asked = text_of(client, "/pr/7")
    pages = re.findall(r'href="(/pr/7[^"]+)"', asked)
    assert [runs_on(text_of(client, path)) for path in pages] == [own, [other]]
    assert f'href="{pages[1]}"' in text_of(client, f"/runs/github/{other}")


def test_runner_page_has_the_jobs_of_all_repositories(client: FlaskClient, engine: Engine):
    gitids = store_history(engine, stored.repo(engine))
    gitids += store_history(engine, stored.repo(engine, "octo-org/other"))
    words = told(client, "/runner?name=build-3")
    assert "build-3 Runner · Linux · group pool" in words
    assert sorted(set(runs_on(text_of(client, "/runner?name=build-3")))) == sorted(gitids)


def test_job_that_the_newest_runs_have_not_is_looked_for_before_them(
    client: FlaskClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(job_history, "LOOKED_AT", 1)
    monkeypatch.setattr(job_history, "SECONDS", 30)
    repoid = stored.repo(engine)
    store_history(engine, repoid)
    created, pages = NOW - timedelta(days=40), dict[int, int]()
    for flow, name in ((FLOW, "CI"), (502, "Docs")):
        gitid = stored.run(engine, repoid, created, workflowgitid=flow, workflowname=name)
        stored.job(engine, repoid, gitid, created, name="pack", workflowname=name)
        pages[flow] = gitid
    page = text_of(client, f"/job?repo=octo-org/app&workflowgitid={FLOW}&job=pack")
    assert runs_on(page) == [pages[FLOW]]
    assert "Jobs created since" in page
    assert f"workflowgitid={FLOW}&amp;job=pack" in text_of(client, f"/runs/github/{pages[FLOW]}")
    text_of(client, f"/job?repo=octo-org/app&workflowgitid={FLOW}&job=pack&branch=x", 404)


@pytest.mark.parametrize(
    ("path", "code", "said"),
    [
        ("/workflow", 400, "repo is missing"),
        ("/workflow?repo=octo-org/app", 400, "workflow is missing"),
        ("/workflow?repo=octo-org/app&workflow=Nope", 404, "No run of workflow Nope"),
        ("/job?repo=octo-org/app&workflow=CI", 400, "job is missing"),
        ("/job?repo=octo-org/app&workflow=CI&job=nope", 404, "has a job nope"),
        ("/branch?repo=octo-org/app", 400, "branch is missing"),
        ("/branch?repo=octo-org/app&branch=Main", 404, "No run of branch Main"),
        ("/runner", 400, "name is missing"),
        ("/runner?name=nope", 404, "ran on a runner called nope"),
        ("/pr/8", 404, "No run of pull request 8"),
        ("/pr/99999999999999999999", 404, "No run of pull request"),
        ("/pr/7?repo=octo-org/nope", 400, "No stored repository"),
        ("/pr/7?nope=1", 400, "no filter nope"),
    ],
)
def test_what_is_not_there_is_said(
    client: FlaskClient, engine: Engine, path: str, code: int, said: str
):
    store_history(engine, stored.repo(engine), pullrequest=7)
    assert said in told(client, path, code)


@pytest.mark.parametrize("name", [" lint", "lint ", " lint ", "   "])
def test_name_with_blanks_around_it_has_its_page(client: FlaskClient, engine: Engine, name: str):
    repoid = stored.repo(engine)
    run = stored.run(engine, repoid, LAST_NIGHT, workflowname="CI", branchname="main")
    stored.job(engine, repoid, run, LAST_NIGHT, name=name, workflowname="CI", runnername=f"{name}!")
    stored.job(engine, repoid, run, LAST_NIGHT, name=f"x{name}", workflowname="CI", runnername="b")
    links = re.findall(r'href="(/job[^"]+)"', text_of(client, f"/runs/github/{run}"))
    assert len(links) == 2
    for link in links:
        assert "Jobs the last 1" in told(client, link.replace("&amp;", "&"))
    assert "Jobs the last 1" in told(client, f"/runner?name={name}!")


@pytest.mark.parametrize(
    "path",
    [
        "/job?repo=octo-org/app&workflow=CI&job=+test+",
        "/workflow?repo=octo-org/app&workflow=+CI",
        "/runner?name=build-3+",
    ],
)
def test_name_that_was_typed_with_a_blank_is_found_all_the_same(
    client: FlaskClient, engine: Engine, path: str
):
    store_history(engine, stored.repo(engine))
    assert told(client, path)


def test_run_of_no_branch_and_no_commit_leads_to_none(client: FlaskClient, engine: Engine):
    run = stored.run(
        engine, stored.repo(engine), NOW, branchname=None, commithash=None, headrepo="unknown"
    )
    page = text_of(client, f"/runs/github/{run}")
    assert "of unknown" in page
    assert "/branch" not in page
    assert "commit=" not in page


def test_history_says_what_is_warned_and_that_nothing_passed(client: FlaskClient, engine: Engine):
    repoid = stored.repo(engine)
    flow = {"workflowgitid": FLOW, "workflowname": "CI", "event": "push"}
    stored.run(engine, repoid, LAST_NIGHT, attempt=2, **flow)
    for path in (
        "/workflow?repo=octo-org/app&workflow=ci",
        "/branch?repo=octo-org/app&branch=main",
    ):
        assert 'aria-label="warned"' in text_of(client, path)
        assert '<span class="badge warned">' in text_of(client, path)
    other = stored.repo(engine, "octo-org/red")
    for hours in range(3):
        failed = {**flow, "workflowgitid": 9, "conclusion": "failure"}
        stored.run(engine, other, LAST_NIGHT - timedelta(hours=hours), **failed)
    words = told(client, "/workflow?repo=octo-org/red&workflow=ci")
    assert "Failing now 3 times none of these passed" in words


def test_grid_of_a_large_matrix_begins_with_what_fails(client: FlaskClient, engine: Engine):
    repoid = stored.repo(engine)
    for hours, bad in ((3, "a"), (2, "y"), (1, "x")):
        created, of = LAST_NIGHT - timedelta(hours=hours), {"commithash": f"{hours}" * 40}
        run = stored.run(engine, repoid, created, **of)
        for name in "abxyz":
            if (hours, name) != (1, "y"):  # it failed the last time it ran
                ended = {**of, "conclusion": "failure" if name == bad else "success"}
                stored.job(engine, repoid, run, created, name=name, **ended)
    page = text_of(client, "/branch?repo=octo-org/app&branch=main")
    heads = re.findall(r'<th scope="col"><span><small>Nightly</small>(\w)</span>', page)
    assert heads == ["x", "y", "a", "b", "z"]
    grid = page[page.index("jobgrid") : page.index("How long they ran")]
    newest = grid.partition("<tbody>")[2].partition("</tr>")[0]
    tones = re.findall(r'<td><a class="cell (\w+)"|<td><span', newest)
    assert tones == ["failed", "", "passed", "passed", "passed"]


def test_day_of_another_year_says_which(client: FlaskClient, engine: Engine):
    repoid = stored.repo(engine)
    stored.run(engine, repoid, LAST_NIGHT)
    assert "night of 9-10 Mar 2024" in told(client, f"/nights/{repoid}/2024-03-10")
    assert "Mar 2026" not in told(client, f"/nights/{repoid}/2026-03-10")
    assert "Fri 1 Mar 2024 to Sat 2 Mar 2024" in told(
        client, "/figures?since=2024-03-01&until=2024-03-02"
    )
