"""Within GitHub's limits, and a fifth of them left to others."""

import threading
import time
from datetime import datetime

import pytest
from sqlalchemy import Engine

from backfill.github.api_access import RULES
from backfill.github.estimate import calls_for_runs
from backfill.http import rate_limit
from backfill.http.rate_limit import (
    Budget,
    BudgetSpent,
    RateLimit,
    RequestsStopped,
    count_available,
    read_budget,
)
from fakegithub.api.access import Token
from fakegithub.api.faults import Faults
from fakegithub.server import TOKEN
from fakegithub.world.history import history
from tests.backfill.filling import fill, served
from tests.backfill.test_complete import check_whole
from tests.counts import count
from tests.fakegithub.samples import app_of, small_world

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
DATE = "Mon, 02 Mar 2026 12:00:00 GMT"
NOON = 1_772_452_800


def headers(remaining: int, reset: int, limit: int = 5000) -> dict[str, str]:
    return {
        "date": DATE,
        "x-ratelimit-limit": str(limit),
        "x-ratelimit-remaining": str(remaining),
        "x-ratelimit-reset": str(reset),
    }


def quiet(why: str, until: datetime) -> None:
    """Hear of no wait."""


def test_budget_is_read_from_an_answer_on_our_own_clock():
    told = read_budget(headers(4990, NOON + 600), 50.0, RULES.limit_headers)
    assert told == Budget(5000, 4990, 650.0, NOON + 600)
    assert read_budget({"date": DATE}, 50.0, RULES.limit_headers) is None


@pytest.mark.parametrize(
    ("limit", "remaining", "in_flight", "left"),
    [
        (5000, 5000, 0, 4000),
        (5000, 1001, 0, 1),
        (5000, 1000, 0, 0),
        (60, 60, 3, 45),
        (60, 0, 0, -12),
    ],
)
def test_a_fifth_of_the_limit_is_left_to_others(limit, remaining, in_flight, left):
    assert count_available(Budget(limit, remaining, 0.0), in_flight) == left


def test_answers_that_overtake_one_another_leave_the_least():
    held = RateLimit(RULES, quiet)
    for remaining, reset in ((4990, 600.9), (4988, 600.1), (4989, 600.5)):
        held.learn(Budget(5000, remaining, reset, NOON))
    assert held.budget == Budget(5000, 4988, 600.1, NOON)
    held.learn(Budget(5000, 4999, 4200.0, NOON + 3600))
    assert held.budget == Budget(5000, 4999, 4200.0, NOON + 3600)
    held.learn(Budget(5000, 7, 600.0, NOON))
    assert held.budget.remaining == 4999


def test_no_minute_has_900_requests_or_more(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rate_limit, "MINUTE", 0.6)
    held = RateLimit(RULES, quiet)
    held.limited = False
    times = []
    for _ in range(2600):
        held.enter()
        times.append(time.monotonic())
        held.leave(None)
    spans = [later - sooner for sooner, later in zip(times, times[900:], strict=False)]
    assert min(spans) > 0.6
    # And it is not slower than it need be.
    assert times[-1] - times[0] < 2600 / 840 * 0.6 * 1.3


def test_first_request_goes_alone_and_tells_how_many_are_left():
    held = RateLimit(RULES, quiet)
    held.enter()
    second = threading.Thread(target=held.enter, daemon=True)
    second.start()
    second.join(0.3)
    assert second.is_alive()
    date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
    held.leave({**headers(4999, int(time.time()) + 3600), "date": date})
    second.join(60)
    assert not second.is_alive()


def test_used_up_hour_is_waited_for_and_told_with_its_end():
    told: list[tuple[str, datetime]] = []
    held = RateLimit(RULES, lambda why, until: told.append((why, until)))
    held.budget = Budget(5000, 1000, time.monotonic() + 2.4)
    began = time.monotonic()
    held.enter()
    assert 2.3 < time.monotonic() - began < 30
    assert [why for why, _ in told] == ["this hour's requests are used up"]


def test_spent_and_stopped_end_the_waiting():
    held = RateLimit(RULES, quiet, most=1)
    held.enter()
    with pytest.raises(BudgetSpent):
        held.enter()
    held.stop()
    with pytest.raises(RequestsStopped):
        held.enter()
    with pytest.raises(RequestsStopped):
        held.rest(60)


@pytest.mark.parametrize(("runs", "calls"), [(0, 0), (1, 2), (999, 1009), (1000, 1013)])
def test_runs_take_a_call_each_a_page_for_100_and_halving_above_1000(runs, calls):
    assert calls_for_runs(runs) == calls


@on_sqlite
def test_limits_of_the_server_are_never_met(engine: Engine, store_url: str):
    world = history(seed=9, runs=300, jobs=2, days=5)
    repo = world.members[("repo", None)][0]
    with served(world, store_url, tokens={TOKEN: Token(limit=200)}) as github:
        github.limits.scale = 600  # an hour of 6 seconds
        assert fill(world, repo) == 0
        assert github.limits.refusals == 0
        hours: dict[int, int] = {}
        first = github.requests[0].time
        for one in github.requests:
            if one.counted:
                hour = int((one.time - first) / 6)
                hours[hour] = hours.get(hour, 0) + 1
    check_whole(engine, world, repo)
    assert len(hours) > 1
    assert max(hours.values()) <= 170


@on_sqlite
def test_pauses_that_github_asks_for_are_kept(engine: Engine, store_url: str):
    world = small_world(runs=3)
    faults = Faults()
    faults.plan("/branches", "403", "429", "403")
    with served(world, store_url, faults=faults):
        assert fill(world, app_of(world)) == 0
    assert faults.drawn == {"403": 2, "429": 1}
    check_whole(engine, world, app_of(world))


@pytest.mark.parametrize("seed", range(count(1, 20)))
def test_faults_of_every_kind_change_nothing_in_what_is_stored(
    engine: Engine, store_url: str, seed: int
):
    world = history(seed=seed, runs=60, jobs=3, days=5)
    repo = world.members[("repo", None)][0]
    faults = Faults(seed=seed, rate=0.2, pause=0.02)
    with served(world, store_url, faults=faults):
        assert fill(world, repo) == 0
    assert len(faults.drawn) > 4
    check_whole(engine, world, repo)


@on_sqlite
def test_server_that_stays_broken_is_told_in_a_sentence(
    engine: Engine, store_url: str, capsys: pytest.CaptureFixture[str]
):
    world = small_world(runs=3)
    faults = Faults()
    faults.lasting.append(("/branches", "502"))
    with served(world, store_url, faults=faults):
        assert fill(world, app_of(world)) == 1
    assert "octo-org/app: branches: GitHub answers 502\n" in capsys.readouterr().err
    check_whole(engine, world, app_of(world))
