"""Deliveries of a repository that changes its name, and what its rows say of it."""

from itertools import count

from sqlalchemy import Engine, select, update

from engines import reading
from fakegithub.payloads.events import (
    at,
    commit,
    job,
    push_event,
    repository,
    repository_event,
    run,
    workflow,
    workflow_job_event,
    workflow_run_event,
)
from fakegithub.payloads.templates import Json
from schema.tables.ci import PLACED, metadata
from schema.tables.deliveries import rewrites
from store.write import renames
from tests.equality import LONG_AGO
from tests.store import production_doors

guids = count()


def called(name: str, clock: str) -> Json:
    """Return the repository under a name, as GitHub shows it at a time."""
    return repository(full_name=name, id=591427149, updated_at=at(clock))


def flow_of(here: Json) -> Json:
    return workflow(repository=here, id=here["id"] + 1)


def run_of(here: Json, gitid: int) -> Json:
    return run(repository=here, workflow=flow_of(here), id=gitid)


def sent(event: str, payload: Json) -> production_doors.Sent:
    return production_doors.sent(event, payload, f"names {next(guids)}")


def a_run(here: Json, gitid: int) -> production_doors.Sent:
    """Return the delivery of a run under its repository's name of the time."""
    body = workflow_run_event(
        action="requested",
        run=run_of(here, gitid),
        workflow=flow_of(here),
        repository=here,
    )
    return sent("workflow_run", body)


def a_job(here: Json, gitid: int) -> production_doors.Sent:
    """Return the delivery of a run's job."""
    made = job(run=run_of(here, gitid), id=gitid + 1_000_000)
    return sent("workflow_job", workflow_job_event(action="queued", job=made, repository=here))


def a_push(here: Json, branch: str) -> production_doors.Sent:
    """Return a push of one commit."""
    made = commit(repository=here, message=f"On {branch}")
    return sent("push", push_event(repository=here, ref=f"refs/heads/{branch}", commits=[made]))


def a_rename(here: Json, old: str) -> production_doors.Sent:
    """Return the rename of a repository from a name of the same owner."""
    changes = {"repository": {"name": {"from": old}}}
    return sent("repository", repository_event(action="renamed", repository=here, changes=changes))


OLD, NEW = called("octo-org/app", "12:00"), called("octo-org/core", "13:00")
BEFORE = [maker(OLD, number) for number in range(1, 26) for maker in (a_run, a_job)]
BEFORE += [a_push(OLD, f"feature/{number}") for number in range(5)]


def is_renaming(engine: Engine) -> bool:
    """Tell whether rows still wait for their repository's name."""
    with reading(engine).connect() as connection:
        return connection.execute(select(rewrites.c.Id).limit(1)).first() is not None


def rewrite_all(engine: Engine) -> int:
    """Make every batch due and rewrite it; return how many batches that took."""
    batches = 0
    while is_renaming(engine):
        with engine.begin() as connection:
            connection.execute(update(rewrites).values(duetime=LONG_AGO))
        while renames.rewrite(engine):
            batches += 1
    return batches


def named(engine: Engine) -> dict[str, set[str]]:
    """Return the repository names that each table's rows carry."""
    with reading(engine).connect() as connection:
        found = {}
        for name in PLACED:
            found[name] = set(connection.scalars(select(metadata.tables[name].c.repo).distinct()))
    return found


def pages(engine: Engine) -> set[str]:
    """Return the repositories below which the pages of runs and jobs lie."""
    with reading(engine).connect() as connection:
        urls = [
            url
            for name in ("workflowruns", "jobs", "commits", "workflows")
            for url in connection.scalars(select(metadata.tables[name].c.url))
        ]
    return {"/".join(url.split("/")[3:5]) for url in urls if url}
