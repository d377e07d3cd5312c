"""What looks as if it were missing and is not, and what looks whole and is not."""

from datetime import timedelta
from random import Random

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from backfill.audit import audit, repair
from backfill.audit.verdict import Span
from fakegithub.world.history import history
from schema.tables.ci import jobs
from schema.tables.reconciler import rereads
from store.deliveries.spool import Spool
from tests import counts
from tests.backfill.audit.test_audit import finished, named, of, prove
from tests.backfill.filling import fill, served
from tests.backfill.lossy import (
    LONG_AGO,
    deliver,
    deliver_somehow,
    desk_of,
    everything,
    here_of,
    missing_of,
    naive,
)
from tests.fakegithub.samples import app_of, flow_of, small_world
from tests.store import production_doors

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


def test_job_that_is_open_here_is_asked_for_though_its_run_was_read(engine: Engine, store_url):
    world = small_world()
    repo = app_of(world)
    _, (first, _) = finished(world)
    with served(world, store_url) as github:
        assert fill(world, repo) == 0
        with engine.begin() as connection:
            change = sa.update(jobs).where(jobs.c.gitid == first)
            connection.execute(change.values(status="in_progress", version=b"1"))
        assert named(prove(engine, github, world, repo)) == {("job state", str(first))}


def test_run_that_begins_with_its_second_attempt_lacks_nothing(engine: Engine, store_url):
    world = small_world()
    repo = app_of(world)
    like = world.run(finished(world)[0])
    number = world.new_id("run")
    world.record("run", number, like._replace(id=number, number=2, attempt=2), repo_id=repo)
    world.add_member("run", repo, number)
    deliver(engine, world, repo)
    with served(world, store_url) as github, desk_of(engine, github) as desk:
        here = here_of(desk, world, repo)
        found = audit.audit_vendor(desk, here, everything(world))
        assert named(found) == {("run", str(number))}
        repair.repair(desk, here, found)
        assert named(audit.audit_vendor(desk, here, everything(world))) == set()
        # A backfill noted that it asked for the first attempt.
        assert named(audit.audit_store(engine, here.repoid, everything(world))) == set()


def test_push_of_this_moment_is_on_its_way_and_one_of_before_is_missing(engine: Engine, store_url):
    world = small_world()
    repo = app_of(world)
    deliver(engine, world, repo)
    world.push(repo, "Lost, or on its way", after=3600)
    sha = world.head(repo)
    with served(world, store_url) as github, desk_of(engine, github) as desk:
        here = here_of(desk, world, repo)
        pushed = naive(world.now)
        found = audit.audit_vendor(desk, here, Span(LONG_AGO, pushed - timedelta(seconds=60)))
        assert found.findings == ()
        assert {(one.kind, one.name) for one in found.notes} == {("head", "main"), ("commit", sha)}
        found = audit.audit_vendor(desk, here, Span(LONG_AGO, pushed))
        assert named(found) == {("head", "main"), ("commit", sha)}


def test_run_that_failed_before_it_had_a_job_is_whole_once_a_backfill_read_it(
    engine: Engine, store_url
):
    world = small_world()
    repo = app_of(world)
    bare = world.trigger(flow_of(world), after=60)
    world.finish_run(bare, "failure", after=5)
    deliver(engine, world, repo)
    with served(world, store_url) as github:
        with desk_of(engine, github) as desk:
            repoid = here_of(desk, world, repo).repoid
        assert named(prove(engine, github, world, repo)) == set()
        assert named(audit.audit_store(engine, repoid, everything(world))) == {("jobs", str(bare))}
        assert fill(world, repo) == 0
        assert named(audit.audit_store(engine, repoid, everything(world))) == set()


def test_check_of_a_third_party_that_github_lists_among_jobs_is_none(engine: Engine, store_url):
    world = small_world()
    repo = app_of(world)
    run, _ = finished(world)
    check = world.attach_check(run, "third-party/scan")
    deliver(engine, world, repo)
    world.members[("job", run)].append(check)
    with served(world, store_url) as github:
        assert named(prove(engine, github, world, repo)) == set()


