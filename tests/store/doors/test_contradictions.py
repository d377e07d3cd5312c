"""Ids that come under another repository or run than before: refused, at every door."""

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import Engine, select

from engines import reading
from schema.tables.ci import jobs, metadata, workflowruns, workflows
from schema.tables.deliveries import deliveries
from store.doors import api, webhook
from store.doors.api import Read
from store.doors.refusals import reason_of, write_each
from tests.rows import objects
from tests.store import production_doors
from tests.store.production_doors import Sent, raise_bug, sent

OTHER = {
    **objects.REPOSITORY,
    "id": 8,
    "full_name": "octo-org/other",
    "html_url": "https://github.com/octo-org/other",
}
IDS = (objects.RUN["id"], objects.JOB["id"], objects.JOB["id"] + 1, 37)
TAKEN = "its id is stored under another repository or run already"


def run_of(repository: dict[str, Any], guid: str, **changes: Any) -> Sent:
    run, flow = {**objects.RUN, **changes}, {**objects.WORKFLOW, "id": 30 + repository["id"]}
    payload = {"action": "completed", "workflow_run": run, "workflow": flow}
    return sent("workflow_run", {**payload, "repository": repository}, guid)


def job_of(repository: dict[str, Any], guid: str, **changes: Any) -> Sent:
    payload = {"action": "completed", "workflow_job": {**objects.JOB, **changes}}
    return sent("workflow_job", {**payload, "repository": repository}, guid)


FIRST = (run_of(objects.REPOSITORY, "run"), job_of(objects.REPOSITORY, "job"))
CONTRADICTIONS = {
    "run": run_of(OTHER, "odd"),
    "newer run": run_of(OTHER, "odd", updated_at="2026-03-02T14:00:00Z"),
    "job of another repository": job_of(OTHER, "odd", run_id=5),
    "job of another repository, and its run": job_of(OTHER, "odd"),
    "first job of another repository under a run": job_of(OTHER, "odd", id=objects.JOB["id"] + 1),
    "job of another run": job_of(objects.REPOSITORY, "odd", run_id=5),
}
NEIGHBOUR = run_of(OTHER, "neighbour", id=6)


def rows(engine: Engine) -> list[Sequence[Any]]:
    """Return what is stored of the ids of the first delivery."""
    with reading(engine).connect() as connection:
        return [
            tuple(row)
            for table in (workflowruns, jobs, workflows)
            for row in connection.execute(
                select(table.c.gitid, table.c.repo, table.c.repoid, table.c.version).where(
                    table.c.gitid.in_(IDS)
                )
            )
        ]


def quarantined(engine: Engine) -> dict[str, str | None]:
    """Return why deliveries are quarantined, by guid."""
    columns = (deliveries.c.guid, deliveries.c.error)
    query = select(*columns).where(deliveries.c.state == "quarantined")
    with reading(engine).connect() as connection:
        return {guid: error for guid, error in connection.execute(query)}


@pytest.mark.parametrize("odd", CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_webhook_quarantines_an_id_of_another_and_stores_its_neighbours(engine: Engine, odd: Sent):
    production_doors.deliver(engine, FIRST)
    before = rows(engine)
    outcomes = webhook.store_each(engine, [odd, NEIGHBOUR], raise_bug)
    assert [outcome.state for outcome in outcomes] == ["quarantined", "applied"]
    assert quarantined(engine) == {"odd": f"repository.id, run_id: {TAKEN}"}
    assert rows(engine) == before


@pytest.mark.parametrize("odd", CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_api_refuses_an_id_of_another_and_stores_its_neighbours(engine: Engine, odd: Sent):
    production_doors.deliver(engine, [*FIRST, run_of(OTHER, "known", id=7)])
    before, refused = rows(engine), list[str]()
    write_each(
        [Read(odd.rows), Read(NEIGHBOUR.rows)],
        lambda reads: api.write(engine, reads) and None,
        lambda _, error: refused.append(reason_of(error)),
    )
    assert len(refused) == 1
    assert refused[0].endswith(TAKEN)
    assert rows(engine) == before
    with reading(engine).connect() as connection:
        assert 6 in set(connection.scalars(select(workflowruns.c.gitid)))


@pytest.mark.parametrize("odd", CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_replay_leaves_an_id_of_another_in_quarantine(engine: Engine, odd: Sent):
    production_doors.deliver(engine, FIRST)
    before = rows(engine)
    production_doors.quarantine(engine, odd.delivery)
    with pytest.raises(AssertionError, match="another repository or run already"):
        production_doors.replay_all(engine)
    assert quarantined(engine) == {"odd": f"repository.id, run_id: {TAKEN}"}
    assert rows(engine) == before


def test_run_that_comes_under_two_repositories_at_once_stays_with_the_first(engine: Engine):
    outcomes = webhook.store_each(engine, [FIRST[0], CONTRADICTIONS["run"]], raise_bug)
    assert sorted(outcome.state for outcome in outcomes) == ["applied", "quarantined"]
    (row,) = (row for row in rows(engine) if row[0] == objects.RUN["id"])
    assert row[1] in ("octo-org/app", "octo-org/other")


def test_run_of_a_transferred_repository_is_applied_under_its_new_name(engine: Engine):
    production_doors.deliver(engine, FIRST)
    moved = {
        **OTHER,
        "id": objects.REPOSITORY["id"],
        "updated_at": "2026-03-03T12:00:00Z",
    }
    later = run_of(moved, "later", updated_at="2026-03-03T12:00:00Z")
    assert webhook.store_each(engine, [later], raise_bug)[0].state == "applied"
    assert {row[1] for row in rows(engine) if row[0] == objects.RUN["id"]} == {"octo-org/other"}


@pytest.mark.parametrize("name", ["workflows", "workflowruns", "runattempts", "jobs"])
def test_table_of_a_repository_knows_its_parent(name: str):
    assert metadata.tables[name].c.repoid.info["kind"] == "parent"
