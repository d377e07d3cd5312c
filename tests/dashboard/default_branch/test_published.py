"""Feed and badge: well-formed whatever things are called, asked for anew, and nothing that runs."""

import xml.etree.ElementTree as ElementTree
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from alerts.sending import Sender, run_pass
from config.alert_settings import AlertSettings
from schema.tables.alerts import redperiods
from schema.tables.ci import workflowruns, workflows
from tests.alerts.conftest import PLACE
from tests.dashboard import stored
from tests.dashboard.conftest import NOW, MakeClient, text_of

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)

ATOM = "{http://www.w3.org/2005/Atom}"
HOSTILE = '</title><script>alert("&\x0b\ufffe")</script>'


def turned(engine: sa.Engine, name: str, workflow: str, *conclusions: str) -> int:
    """Store a repository, and runs of an hour each that ended so; return its number."""
    repoid = stored.repo(engine, name)
    stored.put(engine, workflows, provider="github", repoid=repoid, gitid=repoid, name=workflow)
    flow = {"workflowgitid": repoid, "workflowname": workflow, "event": "push", "author": "ana"}
    for number, conclusion in enumerate(conclusions):
        time = NOW - timedelta(hours=len(conclusions) - number)
        stored.run(engine, repoid, time, conclusion=conclusion, **flow)
    return repoid


def entries(client: FlaskClient, path: str = "/feed.atom") -> list[dict[str, str]]:
    """Return the title, id, time, link and summary of each entry."""
    root = ElementTree.fromstring(text_of(client, path))  # noqa: S314 - it is our own
    assert root.tag == f"{ATOM}feed"
    for name in ("id", "title", "updated", "author"):
        assert root.find(f"{ATOM}{name}") is not None
    return [
        {
            **{name: entry.findtext(f"{ATOM}{name}", "") for name in FIELDS},
            "link": entry.find(f"{ATOM}link").get("href", ""),
        }
        for entry in root.iter(f"{ATOM}entry")
    ]


FIELDS = ("id", "title", "updated", "summary")


def test_feed_tells_of_what_is_red_now_without_a_listener(
    engine: sa.Engine, store_url: str, make_client: MakeClient
):
    client = make_client(store_url, DASHBOARD_URL="https://ci.example.org/runs")
    turned(engine, "acme/shop", "CI", "success", "failure")
    turned(engine, "acme/well", "CI", "failure", "success")
    (entry,) = entries(client)
    assert entry["title"] == "acme/shop: CI is red on main"
    assert entry["updated"] == "2026-03-10T08:30:00Z"
    assert entry["summary"] == "RED acme/shop: CI on main, since 10 Mar 08:30 UTC by ana"
    assert entry["link"].startswith("https://ci.example.org/runs/runs/github/")
    assert entries(client, "/feed.atom?repo=acme/well") == []
    assert text_of(client, "/feed.atom?repo=acme/nope", 400)
    page = text_of(client, "/")
    assert 'type="application/atom+xml"' in page


def test_feed_tells_turns_that_a_listener_noted_with_lasting_ids(
    engine: sa.Engine, client: FlaskClient
):
    repoid = turned(engine, "acme/shop", "CI", "success", "failure")
    before = entries(client)
    nobody = AlertSettings({}, (), None, None, None)
    assert run_pass(Sender(engine, nobody, PLACE)) == 0
    assert entries(client) == before
    # Without an end, of which it would be green since then: months ago, and forgotten by now.
    good = {"workflowgitid": repoid, "workflowname": "CI", "event": "push", "endtime": None}
    stored.run(engine, repoid, NOW, **good)
    run_pass(Sender(engine, nobody, PLACE))
    with engine.begin() as connection:
        connection.execute(sa.update(redperiods).values(greentime=NOW))
    green, red = entries(client)
    assert [red] == before
    assert green["title"] == "acme/shop: CI is green again on main"
    assert len({green["id"], red["id"]}) == 2
    # A night was noted as missed beside it: one run ended both, and turned the branch green once.
    with engine.begin() as connection:
        (noted,) = connection.execute(sa.select(redperiods)).mappings()
        later = noted["redtime"] + timedelta(minutes=9)
        night = {**noted, "Id": noted["Id"] + 1, "rungitid": -NOW.toordinal(), "redtime": later}
        connection.execute(sa.insert(redperiods), [night])
    assert [entry["title"] for entry in entries(client)] == [
        *("acme/shop: CI is green again on main", "acme/shop: CI did not run"),
        "acme/shop: CI is red on main",
    ]


def test_feed_and_metrics_tell_of_a_nightly_that_did_not_run(
    engine: sa.Engine, client: FlaskClient
):
    repoid = stored.repo(engine, "shop/api")
    for days in range(1, 10):
        stored.run(engine, repoid, NOW - timedelta(hours=7, days=days))
    (entry,) = entries(client)
    assert entry["title"] == "shop/api: Nightly did not run"
    assert entry["updated"] == "2026-03-10T02:30:00Z"
    assert entry["link"].endswith(f"/nights/{repoid}/2026-03-10")
    assert 'runledger_missed_nightlies{repo="shop/api"} 1' in text_of(client, "/metrics")
    stored.run(engine, repoid, NOW - timedelta(hours=7))
    assert entries(client) == []
    assert 'runledger_missed_nightlies{repo="shop/api"} 0' in text_of(client, "/metrics")


