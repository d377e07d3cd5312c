"""A name is only shown: workflows and repositories are told apart by their ids, on each page."""

import csv
import re
from html import unescape
from urllib.parse import unquote_plus

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from dashboard.digest import make_digest
from schema.tables.ci import repoaliases
from store.rollups.spans import RollupPlan
from tests.dashboard import identity, stored
from tests.dashboard.conftest import NOW, text_of
from tests.dashboard.identity import DAY, LAST_NIGHT
from tests.store.rollups.making import make_all

OLD, NEW = "octo-org/app (until 2026-01)", "octo-org/app"
PUBLIC, PRIVATE = "octo-org/app (github.com)", "octo-org/app (ghes.example.org)"
LINUX, WINDOWS = "Nightly (.github/workflows/linux.yml)", "Nightly (.github/workflows/windows.yml)"


@pytest.fixture(params=["counted", "rolled"])
def roll(request: pytest.FixtureRequest, engine: Engine, client: FlaskClient) -> object:
    """Make roll-ups, or leave the pages to count in the tables."""
    plan: RollupPlan = client.application.extensions["site"].plan
    return (lambda: make_all(engine, plan, NOW)) if request.param == "rolled" else (lambda: None)


def words_of(client: FlaskClient, path: str) -> str:
    """Return what people read of a page."""
    page = re.sub(r"(?s)<(script|style|datalist).*?</\1>", "", text_of(client, path))
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


def sheet_of(client: FlaskClient, path: str) -> list[dict[str, str]]:
    """Return the rows of a CSV file."""
    return list(csv.DictReader(text_of(client, path).splitlines()))


def digest_of(client: FlaskClient) -> list[str]:
    """Return the digest's lines about jobs of last night."""
    text = make_digest(client.application).text
    blocks = [block for block in text.split("\n\n") if not block.startswith("Red now")]
    lines = "\n".join(blocks).splitlines()
    return [line for line in lines if line.startswith("- ") or line.endswith("):")]


def test_failure_of_one_of_two_files_of_one_name_is_new(engine: Engine, client: FlaskClient, roll):
    identity.two_files(engine)
    roll()
    assert digest_of(client) == ["New since yesterday (1):", f"- octo-org/app: {LINUX} / test"]
    (night,) = [line for line in sheet_of(client, "/nights.csv") if line["night"] == "2026-03-10"]
    assert (night["state"], night["failed jobs"]) == ("failed", f"{LINUX} / test")


def test_prefilled_issue_says_which_of_two_files_of_one_name_failed(
    engine: Engine, client: FlaskClient
):
    repoid = identity.two_files(engine)
    page = unquote_plus(unescape(text_of(client, f"/nights/{repoid}/2026-03-10")))
    assert f"Nightly failed: {LINUX} / test" in page
    assert f"`{LINUX}` was last good at commit" in page


def test_two_files_of_one_name_are_two_rows_of_time(engine: Engine, client: FlaskClient, roll):
    identity.two_files(engine)
    roll()
    rows = {row["workflow"]: row["jobs"] for row in sheet_of(client, "/time.csv?by=workflow")}
    assert rows == {LINUX: "2", WINDOWS: "2"}
    assert LINUX in words_of(client, "/time")
    assert WINDOWS in words_of(client, "/time")


def test_two_files_of_one_name_are_not_flaky_together(engine: Engine, client: FlaskClient, roll):
    repoid = identity.two_files(engine)
    roll()
    flaky = sheet_of(client, "/flakes.csv")  # all runs are of one commit
    assert [(line["workflow"], line["commits"]) for line in flaky] == [(LINUX, "1")]
    assert [(line["repoid"], line["workflowgitid"]) for line in flaky] == [(str(repoid), "501")]
    page = text_of(client, "/flakes")
    assert LINUX in page
    assert WINDOWS not in page
    assert "/workflow?repo=octo-org%2Fapp&amp;workflowgitid=501" in page


def test_link_to_a_workflow_lists_its_runs_and_no_other(engine: Engine, client: FlaskClient):
    identity.two_files(engine)
    exact = sheet_of(client, "/runs.csv?repo=octo-org/app&workflowgitid=502")
    assert [line["workflowgitid"] for line in exact] == ["502", "502"]
    assert len(sheet_of(client, "/runs.csv?workflow=%22Nightly%22")) == 4
    page = words_of(client, "/runs?repo=octo-org/app&workflowgitid=502")
    assert f"Only runs of the workflow {WINDOWS}, whatever it was called." in page
    assert LINUX not in page


