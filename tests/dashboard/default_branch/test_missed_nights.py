"""A nightly that was expected and did not run is a failure; a night says the same everywhere."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from config.calendar import Calendar
from dashboard import digest
from schema.tables.ci import repos, workflows
from store.history.expected_nights import find_expected, is_expected
from tests.dashboard import stored
from tests.dashboard.conftest import NOW, MakeClient, text_of
from tests.dashboard.pages.test_failures import told

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
DAY = timedelta(days=1)
TUESDAY = date(2026, 3, 10)


@pytest.mark.parametrize(
    ("ran", "is_so"),
    [
        ("...", True),  # daily since three nights
        ("..", False),
        (".x..", False),
        ("." * 14, True),
        ("x...x." + "." * 22, True),  # daily, but for two nights
        ("x" * 6 + "." + "x" * 6 + ".", True),  # weekly, twice
        ("x" * 6 + ".", False),  # once
        ("x" * 7 + "." * 20, False),  # the schedule was taken out a week ago, and two
        ("x." * 14, False),  # every other night, not this one
        (".xx...." * 4, True),  # from Monday to Friday, before a Tuesday
        (".x....x" * 4, False),  # from Tuesday to Saturday but for this weekday
    ],
)
def test_nightly_is_expected_by_what_its_past_shows(ran: str, is_so: bool):
    nights = {TUESDAY - DAY * (back + 1) for back, night in enumerate(ran) if night == "."}
    assert is_expected(nights, TUESDAY) is is_so


@pytest.mark.parametrize(("zone", "late"), [("Europe/Berlin", 1), ("UTC", 0)])
def test_nightly_of_a_zone_that_set_its_clock_back_is_waited_for_an_hour_longer(
    zone: str, late: int
):
    calendar = Calendar(ZoneInfo(zone), time(12))
    night = date(2026, 10, 25)  # at 03:00 it is 02:00 again
    ran = {
        night - DAY * back: datetime.combine(night - DAY * back, time(1, 5))
        for back in range(7, 0, -1)
    }
    due = datetime(2026, 10, 25, 2, 5) + timedelta(hours=late)
    for minute, expected in ((-1, None), (0, datetime(2026, 10, 25, 1, 5))):
        assert find_expected(calendar, ran, night, due + timedelta(minutes=minute)) == expected
    spring = {
        one - timedelta(days=210): at - timedelta(days=210) for one, at in ran.items()
    }  # before the 29th of March, when it is set ahead: a schedule of the zone is earlier
    due = datetime(2026, 3, 29, 2, 5)
    assert find_expected(calendar, spring, date(2026, 3, 29), due) == due - timedelta(hours=1)


def test_first_weekend_of_a_young_nightly_is_not_expected():
    week = {date(2026, 3, 9) + DAY * number for number in range(5)}
    assert is_expected(week, date(2026, 3, 13) + DAY) is False
    assert is_expected(week, date(2026, 3, 13)) is True


def nightly(engine: sa.Engine, name: str, first: int, last: int, **values: object) -> int:
    """Store a run at 02:30 of each night from `first` to `last` nights ago; return the Id."""
    repoid = stored.repo(engine, name)
    for back in range(first, last - 1, -1):
        at = NOW.replace(hour=2, minute=30) - DAY * back
        stored.run(engine, repoid, at, **{"workflowgitid": 5, **values})
    return repoid


def test_nightly_that_did_not_run_is_a_failure_on_page_and_in_digest(
    client: FlaskClient, engine: sa.Engine
):
    ledger = nightly(engine, "acme/ledger", 4, 1, conclusion="failure")
    nightly(engine, "acme/zoo", 30, 1)
    nightly(engine, "acme/well", 4, 0)
    running = nightly(engine, "acme/running", 4, 1)
    stored.run(engine, running, NOW - DAY / 4, workflowgitid=5, status="queued", conclusion=None)
    over = {"acme/gone": {"gonereason": "deleted"}, "acme/archived": {"archived": True}}
    for name, values in over.items():
        nightly(engine, name, 4, 1)
        with engine.begin() as connection:
            connection.execute(sa.update(repos).where(repos.c.name == name).values(**values))
    off = nightly(engine, "acme/off", 4, 1)
    state = {"gitid": 5, "repoid": off, "state": "disabled_manually"}
    stored.put(engine, workflows, provider="github", **state)
    page = told(text_of(client, "/"))
    assert "Repositories: 2 failed 1 running 1 passed 3 nothing ran" in page
    line = "new expected 02:30, did not run 2 repositories , 2 jobs: acme/ ledger , acme/ zoo"
    assert line in page
    text = digest.make_digest(client.application).text
    assert "- 2 repositories (acme/ledger, acme/zoo), 2 jobs: expected 02:30, did not run" in text
    night = told(text_of(client, f"/nights/{ledger}/2026-03-10"))
    assert "failure" in night
    assert "expected 02:30, did not run" in night


@on_sqlite
def test_nightly_is_waited_for_until_an_hour_after_its_latest(
    engine: sa.Engine, store_url: str, make_client: MakeClient
):
    nightly(engine, "acme/ledger", 4, 1)
    for minute, is_missed in ((29, False), (31, True)):
        client = make_client(store_url, now=NOW.replace(hour=3, minute=minute))
        assert ("expected 02:30" in text_of(client, "/")) is is_missed


@on_sqlite
def test_nightly_that_runs_again_is_fixed_by_its_name(client: FlaskClient, engine: sa.Engine):
    repoid = nightly(engine, "acme/ledger", 9, 2)
    stored.run(engine, repoid, NOW.replace(hour=2, minute=30), workflowgitid=5)
    assert "Nightly after 1 missed night" in told(text_of(client, "/"))
    assert (
        "- acme/ledger: Nightly, after 1 missed night"
        in digest.make_digest(client.application).text
    )
    assert "the schedule" not in text_of(client, f"/nights/{repoid}/2026-03-09")


@on_sqlite
def test_workflow_without_a_time_of_day_is_not_expected(client: FlaskClient, engine: sa.Engine):
    repoid = stored.repo(engine, "acme/ledger")
    for back, hour in enumerate((2, 11, 5, 9, 3, 7, 1, 10, 4, 8, 0, 6), start=1):
        at = NOW.replace(hour=hour) - DAY * back
        stored.run(engine, repoid, at, workflowgitid=5)
    assert "expected" not in text_of(client, "/")


@on_sqlite
def test_server_that_put_a_workflow_to_sleep_is_named(client: FlaskClient, engine: sa.Engine):
    repoid = nightly(engine, "acme/ledger", 30, 1)
    state = {"gitid": 5, "repoid": repoid, "state": "disabled_inactivity"}
    stored.put(engine, workflows, provider="github", **state)
    assert "did not run (the server disabled it: nothing happens" in text_of(client, "/")


@on_sqlite
@pytest.mark.parametrize("count", ["14", "30", "60"])
def test_matrix_and_night_say_the_same_with_a_weekly_schedule(
    client: FlaskClient, engine: sa.Engine, count: str
):
    repoid = stored.repo(engine, "acme/checkout")
    stored.run(engine, repoid, NOW - 3 * DAY - DAY / 4, workflowname="Weekly")
    for hours in range(15):
        push = {"event": "push", "workflowname": "CI", "conclusion": "failure"}
        stored.run(engine, repoid, NOW - timedelta(hours=2 + hours), **push)
    page = text_of(client, f"/?nights={count}")
    assert f'class="cell failed" href="/nights/{repoid}/2026-03-10"' in page
    assert f'class="cell passed" href="/nights/{repoid}/2026-03-07"' in page
    assert "nothing ran" not in told(text_of(client, f"/nights/{repoid}/2026-03-10"))


@on_sqlite
@pytest.mark.parametrize(
    ("weeks", "hours", "is_missed"),
    [
        ((4, 3, 2, 1), (4, 4, 4, 4), True),
        ((4, 3, 2, 1), (4, 11, 8, 0), False),  # at no time of day
        ((6, 2, 1), (4, 4, 4), True),  # taken out once, and back for two weeks
        ((7, 6, 5, 4, 3), (4, 4, 4, 4, 4), False),  # taken out for good
    ],
)
def test_weekly_nightly_is_judged_alike_by_page_night_and_alerts(
    client: FlaskClient,
    engine: sa.Engine,
    weeks: tuple[int, ...],
    hours: tuple[int, ...],
    is_missed: bool,
):
    repoid = stored.repo(engine, "acme/weekly")
    for week, hour in zip(weeks, hours, strict=True):
        at = NOW.replace(hour=hour, minute=0) - 7 * week * DAY
        stored.run(engine, repoid, at, workflowgitid=5)
    stored.run(engine, repoid, NOW - DAY / 8, event="push", workflowgitid=6, workflowname="CI")
    pages = [text_of(client, f"/?nights={count}") for count in (14, 30, 60)]
    cell = f'class="cell failed" href="/nights/{repoid}/2026-03-10"'
    assert [cell in page for page in pages] == [is_missed] * 3
    assert ("expected 0" in text_of(client, f"/nights/{repoid}/2026-03-10")) is is_missed
    missed = 'runledger_missed_nightlies{repo="acme/weekly"} '
    assert f"{missed}{int(is_missed)}" in text_of(client, "/metrics")
