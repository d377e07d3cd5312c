"""What goes wrong at the fake GitHub, and the world that goes on while it is read."""

import time

import pytest
import requests

from fakegithub.api.faults import Faults
from fakegithub.server import ScaledClock, scaled_clock, serve
from fakegithub.world.history import history
from tests.fakegithub.samples import NOON, RUNS, app_of, get, small_world


def test_planned_faults_come_in_order_then_all_is_well():
    with serve(small_world(runs=1)) as github:
        github.faults.plan("/actions/runs", "500", "502", "403", "429")
        assert [get(github, RUNS).status_code for _ in range(5)] == [500, 502, 403, 429, 200]
        assert get(github, "/meta").status_code == 200


def test_truncated_body_is_shorter_than_its_length():
    with serve(small_world(runs=1)) as github:
        github.faults.plan("/actions/runs", "truncated")
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            get(github, RUNS)
        assert get(github, RUNS).json()["total_count"] == 1


def test_reset_connection_breaks_and_timeout_ends_in_502():
    with serve(small_world(), faults=Faults(pause=0.05)) as github:
        github.faults.plan("/meta", "reset", "timeout")
        with pytest.raises(requests.exceptions.ConnectionError):
            get(github, "/meta")
        begin = time.monotonic()
        assert get(github, "/meta").status_code == 502
        assert time.monotonic() - begin >= 0.05


def test_drawn_faults_are_the_same_for_the_same_seed_and_a_share_of_all():
    def draws(seed: int) -> list[str | None]:
        faults = Faults(seed=seed, rate=0.05)
        return [faults.draw("GET", f"/page/{number}") for number in range(4000)]

    assert draws(1) == draws(1) != draws(2)
    assert 140 <= sum(1 for kind in draws(1) if kind) <= 260
    assert len({kind for kind in draws(1) if kind}) == 8


def test_same_request_never_fails_more_than_twice_in_a_row():
    faults = Faults(rate=0.95)
    drawn = [bool(faults.draw("GET", "/x")) for _ in range(300)]
    assert not any(all(drawn[place : place + 3]) for place in range(298))


def test_world_goes_on_while_it_is_read():
    world = small_world(runs=60)
    times = iter([NOON.timestamp() + 9, NOON.timestamp() + 29])
    moment = [int(next(times))]
    with serve(world, clock=lambda: moment[0]) as github:
        assert get(github, RUNS).json()["total_count"] == 10
        moment[0] = int(next(times))
        assert get(github, RUNS).json()["total_count"] == 30


def test_scaled_clock_runs_as_many_times_as_fast():
    clock = scaled_clock(1000, scale=1000)
    time.sleep(0.05)
    assert 1050 <= clock() < 1600
    assert ScaledClock(5, 0.0)() == 5


def test_retention_hides_old_runs_from_every_answer():
    world = small_world(runs=1)
    repo = app_of(world)
    old = world.members[("run", repo)][0]
    world.advance(91 * 86_400)
    with serve(world, retention_days=90) as github:
        assert get(github, RUNS).json()["total_count"] == 0
        assert get(github, f"{RUNS}/{old}").status_code == 404


def test_large_world_is_listed_quickly():
    world = history(1, runs=5000, jobs=2)
    with serve(world) as github:
        session = requests.Session()
        session.headers.update(github.headers)
        begin = time.monotonic()
        base = f"{github.url}/repos/octo-org/app-1/actions/runs?per_page=100"
        count = sum(
            len(session.get(f"{base}&page={page}", timeout=10).json()["workflow_runs"])
            for page in range(1, 51)
        )
        assert count == 5000
        # About 1.5 s here; a list that grew with the square of the runs would take minutes.
        assert time.monotonic() - begin < 20
