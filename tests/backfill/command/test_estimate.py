"""What a backfill would cost, said before it begins."""

from pathlib import Path

from backfill.command.estimate import estimate_seconds
from backfill.github.api_access import RULES
from backfill.http.rate_limit import (
    Budget,
)
from fakegithub.server import serve
from tests.backfill.conftest import Command
from tests.fakegithub.samples import small_world


def test_dry_run_prints_the_plan_and_makes_no_store(command: Command, bare: Path, monkeypatch):
    with serve(small_world(runs=250)) as github:
        monkeypatch.setenv("GITHUB_API_URL", github.url)
        monkeypatch.setenv("GITHUB_TOKEN", github.token)
        done = command("-r", "octo-org/app", "--dry-run")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        # 250 runs, 3 pages of them, 1 of branches, and 5 calls of every repository.
        # Of GraphQL, for each 100 runs a point, and one for each 100 of 9 jobs of a run.
        "octo-org/app: 250 runs, 0 of them are stored: about 259 calls and 26 points of GraphQL",
        "in all about 259 calls, 4,997 of 5,000 are left this hour, 1,000 kept in reserve: 18 s",
        "by 26 points of GraphQL's own limit all runs and jobs can be queried after 2 s; REST adds"
        " waits, labels, runners and earlier attempts",
    ]
    assert list(bare.iterdir()) == []
    assert len(github.requests) == 4


def test_dry_run_without_a_key_says_what_60_calls_an_hour_mean(
    command: Command, bare: Path, monkeypatch
):
    with serve(small_world(runs=250)) as github:
        monkeypatch.setenv("GITHUB_API_URL", github.url)
        done = command("-r", "octo-org/app", "-m", "100", "--dry-run")
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0].startswith("without a key GitHub allows 60 calls an hour instead of 5,000")
    assert lines[1] == "octo-org/app: 100 runs, 0 of them are stored: about 107 calls"
    # 45 now, 48 in each later hour: 107 calls end in the hour after the next.
    assert lines[2].endswith("57 of 60 are left this hour, 12 kept in reserve: 2 h")
    assert list(bare.iterdir()) == []


def test_time_is_the_pace_or_the_hours_to_wait_for():
    assert estimate_seconds(840, RULES.per_minute, None, 0.0) == 60
    assert estimate_seconds(840, RULES.per_minute, Budget(5000, 5000, 3600.0), 0.0) == 60
    assert estimate_seconds(4001, RULES.per_minute, Budget(5000, 5000, 600.0), 0.0) == 600
    assert (
        estimate_seconds(12_001, RULES.per_minute, Budget(5000, 5000, 600.0), 0.0) == 600 + 2 * 3600
    )
