"""A repository with the full name of an earlier one: another one, at every door."""

import itertools

import pytest
from sqlalchemy import Engine, select, update

from engines import reading
from schema.tables.ci import jobs, repos, runattempts, workflowruns
from store.deliveries.table import DeliveryFilter
from store.doors import verify
from store.doors.replay import replay
from tests.rows import objects
from tests.store import production_doors
from tests.store.production_doors import DOORS, Sent, sent

OLD = objects.REPOSITORY
NEW = {**OLD, "id": 90, "pushed_at": "2026-03-20T09:00:00Z", "updated_at": "2026-03-20T09:00:00Z"}
LATER = {**OLD, "full_name": "octo-org/moved", "html_url": "https://github.com/octo-org/moved"}
LATER |= {"updated_at": "2026-04-01T10:00:00Z", "pushed_at": "2026-04-01T10:00:00Z"}
REASON = "another repository has its name"


def told(repository: dict[str, object], guid: str, **changes: object) -> list[Sent]:
    """Return what comes of a run that goes on, and of its job."""
    number = repository["id"] * 10
    run = {**objects.RUN, "id": number, "status": "in_progress", "conclusion": None, **changes}
    job = {**objects.JOB, "id": number + 1, "run_id": number, "status": "in_progress"}
    job |= {"conclusion": None, "completed_at": None, **changes}
    flow = {**objects.WORKFLOW, "id": number + 2}
    return [
        sent(
            "workflow_run",
            {"workflow_run": run, "workflow": flow, "repository": repository},
            f"r{guid}",
        ),
        sent(
            "workflow_job",
            {"action": "in_progress", "workflow_job": job, "repository": repository},
            f"j{guid}",
        ),
    ]


def names(engine: Engine) -> list[tuple[int, str, str | None]]:
    """Return the repositories: id, name, why it is gone."""
    query = select(repos.c.gitid, repos.c.name, repos.c.gonereason).order_by(repos.c.gitid)
    with reading(engine).connect() as connection:
        return [tuple(row) for row in connection.execute(query)]


def owners(engine: Engine) -> set[tuple[int, int]]:
    """Return which repository's the runs and jobs are: both by id."""
    with reading(engine).connect() as connection:
        return {
            (gitid, number)
            for table, column in (
                (workflowruns, "gitid"),
                (runattempts, "rungitid"),
                (jobs, "rungitid"),
            )
            for gitid, number in connection.execute(
                select(repos.c.gitid, table.c[column]).join(table, table.c.repoid == repos.c.Id)
            )
        }


def ends(engine: Engine) -> dict[int, str | None]:
    with reading(engine).connect() as connection:
        query = select(workflowruns.c.gitid, workflowruns.c.conclusion)
        return {gitid: conclusion for gitid, conclusion in connection.execute(query)}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("batches", ["old first", "new first", "together"])
def test_new_repository_under_an_old_name_is_another_one(engine: Engine, door: str, batches: str):
    old, new = told(OLD, "old"), told(NEW, "new")
    order = {"old first": [old, new], "new first": [new, old], "together": [old + new]}[batches]
    for batch in order:
        DOORS[door](engine, batch)
    # The API door leaves it to the question by id that follows (backfill/watched_repositories.py).
    gone = None if door == "API" else REASON
    assert names(engine) == [(7, "octo-org/app", gone), (90, "octo-org/app", None)]
    assert owners(engine) == {(7, 70), (90, 900)}
    assert ends(engine) == {70: "abandoned" if gone else None, 900: None}
    if door != "API":
        assert [wrong for page in verify.verify_newest(engine) for wrong in page.wrong] == []


def test_old_repository_that_was_renamed_is_back_with_its_next_delivery(engine: Engine):
    DOORS["webhook"](engine, told(OLD, "old") + told(NEW, "new"))
    DOORS["webhook"](engine, told(LATER, "later", updated_at="2026-04-01T10:00:00Z"))
    assert names(engine) == [(7, "octo-org/moved", None), (90, "octo-org/app", None)]


@pytest.mark.parametrize("door", DOORS)
def test_rename_that_is_told_after_its_old_name_was_taken_takes_the_mark_back(
    engine: Engine, door: str
):
    renamed = {**LATER, "updated_at": "2026-03-10T10:00:00Z", "pushed_at": "2026-03-10T10:00:00Z"}
    DOORS["webhook"](engine, told(OLD, "old") + told(NEW, "new"))
    DOORS[door](engine, told(renamed, "late", updated_at="2026-03-10T10:00:00Z"))
    assert names(engine) == [(7, "octo-org/moved", None), (90, "octo-org/app", None)]
    assert ends(engine) == {70: None, 900: None}
    with reading(engine).connect() as connection:
        assert set(connection.scalars(select(repos.c.gonetime))) == {None}


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_name_that_was_taken_is_told_alike_in_any_order(engine: Engine, order: tuple[int, ...]):
    moved = "2026-03-10T10:00:00Z"
    renamed = {**LATER, "updated_at": moved, "pushed_at": moved}
    parts = [told(OLD, "old"), told(NEW, "new"), told(renamed, "moved", updated_at=moved)]
    parts.append(told(NEW, "newer"))
    for place in order:
        DOORS["webhook"](engine, parts[place])
    assert names(engine) == [(7, "octo-org/moved", None), (90, "octo-org/app", None)]
    assert ends(engine) == {70: None, 900: None}


def test_late_delivery_of_the_old_repository_does_not_take_the_name_back(engine: Engine):
    DOORS["webhook"](engine, told(OLD, "old") + told(NEW, "new"))
    late = told(OLD, "late", updated_at="2026-03-02T13:00:00Z")
    assert production_doors.store(engine, late[0].delivery) == "applied"
    assert names(engine) == [(7, "octo-org/app", REASON), (90, "octo-org/app", None)]


def test_replay_marks_a_repository_whose_name_an_older_release_saw_taken(engine: Engine):
    DOORS["webhook"](engine, told(OLD, "old") + told(NEW, "new"))
    with engine.begin() as connection:
        connection.execute(update(repos).values(gonetime=None, gonereason=None))
    for _ in replay(engine, DeliveryFilter(), ()):
        pass
    assert names(engine) == [(7, "octo-org/app", REASON), (90, "octo-org/app", None)]