def test_name_alone_is_shown_where_no_other_has_it(engine: Engine, client: FlaskClient):
    repoid = stored.repo(engine, "octo-org/app")
    identity.workflow(engine, repoid, 501, "Nightly", "linux.yml")
    identity.workflow(engine, repoid, 502, "Nightly", "former.yml", state="deleted")
    other = stored.repo(engine, "octo-org/web")
    identity.workflow(engine, other, 503, "Nightly", "web.yml")
    run = identity.ended(engine, repoid, 501, "Nightly", LAST_NIGHT, "failure")
    for path in ("/", "/runs", f"/runs/github/{run}", f"/nights/{repoid}/2026-03-10"):
        assert "linux.yml" not in text_of(client, path)


def test_renamed_workflow_goes_on_failing(engine: Engine, client: FlaskClient, roll):
    repoid = identity.renamed(engine)
    roll()
    assert digest_of(client) == [
        "Still failing (1):",
        "- octo-org/app: Nightly build / test, for 5 nights",
    ]
    (row,) = sheet_of(client, "/time.csv?by=workflow")
    assert (row["workflow"], row["jobs"]) == ("Nightly build", "6")
    (flaky,) = sheet_of(client, "/flakes.csv")
    assert (flaky["workflow"], flaky["failures"]) == ("Nightly build", "5")
    page = words_of(client, f"/nights/{repoid}/2026-03-10")
    assert "Last good: Nightly build" in page
    assert "5 Mar" in page


def test_renamed_workflow_is_found_by_both_names(engine: Engine, client: FlaskClient):
    identity.renamed(engine)
    assert len(sheet_of(client, "/runs.csv?workflow=Nightly%20build")) == 6
    assert len(sheet_of(client, "/runs.csv?workflow=%22Nightly%22")) == 4
    assert len(sheet_of(client, "/runs.csv?workflowgitid=501")) == 6


def test_runs_without_an_id_belong_to_the_one_workflow_of_their_name(
    engine: Engine, client: FlaskClient, roll
):
    repoid = stored.repo(engine, "octo-org/app")
    for night, gitid in ((2, None), (1, None), (0, 501)):
        identity.ended(engine, repoid, gitid, "Nightly", LAST_NIGHT - night * DAY, "failure")
    identity.ended(engine, repoid, None, "Nightly", LAST_NIGHT - 3 * DAY, "success")
    roll()
    assert digest_of(client) == [
        "Still failing (1):",
        "- octo-org/app: Nightly / test, for 3 nights",
    ]
    assert "Last good: Nightly" in words_of(client, f"/nights/{repoid}/2026-03-10")


def test_fixed_job_is_called_by_its_workflow_s_new_name(engine: Engine, client: FlaskClient, roll):
    repoid = stored.repo(engine, "octo-org/app")
    identity.ended(engine, repoid, 501, "Nightly", LAST_NIGHT - DAY, "failure")
    identity.ended(engine, repoid, 501, "Nightly build", LAST_NIGHT, "success")
    roll()
    assert digest_of(client) == [
        "Fixed (1):",
        "- octo-org/app: Nightly build / test, after 1 failed night",
    ]


def test_titles_of_runs_are_no_workflows(engine: Engine, client: FlaskClient, roll):
    identity.titled(engine)
    roll()
    path = ".github/workflows/checks.yml"
    assert digest_of(client) == [
        "Still failing (1):",
        f"- octo-org/app: {path} / test, for 3+ nights",
    ]
    (row,) = sheet_of(client, "/time.csv?by=workflow")
    assert (row["workflow"], row["jobs"]) == (path, "3")


