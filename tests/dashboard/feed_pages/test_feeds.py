"""The page of feeds, their rows on Health, and their metrics."""

import csv
import re
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy import Engine

from schema.tables import packages as tables
from store.state import health
from store.state.health import HealthState
from tests.dashboard.conftest import NOW, text_of

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
HOUR = timedelta(hours=1)


def put(engine: Engine, table: sa.Table, *rows: dict[str, object]) -> None:
    with engine.begin() as connection:
        for row in rows:
            connection.execute(sa.insert(table), [row])


def load(hours: int, state: str, feed: str = "debian", **values: object) -> dict[str, object]:
    start = NOW - hours * HOUR
    return {"feed": feed, "starttime": start, "endtime": start + HOUR / 2, "state": state, **values}


def test_page_of_a_store_without_loads_says_what_to_do(client: FlaskClient):
    page = text_of(client, "/feeds")
    assert "No feed was loaded yet" in page
    assert "python3 run_feeds.py --list" in page
    assert text_of(client, "/feeds.csv").startswith("feed,state,starttime,endtime,exitcode,")


def test_loads_their_causes_the_next_one_and_what_is_gone_are_shown(
    client: FlaskClient, engine: Engine
):
    put(
        engine,
        tables.load_history,
        load(9, "done", linecount=571_391, changed=7),
        load(3, "failed", exitcode=75, error="a <b> limit", logtail="line 1\nline 2"),
        load(2, "failed", "npm", exitcode=78, error="ended with exit code 78"),
    )
    state = {"state": "{}", "nexttime": NOW + HOUR}
    put(engine, tables.feedstates, {"feed": "debian", **state}, {"feed": "npm", **state})
    names = {"manager": "debian", "package_manager_id": 1}
    put(
        engine,
        tables.packages,
        {**names, "name": "apt", "import_id": "apt"},
        {**names, "name": "old", "import_id": "old", "gonetime": NOW - HOUR},
    )
    page = text_of(client, "/feeds")
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    assert re.search(r"debian failed .* 30 min 10 Mar 00:30 1 10 Mar 10:30", words), words
    assert "npm failed" in words
    assert "once it is set up" in words
    assert "a &lt;b&gt; limit" in page
    assert "line 1\nline 2" in page
    assert "Registry There Gone debian 1 1" in words
    assert "debian old 1 h ago" in words
    rows = list(csv.DictReader(text_of(client, "/feeds.csv").splitlines()))
    assert [row["feed"] for row in rows] == ["npm", "debian", "debian"]


def test_loads_are_searched_ordered_counted_and_have_further_pages(
    client: FlaskClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("dashboard.pages.feeds.LOADS", 2)
    put(
        engine,
        tables.load_history,
        load(9, "done", linecount=10, changed=7),
        {**load(8, "done", "npm", changed=9, linecount=4), "endtime": NOW},
        load(7, "failed", "npm", error="HTTP 500"),
        {**load(1, "running", "pypi"), "endtime": None},  # no process has its lease: killed
    )

    def listed(query: str) -> list[str]:
        """Return feeds and states of the sheet."""
        rows = csv.DictReader(text_of(client, f"/feeds.csv?{query}").splitlines())
        return [f"{row['feed']} {row['state']}" for row in rows]

    assert listed("") == ["pypi failed", "npm failed", "npm done", "debian done"]
    assert listed("feed=NPM&state=done") == ["npm done"]
    assert listed("state=failed") == listed("q=fail") == ["pypi failed", "npm failed"]
    assert listed("state=running") == []
    assert (listed("q=http"), listed("q=killed")) == (["npm failed"], ["pypi failed"])
    assert listed("sort=took")[0] == listed("sort=changed")[0] == "npm done"
    assert listed("sort=lines")[0] == "debian done"
    page = text_of(client, "/feeds?sort=lines")
    assert "4, 1 to 2" in page
    assert 'href="/feeds?after=2&amp;sort=lines#loads"' in page
    assert "2 of 4, 1 to 2" not in text_of(client, "/feeds?q=npm")  # one page has both
    assert "2 of 4" in text_of(client, "/feeds?q=npm")
    assert "No load fits." in text_of(client, "/feeds?q=nothing")
    assert "this page has after, feed, q, sort, state." in text_of(client, "/feeds?x=1", 400)


def test_metrics_and_health_tell_of_each_feed(client: FlaskClient, engine: Engine):
    done = load(9, "done", linecount=5, changed=7)
    put(engine, tables.load_history, done, load(3, "failed"), load(1, "failed", "npm"))
    health.put(engine, [HealthState("", "feed:npm", "bad", "no token")])
    text = text_of(client, "/metrics")
    ended = int((NOW - 8.5 * HOUR - datetime(1970, 1, 1)).total_seconds())
    assert f'runledger_feed_last_success_timestamp_seconds{{feed="debian"}} {ended}' in text
    assert 'runledger_feed_rows{feed="debian"} 5\n' in text
    assert 'runledger_feed_seconds{feed="debian"} 1800\n' in text
    assert "# TYPE runledger_feed_failures_total counter\n" in text
    assert 'runledger_feed_failures_total{feed="npm"} 1\n' in text
    page = text_of(client, "/health")
    assert page.count("feed:npm") == 2
    assert 'href="/feeds"' in page
