"""Repositories and workflows that are gone at GitHub, and come back."""

import pytest
import sqlalchemy as sa

from fakegithub.api.access import Token
from rows.github.events import EVENTS
from schema.tables.ci import jobs, repos, runattempts, workflowruns, workflows
from store.state import gone_repositories, health
from tests.fakegithub.samples import app_of, flow_of, runs_of, small_world
from tests.healing.equal import check_equals_world, stored_of
from tests.healing.installation import installed, stored
from tests.healing.worlds import heal_twice
from tests.listener.sending import SECRET
from tests.store import production_doors

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
HOUR = 3600
ABANDONED = ("completed", "abandoned")


def ends_of(engine, table):
    """Return how the rows of a table ended."""
    with engine.connect() as connection:
        query = sa.select(table.c.status, table.c.conclusion).distinct()
        return sorted(tuple(row) for row in connection.execute(query))


def gone_of(engine):
    """Return the names of the repositories that are gone, and why."""
    with engine.connect() as connection:
        return [(one.name, one.gonereason) for one in gone_repositories.list_gone(connection)]


def open_world():
    """Return a world with one run and its job in progress."""
    world = small_world(runs=1)
    world.start_job(world.queue_job(runs_of(world)[0], "build"), after=30)
    return world


def test_deleted_repository_is_said_once_and_its_open_runs_end(engine):
    world = open_world()
    with installed(world, engine) as here:
        heal_twice(here)
        world.delete_repo(app_of(world), after=60)
        first = here.heal(patterns=())
        assert len(first.troubles) == 1
        assert "octo-org/app is gone since" in first.troubles[0]
        assert gone_of(engine) == [("octo-org/app", gone_repositories.NOT_FOUND)]
        # GitHub was wrong with 404 for hours: what was active a moment ago may still go on.
        assert ends_of(engine, jobs) == [("in_progress", None)]
        world.advance(6 * HOUR)
        assert here.heal(patterns=()).troubles == ()
        for table in (workflowruns, runattempts, jobs):
            assert ends_of(engine, table) == [ABANDONED]
        with engine.connect() as connection:
            assert [(row.name, row.state) for row in health.rows(connection) if row.subject] == [
                ("gone", "warning")
            ]
        assert here.heal(patterns=()).changed == 0


def test_repository_that_comes_back_goes_on(engine):
    world = open_world()
    app = app_of(world)
    kept = world.repo(app)
    with installed(world, engine) as here:
        heal_twice(here)
        world.delete_repo(app, after=60)
        here.heal(patterns=())
        world.advance(7 * HOUR)
        here.heal(patterns=())
        assert ends_of(engine, jobs) == [ABANDONED]
        world.restore_repo(kept, after=HOUR)
        heal_twice(here)
        assert gone_of(engine) == []
        check_equals_world(engine, world, app)
        assert ends_of(engine, jobs) == [("in_progress", None)]
        world.finish_run(runs_of(world)[0], after=60)
        world.advance(HOUR)
        heal_twice(here)
        check_equals_world(engine, world, app)


@on_sqlite
def test_blocked_repository_ends_its_runs_at_once_and_comes_back(engine):
    world = open_world()
    with installed(world, engine) as here:
        heal_twice(here)
        world.block_repo(app_of(world), after=60)
        assert len(here.heal().troubles) == 1
        assert gone_of(engine) == [("octo-org/app", "blocked")]
        assert ends_of(engine, workflowruns) == [ABANDONED]
        world.block_repo(app_of(world), blocked=False, after=60)
        heal_twice(here)
        assert gone_of(engine) == []
        check_equals_world(engine, world, app_of(world))


