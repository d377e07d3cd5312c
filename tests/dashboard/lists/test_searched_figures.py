"""Figures, pools and what got slower: searched, ordered, counted, and a page for each pool."""

import csv
import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from tests.dashboard import stored
from tests.dashboard.conftest import NOW, MakeClient, text_of

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


def names(client: FlaskClient, path: str) -> list[str]:
    """Return the names of a table's lines, in their order."""
    return re.findall(r'<tr><td><a href="[^"]*">([^<]*)</a>', text_of(client, path))


def columns(client: FlaskClient, path: str, title: str) -> list[str]:
    """Return a column of a sheet."""
    return [row[title] for row in csv.DictReader(client.get(path).text.splitlines())]


@pytest.fixture
def ended(engine: Engine) -> None:
    """Store runs of three repositories: two of four failed, one of one, none of ten."""
    for name, failed, passed in (("shop/api", 2, 2), ("shop/web", 1, 0), ("tools/lint", 0, 10)):
        repoid = stored.repo(engine, name)
        for number in range(failed + passed):
            end = "failure" if number < failed else "success"
            stored.run(engine, repoid, NOW - timedelta(hours=number), conclusion=end)


@pytest.mark.usefixtures("ended")
def test_figures_are_searched_ordered_and_counted(client: FlaskClient):
    assert names(client, "/figures") == ["shop/api", "shop/web", "tools/lint"]
    assert names(client, "/figures?sort=rate") == ["shop/web", "shop/api", "tools/lint"]
    assert names(client, "/figures?sort=most") == ["tools/lint", "shop/api", "shop/web"]
    assert names(client, "/figures?q=SHOP") == ["shop/api", "shop/web"]
    assert "2 of 3" in text_of(client, "/figures?q=shop")
    assert columns(client, "/figures.csv?q=shop&sort=rate", "repository") == [
        "shop/web",
        "shop/api",
    ]
    assert "No repository of these days" in text_of(client, "/figures?q=nothing")
    assert "Order (sort) is one of failed, rate, worse, most." in text_of(
        client, "/figures?sort=x", 400
    )
    known = "this page has after, by, q, repo, repoid, since, sort, until"
    assert known in text_of(client, "/figures?job=lint", 400)


def test_red_time_is_that_of_the_job_the_pool_and_the_event_that_turned_it_red(
    client: FlaskClient, engine: Engine
):
    repoid = stored.repo(engine)
    for hours, event, conclusion, pool in (
        (30, "schedule", "failure", "old"),
        (26, "push", "success", "new"),
        (5, "push", "failure", "new"),
    ):
        created = NOW - timedelta(hours=hours)
        own = {"event": event, "workflowgitid": 501, "workflowname": "CI", "endtime": created}
        run = stored.run(engine, repoid, created, conclusion=conclusion, **own)
        for name, end in (("test", conclusion), ("lint", "success")):
            ended = {"endtime": created, "labels": f'["{pool}"]'}
            stored.job(engine, repoid, run, created, name=name, conclusion=end, **ended)

    def red(by: str) -> list[tuple[str, str, str]]:
        """Return the lines of a sheet with their red hours, and hours to fix."""
        lines = csv.DictReader(client.get(f"/figures.csv?by={by}").text.splitlines())
        return sorted(
            (line[by].partition(" ")[0], line["red hours"], line["hours to fix"]) for line in lines
        )

    assert red("job") == [("lint", "", ""), ("test", "9.0", "4.0")]
    assert red("pool") == [("new", "5.0", ""), ("old", "4.0", "4.0")]
    assert red("event") == [("push", "5.0", ""), ("schedule", "4.0", "4.0")]
    assert red("repository") == [("octo-org/app", "9.0", "4.0")]
    assert "wherever that was" in text_of(client, "/figures?by=pool")


