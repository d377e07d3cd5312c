"""Runs and jobs of any repository by a feed: each once, none left out, against the fake GitHub."""

import json
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from engines import connect
from fakegithub.server import Server, serve
from fakegithub.world.history import history
from fakegithub.world.world import World
from feedrunner import load as loading
from feedrunner.load import Loader
from feedrunner.load_notes import Load
from feedrunner.manifest import read_manifest
from feedrunner.messages import Allowed, BadLine, read_messages
from feedrunner.runner import load_lines
from schema import migrate
from schema.tables import packages as tables
from schema.tables.ci import jobs, repos, runattempts, workflowruns
from tests.backfill.filling import fill, served
from tests.fakegithub.samples import flow_of, runs_of, small_world
from tests.feeds.shipped import load, module, rows

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
NAME = "collect_ci_metrics"
# Worlds begin in a past that the feed's own clock is far from.
SETTINGS = {"REPOSITORIES": "octo-org/app", "FIRST_DAYS": "4000"}
OWN = ("Id", "repoid", "version", "load_id")


def collect(
    engine: Engine, github: Server, *, full: bool = False, dry_run: bool = False, **env: str
):
    """Load the feed as somebody with a token."""
    environ = {"SOURCE_GITHUB_URL": github.url, "SOURCE_GITHUB_TOKEN": github.token}
    return load(engine, NAME, environ, full=full, dry_run=dry_run, **{**SETTINGS, **env})


def stored(engine: Engine, table) -> list[tuple]:
    """Return all rows, without numbers that are a store's own."""
    columns = [column for column in table.c if column.name not in OWN]
    return sorted(rows(engine, select(*columns)), key=repr)


def run_ids(engine: Engine) -> list[int]:
    return [gitid for (gitid,) in rows(engine, select(workflowruns.c.gitid))]


def with_jobs(world: World, conclusion: str) -> int:
    """Have a run of two jobs that ended."""
    run = world.trigger(flow_of(world))
    for name in ("build", "test"):
        job = world.queue_job(run, name)
        world.start_job(job)
        world.finish_job(job, conclusion)
    world.finish_run(run)
    return run


def test_rows_are_those_that_a_backfill_reads(engine: Engine, tmp_path: Path):
    world = history(repos=1, days=3, seed=3)
    name = world.repo(world.members[("repo", None)][0]).full_name
    other = f"sqlite:///{tmp_path}/backfilled.db"
    migrate.upgrade(other)
    with served(world, other) as github:
        assert fill(world, world.members[("repo", None)][0], "-m", "10000") == 0
        github.limits.scale = 1
        assert collect(engine, github, REPOSITORIES=name).error == ""
    backfilled = connect(other)
    for table in (workflowruns, jobs, runattempts):
        mine = stored(engine, table)
        assert mine
        assert mine == stored(backfilled, table), table.name
    backfilled.dispose()


def test_each_run_comes_once_it_ended_and_once_only(engine: Engine):
    world = small_world()
    first = with_jobs(world, "success")
    waiting = world.trigger(flow_of(world), after=1)
    last = with_jobs(world, "failure")
    with serve(world) as github:
        ended = collect(engine, github)
        assert (ended.state, ended.error) == ("done", "")
        # One that waits holds up no other, and is not there before it ended.
        assert sorted(run_ids(engine)) == sorted([first, last])
        assert rows(engine, select(func.count()).select_from(jobs)) == [(4,)]
        assert rows(engine, select(repos.c.name, repos.c.defaultbranch)) == [
            ("octo-org/app", "main")
        ]

        asked = len(github.requests)
        assert collect(engine, github).changed == 0
        # The repository, the run that waits, and one list.
        assert len(github.requests) - asked == 3
        world.finish_run(waiting, "success")
        collect(engine, github)
        assert sorted(run_ids(engine)) == sorted([first, waiting, last])
        asked = len(github.requests)
        collect(engine, github)
        assert len(github.requests) - asked == 2