@pytest.mark.parametrize("door", ["webhook", "backfill"])
def test_refused_job_is_stored_by_either_door(engine: Engine, store_url, door: str):
    world = small_world()
    repo = app_of(world)
    run = world.trigger(flow_of(world), after=60)
    refused = world.queue_job(run, "build", labels=(), after=1)
    world.finish_job(refused, "failure", steps=(), after=2)
    world.finish_run(run, "failure", after=1)
    ended = [jobs.c.gitid, jobs.c.conclusion, jobs.c.starttime, jobs.c.queuetime, jobs.c.runtime]
    query = sa.select(*ended).where(jobs.c.gitid == refused)
    with served(world, store_url) as github:
        if door == "webhook":
            deliver(engine, world, repo)
        else:
            assert fill(world, repo) == 0
        with engine.connect() as connection:
            assert connection.execute(query).all() == [(refused, "failure", None, None, None)]
        assert named(prove(engine, github, world, repo)) == set()


@pytest.mark.parametrize(
    ("state", "due", "is_missing"),
    [
        ("abandoned", LONG_AGO, False),  # the reconciler gave it up
        ("waiting", None, False),  # it was asked for a moment ago
        ("waiting", LONG_AGO, True),  # nobody asks for it any more
    ],
)
def test_run_that_github_does_not_end_is_missing_only_while_nobody_asks(
    engine: Engine, store_url, state, due, is_missing
):
    world = small_world()
    repo = app_of(world)
    run = world.trigger(flow_of(world))
    deliver(engine, world, repo)
    world.advance(40 * 86_400)
    span = everything(world)
    with served(world, store_url) as github, desk_of(engine, github) as desk:
        repoid = here_of(desk, world, repo).repoid
    with engine.begin() as connection:
        row = {"repoid": repoid, "rungitid": run, "tries": 3, "state": state}
        connection.execute(sa.insert(rereads), {**row, "duetime": due or span.until})
    found = audit.audit_store(engine, repoid, span)
    assert named(found) == ({("open", str(run))} if is_missing else set())
    assert [one.kind for one in found.notes] == ([] if is_missing else ["open"])


def test_branch_whose_page_was_stored_before_it_was_lost_is_read_again(engine: Engine, store_url):
    world = small_world()
    repo = app_of(world)
    world.create_branch(repo, "quiet", after=60)
    with served(world, store_url) as github:
        assert fill(world, repo) == 0
        with engine.begin() as connection:
            connection.execute(sa.text("DELETE FROM branches WHERE name = 'quiet'"))
        found = prove(engine, github, world, repo)
        assert named(found) == {("branch", "quiet")}
        with desk_of(engine, github) as desk:
            repair.repair(desk, here_of(desk, world, repo), found)
        assert named(prove(engine, github, world, repo)) == set()


def test_push_whose_delivery_came_but_not_its_branch_event_lacks_nothing(engine: Engine, store_url):
    world = small_world()
    repo = app_of(world)
    world.create_branch(repo, "feature", after=60)
    deliver(engine, world, repo, of("create", (repo, "feature")))
    with served(world, store_url) as github:
        assert named(prove(engine, github, world, repo)) == set()


@pytest.mark.parametrize("seed", range(counts.count(2, 100)))
def test_every_fate_of_a_delivery_is_told_apart(engine: Engine, store_url, tmp_path, seed):
    world = history(seed=seed, runs=8, jobs=2, days=2)
    repo = world.members[("repo", None)][0]
    random = Random(seed)
    fates = ("applied",) * 12 + ("quarantined", "spooled", "lost")
    spool = Spool(tmp_path / "spool")
    came, waiting = deliver_somehow(engine, world, repo, spool, lambda: random.choice(fates))
    assert {kind for kind, _ in waiting} == {"quarantined", "spooled"}
    with served(world, store_url) as github, desk_of(engine, github) as desk:
        here, span = here_of(desk, world, repo), everything(world)
        found = audit.audit_vendor(desk, here, span, spool=spool.folder)
        assert named(found) == missing_of(world, repo, came) | waiting
        repair.repair(desk, here, found)
        # What is in the spool is the listener's to store.
        found = audit.audit_vendor(desk, here, span, spool=spool.folder)
        assert named(found) == {one for one in waiting if one[0] == "spooled"}
        for entry in spool.take(1000):
            one = entry.delivery
            production_doors.store(engine, one)
            spool.remove([entry.number])
        assert named(audit.audit_vendor(desk, here, span, spool=spool.folder)) == set()
    spool.close()
