"""What changed before a job failed: read once of the first failed job and the last that passed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest
import sqlalchemy as sa

from backfill import compared_jobs, github
from backfill.compared_jobs import ComparedJobs, compare_jobs
from backfill.github.api_access import RULES
from backfill.http import client as http
from backfill.http import rate_limit
from backfill.http.client import Client
from backfill.http.rate_limit import RateLimit
from backfill.pipeline.context import Context, Reporter
from backfill.pipeline.database_outage import OutageRetry
from backfill.pipeline.due_items import DueItems
from backfill.pipeline.thread_pool import ThreadPool
from backfill.pipeline.writer import Writer
from fakegithub.server import Server, serve
from fakegithub.world.world import World
from schema.tables.ci import workflowruns
from schema.tables.job_versions import (
    commitranges,
    jobversions,
    rangecommits,
    tagpushes,
    versionreads,
)
from tests.backfill.filling import FAST, deliver, deliveries_of
from tests.fakegithub.samples import app_of, flow_of, small_world

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
GOOD, RED = "Successfully installed a-1.0 b-2.0\n", "Successfully installed a-1.1 b-2.0\n"
NIGHT = 24 * 3600


class Quiet(Reporter):
    """Says nothing."""

    def say(self, sentence: str) -> None:
        pass


class Stage(NamedTuple):
    """A served world whose nights are stored as its deliveries told them; jobs by night."""

    world: World
    github: Server
    context: Context
    jobs: list[int]

    def compare(self, requests: int = 100) -> ComparedJobs:
        """Read what changed, as the reconciler does two hours after the last job."""
        repository = github.find_repository(self.context, "octo-org/app")
        now = datetime.fromtimestamp(self.world.now, UTC).replace(tzinfo=None) + timedelta(hours=2)
        return compare_jobs(self.context, github, [repository], now=now, requests=requests)

    def rows(self, table: sa.Table, *names: str) -> list[tuple]:
        """Return columns of a table, in order."""
        query = sa.select(*(table.c[name] for name in names)).order_by(*names)
        with self.context.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(query)]

    def listed(self) -> list[tuple]:
        """Return what is kept of versions."""
        return self.rows(jobversions, "jobgitid", "kind", "name", "version")


def run_night(world: World, conclusion: str, name: str = "test", after: int = NIGHT) -> int:
    """Let a scheduled run of one job come to an end."""
    run = world.trigger(flow_of(world), after=after, event="schedule")
    job = world.queue_job(run, name, after=1)
    world.start_job(job, after=5)
    world.finish_job(job, conclusion, after=60)
    world.finish_run(run, after=1)
    return job


@pytest.fixture
def stage(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """Give two good nights, a commit with a tag, and two bad nights."""
    monkeypatch.setattr(rate_limit, "MINUTE", 60 / FAST)
    monkeypatch.setattr(http, "SECOND", 1 / FAST)
    world = small_world()
    jobs = [run_night(world, "success"), run_night(world, "success")]
    world.push(app_of(world), "Break it")
    world.tag(app_of(world), "v2")
    world.push(app_of(world), "Another")
    jobs += [run_night(world, "failure"), run_night(world, "failure")]
    deliver(engine, world, app_of(world), deliveries_of(world, app_of(world)))
    with serve(world) as served:
        served.limits.scale = FAST
        served.logs |= dict(zip(jobs, [GOOD, GOOD, RED, RED], strict=True))
        client = Client(served.url, served.token, RateLimit(RULES, lambda why, until: None))
        reporter = Quiet()
        writer = Writer(engine, reporter.report, OutageRetry(reporter.say))
        context = Context(engine, client, ThreadPool(), writer, reporter, DueItems(engine))
        yield Stage(world, served, context, jobs)
        context.pool.close()
        writer.close()


def test_first_failed_job_and_the_last_good_one_are_read_once(stage: Stage):
    _, good, red, _ = stage.jobs
    assert stage.compare() == ComparedJobs(logs=2, ranges=1)
    assert stage.compare() == ComparedJobs()
    assert stage.listed() == [
        (good, "pip", "a", "1.0"),
        (good, "pip", "b", "2.0"),
        (red, "pip", "a", "1.1"),
        (red, "pip", "b", "2.0"),
    ]
    names = ("jobgitid", "goodjobgitid", "absence", "names")
    assert stage.rows(versionreads, *names) == [(good, None, None, 2), (red, good, None, 2)]
    with stage.context.engine.connect() as connection:
        query = (
            "SELECT jobgitid, goodjobgitid, kind, name, goodversion, version FROM versionchanges"
        )
        changes = [tuple(row) for row in connection.execute(sa.text(query))]
    assert changes == [(red, good, "pip", "a", "1.0", "1.1")]


def test_commits_between_are_kept_in_the_order_of_their_ancestry(stage: Stage):
    stage.compare()
    ((base, head),) = stage.rows(commitranges, "basehash", "headhash")
    assert stage.rows(commitranges, "status", "ahead", "behind") == [("ahead", 2, 0)]
    ((name, tagged),) = stage.rows(tagpushes, "name", "hash")
    assert stage.rows(rangecommits, "number", "hash") == [(1, tagged), (2, head)]
    assert (name, base) == ("v2", stage.rows(workflowruns, "createtime", "commithash")[1][1])


@on_sqlite
def test_job_whose_reason_needs_its_log_is_not_asked_for_again(stage: Stage, engine_name: str):
    stage.github.annotations |= {job: [] for job in stage.jobs[2:]}
    names = {github.find_repository(stage.context, "octo-org/app").repoid: "octo-org/app"}
    now = datetime.fromtimestamp(stage.world.now, UTC).replace(tzinfo=None) + timedelta(hours=2)
    context = stage.context
    read = github.read_failure_reasons(
        context.engine,
        context.client,
        names,
        now=now,
        requests=100,
        report=context.reporter.report,
        due=context.due,
    )
    assert read.jobs == 2
    # The later failed job's log was read for its reason as well, and is no first one.
    assert stage.rows(versionreads, "jobgitid") == [(stage.jobs[2],)]
    assert stage.compare() == ComparedJobs(logs=1, ranges=1)


@on_sqlite
def test_history_that_comes_later_changes_what_is_compared(stage: Stage, engine_name: str):
    with stage.context.engine.begin() as connection:
        run = workflowruns.c
        times = connection.scalars(sa.select(run.createtime).order_by(run.createtime)).all()
        hidden = sa.update(workflowruns).where(run.createtime == times[2])
        connection.execute(hidden.values(createtime=None))
    stage.compare()
    good, first, second = stage.jobs[1:]
    assert {job for job, *_ in stage.listed()} == {good, second}
    with stage.context.engine.begin() as connection:
        shown = sa.update(workflowruns).where(run.createtime.is_(None))
        connection.execute(shown.values(createtime=times[2]))
    assert stage.compare() == ComparedJobs(logs=1)
    assert (first, good) in stage.rows(versionreads, "jobgitid", "goodjobgitid")


@on_sqlite
def test_logs_that_are_gone_are_noted_and_not_asked_for_again(stage: Stage, engine_name: str):
    _, good, red, _ = stage.jobs
    stage.github.lost_logs |= {good: 410}
    assert stage.compare().logs == 2
    assert stage.compare() == ComparedJobs()
    names = ("jobgitid", "goodjobgitid", "absence", "names")
    assert stage.rows(versionreads, *names) == [(good, None, "gone", 0), (red, good, None, 2)]


@on_sqlite
def test_requests_are_not_exceeded_and_the_next_call_goes_on(stage: Stage, engine_name: str):
    assert stage.compare(requests=compared_jobs.COST - 1) == ComparedJobs(is_more=True)
    assert stage.compare(requests=compared_jobs.COST) == ComparedJobs(logs=2, ranges=1)


@on_sqlite
def test_older_jobs_are_looked_at_in_turn(
    stage: Stage, engine_name: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(compared_jobs, "NEWEST", 1)
    monkeypatch.setattr(compared_jobs, "OLDER", 1)
    assert stage.compare().logs == 2
    assert stage.compare() == ComparedJobs()
    assert stage.compare() == ComparedJobs()


@on_sqlite
def test_comparison_whose_commit_is_gone_is_noted(stage: Stage, engine_name: str):
    with stage.context.engine.begin() as connection:
        job = sa.table("jobs", sa.column("gitid"), sa.column("commithash"))
        query = sa.update(job).where(job.c.gitid == stage.jobs[1]).values(commithash="ab" * 20)
        connection.execute(query)
    assert stage.compare().ranges == 2
    assert sorted(stage.rows(commitranges, "status")) == [("ahead",), ("gone",)]
    assert stage.compare() == ComparedJobs()
