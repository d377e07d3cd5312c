"""What failed jobs say, on the pages: in the night, on the run, across repositories and years."""

import csv
import io
import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from config.calendar import Calendar
from store.rollups.spans import RollupPlan
from tests.dashboard import stored
from tests.dashboard.conftest import NOW, MakeClient, text_of
from tests.store.rollups.making import make_all

LAST_NIGHT = datetime(2026, 3, 10, 2)
LONG_AGO = LAST_NIGHT - timedelta(days=300)
UTC = RollupPlan(Calendar(ZoneInfo("UTC"), datetime(2026, 1, 1, 12).time()))

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


def told(page: str) -> str:
    """Return a page's text."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


@pytest.mark.parametrize("is_rolled", [False, True])
def test_nights_show_errors_and_are_found_by_them(
    client: FlaskClient, engine: Engine, is_rolled: bool
):
    one, other = stored.repo(engine, "octo-org/one"), stored.repo(engine, "octo-org/two")
    stored.failed(engine, one, LAST_NIGHT, message="\n  Timeout after 31 s\nat 0x7f")
    stored.failed(engine, other, LAST_NIGHT, message="Timeout after 58 s")
    well = stored.repo(engine, "octo-org/well")
    stored.run(engine, well, LAST_NIGHT)
    if is_rolled:
        make_all(engine, UTC, NOW)
    page = told(text_of(client, "/"))
    assert "1 error, 1 new since yesterday: 2 jobs in 2 repositories" in page
    where = "2 repositories , 2 jobs: octo-org/ one , octo-org/ two"
    assert f"never seen before Timeout after 31 s {where}" in page
    found = text_of(client, "/nights.csv?q=AFTER+58")
    lines = list(csv.DictReader(io.StringIO(found)))
    assert [(line["repository"], line["errors"]) for line in lines] == [
        ("octo-org/two", "Timeout after 58 s")
    ]


@on_sqlite
def test_night_shows_failed_workflows_first_and_tells_this_night_from_others(
    client: FlaskClient, engine: Engine
):
    app, other = stored.repo(engine, "octo-org/app"), stored.repo(engine, "octo-org/other")
    third = stored.repo(engine, "octo-org/third")
    stored.failed(engine, app, LAST_NIGHT)
    stored.run(engine, app, LAST_NIGHT + timedelta(minutes=9), workflowname="Well")
    stored.failed(engine, other, LAST_NIGHT)
    stored.failed(engine, third, LAST_NIGHT - timedelta(days=9))
    page = told(text_of(client, f"/nights/{app}/2026-03-10"))
    assert "Same error in 2 repositories this night: octo-org/app, octo-org/other." in page
    assert "Of late in 3 repositories." in page
    assert re.findall(r"(?:failure|success) (Nightly|Well) #", page) == ["Nightly", "Well"]


@on_sqlite
def test_exit_code_is_no_error_that_repositories_have_in_common(
    client: FlaskClient, engine: Engine
):
    for name in ("one", "two"):
        repoid = stored.repo(engine, f"octo-org/{name}")
        stored.failed(engine, repoid, LAST_NIGHT, message="exit code 1", kind="vague")
    page = text_of(client, "/")
    assert "2 errors, 2 new since yesterday: 2 jobs in 2 repositories" in told(page)
    # Of each repository: its branch that is red, and what failed last night.
    assert page.count('href="/errors/1:f"') == 2 + 2


@on_sqlite
def test_error_that_the_store_has_seen_in_another_year_is_not_new(
    client: FlaskClient, engine: Engine
):
    repoid = stored.repo(engine)
    stored.failed(engine, stored.repo(engine, "octo-org/old"), LONG_AGO)
    stored.failed(engine, repoid, LAST_NIGHT)
    assert "never seen before" not in text_of(client, "/")
    assert "Never seen before" not in text_of(client, f"/nights/{repoid}/2026-03-10")


@on_sqlite
def test_night_and_run_show_whole_messages_with_their_context(client: FlaskClient, engine: Engine):
    repoid = stored.repo(engine)
    message = "<script>alert(1)</script>\nsecond line"
    gitid = stored.failed(
        engine, repoid, LAST_NIGHT, message=message, context="before", path="a/b.py", line=7
    )
    for path in (f"/nights/{repoid}/2026-03-10", f"/runs/github/{gitid}"):
        page = text_of(client, path)
        assert "&lt;script&gt;alert(1)&lt;/script&gt;\nsecond line" in page
        assert "<script>alert" not in page
        assert "a/b.py, line 7" in told(page)
        assert "The lines before it before" in told(page)
    assert "Never seen before." in text_of(client, f"/nights/{repoid}/2026-03-10")


@on_sqlite
@pytest.mark.parametrize(
    ("absence", "words"),
    [
        ("gone", "Its server no longer has its log."),
        ("huge", "Its log is too long to read."),
        ("silent", "It failed without saying why."),
    ],
)
def test_message_that_cannot_be_had_is_said(
    client: FlaskClient, engine: Engine, absence: str, words: str
):
    gitid = stored.failed(
        engine,
        stored.repo(engine),
        LAST_NIGHT,
        message=None,
        fingerprint=None,
        source="none",
        absence=absence,
    )
    assert words in text_of(client, f"/runs/github/{gitid}")


@on_sqlite
def test_groups_make_rows_and_nightly_runs(engine: Engine, store_url: str, make_client: MakeClient):
    groups = '[prod]\nrepos = ["octo-org/shop"]\nworkflows = ["Release"]\n'
    client = make_client(store_url, GROUPS=groups)
    shop, tool = stored.repo(engine, "octo-org/shop"), stored.repo(engine, "octo-org/tool")
    stored.run(engine, shop, LAST_NIGHT, workflowname="Nightly", conclusion="failure")
    stored.run(engine, shop, LAST_NIGHT, workflowname="Release", event="push")
    stored.run(engine, tool, LAST_NIGHT, conclusion="failure")
    lines = list(csv.DictReader(io.StringIO(text_of(client, "/nights.csv"))))
    assert [(line["repository"], line["group"], line["state"]) for line in lines] == [
        ("octo-org/shop", "prod", "passed"),
        ("octo-org/tool", "other", "failed"),
    ]
    one = text_of(client, "/nights.csv?group=prod")
    assert "octo-org/tool" not in one
    assert "octo-org/shop" in one
    assert text_of(client, "/?group=none", 400)
    assert "Repositories: 1 failed 1 passed" in told(text_of(client, "/"))
    page = text_of(client, "/?group=prod&nights=14")
    assert "Repositories: 1 passed" in told(page)
    assert "Nothing failed last night" in told(page)
    assert 'href="/?status=passed&amp;group=prod&amp;nights=14"' in page
    assert "Repositories: 1 failed Red now" in told(text_of(client, "/?q=tool"))
    night = told(text_of(client, f"/nights/{shop}/2026-03-10"))
    assert "Release #7" in night
    assert "Nightly #7" not in night


@on_sqlite
def test_rare_runs_are_looked_for_as_far_as_the_time_allows(
    client: FlaskClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
):
    repoid = stored.repo(engine)
    old = stored.run(engine, repoid, LONG_AGO, author="grace")
    for hours in range(5):
        stored.run(engine, repoid, LAST_NIGHT - timedelta(hours=hours))
    rows = r'class="open" href="/runs/github/(\d+)"'
    assert re.findall(rows, text_of(client, "/runs?author=grace")) == [str(old)]
    monkeypatch.setattr("dashboard.pages.run_list.SECONDS", 0)
    monkeypatch.setattr("store.run_search.run_pages.FIRST", 2)
    path, pages = "/runs?author=grace", 0
    while path and pages < 20:
        page = text_of(client, path)
        pages += 1
        if re.findall(rows, page):
            break
        path = re.search(r'href="([^"]+)">Look further back', page)[1].replace("&amp;", "&")
    assert re.findall(rows, page) == [str(old)]
    assert pages == 2