def test_feed_is_well_formed_whatever_a_workflow_is_called(engine: sa.Engine, client: FlaskClient):
    turned(engine, "acme/shop", HOSTILE, "failure")
    (entry,) = entries(client)
    assert '</title><script>alert("&' in entry["title"]
    assert "<script" not in text_of(client, "/feed.atom")


def test_what_is_published_has_no_sign_that_turns_the_direction_of_writing(
    engine: sa.Engine, client: FlaskClient
):
    turned(engine, "acme/shop", "\u202eIC\u202c CI", "failure")
    (entry,) = entries(client)
    assert "IC CI" in entry["title"]
    assert "\u202e" not in text_of(client, "/feed.atom")
    assert badge(client, "repo=acme/shop&workflow=%E2%80%AEIC%E2%80%AC CI") == ["IC CI", "failing"]


def badge(client: FlaskClient, query: str) -> list[str]:
    """Return the texts of a badge."""
    root = ElementTree.fromstring(text_of(client, f"/badge.svg?{query}"))  # noqa: S314
    return [text.text or "" for text in root.iter("{http://www.w3.org/2000/svg}text")]


def test_badge_says_how_the_default_branch_stands(engine: sa.Engine, client: FlaskClient):
    red = turned(engine, "acme/shop", "CI", "success", "failure")
    turned(engine, "acme/well", "CI", "failure", "success")
    assert badge(client, "repo=acme/shop&workflow=ci") == ["ci", "failing"]
    assert badge(client, f"repo=acme/shop&workflowgitid={red}") == ["CI", "failing"]
    assert badge(client, "repo=acme/well") == ["CI", "passing"]
    assert badge(client, "repo=acme/well&workflow=other") == ["other", "no runs"]
    assert "repo=org/name" in text_of(client, "/badge.svg", 400)
    assert text_of(client, "/badge.svg?repo=acme/shop&wrong=1", 400)
    page = text_of(client, "/workflow?repo=acme/shop&workflow=CI")
    assert f'href="/badge.svg?repo=acme%2Fshop&amp;workflowgitid={red}"' in page


def test_badge_is_asked_for_anew_and_holds_nothing_that_runs(
    engine: sa.Engine, client: FlaskClient
):
    repoid = turned(engine, "acme/shop", HOSTILE, "failure")
    answer = client.get("/badge.svg?repo=acme/shop&workflow=%3Cscript%3E")
    assert "<script" not in answer.text
    answer = client.get(f"/badge.svg?repo=acme/shop&workflowgitid={repoid}")
    ElementTree.fromstring(answer.text)  # noqa: S314
    assert "<script" not in answer.text
    headers = answer.headers
    assert headers["Content-Type"].startswith("image/svg+xml")
    assert headers["Cache-Control"] == "no-cache"
    assert headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    path, same = answer.request.path, {"If-None-Match": headers["ETag"]}
    query = answer.request.query_string.decode()
    assert client.get(path, query_string=query, headers=same).status_code == 304
    with engine.begin() as connection:
        connection.execute(sa.update(workflowruns).values(conclusion="success"))
    assert client.get(path, query_string=query, headers=same).status_code == 200


def test_metrics_tell_of_default_branches_and_of_the_last_day(
    engine: sa.Engine, client: FlaskClient
):
    turned(engine, "acme/shop", "CI", "success", "failure", "failure")
    turned(engine, "acme/well", "CI", "failure", "success")
    with engine.begin() as connection:
        connection.execute(sa.update(workflowruns).values(runtime=300.0))
    told = text_of(client, "/metrics").splitlines()
    for line in (
        'default_branch_red_workflows{repo="acme/shop"} 1',
        'default_branch_red_workflows{repo="acme/well"} 0',
        'default_branch_red_age_seconds{repo="acme/shop"} 7200',
        'default_branch_red_age_seconds{repo="acme/well"} 0',
        'default_branch_run_seconds{repo="acme/shop"} 300',
        'day_runs{repo="acme/shop",result="passed"} 1',
        'day_runs{repo="acme/shop",result="failed"} 2',
        'day_run_seconds{repo="acme/shop"} 900',
        "repositories_left_out 0",
    ):
        assert f"runledger_{line}" in told


def test_metrics_have_samples_of_so_many_repositories_alone(
    engine: sa.Engine, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("dashboard.published.metrics.MOST", 1)
    turned(engine, "acme/old", "CI", "failure", "failure")
    stored.run(engine, turned(engine, "acme/shop", "CI", "failure"), NOW)
    told = text_of(client, "/metrics")
    assert "runledger_repositories_left_out 1\n" in told
    assert 'repo="acme/shop"' in told
    assert 'repo="acme/old"' not in told
