"""Health, the banner and the metrics: is all there, is it fresh, and who looks after it?"""

import csv
import json
import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, update

from config.calendar import Calendar
from schema.tables.backfill import runreads, windows
from schema.tables.reconciler import leases, marks
from schema.tables.rollups import rollspans
from store.rollups.spans import REVISION, RollupPlan
from tests.dashboard import stored
from tests.dashboard.conftest import NOW, text_of
from tests.store.rollups.making import make_all

EARLIER = NOW - timedelta(hours=2)
UTC = RollupPlan(Calendar(ZoneInfo("UTC"), datetime(2026, 1, 1, 12).time()))


def banner(client: FlaskClient) -> str:
    """Return what stands on every page."""
    found = {
        re.search(r'class="verdict (\w+)".*?<span>(.*?)</span>', text_of(client, path), re.DOTALL)
        for path in ("/", "/runs", "/health")
    }
    (said,) = {f"{one[1]}: {one[2]}" for one in found}
    return said


def test_store_is_complete_until_its_oldest_verdict(client: FlaskClient, engine: Engine):
    one, other = stored.repo(engine, "octo-org/one"), stored.repo(engine, "octo-org/two")
    stored.audit(engine, one, EARLIER - timedelta(days=1), missing=3, stored=7)
    stored.audit(engine, one, EARLIER, listed=12_000, stored=12_000)
    stored.audit(engine, other, NOW, listed=345, stored=345)
    said = "Complete until 10 Mar 07:30, 12\u202f345 of 12\u202f345 runs"
    assert banner(client) == f"passed: {said}"
    page = text_of(client, "/health")
    assert "Complete until 10 Mar 07:30" in page
    metrics = text_of(client, "/metrics").splitlines()
    assert "runledger_never_audited_repositories 0" in metrics
    assert 'runledger_audit_age_seconds{repo="octo-org/one"} 7200' in metrics
    assert 'runledger_audit_missing{repo="octo-org/two"} 0' in metrics


def test_repositories_of_health_are_searched_ordered_and_counted(
    client: FlaskClient, engine: Engine
):
    for hours, name in ((5, "octo-org/api"), (50, "octo-org/web"), (1, "tools/lint")):
        stored.run(engine, stored.repo(engine, name), NOW - timedelta(hours=hours))
    stored.repo(engine, "octo-org/fork")

    def listed(query: str) -> list[str]:
        """Return the repositories of the sheet."""
        rows = csv.DictReader(text_of(client, f"/health.csv?{query}").splitlines())
        return [row["repo"] for row in rows]

    assert listed("") == ["octo-org/api", "octo-org/web", "tools/lint", "octo-org/fork"]
    assert listed("sort=oldest&q=OCTO") == ["octo-org/web", "octo-org/api", "octo-org/fork"]
    page = text_of(client, "/health?q=octo")
    assert "2 of 3" in page
    assert "tools/lint" not in page
    assert "No repository has that in its name" in text_of(client, "/health?q=nothing")
    assert "this page has q, sort." in text_of(client, "/health?repo=octo-org/api", 400)


def test_metrics_say_when_the_last_delivery_about_a_repository_came(
    client: FlaskClient, engine: Engine
):
    for name in ("octo-org/one", "octo-org/silent"):
        stored.repo(engine, name)
    for hours, about in ((5, "octo-org/one"), (2, "Octo-Org/one"), (1, None)):
        stored.delivery(engine, NOW - timedelta(hours=hours), repo=about)
    found = [
        line
        for line in text_of(client, "/metrics").splitlines()
        if line.startswith("runledger_repository_delivery_age_seconds{")
    ]
    assert found == ['runledger_repository_delivery_age_seconds{repo="octo-org/one"} 7200']


