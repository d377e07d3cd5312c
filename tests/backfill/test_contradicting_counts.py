"""A count that no other list or count bears out is said once; one that others do is left due."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from backfill.github import recent_changes
from backfill.pipeline import due_items
from fakegithub.api.lies import Lie
from schema.tables.backfill import windows
from schema.tables.ci import workflowruns
from tests.backfill.filling import fill, served
from tests.backfill.lossy import LONG_AGO, desk_of, here_of
from tests.fakegithub.samples import app_of, runs_of, small_world

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)

BY_TIME, IN_ALL = r"/actions/runs\?created", r"/actions/runs\?per"
SPAN = "runs until 2026-03-02 12:00:03 UTC"


def stored(engine: sa.Engine, column: sa.Column) -> set:
    with engine.connect() as connection:
        return set(connection.scalars(sa.select(column)))


def asked(github, pattern: str, since: int) -> int:
    return sum(pattern in one.path for one in github.requests[since:])


@pytest.mark.parametrize(("more", "counted"), [(1, 5), (-1, 3), (-4, 0), (700, 704)])
def test_count_that_the_list_without_a_filter_contradicts_is_said_once(
    engine, store_url, capsys, more, counted
):
    world = small_world(runs=4)
    with served(world, store_url) as github:
        github.lies = [Lie(BY_TIME, total=more)]
        assert fill(world, app_of(world)) == 0
        told = f"count of {SPAN}: GitHub counts {counted} runs, but lists 4, as other lists do"
        assert told in capsys.readouterr().err
        assert stored(engine, workflowruns.c.gitid) == set(runs_of(world))
        assert stored(engine, windows.c.state) == {"closed"}
        since = len(github.requests)
        assert fill(world, app_of(world)) == 0
        assert "but lists" not in capsys.readouterr().err
        # Not listed anew, nor without a filter: the page that was asked for is unchanged.
        assert asked(github, "?created", since) == 1
        assert asked(github, "runs?per_page=100", since) == 0


@pytest.mark.parametrize("is_counted", [True, False])
def test_run_that_a_list_by_time_hides_is_read_and_nothing_said(
    engine, store_url, capsys, is_counted
):
    world = small_world(runs=4)
    with served(world, store_url) as github:
        github.lies = [Lie(BY_TIME, frozenset({runs_of(world)[1]}), counts_shown=not is_counted)]
        assert fill(world, app_of(world)) == 0
        assert "but lists" not in capsys.readouterr().err
    assert stored(engine, workflowruns.c.gitid) == set(runs_of(world))


def test_count_that_another_count_bears_out_is_left_due_and_named_until_they_agree(
    engine, store_url, capsys, monkeypatch
):
    world = small_world(runs=4)
    hidden = frozenset({runs_of(world)[1]})
    with served(world, store_url) as github:
        github.lies = [Lie("/runs", hidden)]
        for _ in range(2):  # the second one is before it is due: it lists the runs once, no more
            since = len(github.requests)
            assert fill(world, app_of(world)) == 1
            told = f"count of {SPAN}: GitHub counts 4 runs, but lists 3; left due"
            assert told in capsys.readouterr().err
        assert asked(github, "?created", since) == 1
        assert stored(engine, windows.c.state) == {"open"}
        github.lies = []
        assert fill(world, app_of(world)) == 0
    assert stored(engine, workflowruns.c.gitid) == set(runs_of(world))
    assert stored(engine, windows.c.state) == {"closed"}


def test_reconciler_says_a_count_that_is_not_believed_and_has_no_trouble(engine, store_url, capsys):
    world = small_world(runs=4)
    with served(world, store_url) as github, desk_of(engine, github) as desk:
        github.lies = [Lie(BY_TIME, total=1)]
        for told in (1, 0):
            recent_changes.read_recent_runs(desk, here_of(desk, world, app_of(world)), LONG_AGO)
            assert capsys.readouterr().err.count("as other lists do") == told
    assert stored(engine, windows.c.total) == {5, None}  # what is from before 2020 is not listed


def test_count_is_not_believed_where_only_fewer_runs_were_wanted(engine, store_url):
    world = small_world(runs=4)
    with served(world, store_url) as github:
        github.lies = [Lie(BY_TIME, total=1)]
        assert fill(world, app_of(world), "-m", "2") == 0
        assert len(stored(engine, workflowruns.c.gitid)) == 2
        assert fill(world, app_of(world)) == 0
    assert stored(engine, workflowruns.c.gitid) == set(runs_of(world))


def test_list_without_a_filter_that_cannot_be_read_is_named_as_what_it_is(
    engine, store_url, capsys, monkeypatch
):
    monkeypatch.setattr(due_items, "IN_ROW", 100)
    world = small_world(runs=4)
    with served(world, store_url) as github:
        github.lies = [Lie(BY_TIME, frozenset({runs_of(world)[1]}), counts_shown=True)]
        github.faults.lasting = [(rf"{IN_ALL}.*page=\d\d", "500")]
        assert fill(world, app_of(world)) == 1
        told = capsys.readouterr().err
        github.lies, github.faults.lasting = [], []
        assert fill(world, app_of(world)) == 1
        later = due_items.clock() + timedelta(hours=1)
        monkeypatch.setattr(due_items, "clock", lambda: later)
        assert fill(world, app_of(world)) == 0
    assert "runs without a filter: GitHub answers 500; left due" in told
    assert "1970-01-01 00:00:00 to 1970" not in told
