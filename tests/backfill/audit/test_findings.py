"""Comparing ids: what is missing, what is on its way, which gaps are none."""

from datetime import datetime, timedelta

import pytest

from backfill.audit import findings
from backfill.audit.findings import Finding
from backfill.records import ListedJob, ListedRun
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
