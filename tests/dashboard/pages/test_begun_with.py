"""Figures, slower and pools: what people begin with."""

import csv
import re
from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy import Engine

from tests.dashboard import stored
from tests.dashboard.conftest import NOW, text_of


def words(client: FlaskClient, path: str) -> str:
    """Return a page's words."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text_of(client, path)))


def test_figures_have_the_rate_time_to_fix_and_red_time_with_those_before(
    client: FlaskClient, engine: Engine
):
    repoid = stored.repo(engine)
    for hours, conclusion in (
        (30, "failure"),
        (27, "success"),
        (5, "success"),
        (24 * 40, "success"),
    ):
        created = NOW - timedelta(hours=hours)
        stored.run(engine, repoid, created, event="push", conclusion=conclusion)
    page = words(client, "/figures")
    assert "Failure rate of runs 33.3 % before 0.0 %" in page
    assert "Median time to fix 3 h before –" in page
    assert "A default branch was red 3 h before 0 s" in page
    assert "octo-org/app 1 of 3 33.3 % 0.0 %" in page
    page = text_of(client, "/figures")
    day = re.search(r'href="(/runs[^"]+failed[^"]+)" aria-label="Mon 9 Mar: 1 failed of', page)
    assert day is not None
    assert text_of(client, day[1].replace("&amp;", "&")).count('class="row"') == 1
    for by in ("workflow", "job", "pool", "event"):
        assert text_of(client, f"/figures?by={by}")
        assert client.get(f"/figures.csv?by={by}").text.startswith(f"{by},passed,")


def test_a_job_that_got_slower_and_a_queue_that_grew_are_listed(
    client: FlaskClient, engine: Engine
):
    repoid = stored.repo(engine)
    for day in range(35):
        created = NOW - timedelta(days=day)
        run = stored.run(engine, repoid, created, workflowgitid=501, workflowname="CI")
        for name, length, wait in (
            ("test", 506.0 if day < 12 else 316.0 + day % 3, 10),
            ("lint", 60.0 + day % 7, 300 if day < 7 else 60),
        ):
            system = {"os": "macOS", "labels": '["macos-15"]'} if name == "lint" else {}
            stored.job(
                engine, repoid, run, created, name=name, runtime=length, queuetime=wait, **system
            )
    page = words(client, "/slower")
    assert re.search(r"test · octo-org/app · CI 5 min 1\d s 8 min 26 s \+\d\d %", page)
    assert "lint ·" not in page
    assert re.search(r"macos-15, macOS .{0,20} 4 min 5\d s|macos-15, macOS .* 5\.\d times", page), (
        page
    )
    rows = list(csv.reader(client.get("/slower.csv").text.splitlines()))
    assert [row[0] for row in rows] == ["kind", "run time", "wait"]
    assert "macos-15" not in words(client, f"/slower?until={(NOW - timedelta(days=60)).date()}")


def test_pools_have_their_waits_and_prices_of_a_date(client: FlaskClient, engine: Engine):
    repoid = stored.repo(engine)
    run = stored.run(engine, repoid, NOW)
    stored.job(engine, repoid, run, NOW, labels='["ubuntu-24.04"]', runtime=61.0)
    page = words(client, "/pools")
    assert "USD at prices of 2025-11-06 0.02" in page
    assert "ubuntu-24.04 Linux Linux 1 0.0 % 10 s – 10 s 0.0 1 2 0.02" in page
    rows = list(csv.DictReader(client.get("/pools.csv").text.splitlines()))
    assert [(row["labels"], row["billed_minutes"], row["price"]) for row in rows] == [
        ("ubuntu-24.04", "2", "0.02")
    ]
