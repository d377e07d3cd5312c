"""One decision for every way a delivery comes: applied, ignored, quarantined."""

import json
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Engine

from config.watch import watch
from fakegithub.payloads import events
from rows.github import repo
from store.deliveries.table import Delivery
from store.doors import decide
from store.doors.decide import Decision, decide_each

APP = events.repository(full_name="octo-org/app", id=7)
RUN = events.run(repository=APP, workflow=events.workflow(repository=APP, name="CI"), id=100)
JOB = events.job(run=RUN, id=200, name="build")
QUEUED = events.workflow_job_event(action="queued", job=JOB, repository=APP)
RENAMED = events.repository_event(
    action="renamed", repository=APP, changes={"repository": {"name": {"from": "before"}}}
)


def delivery(event: str, payload: dict[str, Any] | bytes, guid: str = "g") -> Delivery:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return Delivery("github", guid, 1, event, None, None, datetime(2026, 3, 2), body)


def decided(engine: Engine, patterns: list[str], *waiting: Delivery) -> list[Decision]:
    return list(decide_each(engine, watch(patterns), waiting))


@pytest.mark.parametrize(
    ("patterns", "event", "payload", "state", "reason"),
    [
        ([], "workflow_job", QUEUED, "applied", None),
        (["OCTO-org/*"], "workflow_job", QUEUED, "applied", None),
        (["octo-org/before"], "repository", RENAMED, "applied", None),
        (["octo-org/other"], "repository", RENAMED, "ignored", "octo-org/app is not watched"),
        (["octo-org/before"], "workflow_job", QUEUED, "ignored", "octo-org/app is not watched"),
        ([], "star", RENAMED, "ignored", "no table is filled from star events"),
        ([], "push", b"[]", "quarantined", "payload: is not a JSON object"),
        (
            [],
            "workflow_job",
            {"repository": APP},
            "quarantined",
            "payload.workflow_job: is missing",
        ),
    ],
)
def test_delivery_is_decided_by_event_watch_and_mapping(
    engine: Engine, patterns: list[str], event: str, payload: Any, state: str, reason: str | None
):
    decision = decided(engine, patterns, delivery(event, payload))[0]
    assert (decision.state, decision.reason) == (state, reason)
    assert (decision.mapped is not None) == (state == "applied")


def test_repository_known_by_an_earlier_delivery_of_the_batch_is_watched(engine: Engine):
    renamed, job = delivery("repository", RENAMED, "a"), delivery("workflow_job", QUEUED, "b")
    watched = decided(engine, ["octo-org/before"], renamed, job)
    assert [decision.state for decision in watched] == ["applied", "applied"]


def test_mistake_of_ours_quarantines_and_is_told(engine: Engine, monkeypatch: pytest.MonkeyPatch):
    mistake = ZeroDivisionError("ours")

    def broken(*given: object) -> None:
        raise mistake

    source = decide.source_of("github")._replace(rows_for=broken)
    monkeypatch.setattr(decide, "source_of", lambda provider: source)
    decision = decided(engine, [], delivery("workflow_job", QUEUED))[0]
    assert (decision.state, decision.bug) == ("quarantined", mistake)
    assert decision.reason == "ZeroDivisionError: ours"


def test_repository_of_a_waiting_delivery_is_read_once(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
):
    read = []
    given = repo.read_repository

    def read_repository(payload: Any) -> Any:
        read.append(payload)
        return given(payload)

    monkeypatch.setattr(repo, "read_repository", read_repository)
    [decision] = decided(engine, ["octo-org/*"], delivery("workflow_job", QUEUED))
    assert (decision.state, len(read)) == ("applied", 1)