def test_dry_run_counts_what_the_load_then_does(engine: Engine, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(loading, "BATCH", 1)
    world = small_world()
    old = world.trigger(flow_of(world))
    world.queue_job(old, "build")
    world.finish_run(old)
    with serve(world) as github:
        collect(engine, github)
        # What is new comes first and would have the number of what is stored.
        with_jobs(world, "failure")
        world.rerun_all(old)
        world.finish_run(old, "success")
        before = [stored(engine, table) for table in (repos, workflowruns, runattempts, jobs)]
        tried = collect(engine, github, full=True, dry_run=True)
        assert [
            stored(engine, table) for table in (repos, workflowruns, runattempts, jobs)
        ] == before
        done = collect(engine, github, full=True)
    assert (tried.lines, tried.changed, tried.error) == (done.lines, done.changed, "")
    assert done.changed > 5


def test_limit_of_calls_breaks_off_and_the_next_load_goes_on(engine: Engine):
    world = small_world()
    runs = [with_jobs(world, "success") for _ in range(4)]
    with serve(world) as github:
        allowed = 5  # the repository, the list, its workflows, and the jobs of two runs
        plain = github.change

        def limited(path: str, answer):
            if len(github.requests) < allowed:
                return answer
            left = {**answer.headers, "x-ratelimit-remaining": "0"}
            return answer._replace(status=403, headers=left)

        github.change = limited
        ended = collect(engine, github)
        assert ended.exitcode == 75
        assert ended.logtail.endswith("GitHub's limit of calls is reached")
        assert sorted(run_ids(engine)) == sorted(runs[:2])
        github.change = plain
        assert collect(engine, github).exitcode == 0
    assert sorted(run_ids(engine)) == sorted(runs)
    asked = [one.path for one in github.requests if "/jobs" in one.path]
    assert len(asked) == 5  # that of the third run twice


def test_more_runs_than_a_list_has_are_asked_for_by_halves(engine: Engine):
    world = small_world(1100)
    feed, api = module(NAME), module(NAME, "github")
    with serve(world) as github:
        client = api.Github(github.url, github.token)
        begin = feed.datetime(2026, 3, 2, tzinfo=feed.UTC)
        listed = feed.list_runs(client, "octo-org/app", begin, begin + feed.timedelta(days=1))
        assert [run["id"] for run in listed] == sorted(runs_of(world))


def test_repository_that_is_not_there_is_said_and_none_at_all_is_a_matter_of_settings(
    engine: Engine,
):
    with serve(small_world()) as github:
        ended = collect(engine, github, REPOSITORIES="octo-org/never-was octo-org/app")
        assert (ended.state, ended.logtail) == ("done", "octo-org/never-was: is not to be seen")
        assert collect(engine, github, REPOSITORIES="octo-org/never-was").exitcode == 78
        environ = {"SOURCE_GITHUB_URL": github.url, "SOURCE_GITHUB_TOKEN": "expired"}
        ended = load(engine, NAME, environ, **SETTINGS)
        assert "GitHub refuses the token (401)" in ended.logtail
        ended = collect(engine, github, REPOSITORIES="")
    assert ended.exitcode == 78
    assert "REPOSITORIES in feed.toml is empty" in ended.logtail


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (
            '{"vendor": "github", "kind": "workflow_run", "object": {}, "repository": {}}',
            "objects: repository.html_url: is missing",
        ),
        (
            '{"vendor": "github", "kind": "deployment", "object": {}, "repository": {}}',
            "objects.kind: is not one of",
        ),
        (
            '{"vendor": "github", "kind": "repository", "object": []}',
            "objects.object: is a list, not an object",
        ),
        (
            '{"vendor": "github", "kind": "repository", "object": {}}',
            "objects.repository: is missing",
        ),
    ],
)
def test_object_that_cannot_be_read_ends_the_load_with_its_line(
    engine: Engine, record: str, said: str
):
    line = f'{{"type": "RECORD", "stream": "objects", "record": {record}}}'.encode()
    loader = Loader(engine, Load(1, "mine", None, datetime(2026, 3, 2)))

    def read() -> None:
        loader.read(read_messages([line], Allowed(frozenset({"objects"}))))
        loader.finish()

    with pytest.raises(BadLine, match=f"line 1: {said}"):
        read()


def test_object_that_contradicts_what_is_stored_ends_the_load_with_its_line(
    engine: Engine, tmp_path: Path
):
    def line(repository: int, kind: str, **values: object) -> bytes:
        link = f"https://github.com/o/app{repository}"
        own = {"id": repository, "full_name": f"o/app{repository}", "html_url": link}
        given = {"vendor": "github", "kind": kind, "object": values, "repository": own}
        return json.dumps({"type": "RECORD", "stream": "objects", "record": given}).encode()

    run = {"run_attempt": 1, "status": "completed", "created_at": "2026-01-01T00:00:00Z"}
    (tmp_path / "feed.toml").write_text('command = "none"\nstreams = ["objects"]', "utf-8")
    manifest = read_manifest(tmp_path / "feed.toml")

    def load_runs(*places: tuple[int, int]) -> str:
        lines = [
            line(repository, "workflow_run", **{**run, "id": own}) for repository, own in places
        ]
        return load_lines(engine, manifest, [b"\n".join(lines)], lambda: 0).error

    taken = "its id is stored under another repository or run already"
    assert load_runs((1, 11), (2, 12)) == ""
    told = [load_runs((1, 13), (2, 11)), load_runs((1, 13), (3, 11))]
    assert told == [
        f"line 2: objects: workflowruns.repoid: {taken}",
        f"rows are refused: repository.id, run_id: {taken}",  # only the database knew
    ]
    c = tables.load_history.c
    assert rows(engine, select(c.error).order_by(c.Id))[1:] == [(why,) for why in told]
    assert sorted(run_ids(engine)) == [11, 12]
