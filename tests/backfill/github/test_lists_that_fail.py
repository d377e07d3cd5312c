"""Lists that fail for hours, or tell less than there is: nothing is lost, nothing grows."""

from datetime import UTC, datetime, timedelta

import pytest

from backfill.github.run_listing import MOST_UNREAD
from backfill.pipeline import run_notes
from fakegithub.api.answers import Answer
from fakegithub.api.faults import Faults
from fakegithub.api.lies import Lie
from schema.tables.backfill import runreads, windows
from schema.tables.ci import branches, jobs, runattempts, workflowruns
from schema.tables.reconciler import rereads
from tests.backfill.filling import fill, served
from tests.backfill.github.test_refused_lists import at_hour
from tests.fakegithub.samples import app_of, flow_of, runs_of, small_world
from tests.healing.equal import check_equals_world
from tests.healing.installation import installed, stored

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)

DAY = 86_400


def ended(world, after):
    """Let a run of one job begin after some seconds, and end."""
    run = world.trigger(flow_of(world), after=after)
    job = world.queue_job(run, "build", after=1)
    world.start_job(job, after=5)
    world.finish_job(job, "success", after=60)
    world.finish_run(run, after=1)
    return run


def test_lists_that_fail_for_hours_leave_few_spans_due_and_are_all_read_once_they_are_well(
    engine, monkeypatch
):
    world = small_world()
    for _ in range(3):
        ended(world, DAY)
    faults = Faults(pause=0.01, lasting=[(r"/actions/runs[?](created|per_page)", "502")])
    with installed(world, engine, faults=faults) as here:
        for cycle in range(6):
            at_hour(monkeypatch, cycle)
            ended(world, 3600)
            here.heal()
        assert len(stored(engine, windows.c.Id)) <= MOST_UNREAD + 4
        assert stored(engine, workflowruns.c.gitid) == []
        faults.lasting.clear()
        ended(world, 3600)
        here.heal()
        assert stored(engine, workflowruns.c.gitid) == sorted(runs_of(world))
        assert here.heal().troubles == ()


def test_outage_of_two_months_is_healed_from_where_it_began(engine):
    world = small_world(runs=1)
    world.finish_run(runs_of(world)[0], after=1)
    with installed(world, engine) as here:
        here.heal(first=True)
        for _ in range(12):
            ended(world, 5 * DAY)
        here.heal(first=True)
        assert stored(engine, workflowruns.c.gitid) == sorted(runs_of(world))
        check_equals_world(engine, world, app_of(world))


def test_history_before_what_is_healed_is_not_read_without_being_asked_for(engine):
    world = small_world(runs=1)
    world.finish_run(runs_of(world)[0], after=1)
    ended(world, 60 * DAY)
    with installed(world, engine) as here:
        here.heal(first=True)
        here.heal()
        assert stored(engine, workflowruns.c.gitid) == runs_of(world)[1:]


def test_run_whose_server_asks_to_come_back_much_later_holds_nobody_up(engine, store_url, capsys):
    world = small_world()
    first, second = ended(world, 60), ended(world, 60)

    def refuse(path: str, answer: Answer) -> Answer:
        late = Answer(503, {"message": "Unavailable"}, {"Retry-After": "3600"})
        return late if f"/runs/{first}/jobs" in path else answer

    with served(world, store_url) as github:
        github.change = refuse
        assert fill(world, app_of(world)) == 1
        asked = [one for one in github.requests if f"/runs/{first}/jobs" in one.path]
    assert f"run {first}: jobs: GitHub answers 503; left due" in capsys.readouterr().err
    assert len(asked) == 9  # once in each of three sizes, of the three pages that may be tried
    assert stored(engine, jobs.c.rungitid) == [second]


@pytest.mark.parametrize("other", [{"id": 7}, {"run_attempt": 2}])
def test_object_of_another_run_or_attempt_is_not_taken_for_the_one_that_was_asked_for(
    engine, store_url, capsys, other
):
    world = small_world()
    run = ended(world, 60)
    for job in world.rerun_all(run, after=60):
        world.start_job(job, after=5)
        world.finish_job(job, "failure", after=30)
    world.finish_run(run, after=1)
    with served(world, store_url) as github:
        github.lies = [Lie(r"/attempts/1\?", odd={run: other})]
        assert fill(world, app_of(world)) == 1
        (name, told) = next(iter(other.items()))
        why = f"the answer cannot be read: it is of another {name}, {told}; left due"
        assert f"octo-org/app: run {run}: attempt 1: {why}" in capsys.readouterr().err
        assert stored(engine, workflowruns.c.gitid) == [run]
        assert stored(engine, runattempts.c.conclusion) == [None, "failure"]


