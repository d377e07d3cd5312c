"""One cycle after the other: what each of its steps finds, and what it costs."""

import json
import time

import pytest
import sqlalchemy as sa

from fakegithub.api import hookroutes
from fakegithub.api.access import Token
from fakegithub.api.answers import Logged
from fakegithub.server import Server
from fakegithub.world.world import World
from schema.tables.ci import jobs, workflowruns
from schema.tables.deliveries import deliveries
from store.state import notes
from tests.fakegithub.samples import app_of, flow_of, runs_of, small_world
from tests.healing.equal import check_equals_world
from tests.healing.installation import asked, installed, stored

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)

DAY, RUN = 86_400, "workflow_run"


def finished_run(world: World, **options: object) -> int:
    """Make a run of one job that succeeds; return its id."""
    run = world.trigger(flow_of(world), after=10, **options)
    job = world.queue_job(run, "build", after=1)
    world.start_job(job, after=5)
    world.finish_job(job, after=60)
    world.finish_run(run, after=1)
    return run


def test_hook_of_runs_and_pushes_only_is_enough(engine):
    world = small_world()
    with installed(world, engine) as here:
        hook = here.hook(app_of(world))
        hook.events = ("workflow_run", "push")
        finished_run(world)
        here.github.hooks.send_due()
        assert stored(engine, jobs.c.name) == []
        here.heal()
        check_equals_world(engine, world, app_of(world))
    assert stored(engine, jobs.c.name) == ["build"]


def test_deliveries_that_failed_are_taken_from_the_log(engine):
    world = small_world()
    with installed(world, engine) as here:
        hook = here.hook(app_of(world))
        here.receiver.is_down = True
        run = finished_run(world)
        here.github.hooks.send_due()
        assert stored(engine, deliveries.c.guid) == []
        here.receiver.is_down = False
        outcome = here.heal()
        guids = sorted(one.guid for one in world.deliveries(repo_id=app_of(world)))
        assert outcome.recovered == len(guids) == 9
        assert stored(engine, deliveries.c.guid) == guids
        assert set(stored(engine, deliveries.c.state)) == {"applied"}
        assert stored(engine, workflowruns.c.gitid) == [run]
        # What was taken from the log is not taken again.
        since = len(here.github.requests)
        assert here.heal().recovered == 0
        assert asked(here, f"/hooks/{hook.id}/deliveries/", since) == []


def test_field_of_a_logged_delivery_that_cannot_be_read_is_said_and_the_rest_stored(
    engine, monkeypatch
):
    world = small_world()
    kept = hookroutes.record_json

    def with_odd_number(record, hook):
        found = kept(record, hook)
        if found["event"] == RUN:
            found["request"]["payload"]["workflow_run"]["run_number"] = "seven"
        return found

    monkeypatch.setattr(hookroutes, "record_json", with_odd_number)
    with installed(world, engine) as here:
        here.hook(app_of(world))
        here.receiver.is_down = True
        run = finished_run(world)
        here.github.hooks.send_due()
        here.receiver.is_down = False
        here.heal()
        said = here.said.getvalue()
    guids = [one.guid for one in world.deliveries(repo_id=app_of(world)) if one.event == RUN]
    why = "workflow_run.run_number: wants a whole number, got 'seven'"
    assert [f"delivery {guid}: {why}" in said for guid in guids] == [True] * 3
    assert stored(engine, workflowruns.c.gitid) == [run]
    assert set(stored(engine, deliveries.c.state)) == {"applied"}


def test_delivery_that_was_ignored_is_not_asked_for_again(engine):
    world = small_world()
    with installed(world, engine) as here:
        hook = here.hook(app_of(world))
        finished_run(world)
        here.github.hooks.send_due()
        with engine.begin() as connection:
            connection.execute(sa.update(deliveries).values(state="ignored", body=None))
        assert here.heal().recovered == 0
        assert asked(here, f"/hooks/{hook.id}/deliveries/") == []


