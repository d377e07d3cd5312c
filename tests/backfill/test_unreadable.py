"""What cannot be read is named and never noted as read: it is asked for again."""

import pytest
import sqlalchemy as sa

from backfill.cli import main
from fakegithub.api.answers import Answer, error
from fakegithub.api.lies import Lie
from schema.tables.backfill import commitwalks, runreads, windows
from schema.tables.ci import branches, commits, jobs, runattempts, workflowruns, workflows
from tests.backfill.audit.test_audit import finished, named, prove
from tests.backfill.filling import fill, served
from tests.fakegithub.samples import app_of, flow_of, runs_of, small_world

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


def stored(engine: sa.Engine, column: sa.Column) -> set:
    with engine.connect() as connection:
        return set(connection.scalars(sa.select(column)))


def worlds_of_two_runs():
    world = small_world()
    finished(world)
    run, job_ids = finished(world)
    for job in world.rerun_all(run, after=60):
        world.start_job(job, after=5)
        world.finish_job(job, "success", after=30)
    world.finish_run(run, after=1)
    world.create_branch(app_of(world), "odd", after=60)
    sha = world.push(app_of(world), "Odd", after=60)
    return world, run, job_ids[0], sha


@pytest.mark.parametrize(
    ("thing", "column"),
    [
        ("run", workflowruns.c.gitid),
        ("job", jobs.c.gitid),
        ("attempt", runattempts.c.attempt),
        ("branch", branches.c.name),
        ("workflow", workflows.c.path),
        ("commit", commits.c.hash),
    ],
)
def test_object_that_cannot_be_read_once_is_read_the_next_time(
    engine, store_url, capsys, thing, column
):
    world, run, job, sha = worlds_of_two_runs()
    no_id = {"id": "a text"}
    lies = {
        "run": (r"/actions/runs\?created", {run: no_id}, run),
        "job": (r"/jobs\?filter=all", {job: no_id}, job),
        "attempt": (r"/attempts/1\?", {run: no_id}, 1),
        "branch": (r"/branches\?", {"odd": {"commit": {"sha": "no hash"}}}, "odd"),
        "workflow": (
            r"/actions/workflows\?",
            {flow_of(world): no_id},
            world.state("workflow", flow_of(world)).path,
        ),
        "commit": (r"/commits\?per_page=100", {sha: {"sha": "no hash"}}, sha),
    }
    pattern, odd, key = lies[thing]
    repo = app_of(world)
    with served(world, store_url) as github:
        github.lies = [Lie(pattern, odd=odd)]
        assert fill(world, repo) == 1
        told = capsys.readouterr().err
        assert "wants a" in told
        # A run that the list by time has too odd to read, the list without a filter has as it is.
        assert len(stored(engine, workflowruns.c.gitid)) == 2
        github.lies = []
        assert fill(world, repo) == 0
        assert key in stored(engine, column)
        assert prove(engine, github, world, repo).findings == ()
    assert stored(engine, windows.c.state) == {"closed"}
    assert stored(engine, runreads.c.state) == {"done"}
    assert "open" not in stored(engine, commitwalks.c.state)


ODD: list[tuple[object, str]] = [
    (None, "?"),
    ([], "?"),
    ("text", "?"),
    ({"id": None}, "?"),
    ({"id": -1}, "-1"),
]


@pytest.mark.parametrize(("odd", "name"), ODD)
def test_audit_names_an_odd_run_and_goes_on(engine, store_url, odd, name):
    world = small_world(runs=3)
    repo = app_of(world)
    with served(world, store_url) as github:
        first, second, third = runs_of(world)
        github.lies = [Lie(r"/runs\?", odd={second: odd})]
        found = prove(engine, github, world, repo)
        others = {("run", str(first)), ("run", str(third))}
        assert {one for one in named(found) if one[0] not in ("branch", "commit")} == {
            ("unreadable", f"run {name}"),
            *others,
        }
        assert found.listed == 2
        github.lies = []
        assert fill(world, repo) == 0
        github.lies = [Lie(r"/actions/runs\?created=2", odd={second: odd})]
        found = prove(engine, github, world, repo)
    # The other lists can be read.
    assert (named(found), found.listed) == (set(), 3)


def test_audit_leaves_out_optional_fields_that_cannot_be_read_and_says_so(
    engine, store_url, capsys
):
    world, run, _, sha = worlds_of_two_runs()
    repo = app_of(world)
    late = {"commit": {"committer": {"date": "12018-01-01T00:00:00Z"}}}
    with served(world, store_url) as github:
        assert fill(world, repo) == 0
        github.lies = [
            Lie(r"/commits\?", odd={sha: late}),
            Lie(r"/runs\?", odd={run: {"run_number": "seven"}}),
        ]
        capsys.readouterr()
        assert prove(engine, github, world, repo).findings == ()
    told = "".join(capsys.readouterr())
    assert f"commit {sha}: commit.committer.date: wants a time, got '12018-" in told
    assert f"run {run}: workflow_run.run_number: wants a whole number, got 'seven'" in told


