"""Jobs by GraphQL first: few requests, the same store in the end, and REST where it is refused."""

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from engines import connect
from fakegithub.api import rest
from fakegithub.api.access import Token
from fakegithub.graphql.answer import check_run
from fakegithub.server import Server
from fakegithub.world.history import history
from fakegithub.world.webhooks import run_json
from fakegithub.world.world import World
from rows.sources import source_of
from store.doors import api
from store.doors.api import Read
from tests.backfill.filling import deliver, deliveries_of, fill, served
from tests.counts import count
from tests.equality import Contents, check_equal, contents
from tests.fakegithub.strategies import worlds
from tests.store.production_doors import RECEIVED
from tests.store.writers import emptied

SQLITE = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
ALL = ("--commits", "all")


def world_of(runs: int = 105, jobs: int = 2) -> World:
    return history(seed=4, runs=runs, jobs=jobs, days=6)


def filled(world: World, url: str, *ways: str, **options: Any) -> tuple[Contents, Server]:
    """Return what the command stores, given these ways one after the other, and whom it asked."""
    emptied(url)
    with served(world, url, **options) as github:
        for way in ways:
            assert fill(world, world.members[("repo", None)][0], *ALL, *way.split()) == 0
    engine = connect(url)
    try:
        return contents(engine), github
    finally:
        engine.dispose()


@SQLITE
def test_thousand_runs_of_eight_jobs_take_60_calls_and_300_points(engine: Engine, store_url: str):
    world = history(seed=5, runs=1000, jobs=8)
    found, github = filled(world, store_url, "--quick")
    assert len(found["workflowruns"]) == 1000
    assert len(found["jobs"]) > 7000
    assert github.counted <= 60
    assert github.limits.points <= 300
    failed = "SELECT count(*) FROM jobs WHERE conclusion = 'timed_out'"
    said = "SELECT count(*) FROM failures WHERE source = 'annotation'"
    with engine.connect() as connection:
        number = connection.execute(text(failed)).scalar_one()
        assert 0 < number <= connection.execute(text(said)).scalar_one()


@SQLITE
def test_every_way_ends_in_one_store_at_as_many_calls(engine: Engine, store_url: str):
    world = world_of()
    exact, by_rest = filled(world, store_url, "--exact")
    assert by_rest.limits.points == 0
    both, github = filled(world, store_url, "")
    check_equal(both, exact)
    assert 0 < github.limits.points < 20
    assert github.counted == by_rest.counted
    in_turn, _ = filled(world, store_url, "--quick", "")
    check_equal(in_turn, exact)


def test_quick_and_then_exact_is_exact_on_every_engine(engine: Engine, store_url: str):
    world = world_of(12, 3)
    exact, _ = filled(world, store_url, "--exact")
    check_equal(filled(world, store_url, "--quick", "--exact")[0], exact)


@SQLITE
def test_quick_tells_what_it_cannot_know_and_leaves_it_due(
    engine: Engine, store_url: str, capsys: pytest.CaptureFixture[str]
):
    filled(world_of(12, 3), store_url, "--quick")
    said = "12 runs are known without the waits, labels and runners of their jobs"
    assert said in capsys.readouterr().err
    with engine.connect() as connection:
        query = text("SELECT DISTINCT state FROM windows")
        assert connection.execute(query).scalars().all() == ["listed"]


def lacking_steps(github: Server) -> None:
    github.lacking = frozenset({"steps"})


def without_endpoint(github: Server) -> None:
    github.faults.lasting.append(("^/graphql", "404"))


def overloaded(github: Server) -> None:
    github.faults.lasting.append(("^/graphql", "502"))


def without_right(github: Server) -> None:
    github.tokens[github.token] = Token(permissions=frozenset({"actions", "contents", "metadata"}))


@SQLITE
@pytest.mark.parametrize(
    ("refuse", "why"),
    [
        (lacking_steps, "Field 'steps' doesn't exist on type 'CheckRun'"),
        (without_endpoint, "not found"),
        (overloaded, "GitHub answers 502"),
        (without_right, "Resource not accessible by personal access token"),
    ],
)
def test_refusal_is_said_once_and_rest_reads_all(
    refuse: Any,
    why: str,
    engine: Engine,
    store_url: str,
    capsys: pytest.CaptureFixture[str],
):
    world = world_of(12, 2)
    exact, _ = filled(world, store_url, "--exact")
    emptied(store_url)
    capsys.readouterr()
    with served(world, store_url) as github:
        refuse(github)
        assert fill(world, world.members[("repo", None)][0], *ALL, "--quick") == 0
    err = capsys.readouterr().err
    assert err.count("GraphQL tells no jobs") == 1
    assert why in err
    check_equal(contents(engine), exact)


@SQLITE
def test_query_that_is_too_much_is_asked_in_halves(engine: Engine, store_url: str):
    world = world_of()
    emptied(store_url)
    with served(world, store_url) as github:
        github.faults.plan("^/graphql", *["502"] * 3)  # as often as one query is sent
        assert fill(world, world.members[("repo", None)][0], *ALL, "--quick") == 0
    assert github.counted < 60
    with engine.connect() as connection:
        query = text("SELECT DISTINCT state FROM runreads")
        assert connection.execute(query).scalars().all() == ["seeded"]


@SQLITE
def test_points_that_are_used_up_are_waited_for(engine: Engine, store_url: str):
    world = world_of(30, 2)
    exact, _ = filled(world, store_url, "--exact")
    emptied(store_url)
    with served(world, store_url) as github:
        github.limits.scale = 3600.0  # an hour is a second
        github.limits.points_an_hour = 2
        repo = world.members[("repo", None)][0]
        assert fill(world, repo, *ALL, "--quick") == 0
        assert fill(world, repo, *ALL) == 0
    check_equal(contents(engine), exact)


def outlines(world: World) -> list[Read]:
    """Return what GraphQL says of all jobs of a world."""
    reads = []
    view = world.at()
    call: Any = SimpleNamespace(view=view, annotations={})
    for repo_id in world.members[("repo", None)]:
        repo = view.repo(repo_id)
        for run in view.runs(repo_id)[:]:
            record = run_json(world, view.seq, run)
            for job in view.jobs(run.id, attempt=run.attempt):
                check = check_run(call, job, run, repo)
                check["steps"] = check["steps"]({"first": 100})
                payload = {
                    "check_run": check,
                    "workflow_run": record,
                    "repository": record["repository"],
                }
                reads.append(Read(source_of("github").rows_read("check_run", payload, RECEIVED)))
    return reads


@SQLITE
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=count(6, 500),
)
@given(data=st.data())
def test_what_graphql_says_changes_nothing_for_who_knows_more_whenever_it_comes(
    data: st.DataObject, engine: Engine, store_url: str
):
    world = data.draw(worlds(max_moves=20))
    repo = world.members[("repo", None)][0]
    sent = deliveries_of(world, repo)
    emptied(store_url)
    deliver(engine, world, repo, sent)
    record = rest.full_repository(world.repo(repo))
    about = Read(source_of("github").rows_read("repository", {"repository": record}, RECEIVED))
    api.write(engine, [about])
    wanted = contents(engine)
    told = [about]
    told += [read for read in outlines(world) if read.mapped.repository.values["gitid"] == repo]
    emptied(store_url)
    mixed: list[Any] = data.draw(st.permutations([*sent, *told]))
    for one in mixed:
        if isinstance(one, int):
            deliver(engine, world, repo, [one])
        else:
            api.write(engine, [one])
    check_equal(contents(engine), wanted)
