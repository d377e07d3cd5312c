"""The list of deliveries: newest first, searched, by state and event, page by page."""

import csv
import zlib
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, delete

from schema.tables.deliveries import deliveries
from tests.dashboard import stored
from tests.dashboard.conftest import NOW, text_of

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


def guids(client: FlaskClient, query: str = "") -> list[str]:
    """Return the deliveries of a page, in its order."""
    page = text_of(client, f"/deliveries{query}")
    return [part.partition("<")[0] for part in page.split("<code>")[1:] if part.startswith("guid-")]


def test_deliveries_are_listed_newest_first_by_what_is_looked_for(
    client: FlaskClient, engine: Engine
):
    first = stored.delivery(engine, NOW - timedelta(hours=3), repo="octo-org/app")
    held = stored.delivery(
        engine, NOW, "quarantined", event="workflow_job", error="id is no number"
    )
    quiet = stored.delivery(engine, NOW, "ignored", event="star", repo="octo-org/web")
    assert guids(client) == [quiet, held, first]
    assert guids(client, "?state=quarantined") == [held]
    assert guids(client, "?event=star") == [quiet]
    assert guids(client, "?event=WORKFLOW") == [held]
    assert guids(client, "?event=%22workflow%22") == []
    assert guids(client, "?sort=oldest") == [first, held, quiet]
    assert guids(client, "?q=OCTO-org/APP") == [first]
    assert guids(client, "?q=no+number") == [held]
    assert guids(client, "?q=nothing") == []
    page = text_of(client, "/deliveries")
    assert "1 applied, 1 quarantined, 1 ignored" in page
    assert f'href="/deliveries/github/{held}"' in page
    assert f'href="/deliveries/github/{quiet}"' not in page
    assert "this page has after, event, q, sort, state" in text_of(
        client, "/deliveries?colour=red", 400
    )
    assert "state is one of applied, quarantined, ignored." in text_of(
        client, "/deliveries?state=lost", 400
    )
    assert 'href="/deliveries"' in text_of(client, "/health")
    rows = list(csv.DictReader(client.get("/deliveries.csv?state=quarantined").text.splitlines()))
    assert [(row["guid"], row["error"]) for row in rows] == [(held, "id is no number")]


def test_pages_of_deliveries_follow_each_other_without_one_lost(
    client: FlaskClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("store.reads.deliveries.SEARCHED", 60)
    events = ["push", "star"]
    # What waited in a spool was received before what stands before it; some came at once.
    hours = [timedelta(hours=number // 3) for number in range(130)]
    made = [stored.delivery(engine, NOW - ago, event=events[n % 2]) for n, ago in enumerate(hours)]
    pushed = {guid for number, guid in enumerate(made) if number % 2 == 0}
    numbers = sorted(range(130), key=lambda number: (number // 3, -number))
    made = [made[number] for number in numbers]

    def follow(query: str) -> list[str]:
        listed: list[str] = []
        path = f"/deliveries{query}"
        while path:
            page = text_of(client, path)
            listed += guids(client, path.removeprefix("/deliveries"))
            _, _, after = page.partition('rel="next" href="')
            path = after.partition('"')[0].replace("&amp;", "&")
        return listed

    assert follow("") == made
    assert follow("?sort=oldest") == made[::-1]
    assert follow("?event=push&sort=oldest") == [guid for guid in made[::-1] if guid in pushed]
    assert follow("?event=push") == [guid for guid in made if guid in pushed]
    assert "were looked through" in text_of(client, "/deliveries?event=push")


def test_list_goes_on_where_it_was_though_its_last_delivery_was_dropped(
    client: FlaskClient, engine: Engine
):
    made = [stored.delivery(engine, NOW - timedelta(hours=ago)) for ago in range(60)]
    page = text_of(client, "/deliveries")
    after = page.partition('rel="next" href="')[2].partition('"')[0]
    with engine.begin() as connection:
        dropped = deliveries.c.guid.in_(made[40:55])
        connection.execute(delete(deliveries).where(dropped))
    assert guids(client, after.removeprefix("/deliveries")) == made[55:]
    for wrong in ("7", "now_7", "2026-03-10T09:30:00_-1", f"2026-03-10T09:30:00_{10**30}"):
        for path in ("/deliveries", "/runs"):
            said = text_of(client, f"{path}?after={wrong}", 400)
            assert "after is no place in the list" in said


def test_body_that_is_nested_deep_is_shown_as_it_came(client: FlaskClient, engine: Engine):
    body = b'{"a":' + b"[" * 300 + b"]" * 300 + b"}"
    guid = stored.delivery(engine, NOW, body=zlib.compress(body))
    assert "[" * 300 in text_of(client, f"/deliveries/github/{guid}")


def test_no_delivery_is_said(client: FlaskClient, engine: Engine):
    assert "No run is stored yet" in text_of(client, "/deliveries")
    stored.run(engine, stored.repo(engine), NOW)
    page = text_of(client, "/deliveries")
    assert "No delivery is kept" in page
    assert "No run is stored yet" not in page