def test_payload_that_is_gone_is_asked_to_be_sent_again_once(engine, monkeypatch):
    world = small_world()
    kept = hookroutes.record_json

    def without_payload(record, hook):
        found = kept(record, hook)
        return {**found, "request": {**found["request"], "payload": None}}

    monkeypatch.setattr(hookroutes, "record_json", without_payload)
    with installed(world, engine) as here:
        hook = here.hook(app_of(world))
        here.receiver.is_down = True
        here.github.hooks.send_due(until=int(world.time.timestamp()))
        here.receiver.is_down = False
        failed = len(hook.log)
        assert failed == 3
        outcome = here.heal()
        assert (outcome.recovered, outcome.is_more) == (0, True)
        assert len(asked(here, "/attempts")) == failed
        wait_for(lambda: len(stored(engine, deliveries.c.guid)) == failed)
        here.heal()
        assert len(asked(here, "/attempts")) == failed


def wait_for(condition) -> None:
    """Wait for what GitHub does after it answered."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_hook_of_an_organisation_is_read_once_a_cycle(engine):
    world = small_world()
    other = world.create_repo("octo-org/lib")
    world.push(other, "First commit", after=5)
    with installed(world, engine) as here:
        hook = here.hook(0)
        hook.repo_id, hook.owner = None, "octo-org"
        here.receiver.is_down = True
        here.github.hooks.send_due()
        here.receiver.is_down = False
        since = len(here.github.requests)
        assert here.heal().recovered == len(hook.log) == 6
        lists = asked(here, f"/orgs/octo-org/hooks/{hook.id}/deliveries?", since)
        assert len(lists) == 1
        assert len(asked(here, "/orgs/octo-org/hooks?", since)) == 1


def test_log_of_a_hook_with_a_slash_at_its_end_is_read_as_check_reads_it(engine):
    world = small_world()
    with installed(world, engine) as here:
        hook = here.hook(app_of(world))
        hook.url += "/"
        here.receiver.is_down = True
        here.github.hooks.send_due()
        here.receiver.is_down = False
        assert here.heal().recovered == len(hook.log) == 3


def test_without_rights_to_the_hook_the_lists_heal_and_it_is_said_once(engine):
    world = small_world()
    weak = {"weak": Token(permissions=frozenset({"metadata", "actions", "contents"}))}
    with installed(world, engine, tokens=weak) as here:
        here.hook(app_of(world))
        finished_run(world)
        for _ in range(3):
            assert here.heal().troubles == ()
        check_equals_world(engine, world, app_of(world))
    assert here.said.getvalue().count("may not read the webhooks of octo-org/app:") == 1


def test_idle_cycle_costs_nothing_and_writes_nothing(engine):
    world = small_world(runs=3)
    for run in runs_of(world):
        world.finish_run(run)
    with installed(world, engine) as here:
        here.hook(app_of(world))
        here.github.hooks.send_due()
        here.heal()
        here.heal()
        counted, since = here.github.counted, len(here.github.requests)
        outcome = here.heal()
        assert (outcome.changed, outcome.recovered, outcome.is_fed) == (0, 0, True)
        assert here.github.counted == counted
        assert len(here.github.requests) - since < 12


class Used(list[Logged]):
    """A log of requests that notes how much of the hour's limit was used by each."""

    def __init__(self, github: Server) -> None:
        super().__init__()
        self.github, self.used = github, list[int]()

    def append(self, request: Logged) -> None:
        """Note a request."""
        super().append(request)
        self.used += [account.used for account in self.github.limits.accounts.values()]


def test_requests_never_exceed_the_share_of_the_limit(engine):
    world = small_world()
    for _ in range(40):
        finished_run(world)
    small = {"small": Token(name="small", limit=60)}
    with installed(world, engine, tokens=small) as here:
        here.github.limits.scale = 600  # an hour takes 6 s
        requests = here.github.requests = Used(here.github)
        here.heal()
        assert max(requests.used) <= 30
        assert here.github.counted > 40
        assert here.github.limits.refusals == 0
        check_equals_world(engine, world, app_of(world))


def test_repository_that_is_gone_is_told_and_the_others_are_healed(engine):
    world = small_world()
    finished_run(world)
    with installed(world, engine) as here:
        outcome = here.heal(patterns=("octo-org/gone", "octo-org/app"))
        assert outcome.troubles == ("octo-org/gone: not found, or the key may not see it",)
        check_equals_world(engine, world, app_of(world))


def test_cycle_leaves_word_of_itself(engine):
    world = small_world()
    with installed(world, engine) as here:
        here.heal()
    with engine.connect() as connection:
        told = json.loads(notes.text(connection, "", "cycle"))
    assert told["changed"] > 0
    assert told["troubles"] == []
