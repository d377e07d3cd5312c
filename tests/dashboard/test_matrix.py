"""What a cell says, and what the words above the matrix make of a row."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dashboard.changes import changes_of
from dashboard.matrix import WHOLE_RUN, Failure, cell_of, filtered, rows_of, run_state, sorted_rows
from dashboard.nights import Calendar, shown_nights
from store.reads import Run
from store.reads_nights import FailedJob

CALENDAR = Calendar(ZoneInfo("UTC"), time(12))
LAST = date(2026, 3, 10)
NIGHTS = shown_nights(CALENDAR, datetime(2026, 3, 10, 9), 5)


def run(night: int = 0, conclusion: str | None = "success", **values: Any) -> Run:
    """Return a run at two in the morning, so many nights before the last; `gitid` by its night."""
    usual = dict.fromkeys(Run._fields)
    usual |= {
        "provider": "github",
        "gitid": 100 - night,
        "repoid": 1,
        "repo": "octo-org/app",
        "workflowname": "Nightly",
        "status": "completed" if conclusion else "in_progress",
        "conclusion": conclusion,
        "attempt": 1,
        "createtime": datetime(2026, 3, 10, 2) - timedelta(days=night),
        "url": "https://github.com/octo-org/app/actions/runs/1",
    }
    return Run(**{**usual, **values})


def failed(one: Run, name: str = "test", step: str | None = "Compile") -> FailedJob:
    """Return a failed job of a run."""
    return FailedJob(one.provider, one.gitid, name, step, "failure", "runner 1", None)


@pytest.mark.parametrize(
    ("one", "state"),
    [
        (run(), "passed"),
        (run(attempt=2), "warned"),
        (run(conclusion="failure"), "failed"),
        (run(conclusion="timed_out"), "failed"),
        (run(conclusion="startup_failure"), "failed"),
        (run(conclusion="cancelled"), "warned"),
        (run(conclusion="action_required"), "warned"),
        (run(conclusion="skipped"), "nothing"),
        (run(conclusion=None), "running"),
        (run(conclusion=None, status="queued"), "running"),
        (run(conclusion=None, status=None), "running"),
    ],
)
def test_run_says_how_it_ended(one: Run, state: str):
    assert run_state(one) == state


@pytest.mark.parametrize(
    ("conclusions", "state"),
    [
        ([("A", "failure"), ("A", "success")], "warned"),  # mended in the same night
        ([("A", "success"), ("A", "failure")], "failed"),
        ([("A", "failure"), ("B", "success")], "failed"),
        ([("A", "failure"), ("A", "skipped")], "failed"),
        ([("A", "success"), ("B", None)], "running"),
        ([("A", "failure"), ("B", None)], "failed"),
        ([("A", "failure"), ("A", None)], "running"),
        ([("A", "skipped")], "nothing"),
        ([], "nothing"),
    ],
)
def test_cell_shows_the_worst_of_each_workflow_s_newest_run(
    conclusions: list[tuple[str, str | None]], state: str
):
    runs = [
        run(conclusion=conclusion, workflowname=workflow, gitid=number)
        for number, (workflow, conclusion) in enumerate(conclusions)
    ]
    assert cell_of(LAST, runs, {}).state == state


def test_failed_run_without_a_failed_job_fails_itself():
    cell = cell_of(LAST, [run(conclusion="startup_failure")], {})
    url = "https://github.com/octo-org/app/actions/runs/1"
    assert cell.failures == (Failure("Nightly", WHOLE_RUN, None, url),)


def test_repository_renamed_meanwhile_is_one_row():
    runs = [run(1, repo="octo-org/old"), run(0, repo="octo-org/app")]
    (row,) = rows_of(CALENDAR, NIGHTS, runs, [])
    assert row.repo == "octo-org/app"
    states = [cell.state for cell in row.cells]
    assert states == ["passed", "passed", "nothing", "nothing", "nothing"]


def rows_with(*fates: str) -> list[Any]:
    """Return a row, last night first: F failed, . passed, a space did not run, R is running."""
    conclusions = {"F": "failure", ".": "success", "R": None}
    found = [
        run(place, conclusions[fate]) for place, fate in enumerate("".join(fates)) if fate != " "
    ][::-1]
    return rows_of(
        CALENDAR, NIGHTS, found, [failed(one) for one in found if one.conclusion == "failure"]
    )


@pytest.mark.parametrize(
    ("fates", "kind", "nights", "first", "oldest"),
    [
        ("F....", "new", 1, True, False),
        ("F.F..", "new", 1, False, False),
        ("FF...", "going_on", 2, True, False),
        ("F F..", "going_on", 2, True, False),
        ("FFFFF", "going_on", 5, True, True),
        (".F...", "fixed", 1, True, False),
        (". FF.", "fixed", 2, True, False),
        (".FFFF", "fixed", 4, True, True),
    ],
)
def test_changes_count_the_failed_nights_in_a_row(
    fates: str, kind: str, nights: int, first: bool, oldest: bool
):
    changes = changes_of(rows_with(fates), LAST)
    (change,) = getattr(changes, kind)
    assert (change.nights, change.first, change.oldest) == (nights, first, oldest)
    assert sum(map(len, (changes.new, changes.going_on, changes.fixed))) == 1


@pytest.mark.parametrize("fates", [".....", "     ", " FF..", "RF...", "..F.."])
def test_nothing_changed_where_last_night_tells_nothing_new(fates: str):
    changes = changes_of(rows_with(fates), LAST)
    assert changes == ((), (), (), ())


def test_filters_and_order_go_by_last_night():
    names = {1: "b/failed", 2: "a/passed", 3: "c/failed"}
    runs = [
        run(conclusion=conclusion, repoid=number, repo=names[number], gitid=number)
        for number, conclusion in ((1, "failure"), (2, "success"), (3, "failure"))
    ]
    rows = rows_of(CALENDAR, NIGHTS, runs, [failed(runs[0], "lint", "Check style")])
    assert [row.repo for row in sorted_rows(rows, LAST, "failing")] == [
        "b/failed",
        "c/failed",
        "a/passed",
    ]
    assert next(row.repo for row in sorted_rows(rows, LAST, "name")) == "a/passed"
    assert [row.repoid for row in filtered(rows, LAST, "STYLE", [])] == [1]
    assert [row.repoid for row in filtered(rows, LAST, "", ["passed"])] == [2]
    assert [row.repoid for row in filtered(rows, LAST, "a/", [])] == [2]
