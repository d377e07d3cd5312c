"""Comparing ids: what is missing, what is on its way, which gaps are none."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from backfill.audit import findings, git_findings, run_number_gaps, verdict
from backfill.audit.findings import Finding
from backfill.records import ListedCommit, ListedJob, ListedRun
from rows.source_record import Push
from store.reads.for_audit import StoredSpan

NOON = datetime(2026, 3, 2, 12)
HOUR = timedelta(hours=1)
UNTIL = NOON + 6 * HOUR


def run(number: int, attempt: int = 1, status: str | None = "completed", at: int = 0) -> ListedRun:
    """Return run `number` of one workflow, created and ended `at` hours after noon."""
    time = NOON + at * HOUR
    conclusion = "success" if status == "completed" else None
    return ListedRun(100 + number, attempt, status, conclusion, time, time, number, 7, "CI")


def stored_span(*runs: ListedRun, attempts: dict[int, set[int]] | None = None) -> StoredSpan:
    usual = {one.gitid: set(range(1, one.attempt + 1)) for one in runs}
    return StoredSpan({one.gitid: one for one in runs}, usual if attempts is None else attempts)


def names(found: list[Finding]) -> list[tuple[str, str]]:
    return [(one.kind, one.name) for one in found]


def test_listed_run_that_is_stored_is_not_missing():
    assert findings.find_missing_runs([run(1)], stored_span(run(1)), UNTIL) == []


def test_listed_run_that_is_not_stored_is_missing_with_its_day_and_workflow():
    assert findings.find_missing_runs([run(1)], stored_span(), UNTIL) == [
        Finding("run", "101", "run number 1 is not stored", 101, "CI", NOON.date())
    ]


def test_run_that_was_created_or_changed_a_moment_ago_is_on_its_way():
    late = run(1, at=7)
    assert findings.find_missing_runs([late], stored_span(), UNTIL) == []
    rerun = run(2, attempt=2)._replace(updatetime=NOON + 7 * HOUR, status="in_progress")
    assert findings.find_missing_runs([rerun], stored_span(run(2)), UNTIL) == []


def test_attempts_that_are_not_stored_are_named():
    found = findings.find_missing_runs(
        [run(1, attempt=3)], stored_span(run(1, 3), attempts={101: {2}}), UNTIL
    )
    assert names(found) == [("attempt", "101/1"), ("attempt", "101/3")]


@pytest.mark.parametrize(
    ("here", "there", "is_named"),
    [
        (run(1, status="in_progress"), run(1, at=1), True),
        (run(1, status="queued"), run(1, status="waiting", at=1), False),
        (run(1, at=1), run(1, status="in_progress"), False),  # ours is newer
        (run(1), run(1, status="in_progress"), False),  # the same second: the later rank is true
        (run(1)._replace(conclusion="action_required"), run(1, status="queued", at=1), True),
        (run(1)._replace(conclusion="failure"), run(1, at=1), True),
        (run(1), run(1, status=None, at=1), False),  # noted as open, nothing more is known
    ],
)
def test_run_that_is_older_here_than_at_github_is_named(here, there, is_named):
    found = findings.find_missing_runs([there], stored_span(here), UNTIL)
    assert names(found) == ([("run state", "101")] if is_named else [])


def test_jobs_are_compared_by_id_and_by_how_far_they_are():
    def job(gitid: int, status: str, at: int = 0) -> ListedJob:
        time = NOON + at * HOUR
        return ListedJob(gitid, 101, 1, status, time, time)

    listed = [job(1, "completed"), job(2, "completed"), job(3, "queued", at=7), job(4, "waiting")]
    stored = {2: job(2, "in_progress"), 4: job(4, "queued")}
    assert names(findings.find_missing_jobs(run(1), listed, stored, UNTIL)) == [
        ("job", "1"),
        ("job state", "2"),
    ]


def test_gaps_lie_between_the_numbers_of_one_workflow():
    other = run(9)._replace(workflowgitid=8)
    found = run_number_gaps.find_gaps([run(5), run(2), run(3), run(9), other, run(8)])
    assert [(gap.name, len(gap.numbers)) for gap in found] == [("4", 1), ("6-7", 2)]


def test_gap_is_from_before_the_horizon_or_was_deleted():
    runs = [run(1, at=0), run(3, at=2), run(5, at=4)]
    told = run_number_gaps.explain_gaps(run_number_gaps.find_gaps(runs), NOON + 2 * HOUR)
    assert [(one.kind, one.name) for one in told] == [("horizon", "2"), ("deleted", "4")]
    told = run_number_gaps.explain_gaps(run_number_gaps.find_gaps(runs), None)
    assert [(one.kind, one.name) for one in told] == [("deleted", "2"), ("deleted", "4")]


@pytest.mark.parametrize(
    ("spans", "is_proven"),
    [
        ([(0, 2)], True),
        ([(0, 1), (1, 2)], True),
        ([(0, 1)], False),
        ([(1, 2)], False),
        ([(-5, 5)], True),
        ([], False),
    ],
)
def test_gap_is_proven_where_all_of_its_time_was_listed(spans, is_proven):
    # Windows end a second before the next one begins.
    proven = [
        (NOON + first * HOUR + timedelta(seconds=first > 0), NOON + last * HOUR)
        for first, last in spans
    ]
    missing, notes = run_number_gaps.judge_gaps(
        run_number_gaps.find_gaps([run(1, at=0), run(3, at=2)]), proven
    )
    assert (names(missing), names(notes)) == (
        ([], [("deleted", "2")]) if is_proven else ([("run number", "2")], [])
    )


def test_branches_are_compared_unless_they_moved_meanwhile():
    listed = {"main": "a", "new": "b", "moved": "c", "behind": "d"}
    earlier = {"main": "a", "moved": "x", "behind": "e", "gone": "f", "made": "g"}
    stored = {"main": "a", "moved": "y", "behind": "e", "gone": "f", "fresh": "h"}
    assert names(git_findings.find_missing_branches(listed, earlier, stored)) == [
        ("branch", "new"),
        ("head", "behind"),
        ("branch", "gone"),
    ]


def test_commits_before_anything_was_expected_are_not_missing_but_heads_are():
    listed = [ListedCommit("new", NOON, "main"), ListedCommit("old", NOON - HOUR, "main")]
    found = git_findings.find_missing_commits(
        listed, {"main": "new", "stale": "tip"}, {"kept"}, NOON
    )
    assert names(found) == [("commit", "new"), ("commit", "tip")]
    assert git_findings.find_missing_commits(listed, {}, {"new"}, NOON) == []


def test_push_that_begins_where_no_push_ended_tells_of_one_that_never_came():
    first = Push("main", "before-us", "a", ("a",))
    later = Push("main", "b", "c", ("c",))
    other = Push("side", "elsewhere", "d", ("d",))
    stored = {"a", "c", "d"}
    found = git_findings.find_lost_pushes(
        [first, later, other], {"main": "c", "bare": None}, stored
    )
    assert names(found) == [("commit", "b"), ("head", "bare")]
    assert names(git_findings.find_lost_pushes([first], {}, set())) == [("commit", "a")]


@pytest.mark.parametrize(
    "last", [Push("main", "x", "c", ("c",), True), Push("main", "x", None, ())]
)
def test_lost_push_of_a_branch_that_was_rewritten_or_deleted_since_is_not_missed(last):
    pushes = [Push("main", None, "a", ("a",)), Push("main", "lost", "b", ("b",))]
    assert names(git_findings.find_lost_pushes(pushes, {}, {"a", "b", "c"})) == [("commit", "lost")]
    assert git_findings.find_lost_pushes([*pushes, last], {}, {"a", "b", "c"}) == []


def test_verdict_counts_runs_that_are_whole_by_workflow_and_day():
    listed = [run(1), run(2), run(3, at=24), run(4, at=7)]
    missing = [
        Finding("run", "102", run=102, workflow="CI", day=NOON.date()),
        Finding("job", "5", run=101, workflow="CI", day=NOON.date()),
        Finding("job", "6", run=101, workflow="CI", day=NOON.date()),
        Finding("commit", "abc"),
    ]
    span = verdict.Span(NOON, NOON + 24 * HOUR)
    found = verdict.judge(1, "org/app", span, "command", listed, missing, [])
    assert (found.listed, found.stored, len(found.findings)) == (4, 2, 4)
    assert not found.is_complete
    assert found.days == (
        verdict.Day("CI", NOON.date(), 3, 1, 3),
        verdict.Day("CI", (NOON + 24 * HOUR).date(), 1, 1, 0),
    )


def test_span_ends_before_what_may_still_be_on_its_way():
    span = verdict.span_of(NOON, NOON + HOUR)
    assert span == (NOON, NOON + timedelta(minutes=55))
    assert verdict.span_of(NOON, NOON + timedelta(minutes=1)) == (NOON, NOON)