@on_sqlite
def test_repository_made_again_under_its_name_leaves_the_first_as_gone(engine):
    world = open_world()
    app = app_of(world)
    with installed(world, engine) as here:
        heal_twice(here)
        before = stored_of(engine, app)
        world.delete_repo(app, after=60)
        again = world.create_repo("octo-org/app", after=60)
        world.push(again, "Anew", after=5)
        assert len(here.heal().troubles) == 1
        heal_twice(here)
        assert gone_of(engine) == [("octo-org/app", gone_repositories.REPLACED)]
        check_equals_world(engine, world, again)
        assert before["commits"] == stored_of(engine, app)["commits"]
        assert ends_of(engine, workflowruns) == [ABANDONED]


@on_sqlite
def test_repository_renamed_whose_old_name_is_another_is_not_gone(engine):
    world = open_world()
    app = app_of(world)
    with installed(world, engine) as here:
        heal_twice(here)
        world.rename(app, "moved", after=60)
        again = world.create_repo("octo-org/app", after=60)
        world.push(again, "Anew", after=5)
        here.heal(patterns=("octo-org/app",))
        here.heal(patterns=("octo-org/app",))
        assert gone_of(engine) == []
        assert sorted(stored(engine, repos.c.name)) == ["octo-org/app", "octo-org/moved"]


@on_sqlite
def test_key_that_lost_its_rights_is_no_end_of_repositories(engine):
    world = open_world()
    other = world.create_repo("octo-org/other", private=True)
    world.set_private(app_of(world), after=5)
    with installed(world, engine) as here:
        heal_twice(here)
        token = here.github.token
        here.github.tokens[token] = Token(owners=frozenset({"elsewhere"}))
        world.advance(7 * HOUR)
        for _ in range(2):
            troubles = here.heal(patterns=()).troubles
            assert len(troubles) == 2
            assert "the key may have lost its rights" in troubles[0]
        assert gone_of(engine) == []
        assert ends_of(engine, jobs) == [("in_progress", None)]
        here.github.tokens[token] = Token()
        world.delete_repo(other, after=5)
        here.heal(patterns=())
        assert gone_of(engine) == [("octo-org/other", gone_repositories.NOT_FOUND)]


def test_deleted_event_is_believed_at_once_and_later_ends_of_runs_still_win(engine):
    world = open_world()
    app, (run,) = app_of(world), runs_of(world)
    (job,) = world.members[("job", run)]
    with installed(world, engine) as here:
        here.github.hooks.create(
            here.receiver.url,
            owner="octo-org",
            events=tuple(EVENTS),
            secret=SECRET,
            content_type="json",
        ).created_at = 0
        here.github.hooks.send_due()
        world.finish_job(job, "success", after=60)
        world.finish_run(run, after=5)
        late = [one for one in world.deliveries() if one.action == "completed"]
        world.delete_repo(app, after=60)
        here.github.hooks.send_due(mishap=lambda one, _: "never" if one in late else None)
        assert gone_of(engine) == [("octo-org/app", gone_repositories.DELETED)]
        assert ends_of(engine, jobs) == ends_of(engine, workflowruns) == [ABANDONED]
        # Said by GitHub itself: no cycle has to say it again.
        assert here.heal(patterns=()).troubles == ()
        sent = [production_doors.sent(one.event, one.payload, one.guid) for one in late]
        production_doors.by_webhook(engine, sent)
        assert ends_of(engine, jobs) == ends_of(engine, workflowruns) == [("completed", "success")]
        assert gone_of(engine) == [("octo-org/app", gone_repositories.DELETED)]


def test_workflow_whose_file_is_deleted_is_so_and_active_once_it_is_back(engine):
    world = small_world(runs=1)
    with installed(world, engine) as here:
        heal_twice(here)
        assert stored(engine, workflows.c.state) == ["active"]
        world.delete_workflow(flow_of(world), after=60)
        heal_twice(here)
        assert stored(engine, workflows.c.state) == ["deleted"]
        world.restore_workflow(flow_of(world), after=60)
        heal_twice(here)
        assert stored(engine, workflows.c.state) == ["active"]
