"""What one statement counts of jobs is what a statement for each part of it counts."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine

from store.figures.job_counts import JobCounts, count_jobs
from store.figures.job_shares import count_at_once, list_shares, sum_jobs
from store.figures.split_spans import split_span
from store.rollups import durations
from store.rollups.branch_runs import read_few_runs
from store.rollups.durations import SORTS, SPANS, DaySpan, JobFilter, JobShare
from tests.dashboard import stored
from tests.dashboard.conftest import engine as engine

FIRST = datetime(2026, 3, 1)
BORDERS = tuple(FIRST + timedelta(days=day) for day in range(4))
TOPIC = {"branchname": "topic"}


def add_jobs(engine: Engine) -> tuple[int, int]:
    """Jobs of two repositories over three days, and others that are not asked for."""
    app, other = stored.repo(engine), stored.repo(engine, "octo-org/other")
    for number, repoid in enumerate((app, other, app)):
        created = FIRST + timedelta(days=number, hours=2)
        run = stored.run(
            engine, repoid, created, event=("push", "pull_request", "push")[number], **TOPIC,
            workflowgitid=(501, 601, None)[number], workflowname=("CI", "CI", "ci")[number],
        )  # fmt: skip
        job = {"workflowname": "CI", **TOPIC}
        stored.job(engine, repoid, run, created, runtime=90.75, os="Linux", **job)
        stored.job(engine, repoid, run, created, runtime=90.25, name="TEST", os="Windows", **job)
        stored.job(engine, repoid, run, created, conclusion="skipped", runtime=0.0, os=None, **job)
        stored.job(engine, repoid, run, created, gated=True, runtime=None, name="lint", **job)
        stored.job(engine, repoid, run, created, inherited=True, **job)
        stored.job(engine, repoid, run, created, clockanomaly=True, name=None, **job)
        stored.job(engine, repoid, 4_000_000 + number, created, name="alone", **job)
        stored.job(engine, repoid, run, created, branchname="main", name="other")
    return app, other


def count_apart(connection: Connection, span: JobFilter) -> JobCounts:
    """The same by a statement for each part."""
    return JobCounts(
        {subject: durations.count_spans(connection, span, subject) for subject in SPANS},
        {by: durations.list_shares(connection, span, by, None) for by in SORTS},
        durations.sum_jobs(connection, span),
    )


def in_order(counts: JobCounts) -> object:
    """Counts without the order of what is equally long."""
    spans = {subject: sorted(own) for subject, own in counts.spans.items()}
    shares = {by: sorted(map(plain, own), key=repr) for by, own in counts.shares.items()}
    return spans, shares, plain(counts.whole)


def plain(share: JobShare) -> tuple[object, ...]:
    return share.name, share.jobs, round(share.seconds, 6), share.key


@pytest.mark.parametrize(
    "asked",
    [
        *({"branch": "topic"}, {"branch": "topic", "os": "linux"}, {"workflow": "ci"}),
        *({"job": "test"}, {"job": "Test", "event": "push"}, {"branch": "none"}),
    ],
)
@pytest.mark.parametrize("repository", [None, 0, 1])
def test_one_statement_counts_what_one_for_each_part_counts(
    engine: Engine, asked: dict[str, str], repository: int | None
):
    repoids = add_jobs(engine)
    repoid = None if repository is None else repoids[repository]
    span = JobFilter(BORDERS, repoid=repoid, **asked)
    with engine.connect() as connection:
        if span.is_branch_anywhere:
            runs = read_few_runs(connection, asked["branch"], BORDERS)
            assert len(runs or ()) == (0 if asked["branch"] == "none" else 3)
            span = span._replace(runs=runs)
        counts = count_jobs(connection, span)
        assert in_order(counts) == in_order(count_apart(connection, span))
        several = JobFilter(BORDERS, repoids=repoids, **asked)
        assert in_order(count_jobs(connection, several)) == in_order(
            count_apart(connection, several)
        )


def test_jobs_of_a_branch_in_a_repository_are_counted_by_hand(engine: Engine):
    app, _ = add_jobs(engine)
    span = JobFilter(BORDERS, repoid=app, branch="topic")
    with engine.connect() as connection:
        counts = count_jobs(connection, span)
        split = count_at_once(connection, split_span(connection, span))
        assert split.parts[0].counts is not None
        listed = list_shares(connection, split, "job", 9, "jobs")
        whole = sum_jobs(connection, split)
    # Waits leave out what was gated, skipped, inherited, or has a clock that lies.
    assert sorted(counts.spans["waits"]) == [DaySpan(0, 10, 3), DaySpan(2, 10, 3)]
    assert sorted(counts.spans["times"]) == [
        *(DaySpan(0, 0, 1), DaySpan(0, 60, 2), DaySpan(0, 90, 2)),
        *(DaySpan(2, 0, 1), DaySpan(2, 60, 2), DaySpan(2, 90, 2)),
    ]
    assert sum(share.jobs for share in counts.shares["os"]) == 10
    assert [(one.name, one.jobs, one.key) for one in counts.shares["repository"]] == [
        ("octo-org/app", 10, app)
    ]
    # A job without its run has no event and no workflow.
    assert [(one.name, one.jobs, one.seconds) for one in counts.shares["event"]] == [
        ("push", 8, 482.0)
    ]
    assert sorted((one.name or "", one.jobs, one.key) for one in counts.shares["workflow"]) == [
        ("CI", 4, (app, 501)),
        ("ci", 4, (app, "ci")),
    ]
    assert (whole.jobs, whole.seconds) == (10, 602.0)
    # Names are a vendor's, exact: TEST is another job.
    assert [(one.name, one.jobs) for one in listed.rows] == [
        *(("test", 4), ("TEST", 2), (None, 2), ("alone", 2)),
    ]
