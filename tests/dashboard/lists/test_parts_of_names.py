"""A part of a name finds it on every list; where one must be chosen, those that fit are listed."""

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from schema.tables.ci import branches
from tests.dashboard import stored
from tests.dashboard.conftest import NOW, MakeClient, text_of
from tests.dashboard.pages.test_errors import failed, print_of, sheet
from tests.dashboard.pages.test_failures import told

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


@pytest.fixture
def ran(engine: Engine) -> dict[str, int]:
    """Store a run with a job of three repositories, and a fork that never ran; return their Ids."""
    ids = {name: stored.repo(engine, name) for name in ("shop/api", "shop/web", "tools/lint")}
    stored.repo(engine, "ana/web")
    for place, (name, repoid) in enumerate(ids.items()):
        own = {"workflowname": f"Nightly {place}", "branchname": f"release-{place}"}
        run = stored.run(engine, repoid, NOW - timedelta(hours=1), event="schedule", **own)
        stored.job(engine, repoid, run, NOW - timedelta(hours=1), name=f"test of {name}", **own)
        stored.put(engine, branches, repoid=repoid, name=own["branchname"])
    return ids


def counted(client: FlaskClient, query: str) -> str:
    """Return how many runs and jobs the page Time counts, or what it says of none."""
    answer = client.get(f"/time?{query}", follow_redirects=True)
    page = told(answer.text)
    found = re.search(r"Runs (\d+) Jobs that ran (\d+) |(Nothing here|No stored repository)", page)
    assert found, page
    return f"{answer.status_code} {found[3]}" if found[3] else f"{found[1]} {found[2]}"


@pytest.mark.usefixtures("ran")
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("repo=shop", "2 2"),  # added up
        ("repo=LINT", "1 1"),
        ('repo="shop"', "400 No stored repository"),
        ("workflow=nightly 1", "1 1"),
        ("job=api", "1 1"),
        ("branch=-2", "1 1"),
        ("event=SCHED", "3 3"),
        ("event=sched&branch=-2&job=lint", "1 1"),
        ('job="api"', "200 Nothing here"),
        ("job=nothing", "200 Nothing here"),
    ],
)
def test_time_knows_parts_of_names(client: FlaskClient, query: str, said: str):
    assert counted(client, query) == said


@pytest.mark.usefixtures("ran")
def test_time_lists_the_names_that_a_part_fits(client: FlaskClient):
    page = text_of(client, "/time?job=SHOP&since=2026-03-01", 400)
    assert "Job (job): 2 names have SHOP in them. Choose one." in page
    links = re.findall(r'<li><a href="([^"]*)">([^<]*)</a>', page.replace("&amp;", "&"))
    assert [name for _, name in links] == ["test of shop/api", "test of shop/web"]
    assert links[0][0].startswith("/time?since=2026-03-01&job=test")
    assert counted(client, links[0][0].partition("?")[2]) == "1 1"
    moved = client.get("/time.csv?by=job&job=api")
    assert moved.status_code == 302
    assert client.get(moved.location).text.splitlines()[1].startswith("test of shop/api,1,")
    assert client.get("/days.csv?job=api").status_code == 302


def test_name_with_a_blank_at_its_end_is_led_to_in_quotes(
    client: FlaskClient, engine: Engine, ran: dict[str, int]
):
    run = stored.run(engine, ran["shop/api"], NOW - timedelta(hours=2))
    stored.job(engine, ran["shop/api"], run, NOW - timedelta(hours=2), name="pack ")
    moved = client.get("/time?job=pack")
    assert (moved.status_code, moved.location) == (302, "/time?job=%22pack+%22")
    assert counted(client, "job=pack") == "1 1"


def test_link_to_a_name_with_blanks_around_it_is_not_taken_for_a_part(
    client: FlaskClient, engine: Engine, ran: dict[str, int]
):
    for name in (" pack ", "unpack", "repack"):
        run = stored.run(engine, ran["shop/api"], NOW - timedelta(hours=2))
        stored.job(engine, ran["shop/api"], run, NOW - timedelta(hours=2), name=name)
    moved = client.get("/time?job=+pack+")
    assert (moved.status_code, moved.location) == (302, "/time?job=%22+pack+%22")
    assert counted(client, "job=+pack+") == "1 1"


@pytest.mark.usefixtures("ran")
def test_filter_called_path_is_refused_where_a_part_leads_on(client: FlaskClient):
    for page in ("/figures?repo=web&path=x", "/time?job=api&path=x"):
        assert "There is no filter path" in client.get(page, follow_redirects=True).text


