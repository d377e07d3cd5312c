"""Names that a careless column would merge, cut or refuse arrive whole, on each engine."""

import uuid
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest
from sqlalchemy import Engine, select

from engines import reading
from fakegithub.payloads.events import at, commit, job, push_event
from rows import Unmappable
from schema.tables.ci import branches, commits, jobs, metadata, workflowruns, workflows
from schema.tables.deliveries import deliveries
from store.deliveries.table import DeliveryFilter
from store.doors import replay
from tests.store import production_doors
from tests.store.production_doors import by_api, by_webhook
from tests.stories.plain import BUILD, QUEUED
from tests.stories.story import HEAD, HERE, job_sent, run_sent, the_run

APART = ("Main", "main", "a", "a ", "é", "e", "e\u0301", "ß", "ss", "\u00a0", "x" * 512, "🧪")


def stored(engine: Engine, *columns: object) -> list[Any]:
    """Return a table's values; of one column they are no tuples."""
    with reading(engine).connect() as connection:
        rows = connection.execute(select(*columns)).all()  # type: ignore[call-overload] # as given
    return [row[0] if len(row) == 1 else tuple(row) for row in rows]


def deliver(engine: Engine, *those: tuple[str, dict[str, object]]) -> None:
    """Store deliveries, each under a guid of its own."""
    production_doors.deliver(
        engine, [production_doors.sent(*one, str(uuid.uuid4())) for one in those]
    )


def check_branches_stay_apart(engine: Engine) -> None:
    """Fail unless branches whose names look alike are rows of their own."""
    pushes = [push_event(repository=HERE, ref=f"refs/heads/{name}", head=HEAD) for name in APART]
    deliver(engine, *(("push", push) for push in pushes))
    assert sorted(stored(engine, branches.c.name)) == sorted(APART)
    assert set(stored(engine, branches.c.author)) == {"Mona Lisa"}


def test_branches_whose_names_look_alike_stay_apart(engine: Engine):
    check_branches_stay_apart(engine)


def test_branch_of_255_four_byte_letters_arrives_whole(engine: Engine):
    name = "🧪" * 255
    deliver(engine, ("push", push_event(repository=HERE, ref=f"refs/heads/{name}", head=HEAD)))
    deliver(engine, run_sent("requested", the_run("12:00:00", head_branch=name)))
    deliver(
        engine, job_sent("queued", job(**{**BUILD, "run": the_run("12:00:00", head_branch=name)}))
    )
    assert stored(engine, branches.c.name) == [name]
    assert stored(engine, workflowruns.c.branchname) == [name]
    assert stored(engine, jobs.c.branchname) == [name]


def test_workflow_and_job_names_of_700_letters_arrive_whole(engine: Engine):
    flow, name = "Ü" * 700, "🐧" * 700
    event, payload = run_sent("requested", QUEUED)
    deliver(engine, (event, {**payload, "workflow": {**payload["workflow"], "name": flow}}))
    deliver(engine, job_sent("queued", job(**BUILD, name=name)))
    assert stored(engine, workflows.c.name) == [flow]
    assert stored(engine, workflowruns.c.workflowname) == [flow]
    assert stored(engine, jobs.c.name) == [name]


def test_push_of_2048_commits_arrives_whole(engine: Engine):
    message = "Subject 🧪\n\n" + "Body é. " * 200
    made = [
        commit(repository=HERE, sha=f"{number:040x}", message=f"{number} {message}")
        for number in range(1, 2049)
    ]
    deliver(engine, ("push", push_event(repository=HERE, commits=made)))
    wanted = {(f"{number:040x}", f"{number} {message}") for number in range(1, 2049)}
    assert set(stored(engine, commits.c.hash, commits.c.message)) == wanted
    assert stored(engine, branches.c.headhash) == [f"{2048:040x}"]
    assert stored(engine, branches.c.author) == ["Mona Lisa"]


