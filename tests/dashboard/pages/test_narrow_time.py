"""Time by workflow, branch, event, job and group; its points and names lead on."""

import html
import re
from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, event

from config.calendar import Calendar
from config.settings import read
from schema.tables.ci import runattempts
from store.figures.rates import SUBJECTS
from store.rollups import branch_runs
from store.rollups.spans import RollupPlan
from tests.dashboard import stored
from tests.dashboard.conftest import NOW, MakeClient, text_of
from tests.store.rollups.making import make_all

GROUPS = '[apps]\nrepos = ["octo-org/app"]\n'


@pytest.mark.parametrize("rolled", [False, True])
@pytest.mark.parametrize(
    ("query", "runs", "jobs"),
    [
        ("", 3, 4),
        ("workflow=ci", 1, 2),
        ("branch=topic", 1, 2),
        ("branch=Topic", 0, 0),
        ("event=push", 1, 2),
        ("event=PUSH&repo=octo-org/app", 1, 2),
        ("event=release", 0, 0),
        ("job=lint", 1, 1),
        ("group=apps", 2, 3),
        ("group=apps&workflow=CI&event=push&job=test", 1, 1),
        ("repo=octo-org/other&workflow=CI", 0, 0),
    ],
)
def test_time_is_narrowed_by_each_filter_also_beside_roll_ups(
    engine: Engine, store_url: str, make_client: MakeClient, rolled: bool, query: str, runs: int,
    jobs: int,
):  # fmt: skip
    app, other = stored.repo(engine), stored.repo(engine, "octo-org/other")
    ci = {"workflowname": "CI", "branchname": "topic"}
    first = stored.run(engine, app, NOW, event="push", **ci)
    for name in ("test", "lint"):
        stored.job(engine, app, first, NOW, name=name, **ci)
    for repoid in (app, other):
        stored.job(engine, repoid, stored.run(engine, repoid, NOW), NOW)
    settings = read({}, {"DATABASE_URL": store_url, "DATABASE_SSL": "off"}, None)
    if rolled:
        make_all(engine, RollupPlan(Calendar(settings.night_zone, settings.night_ends)), NOW)
    page = text_of(make_client(store_url, GROUPS=GROUPS), f"/time?{query}")
    if not jobs:
        assert "Nothing here for these filters" in page
        return
    told = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    assert f"Runs {runs} Jobs that ran {jobs} " in told


@pytest.mark.parametrize(
    ("few", "asked", "most", "rolled"),
    [
        *((2, 100, 9, False), (2, 0, 9, False), (4, 0, 9, False), (2000, 100, 9, False)),
        *((2000, 0, 9, False), (2000, 0, 3, False), (2000, 100, 9, True)),
    ],
)
def test_jobs_of_a_branch_count_however_old_their_run_is_and_however_many_it_has(
    client: FlaskClient,
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    few: int,
    asked: int,
    most: int,
    rolled: bool,
):
    for name, value in (("FEW", few), ("RATHER_ASKED", asked), ("MOST", most)):
        monkeypatch.setattr(branch_runs, name, value)
    repoid, topic = stored.repo(engine), {"branchname": "topic"}
    for days, changed, ended in ((60, 60, 1), (200, 0, 200), (200, 200, 200)):
        moments = {"updatetime": changed, "endtime": ended}
        times = {name: NOW - timedelta(days=ago) for name, ago in moments.items()}
        run = stored.run(engine, repoid, NOW - timedelta(days=days), **topic, **times)
        stored.job(engine, repoid, run, NOW - timedelta(days=min(changed, 1)), **topic)
    again = stored.run(engine, repoid, NOW - timedelta(days=40), **topic)
    # All that is known of its second attempt is a job.
    stored.put(engine, runattempts, provider="github", repoid=repoid, rungitid=again, attempt=2)
    stored.job(engine, repoid, again, NOW, attempt=2, **topic)
    over = stored.run(engine, repoid, NOW - timedelta(days=50), **topic)  # not run again
    stored.job(engine, repoid, over, NOW - timedelta(days=50), **topic)
    run = stored.run(engine, repoid, NOW, provider="gitlab", **topic)
    stored.job(engine, repoid, run, NOW, provider="gitlab", **topic)
    if asked == 0 and few > 2 and most > 4:
        borders = (NOW - timedelta(days=10), NOW + timedelta(days=1))
        with engine.connect() as connection:
            told_keys = branch_runs.read_few_runs(connection, "topic", borders)
        assert told_keys is not None
        assert len(told_keys) == 4
        assert ("github", over) not in told_keys
    if rolled:
        make_all(engine, RollupPlan(Calendar(ZoneInfo("UTC"), time(12))), NOW)
    told = re.sub(r"<[^>]+>", " ", text_of(client, "/time?branch=topic"))
    # The third run says that nothing happened for 200 days: its job of today is a contradiction.
    assert re.search(r"Runs\s+1\s+Jobs that ran\s+4\s", told)


