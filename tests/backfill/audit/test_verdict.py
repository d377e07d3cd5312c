"""What a verdict counts, and where its span ends."""

from datetime import datetime, timedelta

from backfill.audit import verdict
from backfill.audit.findings import Finding
from tests.backfill.audit.test_findings import run

NOON = datetime(2026, 3, 2, 12)

HOUR = timedelta(hours=1)


def test_verdict_counts_runs_that_are_whole_by_workflow_and_day():
    listed = [run(1), run(2), run(3, at=24), run(4, at=7)]
    missing = [
        Finding("run", "102", run=102, workflow="CI", day=NOON.date()),
        Finding("job", "5", run=101, workflow="CI", day=NOON.date()),
        Finding("job", "6", run=101, workflow="CI", day=NOON.date()),
        Finding("commit", "abc"),
    ]
    span = verdict.Span(NOON, NOON + 24 * HOUR)
    found = verdict.judge("github", 1, "org/app", span, "command", listed, missing, [])
    assert (found.listed, found.stored, len(found.findings)) == (4, 2, 4)
    assert not found.is_complete
    assert found.days == (
        verdict.Day("CI", NOON.date(), 3, 1, 2),
        verdict.Day("CI", (NOON + 24 * HOUR).date(), 1, 1, 0),
    )


def test_span_ends_before_what_may_still_be_on_its_way():
    span = verdict.span_of(NOON, NOON + HOUR)
    assert span == (NOON, NOON + timedelta(minutes=55))
    assert verdict.span_of(NOON, NOON + timedelta(minutes=1)) == (NOON, NOON)
