"""An object of GitHub's API as rows, by way of the webhook's shape."""

from __future__ import annotations

from typing import Any

from backfill.pipeline.context import Context
from backfill.records import Json, Repository
from rows import Unmappable
from rows.sources import source_of
from store.doors.api import Read

COUNTED = {
    "repository": frozenset({"repos"}),
    "branch": frozenset({"branches"}),
    "branch_gone": frozenset({"branches"}),
    "commit": frozenset({"commits"}),
    "workflow": frozenset({"workflows"}),
    "workflow_run": frozenset({"workflowruns", "runattempts"}),
    "workflow_job": frozenset({"jobs"}),
}
PAST_ATTEMPT = frozenset({"runattempts"})


def read(kind: str, found: Json, repository: Json, **more: Any) -> Read:
    """Return an API object as rows, by way of the webhook's shape. Raises Unmappable."""
    key = "branch" if kind == "branch_gone" else kind
    payload = {key: found, "repository": repository, **more}
    return Read(source_of("github").rows_read(kind, payload), COUNTED[kind])


def reads(context: Context, kind: str, found: list[Json], repository: Repository) -> list[Read]:
    """Return API objects as rows, and tell of those that cannot be mapped."""
    mapped = []
    for one in found:
        try:
            mapped.append(read(kind, one, repository.record))
        except Unmappable as error:
            context.report(f"{repository.name}: {kind} {one.get('id', '')}: {error}")
    return mapped
