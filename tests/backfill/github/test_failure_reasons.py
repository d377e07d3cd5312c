"""The reasons of failed jobs over real HTTP: annotations, else the log, within a budget."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from backfill.http.errors import ApiError
from backfill.records import ReasonsRead
from fakegithub.api.access import ALL, Token
from fakegithub.api.faults import Faults
from fakegithub.server import TOKEN
from schema.tables.ci import jobs
from tests.backfill.failing import CODE, USUAL, Staged, annotation, fail, later, staging
from tests.backfill.filling import deliver, deliveries_of
from tests.fakegithub.samples import app_of

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)

WHOLE = "##[group]Run make\n##[endgroup]\nsrc/a.c:3:5: error: no semicolon\n"


@pytest.fixture
def staged(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> Staged:
    return staging(engine, monkeypatch)


def test_annotation_that_says_why_is_kept_and_the_log_is_left_alone(staged: Staged):
    with staged("build") as stage:
        said = annotation("'dept' undeclared\x1b[0m 😀", path="src/a.c", start_line=3)
        stage.github.annotations[stage.jobs[0]] = [annotation(CODE), said]
        assert stage.read() == ReasonsRead(jobs=1, absent=0, left=0, requests=1)
        assert stage.github.blob_requests == []
    names = ("jobgitid", "number", "job", "attempt", "source", "absence", "message")
    assert stage.rows(*names) == [
        (stage.jobs[0], 1, "build", 1, "annotation", None, "'dept' undeclared 😀")
    ]
    assert stage.rows("path", "line", "context") == [("src/a.c", 3, None)]


def test_log_is_read_where_annotations_only_give_an_exit_code(staged: Staged):
    with staged("build") as stage:
        stage.github.logs[stage.jobs[0]] = f"{WHOLE}##[error]{CODE}\n"
        assert stage.read() == ReasonsRead(jobs=1, absent=0, left=0, requests=2)
    assert stage.rows("source", "absence", "message", "path", "line") == [
        ("log", None, "src/a.c:3:5: error: no semicolon", "src/a.c", 3)
    ]
    assert stage.rows("masked") == [("<path>:<n>:<n>: error: no semicolon",)]
    ((mark, run, time),) = stage.rows("fingerprint", "rungitid", "time")
    assert mark.startswith("3:")
    assert run == stage.world.job(stage.jobs[0]).run_id
    ended = stage.world.job(stage.jobs[0]).completed_at
    assert time == datetime.fromtimestamp(ended, UTC).replace(tzinfo=None)


def test_reasons_are_read_once(staged: Staged):
    with staged("build") as stage:
        stage.read()
        assert stage.read() == ReasonsRead()


def test_refused_job_says_why_it_never_started(staged: Staged):
    bill = "The job was not started because your account is locked due to a billing issue."
    with staged() as stage:
        (run,) = stage.world.members[("run", app_of(stage.world))]
        job = stage.world.queue_job(run, "build", labels=(), after=1)
        stage.world.finish_job(job, "failure", steps=(), after=2)
        stage.github.annotations[job] = [annotation(bill)]
        app = app_of(stage.world)
        deliver(stage.engine, stage.world, app, deliveries_of(stage.world, app))
        assert stage.read() == ReasonsRead(jobs=1, absent=0, left=0, requests=1)
        with stage.engine.connect() as connection:
            c = jobs.c
            stored = connection.execute(
                sa.select(c.conclusion, c.starttime, c.queuetime, c.runtime, c.os)
            ).all()
    assert stored == [("failure", None, None, None, None)]
    assert stage.rows("jobgitid", "job", "source", "message", "step") == [
        (job, "build", "annotation", bill, None)
    ]


@on_sqlite
def test_latest_job_comes_first_and_the_budget_is_kept(staged: Staged, engine_name: str):
    with staged("a", "b", "c") as stage:
        assert stage.read(requests=2) == ReasonsRead(left=3)
        assert stage.read(requests=5) == ReasonsRead(jobs=2, absent=0, left=1, requests=4)
        assert stage.rows("job") == [("b",), ("c",)]
        assert stage.github.counted == 4


@on_sqlite
def test_jobs_before_the_horizon_are_left_alone(staged: Staged, engine_name: str):
    with staged("a") as stage:
        assert stage.read(horizon=timedelta(seconds=1)) == ReasonsRead()


@on_sqlite
def test_only_failed_jobs_are_asked_for(staged: Staged, engine_name: str):
    with staged() as stage:
        world = stage.world
        (run,) = world.members[("run", app_of(world))]
        for conclusion in ("success", "cancelled", "timed_out"):
            fail(world, run, conclusion, conclusion)
        deliver(stage.engine, world, app_of(world), deliveries_of(world, app_of(world)))
        stage.read()
    told = "The job has exceeded the maximum execution time of 6h0m0s"
    assert stage.rows("job", "message") == [("timed_out", told)]


@on_sqlite
def test_key_without_the_permission_for_checks_still_reads_logs(staged: Staged, engine_name: str):
    with staged("build", tokens={TOKEN: Token(permissions=ALL - {"checks"})}) as stage:
        assert stage.read().jobs == 1
    assert stage.rows("source", "message") == [("log", USUAL.format("build"))]


@on_sqlite
def test_key_that_may_read_neither_stores_nothing(staged: Staged, engine_name: str):
    tokens = {TOKEN: Token(permissions=ALL - {"checks", "actions"})}
    with staged("build", "test", tokens=tokens) as stage:
        assert stage.read() == ReasonsRead(left=2, requests=4)
        why = "the key lacks a permission: actions=read; left due"
        assert stage.troubles == [
            f"job {job}: log and annotations: {why}" for job in sorted(stage.jobs)
        ]
    assert stage.rows("job") == []


@on_sqlite
def test_key_that_may_read_no_job_of_many_is_one_item(staged: Staged, engine_name: str):
    tokens = {TOKEN: Token(permissions=ALL - {"checks", "actions"})}
    with staged(*(f"job{number}" for number in range(20)), tokens=tokens) as stage:
        assert stage.read(requests=200).requests == 2 * 16
        why = "the key lacks a permission: actions=read; left due"
        assert stage.troubles == [f"reasons of failed jobs: {why}"]
        assert stage.read(requests=200).requests == 0
        stage.github.tokens = {TOKEN: Token()}
        later(stage, hours=1)
        assert stage.read(requests=200).jobs == 20
        assert stage.troubles == []


@on_sqlite
def test_key_that_lost_its_access_takes_nothing_for_gone(staged: Staged, engine_name: str):
    with staged("build", "test", tokens={TOKEN: Token(owners=frozenset({"mona"}))}) as stage:
        stage.world.set_private(app_of(stage.world))
        assert stage.read().left == 2
    assert "not found, or the key may not see it" in stage.troubles[0]
    assert stage.rows("job") == []


@on_sqlite
def test_refused_key_is_raised(staged: Staged, engine_name: str):
    with staged("build") as stage:
        stage.github.tokens.clear()
        with pytest.raises(ApiError, match="does not accept the key"):
            stage.read()


@on_sqlite
def test_every_reason_arrives_though_github_and_its_logs_fail_now_and_then(
    staged: Staged, engine_name: str
):
    names = [f"job{number}" for number in range(8)]
    with staged(*names, faults=Faults(seed=5, rate=0.3)) as stage:
        for turn in range(30):
            stage.github.blobs_as.failures += [503, 0][: turn % 3]
            if stage.read().left == 0:
                break
            later(stage, hours=7)
    assert stage.rows("job", "source", "message") == [
        (name, "log", USUAL.format(name)) for name in names
    ]