def test_repository_made_again_is_apart_from_the_earlier(engine: Engine, client: FlaskClient, roll):
    old, new = identity.made_again(engine)
    roll()
    assert "New change" in words_of(client, "/runs?repo=octo-org/app")
    assert "Old change" not in words_of(client, "/runs?repo=octo-org/app")
    assert f"Of the same name: {OLD}" in words_of(client, "/runs?repo=octo-org/app")
    former = words_of(client, f"/runs?repo=octo-org/app&repoid={old}")
    assert "Old change" in former
    assert "New change" not in former
    assert f"{OLD} ·" in former
    page = text_of(client, "/?nights=60")
    for repoid in (old, new):
        assert f"/runs?repo=octo-org%2Fapp&amp;repoid={repoid}" in page
    names = {line["repository"] for line in sheet_of(client, "/nights.csv?nights=60")}
    assert names == {OLD, NEW}
    shares = sheet_of(client, "/time.csv?by=repository&since=2026-01-01&until=2026-03-10")
    assert {row["repository"]: row["jobs"] for row in shares} == {OLD: "1", NEW: "1"}
    shares = sheet_of(client, "/time.csv?by=workflow&since=2026-01-01&until=2026-03-10")
    assert {row["workflow"] for row in shares} == {f"Nightly · {OLD}", f"Nightly · {NEW}"}
    (own,) = sheet_of(client, f"/time.csv?by=workflow&repoid={old}&since=2026-01-01")
    assert (own["workflow"], own["jobs"]) == ("Nightly", "1")


def test_one_full_name_on_two_servers_is_two_repositories(
    engine: Engine, client: FlaskClient, roll
):
    public, private = identity.two_hosts(engine)
    roll()
    lines = sheet_of(client, "/nights.csv")
    assert {line["repository"]: line["state"] for line in lines} == {
        PUBLIC: "failed",
        PRIVATE: "passed",
    }
    listed = words_of(client, "/runs")
    assert PUBLIC in listed
    assert PRIVATE in listed
    for repoid, title in ((public, "Public change"), (private, "Inner change")):
        page = words_of(client, f"/runs?repo=octo-org/app&repoid={repoid}&workflowgitid=501")
        assert [one for one in ("Public change", "Inner change") if one in page] == [title]
    shares = sheet_of(client, "/time.csv?by=workflow")
    assert {row["workflow"] for row in shares} == {f"Nightly · {PUBLIC}", f"Nightly · {PRIVATE}"}
    assert {line["repo"] for line in sheet_of(client, "/health.csv")} == {PUBLIC, PRIVATE}


def test_name_of_two_servers_lists_the_runs_of_both_each_with_its_host(
    engine: Engine, client: FlaskClient
):
    public, private = identity.two_hosts(engine)
    page = words_of(client, "/runs?repo=Octo-Org/app")
    assert all(words in page for words in ("Public change", "Inner change"))
    assert f"Of the same name: {PRIVATE} , {PUBLIC} ." in page
    providers = {line["provider"] for line in sheet_of(client, "/runs.csv?repo=octo-org/app")}
    assert providers == {"github", "github:ghes.example.org"}
    chosen = sheet_of(client, f"/runs.csv?repo=octo-org/app&repoid={public}")
    assert [line["title"] for line in chosen] == ["Public change"]
    stored.put(engine, repoaliases, repoid=private, name="octo-org/former", lastseen=NOW)
    former = sheet_of(client, "/runs.csv?repo=octo-org/former")
    assert [line["title"] for line in former] == ["Inner change"]


@pytest.mark.parametrize("world", [identity.made_again, identity.two_hosts])
def test_metrics_tell_no_sample_twice(engine: Engine, client: FlaskClient, world):
    for repoid in world(engine):
        stored.audit(engine, repoid, NOW - DAY)
    lines = text_of(client, "/metrics").splitlines()
    samples = [line.rpartition(" ")[0] for line in lines if not line.startswith("#")]
    assert len(samples) == len(set(samples))
    assert sum(sample.startswith("runledger_open_runs{") for sample in samples) == 2


def test_another_name_typed_over_a_chosen_repository_counts(engine: Engine, client: FlaskClient):
    old, _ = identity.made_again(engine)
    web = stored.repo(engine, "octo-org/web")
    stored.run(engine, web, LAST_NIGHT, title="Web change")
    assert "Web change" in words_of(client, f"/runs?repo=octo-org/web&repoid={old}")
    refused = client.get("/runs?repoid=999999")
    assert refused.status_code == 400
    assert "No stored repository has the number 999999." in refused.text
