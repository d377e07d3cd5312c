"""The closing words of a backfill."""

import shlex
from datetime import UTC, datetime, timedelta

import pytest

from backfill.command.summary import format_counts
from fakegithub.world.history import history
from store.doors.api import Counts
from store.doors.outcomes import CHANGED, NEW, UNCHANGED
from tests.backfill.conftest import Command
from tests.backfill.filling import served
from tests.fakegithub.samples import small_world

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


def test_closing_table_tells_rows_new_changed_and_unchanged():
    counts = Counts({("jobs", NEW): 12, ("jobs", UNCHANGED): 3, ("repos", CHANGED): 1})
    lines = format_counts(counts).splitlines()
    assert lines[0].split() == ["rows", "new", "changed", "unchanged"]
    assert lines[1].split() == ["repos", "0", "1", "0"]
    assert lines[-1].split() == ["jobs", "12", "0", "3"]


@on_sqlite
def test_summary_says_what_it_cost_and_how_far_back_it_goes(engine, store_url, command: Command):
    world = small_world(runs=30)  # one a second from 12:00:00 on
    with served(world, store_url) as github:
        done = command("-r", "octo-org/app", "-m", "10")
        assert (
            "octo-org/app: oldest run reached 2026-03-02 12:00:20 UTC; "
            "only the newest 10 were asked for; 10 runs have not ended yet\n"
        ) in done.err
        assert "workflowruns          10         0" in done.out
        calls = len(github.requests) - 1  # /rate_limit is free
        assert f"{calls} calls; " in done.out
        assert done.out.splitlines()[-1] == (
            "Next: python3 dashboard.py shows it on http://127.0.0.1:5001, python3"
            ' local-database.py -r "octo-org/app" --audit proves that it is whole.'
        )
        done = command("-r", "octo-org/app", "-t", "2026-03-02T12:00:05Z")
        assert "oldest run reached 2026-03-02 12:00:05 UTC; older ones were not asked for" in (
            done.err
        )
        done = command("-r", "octo-org/app")
        assert "oldest run reached 2026-03-02 12:00:00 UTC; GitHub lists none before it" in done.err


@on_sqlite
def test_summary_says_where_githubs_own_retention_ended(engine, store_url, command: Command):
    world = history(seed=3, runs=40, jobs=2, days=20)
    with served(world, store_url, retention_days=10):
        done = command("-r", "octo-org/app-1")
    kept = world.at(retention_days=10).runs(world.members[("repo", None)][0])
    oldest = datetime.fromtimestamp(kept[-1].created_at, UTC)
    assert 0 < len(kept) < 40
    assert (
        f"oldest run reached {oldest:%Y-%m-%d %H:%M:%S} UTC; GitHub lists none before it"
    ) in done.err
    assert f"workflowruns{len(kept):>12}" in done.out


@on_sqlite
def test_audit_that_is_named_next_asks_for_no_more_than_was_read(
    engine, store_url, command: Command
):
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(days=9)
    world = history(seed=5, runs=40, jobs=1, days=8, start=start)
    with served(world, store_url):
        done = command("-r", "octo-org/app-1", "-m", "15")
        next_one = done.out.splitlines()[-1].partition("local-database.py ")[2]
        words = shlex.split(next_one.removesuffix(" proves that it is whole."))
        assert words[:4] == ["-r", "octo-org/app-1", "--audit", "--since"]
        audit = command(*words)
        assert (audit.code, audit.out.count("complete until")) == (0, 1), audit.out
        assert command("-r", "octo-org/app-1", "--audit").code == 1  # older ones were left out
        done = command("-r", "octo-org/app-1")
        assert done.out.endswith(' -r "octo-org/app-1" --audit proves that it is whole.\n')