def test_attempt_that_does_not_say_its_number_has_the_one_that_was_asked_for(engine, store_url):
    world = small_world()
    run = ended(world, 60)
    for job in world.rerun_all(run, after=60):
        world.start_job(job, after=5)
        world.finish_job(job, "failure", after=30)
    world.finish_run(run, after=1)
    for job in world.rerun_all(run, after=60):
        world.start_job(job, after=5)
        world.finish_job(job, "success", after=30)
    world.finish_run(run, after=1)
    with served(world, store_url) as github:
        github.lies = [Lie(r"/attempts/2\?", odd={run: {"run_attempt": None}})]
        assert fill(world, app_of(world)) == 0
    assert stored(engine, runattempts.c.attempt) == [1, 2, 3]
    with engine.connect() as connection:
        told = connection.execute(runattempts.select().order_by(runattempts.c.attempt)).all()
    assert [row.conclusion for row in told] == ["success", "failure", "success"]


def test_jobs_of_an_attempt_that_just_ended_and_are_not_listed_yet_are_asked_for_again(
    engine, store_url, monkeypatch
):
    world = small_world()
    run = ended(world, 60)
    again = list(world.rerun_all(run, after=60))
    for job in again:
        world.start_job(job, after=5)
        world.finish_job(job, "failure", after=30)
    world.finish_run(run, after=1)
    now = datetime.fromtimestamp(world.now, UTC).replace(tzinfo=None) + timedelta(minutes=5)
    monkeypatch.setattr(run_notes, "clock", lambda: now)
    with served(world, store_url) as github:
        github.lies = [Lie("/jobs", frozenset(again), counts_shown=True)]
        fill(world, app_of(world))
        assert stored(engine, runreads.c.state) == ["open"]
        github.lies = []
        fill(world, app_of(world))
        assert set(again) <= set(stored(engine, jobs.c.gitid))
        assert stored(engine, runreads.c.state) == ["done"]
        # Of one that ended long ago there are none.
        github.lies = [Lie("/jobs", frozenset(again), counts_shown=True)]
        monkeypatch.setattr(run_notes, "clock", lambda: now + timedelta(hours=2))
        assert fill(world, app_of(world)) == 0
    assert stored(engine, runreads.c.state) == ["done"]


def test_healing_asks_again_for_jobs_that_were_not_listed_yet(engine, monkeypatch):
    world = small_world()
    run = ended(world, 60)
    with installed(world, engine) as here:
        here.heal()
        again = list(world.rerun_all(run, after=60))
        for job in again:
            world.start_job(job, after=5)
            world.finish_job(job, "failure", after=30)
        world.finish_run(run, after=1)
        now = datetime.fromtimestamp(world.now, UTC).replace(tzinfo=None)
        monkeypatch.setattr(run_notes, "clock", lambda: now)
        here.github.lies = [Lie("/jobs", frozenset(again), counts_shown=True)]
        here.heal()
        assert not set(again) & set(stored(engine, jobs.c.gitid))
        here.github.lies = []
        world.advance(120)
        here.heal()
        assert set(again) <= set(stored(engine, jobs.c.gitid))
        assert stored(engine, rereads.c.rungitid) == []
        check_equals_world(engine, world, app_of(world))


def test_branches_of_the_pages_that_can_be_read_are_stored_where_all_after_them_fail(
    engine, store_url, capsys
):
    world = small_world()
    for number in range(120):
        world.create_branch(app_of(world), f"b{number:03}")
    lasting = [
        (r"/branches[?].*per_page=100&page=[0-9]", "502"),
        (r"branches[?]per_page=[13]0&", "502"),
    ]
    with served(world, store_url, faults=Faults(pause=0.01, lasting=lasting)):
        assert fill(world, app_of(world)) == 1
    assert "octo-org/app: some branches are not read: GitHub answers 502" in capsys.readouterr().err
    assert len(stored(engine, branches.c.Id)) == 100


def test_refusal_without_words_has_no_brackets_and_a_branch_is_named(engine, store_url, capsys):
    world = small_world(runs=1)
    world.create_branch(app_of(world), "odd")

    def refuse(path: str, answer: Answer) -> Answer:
        return Answer(403, {}) if "/actions/workflows" in path else answer

    with served(world, store_url) as github:
        github.change = refuse
        github.lies = [Lie(r"/branches\?", odd={"odd": {"commit": {"sha": None}}})]
        assert fill(world, app_of(world)) == 1
    told = capsys.readouterr().err
    assert "octo-org/app: workflows: GitHub forbids it\n" in told
    assert "octo-org/app: branch odd: branch.commit.sha: is missing" in told
