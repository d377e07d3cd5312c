"""The figures of days: by hand, and the same from roll-ups as from the tables."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from config.calendar import Calendar
from config.prices import read_prices
from store.figures import red_sums
from store.figures.minutes import price_costs, sum_all, sum_pools
from store.figures.rates import Ends, count_failed, sum_ends
from store.figures.rates import sum_all as sum_ends_of_all
from store.figures.red_time import RedSpan, list_red_jobs, list_red_spans
from store.figures.shown_days import add_costs
from store.reads.months import list_rolled_days
from store.rollups.count_figures import most_at_once
from store.rollups.figures import DayFigures, JobTurns
from store.rollups.make import drop_all, make_span
from store.rollups.spans import RollupPlan, RollupSpan
from tests.dashboard import stored
from tests.dashboard.conftest import engine as engine
from tests.store.figures.red_parts import median_fix, union_seconds, within
from tests.store.figures.whole_days import read_days
from tests.store.rollups.making import make_all

DAY = datetime(2026, 3, 9)
UTC = Calendar(ZoneInfo("UTC"), time(12))
BORDERS = UTC.borders(date(2026, 3, 9), date(2026, 3, 10))
OWN, HOSTED = '["self-hosted", "linux"]', '["macos-15"]'
PRICES = read_prices("")


def hour(number: float) -> datetime:
    return DAY + timedelta(hours=number)


def seconds(moment: datetime) -> int:
    return int((moment - datetime(1970, 1, 1)).total_seconds())


def fill(engine: Engine) -> int:
    """Main is red from 2:00 to 26:00; a pull request fails meanwhile; a run is cancelled."""
    repoid = stored.repo(engine)
    for created, conclusion, more in (
        (1.0, "success", {}),
        (1.9, "failure", {}),
        (5.0, "failure", {}),
        (6.0, "failure", {"event": "pull_request"}),
        (7.0, "success", {"branchname": "topic", "event": "push"}),
        (8.0, "cancelled", {}),
        (25.0, "success", {}),
    ):
        ended = {"endtime": hour(2 if created == 1.9 else 26 if created == 25 else created + 0.5)}
        flow = {"workflowgitid": 501, "workflowname": "CI", "event": "push"}
        run = stored.run(
            engine, repoid, hour(created), conclusion=conclusion, **{**flow, **ended, **more}
        )
        own = {"labels": OWN, "runnergroup": "pool"} if conclusion == "failure" else {}
        for length in (59.0, 61.0):
            ends = {"endtime": hour(created) + timedelta(seconds=10 + length)}
            stored.job(
                engine, repoid, run, hour(created), conclusion=conclusion, runtime=length, **ends,
                **{"labels": HOSTED, "os": "macOS", **own},
            )  # fmt: skip
    return repoid


def test_figures_are_the_same_from_roll_ups_and_from_the_tables(engine: Engine):
    repoid = fill(engine)
    with engine.connect() as connection:
        counted = [read_days(connection, BORDERS, number) for number in (None, repoid)]
    make_all(engine, RollupPlan(UTC), BORDERS[-1] - timedelta(hours=1))
    with engine.connect() as connection:
        assert [read_days(connection, BORDERS, number) for number in (None, repoid)] == counted
        assert connection.exec_driver_sql("SELECT count(*) FROM rollups").scalar_one() > 0
    assert counted[0] == counted[1]


def test_rates_leave_out_what_was_cancelled(engine: Engine):
    fill(engine)
    with engine.connect() as connection:
        days = read_days(connection, BORDERS)
    assert sum_ends_of_all(days) == Ends(3, 3)
    assert sum_ends(days, "event") == {"push": Ends(3, 2), "pull_request": Ends(0, 1)}
    ((key, ends),) = sum_ends(days, "workflow").items()
    assert ends.rate == 0.5
    assert count_failed(days, "workflow", [key]) == {key: [3, 0]}
    assert sorted(sum_ends(days, "pool").values()) == [Ends(0, 6), Ends(6, 0)]
    assert Ends().rate is None


def test_main_is_red_from_a_failed_end_to_the_next_passed_one(engine: Engine):
    fill(engine)
    with engine.connect() as connection:
        (red,) = list_red_spans(read_days(connection, BORDERS), seconds(hour(40)))
    assert (red.since, red.until, red.is_fixed) == (seconds(hour(2)), seconds(hour(26)), True)
    assert red.tag == "push"
    first, second = (seconds(border) for border in (DAY, hour(24)))
    assert union_seconds(within([red], first, second)) == 22 * 3600
    assert median_fix([red], second, second + 86_400) == 24 * 3600
    assert median_fix([red], first, second) is None


def test_job_of_main_is_red_from_its_failure_to_its_next_success(engine: Engine):
    fill(engine)
    with engine.connect() as connection:
        (red,) = list_red_jobs(read_days(connection, BORDERS), seconds(hour(40)))
    # Jobs end 69 s after they were created; those of the pull request and topic count nowhere.
    assert (red.since, red.until) == (seconds(hour(1.9)) + 69, seconds(hour(25)) + 69)
    assert (red.key[1], red.tag) == ("test", '["pool",["self-hosted","linux"]]')


def test_times_that_overlap_count_once_and_red_may_last():
    spans = [RedSpan("a", 0, 100, True), RedSpan("b", 50, 150, True), RedSpan("c", 300, 400, False)]
    assert union_seconds(spans) == 250
    halves = [(0, 400), (60, 350), (120, 150)]
    both = red_sums.list_alike([*spans, spans[0]._replace(tag="push")], halves)
    assert len(both) == 4
    # From 60 to 150 and from 300 to 350; fixed in it are both, after 100 seconds.
    assert red_sums.sum_halves(both[:3]) == ((250, [100, 100]), (140, [100, 100]), (30, []))
    days = [
        DayFigures(flows=["a"], tags=["push"], red=[[0, [10, 0]]]),
        DayFigures(flows=["a", "b"], tags=["schedule"], red=[[1, [30, -1, 40, 0]]]),
    ]
    assert list_red_spans(days, 100) == [
        RedSpan("a", 10, 100, False, "push"),
        RedSpan("b", 40, 100, False, "schedule"),
    ]


def test_job_is_red_by_its_own_ends_and_its_pool_until_it_passed_anywhere():
    days = [
        DayFigures(turns=JobTurns(["old", "new"], [["ci", "test", [10, 1, 20, -1, 30, 0]]], {})),
        DayFigures(turns=JobTurns([], [], {"ci": {"lint": 40}, "docs": {"test": 41}})),
        DayFigures(turns=JobTurns(["new"], [["ci", "lint", [60, 0]]], {"ci": {"test": 50}})),
    ]
    assert list_red_jobs(days, 100) == [
        RedSpan(("ci", "test"), 10, 20, True, "new"),
        RedSpan(("ci", "test"), 30, 50, True, "old"),
        RedSpan(("ci", "lint"), 60, 100, False, "new"),
    ]


def test_minutes_are_rounded_up_for_each_job_and_own_runners_are_free(engine: Engine):
    fill(engine)
    with engine.connect() as connection:
        days = read_days(connection, BORDERS)
    (cost,) = price_costs(add_costs(days), PRICES).values()
    # 14 jobs, half of 59 s (1 minute) and half of 61 s (2 minutes); 8 of them on macOS.
    assert cost.minutes == 21
    assert (cost.counted, round(cost.price, 2)) == (120, 0.96)
    whole = sum_all(days, PRICES)
    assert (whole.seconds, whole.minutes, round(whole.price, 2)) == (840, 21, 0.96)
    hosted, own = sum_pools(days, PRICES)
    assert (hosted.hosted, hosted.labels, hosted.most) == ("macOS", ("macos-15",), 2)
    assert (own.hosted, own.group, own.failed) == (None, "pool", 6)
    assert own.waits == {10: 6}


@pytest.mark.parametrize(
    ("spans", "most"),
    [([], 0), ([(0, 10), (10, 20)], 1), ([(0, 10), (5, 7), (6, 20)], 3), ([(3, 3)], 1)],
)
def test_most_at_once(spans: list[tuple[int, int]], most: int):
    times = [tuple(DAY + timedelta(seconds=one) for one in span) for span in spans]
    assert most_at_once(times) == most


def test_kept_day_is_read_anew_once_it_is_made_anew(engine: Engine):
    repoid = fill(engine)
    plan = RollupPlan(UTC)
    make_all(engine, plan, BORDERS[-1] - timedelta(hours=1))
    before = read_all(engine)
    assert [sum_ends_of_all(days) for days in before] == [Ends(3, 3)] * 2
    assert read_all(engine) == before
    stored.run(engine, repoid, hour(3), conclusion="failure", workflowgitid=501, event="push")
    make_span(engine, plan, RollupSpan("day", *BORDERS[:2]))
    assert [sum_ends_of_all(days) for days in read_all(engine)] == [Ends(3, 4)] * 2


def test_kept_day_is_read_anew_once_all_roll_ups_were_deleted_and_made(engine: Engine):
    repoid = fill(engine)
    plan = RollupPlan(UTC)
    make_all(engine, plan, BORDERS[-1] - timedelta(hours=1))
    read_all(engine)
    stored.run(engine, repoid, hour(3), conclusion="failure", workflowgitid=501, event="push")
    drop_all(engine)
    make_all(engine, plan, BORDERS[-1] - timedelta(hours=1))
    with engine.connect() as connection:
        assert {day.revision for day in list_rolled_days(connection)} == {1}  # as it was before
    assert [sum_ends_of_all(days) for days in read_all(engine)] == [Ends(3, 4)] * 2


def read_all(engine: Engine) -> list[list[DayFigures]]:
    """Return the days of all repositories, and of the first."""
    with engine.connect() as connection:
        repoid = connection.exec_driver_sql("SELECT min(repoid) FROM workflowruns").scalar_one()
        return [read_days(connection, BORDERS, number) for number in (None, repoid)]
