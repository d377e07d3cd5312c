"""What every part of a backfill works with, and an API object as rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from sqlalchemy import Engine

from backfill.http.client import Client
from backfill.pipeline.progress_bars import Show
from backfill.pipeline.thread_pool import Pool
from backfill.pipeline.writer import Writer
from rows import Unmappable
from rows.github.events import rows_read
from store.doors.api import Read

Json = dict[str, Any]

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


class Desk(NamedTuple):
    """The store, GitHub, the threads; `trouble` is told what went wrong, in a sentence."""

    engine: Engine
    client: Client
    pool: Pool
    writer: Writer
    show: Show
    trouble: Callable[[str], None]


class Here(NamedTuple):
    """A repository as it was read first: each of its objects is wrapped with it."""

    repository: Json
    repoid: int

    @property
    def name(self) -> str:
        """Its full name today."""
        return str(self.repository["full_name"])

    @property
    def path(self) -> str:
        """Where it is below the API's address, with a slash at the end."""
        return f"/repos/{self.name}/"


def read(kind: str, found: Json, repository: Json, **more: Any) -> Read:
    """Return an API object as rows, by way of the webhook's shape. Raises Unmappable."""
    key = "branch" if kind == "branch_gone" else kind
    payload = {key: found, "repository": repository, **more}
    return Read(rows_read(kind, payload), COUNTED[kind])


def reads(desk: Desk, kind: str, found: list[Json], here: Here) -> list[Read]:
    """Return API objects as rows, and tell of those that cannot be mapped."""
    mapped = []
    for one in found:
        try:
            mapped.append(read(kind, one, here.repository))
        except Unmappable as error:
            desk.trouble(f"{here.name}: {kind} {one.get('id', '')}: {error}")
    return mapped