def test_figures_have_further_pages(
    client: FlaskClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("dashboard.pages.figures.SHOWN", 2)
    for number, name in enumerate("edcba", start=1):
        repoid = stored.repo(engine, f"acme/{name}")
        for _ in range(number):
            stored.run(engine, repoid, NOW)
    assert names(client, "/figures?sort=most") == ["acme/a", "acme/b"]
    page = text_of(client, "/figures?sort=most&after=2")
    assert "5, 3 to 4" in page
    assert 'href="/figures?by=repository&amp;after=4&amp;sort=most"' in page
    assert names(client, "/figures?after=4") == ["acme/e"]
    assert len(columns(client, "/figures.csv", "repository")) == 5


@pytest.fixture
def pooled(engine: Engine) -> None:
    """Store jobs on three pools: the first ran longest, the second waited longest."""
    repoid = stored.repo(engine)
    run = stored.run(engine, repoid, NOW)
    for labels, runtime, wait, more in (
        ('["ubuntu-24.04"]', 600.0, 5, {}),
        ('["self-hosted", "gpu"]', 60.0, 900, {"runnergroup": "ml", "runnername": "gpu-1"}),
        (None, 1.0, 1, {}),
    ):
        created = NOW - timedelta(hours=1)
        own = {"labels": labels, "runtime": runtime, "queuetime": wait}
        stored.job(engine, repoid, run, created, **own, **more)


@pytest.mark.usefixtures("pooled")
def test_pool_that_only_skipped_jobs_asked_for_is_no_line(client: FlaskClient, engine: Engine):
    run = stored.run(engine, repoid := stored.repo(engine, "octo-org/skips"), NOW)
    never = {"conclusion": "skipped", "runtime": None, "queuetime": None, "starttime": None}
    stored.job(engine, repoid, run, NOW - timedelta(hours=1), labels='["never-used"]', **never)
    assert "never-used" not in text_of(client, "/pools")


@pytest.mark.usefixtures("pooled")
def test_pools_are_searched_ordered_and_lead_to_their_pages(client: FlaskClient):
    assert names(client, "/pools") == ["ubuntu-24.04", "self-hosted, gpu (ml)", "no labels"]
    assert names(client, "/pools?sort=wait")[0] == "self-hosted, gpu (ml)"
    assert names(client, "/pools?q=GPU") == ["self-hosted, gpu (ml)"]
    assert "1 of 3 pools" in text_of(client, "/pools?q=gpu")
    assert columns(client, "/pools.csv?q=gpu", "labels") == ["self-hosted gpu"]
    known = "this page has q, repo, repoid, since, sort, until"
    assert known in text_of(client, "/pools?os=Linux", 400)
    for path in ("/pools", "/figures?by=pool"):
        links = re.findall(r'href="(/pool\?[^"]*)"', text_of(client, path))
        assert len(links) == 3
        for link in links:
            assert "Runner pool" in text_of(client, link.replace("&amp;", "&"))
    page = text_of(client, "/pool?labels=self-hosted,+gpu&group=ml")
    assert "gpu-1" in page
    assert "Jobs shown</dt><dd>1" in page
    assert "No job" in text_of(client, "/pool?labels=self-hosted,gpu", 404)
    assert "labels is a list like" in text_of(client, "/pool?labels=[1]", 400)


@pytest.mark.parametrize("group", [" ml", "ml ", "  "])
def test_pool_of_a_group_with_blanks_around_its_name_has_its_page(
    client: FlaskClient, engine: Engine, group: str
):
    repoid = stored.repo(engine)
    own = {"labels": '["big"]', "runnergroup": group}
    stored.job(engine, repoid, stored.run(engine, repoid, NOW), NOW - timedelta(hours=1), **own)
    (link,) = re.findall(r'href="(/pool\?[^"]*)"', text_of(client, "/pools"))
    assert "Jobs shown</dt><dd>1" in text_of(client, link.replace("&amp;", "&"))


@pytest.mark.parametrize(
    ("prices", "said"),
    [
        ("", "of 2025-11-06, from <code>config/prices.toml</code>"),
        ("date = 2024-01-31", "They are older than a year, and may have changed since."),
        ("date = 2026-12-31", "They begin only then."),
        ("date = 2026-03-01", "from the file that <code>PRICES_FILE</code> names"),
    ],
)
@pytest.mark.usefixtures("pooled")
def test_pages_say_of_when_prices_are(
    make_client: MakeClient, store_url: str, prices: str, said: str
):
    client = make_client(store_url, PRICES=prices)
    for path in ("/pools", "/figures"):
        assert said in text_of(client, path), path


def test_what_got_slower_is_searched_and_counted(client: FlaskClient, engine: Engine):
    repoid = stored.repo(engine)
    for day in range(35):
        created = NOW - timedelta(days=day)
        run = stored.run(engine, repoid, created, workflowgitid=501, workflowname="CI")
        for name, before, now in (("test", 300.0, 500.0), ("lint", 60.0, 200.0)):
            length = now if day < 12 else before + day % 3
            wait = 300 if day < 7 else 20
            labels = '["macos-15"]'
            stored.job(
                engine,
                repoid,
                run,
                created,
                name=name,
                runtime=length,
                queuetime=wait,
                labels=labels,
            )
    listed = names(client, "/slower")
    assert [name.partition(" ")[0] for name in listed] == ["lint", "test", "macos-15,"]
    assert names(client, "/slower?sort=seconds")[0].startswith("test")
    assert [name.partition(" ")[0] for name in names(client, "/slower?q=lint")] == ["lint"]
    page = text_of(client, "/slower?q=lint")
    assert "1 of 2 jobs that passed" in page
    assert "None of 1 has that in its name." in page
    assert 'href="/pool?labels=' in text_of(client, "/slower")
    assert len(columns(client, "/slower.csv?q=lint", "kind")) == 1
    known = "this page has q, repo, repoid, since, sort, until"
    assert known in text_of(client, "/slower?workflow=CI", 400)