def test_repository_with_runs_that_was_never_audited_is_not_called_complete(
    client: FlaskClient, engine: Engine
):
    one, other = stored.repo(engine, "octo-org/one"), stored.repo(engine, "octo-org/two")
    stored.repo(engine, "octo-org/fork-without-runs")
    for repoid in (one, other, other):
        stored.run(engine, repoid, EARLIER)
    stored.audit(engine, one, EARLIER)
    said = "1 of 2 repositories checked: complete until 10 Mar 07:30, 10 of 10 runs"
    assert banner(client) == f"nothing: {said}"
    page = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", text_of(client, "/health")))
    assert "1 other repository was never audited: whether something of it is missing" in page
    assert "runledger_never_audited_repositories 1" in text_of(client, "/metrics").splitlines()
    stored.audit(engine, other, NOW)
    assert banner(client) == "passed: Complete until 10 Mar 07:30, 20 of 20 runs"


def test_audit_of_a_short_time_says_so_and_undoes_no_longer_one(
    client: FlaskClient, engine: Engine
):
    one, other = stored.repo(engine, "octo-org/one"), stored.repo(engine, "octo-org/two")
    day = {"since": EARLIER - timedelta(days=1)}
    stored.audit(engine, one, EARLIER)
    stored.audit(engine, other, EARLIER, **day)
    said = "passed: Complete from 9 Mar 07:30 until 10 Mar 07:30, 20 of 20 runs"
    assert banner(client) == said
    assert said.removeprefix("passed: ").partition(",")[0] in text_of(client, "/health")
    stored.audit(engine, one, EARLIER + timedelta(minutes=1), missing=3, stored=7)
    stored.audit(engine, one, EARLIER + timedelta(minutes=2), **day)
    assert banner(client) == "failed: 3 missing, as of 10 Mar 07:30"
    month = {"since": EARLIER - timedelta(days=90)}
    stored.audit(engine, one, EARLIER + timedelta(minutes=3), **month)
    assert banner(client) == said


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("nothing", "nothing: No webhook received yet"),
        ("delivery", "nothing: Last delivery 2 h ago, never audited"),
        ("missing", "failed: 3 missing, as of 10 Mar 07:30"),
        ("warning", "warned: Complete until 10 Mar 07:30, 10 of 10 runs, 1 warning"),
        ("bad", "failed: 1 thing wrong"),
        ("quarantine", "failed: 1 quarantined"),
    ],
)
@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_banner_says_the_worst(client: FlaskClient, engine: Engine, what: str, said: str):
    repoid = stored.repo(engine)
    if what != "nothing":
        stored.delivery(engine, EARLIER, "quarantined" if what == "quarantine" else "applied")
    if what not in ("nothing", "delivery"):
        stored.audit(engine, repoid, EARLIER, missing=3 if what == "missing" else 0)
    if what in ("warning", "bad"):
        stored.watched(engine, EARLIER, state=what, detail="the key expires")
    assert banner(client) == said


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_health_shows_what_is_watched_and_the_reconciler(client: FlaskClient, engine: Engine):
    stored.repo(engine, "octo-org/one")
    stored.watched(engine, EARLIER, name="rate", state="warning", detail="9 of 5000 requests left")
    stored.watched(engine, EARLIER, subject="octo-org/one", name="hook")
    told = {"changed": 4, "recovered": 2, "troubles": ["octo-org/<b>: 404"]}
    row = {"subject": "", "name": "cycle", "value": json.dumps(told), "time": EARLIER}
    stored.put(engine, marks, **row)
    for name, holder in (("alerts", "host:8"), ("reconcile", "host:7")):
        stored.put(engine, leases, name=name, holder=holder, endtime=NOW + timedelta(hours=1))
    page = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text_of(client, "/health")))
    assert "rate: 9 of 5000 requests left since 10 Mar 07:30, looked at 2 h ago" in page
    assert "Its last cycle ended 2 h ago: 4 rows changed, 2 deliveries recovered." in page
    assert "host:7 runs it (reconcile), until 10 Mar 10:30 at the latest" in page
    assert "host:8" not in page
    assert "octo-org/&lt;b&gt;: 404" in page
    metrics = text_of(client, "/metrics").splitlines()
    assert 'runledger_watch_state{subject="",name="rate"} 1' in metrics
    assert "runledger_reconcile_age_seconds 7200" in metrics


