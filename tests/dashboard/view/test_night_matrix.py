"""What a cell says, and what the words above the matrix make of a row."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from config.calendar import Calendar, shown_nights
from dashboard.view.night_changes import find_changes
from dashboard.view.night_matrix import build_rows, filter_rows, find_shared_owner, sort_rows
from store.failed_jobs import FailedJob
from store.reads.nights import GroupedRepo
from store.rollups.night_summary import (
    WHOLE_RUN,
    NightFailure,
    NightRun,
    run_state,
    summarize,
)
from store.rollups.nightly_runs import BRANCH, SCHEDULE, NightlyResult, judge_nights

CALENDAR = Calendar(ZoneInfo("UTC"), time(12))
LAST = date(2026, 3, 10)
NIGHTS = shown_nights(CALENDAR, datetime(2026, 3, 10, 9), 5)


def run(night: int = 0, conclusion: str | None = "success", **values: Any) -> NightRun:
    """Return a run at two in the morning, so many nights before the last; `gitid` by its night."""
    usual = dict.fromkeys(NightRun._fields)
    usual |= {
        "provider": "github",
        "gitid": 100 - night,
        "repoid": 1,
        "workflowname": "Nightly",
        "status": "completed" if conclusion else "in_progress",
        "conclusion": conclusion,
        "attempt": 1,
        "createtime": datetime(2026, 3, 10, 2) - timedelta(days=night),
        "url": "https://github.com/octo-org/app/actions/runs/1",
    }
    return NightRun(**{**usual, **values})


def failed(
    one: NightRun,
    name: str = "test",
    step: str | None = "Compile",
    error: str | None = None,
    fingerprint: str | None = None,
) -> FailedJob:
    """Return a failed job of a run."""
    return FailedJob(one.provider, one.gitid, name, step, None, error, fingerprint)


def rows(runs: list[NightRun], jobs: list[FailedJob], way: str = SCHEDULE) -> list[Any]:
    """Return the rows of nightly runs, oldest first; repository 1 is octo-org/1."""
    by_cell: dict[tuple[int, date], list[NightRun]] = {}
    for one in runs:
        by_cell.setdefault((one.repoid, CALENDAR.night(one.createtime)), []).append(one)
    reasons: dict[tuple[str, int], list[FailedJob]] = {}
    for job in jobs:
        reasons.setdefault((job.provider, job.rungitid), []).append(job)
    found = [
        NightlyResult(repoid, night, way, summarize(those, reasons))
        for (repoid, night), those in by_cell.items()
    ]
    homes = {repoid: GroupedRepo(f"octo-org/{repoid}", None) for repoid, _ in by_cell}
    return build_rows(NIGHTS, judge_nights(found), homes)


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
        (run(conclusion=None, status="waiting"), "running"),  # for an approval, of 30 days at most
        (run(conclusion=None, status="waiting", provider="gitlab"), "warned"),
    ],
)
def test_run_says_how_it_ended(one: NightRun, state: str):
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
    assert summarize(runs, {}).state == state


def test_failed_run_without_a_failed_job_fails_itself():
    cell = summarize([run(conclusion="startup_failure")], {})
    url = "https://github.com/octo-org/app/actions/runs/1"
    its = ("nightly", "github", 100)
    assert cell.failures == (NightFailure("Nightly", WHOLE_RUN, None, url, None, None, *its),)


def test_repository_has_one_row_under_its_name_of_today():
    (row,) = rows([run(1), run(0)], [])
    assert row.repo == "octo-org/1"
    states = [cell.state for cell in row.cells]
    assert states == ["passed", "passed", "nothing", "nothing", "nothing"]


def test_night_is_judged_by_its_scheduled_runs_where_they_say_something():
    good, bad = summarize([run()], {}), summarize([run(conclusion="failure")], {})
    found = [
        NightlyResult(1, NIGHTS[0], BRANCH, bad),
        NightlyResult(1, NIGHTS[1], SCHEDULE, good),
        NightlyResult(1, NIGHTS[1], BRANCH, bad),
        NightlyResult(1, NIGHTS[2], SCHEDULE, summarize([run(conclusion="skipped")], {})),
        NightlyResult(1, NIGHTS[2], BRANCH, bad),
        NightlyResult(2, NIGHTS[0], BRANCH, bad),
    ]
    homes = {1: GroupedRepo("octo-org/scheduled", None), 2: GroupedRepo("octo-org/pushed", None)}
    states = {
        row.repo: [cell.state for cell in row.cells[:3]]
        for row in build_rows(NIGHTS, judge_nights(found), homes)
    }
    assert states == {
        "octo-org/scheduled": ["failed", "passed", "failed"],
        "octo-org/pushed": ["failed", "nothing", "nothing"],
    }


def rows_with(*fates: str) -> list[Any]:
    """Return a row, last night first: F failed, . passed, a space did not run, R is running."""
    conclusions = {"F": "failure", ".": "success", "R": None}
    found = [
        run(place, conclusions[fate]) for place, fate in enumerate("".join(fates)) if fate != " "
    ][::-1]
    return rows(found, [failed(one) for one in found if one.conclusion == "failure"])


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
    changes = find_changes(rows_with(fates), LAST)
    (change,) = getattr(changes, kind)
    assert (change.nights, change.first, change.oldest) == (nights, first, oldest)
    assert sum(map(len, (changes.new, changes.going_on, changes.fixed))) == 1


@pytest.mark.parametrize("fates", [".....", "     ", " FF..", "RF...", "..F.."])
def test_nothing_changed_where_last_night_tells_nothing_new(fates: str):
    changes = find_changes(rows_with(fates), LAST)
    assert changes == ((), (), ())


def test_filters_and_order_go_by_last_night():
    runs = [
        run(conclusion=conclusion, repoid=number, gitid=number)
        for number, conclusion in ((2, "failure"), (1, "success"), (3, "failure"))
    ]
    found = rows(runs, [failed(runs[0], "lint", "Check style", "E501 line too long", "f1")])
    assert [row.repoid for row in sort_rows(found, LAST, "failing")] == [2, 3, 1]
    assert [row.repoid for row in sort_rows(found, LAST, "name")] == [1, 2, 3]
    assert [row.repoid for row in filter_rows(found, LAST, "STYLE", [])] == [2]
    assert [row.repoid for row in filter_rows(found, LAST, "too LONG", [])] == [2]
    assert [row.repoid for row in filter_rows(found, LAST, "", ["passed"])] == [1]
    assert [row.repoid for row in filter_rows(found, LAST, "org/1", [])] == [1]
    assert filter_rows(found, LAST, "", [], "prod") == []


def test_groups_stand_in_their_order_and_each_is_sorted_for_itself():
    found = rows([run(repoid=number, gitid=number) for number in (1, 2, 3)], [])
    found = [row._replace(group="prod" if row.repoid == 3 else "other") for row in found]
    assert [row.repoid for row in sort_rows(found, LAST, "failing", ["prod", "other"])] == [
        3,
        1,
        2,
    ]
    assert [row.repoid for row in filter_rows(found, LAST, "", [], "prod")] == [3]


def test_owner_is_shared_where_all_rows_have_it_and_are_several():
    row = rows([run()], [])[0]
    named = [row._replace(repo=name) for name in ("octo-org/a", "octo-org/b", "other/c")]
    assert find_shared_owner(named[:2]) == "octo-org/"
    assert find_shared_owner(named) == ""
    assert find_shared_owner(named[:1]) == ""
    assert find_shared_owner([row._replace(repo="a"), row._replace(repo="b")]) == ""


@pytest.mark.parametrize(
    ("event", "shown"), [("schedule", "schedule on main"), ("push", "(no name)")]
)
def test_nightly_of_a_schedule_without_a_name_is_called_by_its_branch(event: str, shown: str):
    nameless = run(conclusion="failure", workflowname=None, event=event, branchname="main")
    content = summarize([nameless], {})
    assert ([*content.ran.values()], content.failures[0].workflow) == ([shown], shown)
