"""Runs, found by their filters and looked at one by one."""

import html
import json
import re
from datetime import datetime, timedelta

from flask.testing import FlaskClient
from sqlalchemy import Engine

from tests.dashboard import stored
from tests.dashboard.conftest import NOW, text_of
from tests.store import production_doors
from tests.stories import plain
from tests.stories.story import RUN_ID

LAST_NIGHT = datetime(2026, 3, 10, 2)


def test_runs_are_found_by_the_repository_of_their_commit(client: FlaskClient, engine: Engine):
    repoid = stored.repo(engine)
    for place, head in enumerate((None, "mona/app", "unknown")):
        created = LAST_NIGHT - timedelta(hours=place)
        stored.run(engine, repoid, created, headrepo=head, title=f"Run {place}")
    for head, titles in (
        ("own", {"Run 0"}),
        ("forks", {"Run 1", "Run 2"}),
        ("mona/app", {"Run 1"}),
        ("unknown", {"Run 2"}),
        ("", {"Run 0", "Run 1", "Run 2"}),
        ("nobody/app", set()),
    ):
        assert set(re.findall(r"Run \d", text_of(client, f"/runs?head={head}"))) == titles, head
    assert "of mona/app" in text_of(client, "/runs")


def test_runs_are_paged_without_gap_or_repetition(client: FlaskClient, engine: Engine):
    repoid = stored.repo(engine)
    gitids = [
        # Three runs of each second: the place in the list needs more than the time.
        stored.run(engine, repoid, NOW - timedelta(seconds=number // 3))
        for number in range(130)
    ]
    path, seen = "/runs?repo=octo-org/app", list[int]()
    while path:
        page = text_of(client, path)
        seen += [int(one) for one in re.findall(r'class="open" href="/runs/github/(\d+)"', page)]
        found = re.search(r'rel="next" href="([^"]+)"', page)
        path = found[1].replace("&amp;", "&") if found else ""
    assert sorted(seen) == sorted(gitids)
    assert len(seen) == len(set(seen))


def test_runs_are_found_by_each_filter(client: FlaskClient, engine: Engine):
    repoid = stored.repo(engine)
    other = stored.repo(engine, "octo-org/other")
    stored.run(engine, other, NOW - timedelta(days=9), branchname="other")
    wanted = {
        "workflowname": "CI",
        "branchname": "main",
        "title": "The First page",
        "event": "push",
        "conclusion": "timed_out",
        "author": "Grace",
        "commithash": "d" * 40,
    }
    gitid = stored.run(engine, repoid, NOW, **wanted)
    failed = stored.job(engine, repoid, gitid, NOW, name="compile", conclusion="failure")
    stored.reason(engine, repoid, gitid, failed, message="Boom at 7", time=NOW)
    for query in (
        "repo=octo-org/app",
        "repo=OCTO-ORG/APP",
        "workflow=ci",
        "workflow=C",
        "repo=APP",
        "repo=to-org/ap",
        'branch="main"',
        "branch=MAI",
        "event=pus",
        "author=rac",
        "commit=ddddddd",
        "commit=DDDDDDD",
        "q=boom+at",
        "q=COMPILE",
        "q=first+page",
        "event=push",
        "conclusion=timed_out",
        "conclusion=failed",
        "author=grace",
        "commit=" + "d" * 40,
        "since=2026-03-10",
        "since=2026-03-10&until=2026-03-10",
    ):
        found = re.findall(
            r'class="open" href="/runs/github/(\d+)"', text_of(client, f"/runs?{query}")
        )
        assert found == [str(gitid)], query


def test_list_says_how_many_runs_fit_what_failed_and_leads_on(client: FlaskClient, engine: Engine):
    repoid = stored.repo(engine)
    for number in range(3):
        stored.run(engine, repoid, NOW - timedelta(hours=number), runtime=float(number))
    gitid = stored.run(engine, repoid, NOW, conclusion="failure", author="grace", runtime=9.0)
    failed = stored.job(engine, repoid, gitid, NOW, name="lint", conclusion="failure")
    stored.reason(engine, repoid, gitid, failed, message="E501 too long", time=NOW)
    page = text_of(client, "/runs?author=grace")
    assert "1 of 4 runs" in page
    assert "<bdi>lint</bdi>: <code>E501 too long</code>" in page
    assert re.search(r'href="/branch[?][^"]*branch=main"', page)
    assert re.search(r'href="/workflow[?][^"]*workflow=Nightly"', page)
    assert "4 runs" in text_of(client, "/runs")
    order = re.findall(r"/runs/github/(\d+)", text_of(client, "/runs?sort=runtime"))
    assert order[0] == str(gitid)
    assert len(order) == 4


def test_run_page_marks_inherited_jobs_and_shows_steps(client: FlaskClient, engine: Engine):
    repoid = stored.repo(engine)
    gitid = stored.run(engine, repoid, LAST_NIGHT, attempt=2)
    stored.job(engine, repoid, gitid, LAST_NIGHT, attempt=2, inherited=True, name="build")
    steps = (
        '[{"number": 1, "name": "Compile all", "status": "completed", "conclusion": "success",'
        ' "starttime": "2026-03-10 02:00:00.000000", "endtime": "2026-03-10 02:01:05.000000"}]'
    )
    stored.job(engine, repoid, gitid, LAST_NIGHT, attempt=2, name="test", steps=steps)
    told = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text_of(client, f"/runs/github/{gitid}")))
    assert "build inherited from an earlier attempt" in told
    assert "Compile all 1 min 05 s" in told


def test_run_page_leads_to_the_deliveries_that_made_it(client: FlaskClient, engine: Engine):
    came = datetime(2026, 3, 2, 12)
    told = production_doors.told(plain.SUCCESS)
    at_once = [one._replace(delivery=one.delivery._replace(receivetime=came)) for one in told]
    production_doors.deliver(engine, at_once)
    stored.delivery(engine, came, event="workflow_run", state="ignored")
    page = text_of(client, f"/runs/github/{RUN_ID}")
    found = re.findall(r'href="(/deliveries/[^"]+)"', page)
    about = [one for one in plain.SUCCESS.deliveries if one[0] in ("workflow_run", "workflow_job")]
    assert len(found) == len(about) > 2
    shown = re.search(r'<pre class="raw"[^>]*>(.*)</pre>', text_of(client, found[0]), re.DOTALL)
    assert json.loads(html.unescape(shown[1])) == about[0][1]


def test_run_whose_title_has_no_shape_can_be_opened(client: FlaskClient, engine: Engine):
    repoid = stored.repo(engine)
    stored.run(engine, repoid, LAST_NIGHT, title="\u200b\u202e\n\u2060Fix it", workflowgitid=1)
    stored.run(engine, repoid, LAST_NIGHT, title="\u200b\u200b", workflowgitid=1)
    hidden = {"title": "\u202e", "workflowname": "\u200b", "workflowgitid": 2}
    gitid = stored.run(engine, repoid, LAST_NIGHT - timedelta(days=1), **hidden)
    titles = re.findall(r'<a class="open"[^>]*><b>(.*?)</b>', text_of(client, "/runs"))
    assert sorted(titles) == ["Fix it", "Nightly", "Run"]
    assert "<h1>Run <small>" in text_of(client, f"/runs/github/{gitid}")