@pytest.mark.usefixtures("ran")
@pytest.mark.parametrize("page", ["/figures", "/slower", "/pools"])
def test_figures_take_the_one_repository_that_a_part_fits(client: FlaskClient, page: str):
    moved = client.get(f"{page}?repo=WEB&sort=x")
    assert (moved.status_code, moved.location) == (302, f"{page}?repo=shop%2Fweb&sort=x")
    refused = text_of(client, f"{page}?repo=shop", 400)
    assert "Repository (repo): 2 names have shop in them. Choose one." in refused
    assert re.findall(r'<li><a href="([^"]*)">', refused) == [
        f"{page}?repo=shop%2Fapi",
        f"{page}?repo=shop%2Fweb",
    ]
    assert "No stored repository is or was called nowhere." in text_of(
        client, f"{page}?repo=nowhere", 400
    )


def test_figures_of_a_part_are_those_of_the_repository(client: FlaskClient, ran: dict[str, int]):
    whole = client.get("/figures.csv?repo=tools/lint").text
    assert client.get("/figures.csv?repo=lint", follow_redirects=True).text == whole
    assert whole.count("\n") == 2


def test_many_that_fit_are_not_all_listed_or_added_up(client: FlaskClient, engine: Engine):
    for number in range(120):
        repoid = stored.repo(engine, f"many/app-{number:03}")
        stored.run(engine, repoid, NOW - timedelta(hours=1))
    refused = text_of(client, "/figures?repo=many", 400)
    assert "120 names have many in them. Choose one of the first 12, or type more of it." in refused
    assert refused.count("<li>") == 12
    assert "120 repositories have many in their name" in text_of(client, "/time?repo=many", 400)


def test_errors_are_found_by_parts_of_where_they_were_and_ordered(
    engine: Engine, store_url: str, make_client: MakeClient
):
    app, web = stored.repo(engine, "shop/app"), stored.repo(engine, "shop/web")
    place = {"name": "unit (linux)", "workflowname": "CI", "runnername": "big-1"}
    failed(engine, app, "gone", 5, **place, branchname="main")
    failed(engine, app, "gone", 4, **place, branchname="main")
    failed(engine, app, "slow", 1, name="e2e", workflowname="Nightly", branchname="topic")
    failed(engine, web, "slow", 6, name="e2e", workflowname="Nightly", branchname="topic")
    failed(engine, web, "lost", 2, name="unit", workflowname="CI", runnername="small")
    client = make_client(store_url)

    def prints(query: str) -> set[str]:
        """Return the fingerprints of the list."""
        return {row["fingerprint"] for row in sheet(client, query)}

    gone, slow, lost = map(print_of, ("gone", "slow", "lost"))
    assert prints("?repo=SHOP") == {gone, slow, lost}
    assert prints("?repo=app") == {gone, slow}
    assert prints("?workflow=night") == {slow}
    assert prints("?job=UNIT") == {gone, lost}
    assert prints("?job=%22unit%22") == {lost}
    assert prints("?branch=ai&runner=big") == {gone}
    assert prints("?repo=web&job=unit") == {lost}
    failed(engine, web, "lost", 3, name="Überprüfung ÄPFEL", workflowname="CI")
    assert prints("?job=Überprüfung") == {lost}
    assert prints("?job=PRüFUNG") == {lost}
    ordered = {
        by: [row["fingerprint"] for row in sheet(client, f"?sort={by}")]
        for by in ("repositories", "last", "first")
    }
    assert ordered["repositories"][0] == slow
    assert ordered["last"] == [slow, lost, gone]
    assert ordered["first"] == [lost, gone, slow]
    assert "Order (sort) is one of jobs, repositories, last, first." in text_of(
        client, "/errors?sort=x", 400
    )
    page = text_of(client, "/errors")
    for field, name in (("jobs", "unit (linux)"), ("runners", "big-1"), ("branchs", "main")):
        offered = page.partition(f'<datalist id="{field}">')[2].partition("</datalist>")[0]
        assert f'<option value="{name}">' in offered


@pytest.mark.usefixtures("ran")
def test_tables_of_time_say_of_how_many_and_are_ordered(client: FlaskClient, engine: Engine):
    repoid = stored.repo(engine, "shop/api")
    run = stored.run(engine, repoid, NOW - timedelta(hours=2))
    for number in range(15):
        long = timedelta(minutes=number + 1)
        begin = NOW - timedelta(hours=2)
        stored.job(
            engine, repoid, run, begin, name=f"job {number:02}", starttime=begin,
            endtime=begin + long, runtime=long.total_seconds(),
        )  # fmt: skip
    assert "Job 12 of 18 CSV" in told(text_of(client, "/time"))
    longest = client.get("/time.csv?by=job&sort=mean").text.splitlines()[1]
    assert longest.startswith("job 14,1,15.0,15.0")