def test_roll_ups_have_what_one_workflow_job_usual_branch_or_group_did(
    engine: Engine, store_url: str, make_client: MakeClient
):
    repoid = stored.repo(engine)
    stored.job(engine, repoid, stored.run(engine, repoid, NOW), NOW)
    settings = read({}, {"DATABASE_URL": store_url, "DATABASE_SSL": "off"}, None)
    make_all(engine, RollupPlan(Calendar(settings.night_zone, settings.night_ends)), NOW)
    client, told = make_client(store_url, GROUPS=GROUPS), list[str]()

    def note(_: object, __: object, statement: str, *___: object) -> None:
        told.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        for query in ("workflow=nightly&event=schedule", "job=TEST", "branch=main", "group=apps"):
            assert "Jobs that ran</dt><dd>1" in text_of(client, f"/time?{query}&since=2026-03-10")
        for by in SUBJECTS:
            text_of(client, f"/figures?by={by}&since=2026-03-10&until=2026-03-10")
        assert told
        assert not [text for text in told if re.search("FROM jobs|JOIN jobs", text)]
        text_of(client, "/time?branch=topic&since=2026-03-10")
        assert [text for text in told if "FROM jobs" in text]
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_points_lead_to_their_runs_and_names_to_their_pages(client: FlaskClient, engine: Engine):
    repoid = stored.repo(engine)
    name = "build and test (linux-arm64, 3.12)"
    run = stored.run(engine, repoid, NOW, workflowgitid=501, workflowname="CI")
    stored.job(engine, repoid, run, NOW, name=name)
    page = text_of(client, "/time")
    days = re.findall(r'<a href="(/runs\?since=2026-03-10[^"]+)" aria-label="Tue 10 Mar', page)
    assert len(days) == 3
    assert "Nightly" not in text_of(client, days[0].replace("&amp;", "&"))
    assert f'">{name}</a>' in page
    assert "/workflow?repo=octo-org%2Fapp&amp;workflowgitid=501" in page


def test_workflow_that_only_a_name_tells_has_its_own_where_others_are_called_so(
    client: FlaskClient, engine: Engine
):
    for number in (1, 2):
        repoid = stored.repo(engine, name=f"shop/app-{number}", gitid=number)
        run = stored.run(engine, repoid, NOW, workflowgitid=None, workflowname="Nightly")
        stored.job(engine, repoid, run, NOW, name="smoke")
    page = html.unescape(text_of(client, "/time"))
    links = re.findall(r'<a href="(/workflow\?[^"]+)">(.+?)</a>', page)
    assert {text for _, text in links} == {"Nightly · shop/app-1", "Nightly · shop/app-2"}
    for link, text in links:
        assert text.rpartition(" ")[2] in text_of(client, link)
    (offered,) = re.findall('<datalist id="workflows">(.+?)</datalist>', page)
    assert offered == '<option value="Nightly"></option>'


def test_unknown_group_is_refused_with_those_there_are(store_url: str, make_client: MakeClient):
    page = text_of(make_client(store_url, GROUPS=GROUPS), "/time?group=nope", 400)
    assert "group is one of apps" in page
    page = text_of(make_client(store_url), "/?group=nope", 400)
    assert "There is no group: GROUPS_FILE names no file of groups." in page


def test_axis_is_called_logarithmic_only_where_it_is(client: FlaskClient, engine: Engine):
    repoid = stored.repo(engine)
    gitid = stored.run(engine, repoid, NOW - timedelta(hours=3))
    stored.job(engine, repoid, gitid, NOW - timedelta(hours=3), queuetime=10, runtime=60.0)
    assert text_of(client, "/time").count("by percentile, logarithmic") == 0
    stored.job(engine, repoid, gitid, NOW - timedelta(hours=3), queuetime=900, runtime=70.0)
    page = text_of(client, "/time")
    waits, _, lengths = page.partition("Run time of jobs")
    assert "by percentile, logarithmic" in waits
    assert "by percentile</small>" in lengths