def test_histograms_count_every_job_once_before_and_after_its_roll_up(
    client: FlaskClient, engine: Engine
):
    repoid = stored.repo(engine)
    for days, wait in ((3, 5), (2, 10), (1, 700)):
        created = NOW - timedelta(days=days)
        gitid = stored.run(engine, repoid, created)
        stored.job(engine, repoid, gitid, created, queuetime=wait, os="Windows")
    stored.job(engine, repoid, gitid, created, inherited=True)
    stored.job(engine, repoid, gitid, created, gated=True)
    make_all(engine, UTC, NOW - timedelta(days=1))
    check_histogram(client, 3)
    late = stored.run(engine, repoid, NOW)
    stored.job(engine, repoid, late, NOW, queuetime=8, os="Windows")
    check_histogram(client, 4)
    make_all(engine, UTC, NOW)
    check_histogram(client, 4)


def check_histogram(client: FlaskClient, jobs: int) -> None:
    """Compare the waits of Windows jobs: one is longer than 10 s, one takes exactly 10 s."""
    found = {}
    pattern = r'runledger_job_queue_seconds_bucket\{os="Windows",le="([^"]+)"\} (\d+)'
    for border, count in re.findall(pattern, text_of(client, "/metrics")):
        found[border] = int(count)
    counts = list(found.values())
    assert counts == sorted(counts)
    assert (found["10"], found["+Inf"]) == (jobs - 2, jobs)
    assert f'runledger_job_queue_seconds_count{{os="Windows"}} {jobs}' in text_of(
        client, "/metrics"
    )


def test_freshness_is_the_same_before_and_after_the_roll_up(client: FlaskClient, engine: Engine):
    one, other = stored.repo(engine, "octo-org/one"), stored.repo(engine, "octo-org/two")
    for days in (40, 3, 0):
        stored.run(engine, one, NOW - timedelta(days=days))
    stored.run(engine, other, NOW, status="queued", conclusion=None)
    live = text_of(client, "/health.csv")
    assert "octo-org/one,3," in live
    make_all(engine, UTC, NOW)
    assert text_of(client, "/health.csv") == live


def test_pages_tell_until_when_waits_are_not_known(client: FlaskClient, engine: Engine):
    app, other = stored.repo(engine), stored.repo(engine, "octo-org/other")
    newest = datetime(2026, 3, 4, 11, 30)
    for number, (repoid, state) in enumerate([(app, "seeded"), (app, "seeded"), (other, "done")]):
        created = newest - timedelta(days=number)
        stored.run(engine, repoid, created)
        stored.put(
            engine, runreads, repoid=repoid, rungitid=number, createtime=created, attempt=1,
            ended=True, whole=0, state=state,
        )  # fmt: skip
        stored.put(
            engine, windows, repoid=repoid, firsttime=created, lasttime=created, state="listed",
            listed=1,
        )  # fmt: skip
    said = "2 runs until 4 Mar"
    assert said in text_of(client, "/health")
    assert "Waits are known of jobs created after 4 Mar" in text_of(client, "/time")
    assert "Waits are known" not in text_of(client, "/time?repo=octo-org/other")


def test_days_that_an_upgrade_left_uncounted_are_told(client: FlaskClient, engine: Engine):
    repoid = stored.repo(engine)
    for days in (0, 1, 4):
        stored.run(engine, repoid, NOW - timedelta(days=days))
    whole = r"Statistics pending</dt><dd>0 <small>and (.*?)</small>"
    assert re.findall(whole, text_of(client, "/health")) == ["4 whole days"]
    make_all(engine, UTC, NOW)
    assert re.findall(whole, text_of(client, "/health")) == []
    with engine.begin() as connection:
        connection.execute(update(rollspans).values(rules="9"))
    assert re.findall(whole, text_of(client, "/health")) == ["4 whole days"]
    with engine.begin() as connection:
        borders = UTC.calendar.borders(NOW.date() - timedelta(days=1), NOW.date())
        connection.execute(
            update(rollspans).where(rollspans.c.begintime == borders[0]).values(rules=REVISION)
        )
    assert re.findall(whole, text_of(client, "/health")) == ["3 whole days"]