def test_run_whose_jobs_are_fewer_than_counted_is_asked_for_attempt_by_attempt(engine, store_url):
    world, _, job, _ = worlds_of_two_runs()
    repo, hidden = app_of(world), frozenset({job})
    with served(world, store_url) as github:
        github.lies = [Lie(r"/jobs\?filter=all", hidden)]
        assert fill(world, repo) == 0
        assert job in stored(engine, jobs.c.gitid)
        github.lies = [Lie(r"/jobs\?filter=all", total=2)]
        assert fill(world, repo) == 0
        assert prove(engine, github, world, repo).findings == ()


def test_jobs_of_another_run_are_not_taken_for_those_of_the_run(engine, store_url, capsys):
    world, _, job, _ = worlds_of_two_runs()
    with served(world, store_url) as github:
        github.lies = [Lie(r"/jobs\?filter=all", odd={job: {"run_id": 7}})]
        assert fill(world, app_of(world)) == 1
        assert "a list cannot be read: it has items of another run_id" in capsys.readouterr().err
        assert job not in stored(engine, jobs.c.gitid)
    assert "due" in stored(engine, runreads.c.state)


def test_jobs_that_answer_404_are_missing_while_their_run_is_there(engine, store_url):
    world, run, _, _ = worlds_of_two_runs()
    repo = app_of(world)

    def hide(path: str, answer: Answer) -> Answer:
        return error(404, "Not Found") if f"/runs/{run}/" in path and "/jobs" in path else answer

    with served(world, store_url) as github:
        github.change = hide
        assert fill(world, repo) == 1
        found = prove(engine, github, world, repo)
        why = "not found, although what it belongs to is there"
        assert [one[:3] for one in found.findings] == [("jobs", str(run), why)]


def test_job_that_is_counted_twice_and_never_listed_is_missing_and_left_due(
    engine, store_url, capsys
):
    world, run, job, _ = worlds_of_two_runs()
    repo, hidden = app_of(world), frozenset({job})
    with served(world, store_url) as github:
        github.lies = [Lie("/jobs", hidden)]
        assert fill(world, repo) == 1
        why = "GitHub counts 4 jobs, but lists 3"
        assert f"run {run}: {why}" in capsys.readouterr().err
        found = prove(engine, github, world, repo)
        assert [one[:3] for one in found.findings] == [("jobs", str(run), why)]
        github.lies = []
        assert fill(world, repo) == 0
        assert prove(engine, github, world, repo).findings == ()


@pytest.mark.parametrize(
    "lie",
    [
        Lie(r"/actions/runs\?created", frozenset({2}), True),  # an index that lags
        Lie(r"per_page=1$", is_none=True, is_empty=True, times=1),  # the newest run: there is none
        Lie(r"per_page=1$", is_empty=True, times=1),
        Lie(r"per_page=1$", odd={3: None}, times=1),
    ],
)
def test_backfill_asks_in_another_way_before_it_believes_that_there_are_no_more_runs(
    engine, store_url, lie
):
    world = small_world(runs=4)
    runs = runs_of(world)
    with served(world, store_url) as github:
        lie.hidden = frozenset(runs[place] for place in lie.hidden)
        lie.odd = {runs[place]: odd for place, odd in lie.odd.items()}
        github.lies = [lie]
        assert fill(world, app_of(world)) == 0
    assert stored(engine, workflowruns.c.gitid) == set(runs)


def test_workflow_whose_id_is_an_object_is_told_and_the_runs_come(engine, store_url, capsys):
    world = small_world(runs=2)
    with served(world, store_url) as github:
        github.lies = [Lie(r"/actions/workflows\?", odd={flow_of(world): {"id": {}}})]
        assert fill(world, app_of(world)) == 1
    assert "workflow.id: wants a whole number, got an object" in capsys.readouterr().err
    assert stored(engine, workflowruns.c.gitid) == set(runs_of(world))


@pytest.mark.parametrize("odd", [None, {"full_name": 3}, {"full_name": "../../user"}])
def test_repository_of_an_owner_whose_name_cannot_be_read_is_told(engine, store_url, capsys, odd):
    world = small_world(runs=2)
    with served(world, store_url) as github:
        github.change = lambda path, answer: (
            answer._replace(body=[odd, *answer.body]) if path.startswith("/orgs/") else answer
        )
        assert main(["-r", "octo-org"]) == 1
    told = "octo-org: some of its repositories are not listed: full_name is missing or no name"
    assert told in capsys.readouterr().err
    assert stored(engine, workflowruns.c.gitid) == set(runs_of(world))