def test_largest_ids_arrive_whole(engine: Engine):
    run_id, job_id, flow_id, repo_id = 2**63 - 1, 2**63 - 2, 2**63 - 3, 2**40 + 1
    run = {**the_run("12:00:00"), "id": run_id, "workflow_id": flow_id, "run_number": 2**62}
    event, payload = run_sent("requested", run)
    here = {**payload["repository"], "id": repo_id}
    flow = {**payload["workflow"], "id": flow_id}
    deliver(engine, (event, {**payload, "repository": here, "workflow": flow}))
    about = {**job(**BUILD), "id": job_id, "run_id": run_id}
    event, payload = job_sent("queued", about)
    deliver(engine, (event, {**payload, "repository": here}))
    runs = workflowruns.c
    assert stored(engine, runs.gitid, runs.workflowgitid, runs.runnumber) == [
        (run_id, flow_id, 2**62)
    ]
    assert stored(engine, jobs.c.gitid, jobs.c.rungitid) == [(job_id, run_id)]
    assert stored(engine, metadata.tables["repos"].c.gitid) == [repo_id]


def test_hash_of_64_digits_arrives_whole(engine: Engine):
    sha = "a1" * 32
    deliver(
        engine, ("push", push_event(repository=HERE, commits=[commit(repository=HERE, sha=sha)]))
    )
    assert stored(engine, branches.c.headhash) == [sha]
    assert stored(engine, commits.c.hash) == [sha]


def test_job_of_1000_steps_arrives_whole(engine: Engine):
    steps = [
        {"name": f"{n} 🧪", "number": n, "status": "completed", "conclusion": None}
        for n in range(1000)
    ]
    done = job(**BUILD, started_at=at("12:00:08"), completed_at=at("12:02:08"), steps=steps)
    deliver(engine, job_sent("completed", done))
    with reading(engine).connect() as connection:
        counted = connection.exec_driver_sql("SELECT COUNT(*), MAX(number) FROM steps").one()
        named = connection.exec_driver_sql("SELECT name FROM steps WHERE number = 999").scalar_one()
    assert tuple(counted) == (1000, 999)
    assert named == "999 🧪"


LONG_KEY = ("push", push_event(repository=HERE, ref="refs/heads/" + "x" * 513, head=HEAD))
TOO_LONG = {
    "repos.defaultbranch": ("push", push_event(repository={**HERE, "default_branch": "x" * 513})),
    "workflowruns.branchname": run_sent("requested", the_run("12:00:00", head_branch="x" * 513)),
    "workflowruns.event": run_sent("requested", the_run("12:00:00", event="x" * 65)),
    "runattempts.status": run_sent("requested", the_run("12:00:00", status="x" * 65)),
    "jobs.conclusion": job_sent("queued", job(**BUILD, conclusion="x" * 65)),
}


def test_key_too_long_for_its_column_is_refused_whole(engine: Engine):
    sent = production_doors.sent(*LONG_KEY, "1")
    tables = ("repos", "repoaliases", "branches")
    for door in (by_webhook, by_api):
        with (
            nullcontext()
            if door is by_webhook
            else pytest.raises(Unmappable, match=r"branches\.name")
        ):
            door(engine, [sent])
        assert [stored(engine, metadata.tables[name].c.Id) for name in tables] == [[], [], []]
    ((state, error),) = stored(engine, deliveries.c.state, deliveries.c.error)
    assert (state, error.partition(":")[0]) == ("quarantined", "branches.name")
    (outcome,) = next(replay.replay(engine, DeliveryFilter(), ()))
    assert (outcome.state, str(outcome.reason).partition(":")[0]) == ("failed", "branches.name")


@pytest.mark.parametrize(("column", "delivery"), TOO_LONG.items(), ids=TOO_LONG)
@pytest.mark.parametrize("door", [by_webhook, by_api])
def test_text_too_long_for_another_column_is_left_out_alone(
    engine: Engine, column: str, delivery: tuple[str, dict[str, object]], door: Callable[..., None]
):
    sent = production_doors.sent(*delivery, "1")
    door(engine, [sent])
    table, _, name = column.partition(".")
    assert stored(engine, metadata.tables[table].c[name]) == [None]
    assert any("at most" in note for note in sent.mapped.notes)
