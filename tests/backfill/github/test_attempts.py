"""How many attempts of a run are asked for: as many as it can have had, not as many as it says."""

from datetime import datetime, timedelta

import pytest

from backfill.audit.findings import find_missing_attempts
from backfill.records import ListedRun
from fakegithub.api.answers import Answer, error
from fakegithub.api.lies import Lie
from schema.tables.ci import jobs, runattempts, workflowruns
from tests.backfill.audit.test_audit import prove
from tests.backfill.filling import fill, served
from tests.backfill.test_unreadable import stored, worlds_of_two_runs
from tests.fakegithub.samples import app_of

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)

MILLION = {"run_attempt": 1_000_000}


def test_run_of_a_million_attempts_is_asked_for_few_that_are_not_there(engine, store_url, capsys):
    world, run, job, _ = worlds_of_two_runs()
    with served(world, store_url) as github:
        github.lies = [Lie(r"/runs\?", odd={run: MILLION}), Lie("/jobs", frozenset({job}))]
        fill(world, app_of(world))
        asked = [one.path for one in github.requests if "/attempts/" in one.path]
        began = len(github.requests)
        prove(engine, github, world, app_of(world))
        assert len(github.requests) - began < 1100
    assert len([one for one in asked if "/jobs" not in one]) == 10
    assert len([one for one in asked if "/jobs" in one]) == 10
    assert run in stored(engine, workflowruns.c.gitid)
    err = capsys.readouterr().err
    assert f"run {run}: of 1000000 attempts only the latest are asked for" in err
    assert f"run {run}: of attempts before 999990 none is asked for: 10 in a row are gone" in err
    why = "jobs of 10 in a row are gone"
    assert f"run {run}: of attempts before 999991 none is asked for: {why}" in err


def test_attempts_that_are_all_there_are_read_though_some_before_the_last_are_gone(
    engine, store_url
):
    world, job_ids = worlds_of_many_attempts(30)
    gone = tuple(f"/attempts/{number}" for number in range(15, 24))

    def hide(path: str, answer: Answer) -> Answer:
        return error(404, "Not Found") if path.partition("?")[0].endswith(gone) else answer

    with served(world, store_url) as github:
        github.change = hide
        assert fill(world, app_of(world)) == 0
    assert stored(engine, runattempts.c.attempt) >= {*range(1, 15), *range(24, 31)}
    assert stored(engine, jobs.c.gitid) >= set(job_ids)


def test_attempts_before_many_that_fail_are_read_and_nothing_is_said_to_be_gone(
    engine, store_url, capsys
):
    world, job_ids = worlds_of_many_attempts(30)
    broken = tuple(f"/attempts/{number}" for number in range(12, 28))

    def spoil(path: str, answer: Answer) -> Answer:
        is_one = path.partition("?")[0].endswith(broken)
        return Answer(200, "<html></html>", {}) if is_one else answer

    with served(world, store_url) as github:
        github.change = spoil
        assert fill(world, app_of(world)) == 1
    assert stored(engine, runattempts.c.attempt) >= {*range(1, 12), *range(28, 31)}
    assert stored(engine, jobs.c.gitid) >= set(job_ids)
    err = capsys.readouterr().err
    assert "attempt 12" in err
    assert "none is asked for" not in err


def worlds_of_many_attempts(number: int):
    """Return a world with a run of so many attempts, and the jobs of those after two."""
    world, run, _, _ = worlds_of_two_runs()
    job_ids = []
    for _ in range(number - 2):
        for job in world.rerun_all(run, after=60):
            job_ids.append(job)
            world.start_job(job, after=5)
            world.finish_job(job, "success", after=30)
        world.finish_run(run, after=1)
    return world, job_ids


def test_audit_misses_no_attempt_before_those_that_are_read(engine):
    now = datetime(2026, 11, 30)
    run = ListedRun(7, 1500, "completed", "success", now, now)
    for until in (now, now - timedelta(minutes=1)):
        assert find_missing_attempts(run, {*range(501, 1501)}, until) == []
    lost = find_missing_attempts(run, {*range(502, 1501)}, now)
    assert [one.name for one in lost] == ["7/501"]
