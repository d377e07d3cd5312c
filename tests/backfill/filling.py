"""Fill stores by either door from one world, and what both doors can know of it."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine

from backfill.cli import main
from backfill.http import client, rate_limit
from fakegithub.server import Server, serve
from fakegithub.world.world import World
from schema.column_sources import CANNOT, source_of
from store.deliveries.table import Delivery
from tests.equality import Contents, Row
from tests.store import production_doors

FAST = 100
"""How many times faster than real time the limits of these worlds are, and our clock."""


@contextmanager
def served(world: World, store_url: str, **options: Any) -> Iterator[Server]:
    """Serve a world to the command, with its limits and the command's clock FAST times faster."""
    with serve(world, **options) as github, pytest.MonkeyPatch.context() as patch:
        github.limits.scale = FAST
        patch.setattr(rate_limit, "MINUTE", 60 / FAST)
        patch.setattr(client, "SECOND", 1 / FAST)
        patch.setenv("GITHUB_API_URL", github.url)
        patch.setenv("GITHUB_TOKEN", github.token)
        patch.setenv("DATABASE_URL", store_url)
        yield github


def fill(world: World, repo: int, *words: str) -> int:
    """Run the command for a repository of a world that is served, as it is called today."""
    return main(["-r", world.repo(repo).full_name, *words])


def deliver(engine: Engine, world: World, repo: int, places: Iterable[int]) -> None:
    """Send the listener's door some of a repository's deliveries, by their places in the log."""
    for place in places:
        sent = world.delivery(place)
        body = json.dumps(sent.payload).encode()
        came = datetime.fromtimestamp(world.times[place], UTC).replace(tzinfo=None)
        one = Delivery("github", sent.guid, 1, sent.event, sent.action, None, came, body)
        production_doors.store(engine, one)


def deliveries_of(world: World, repo: int) -> list[int]:
    """Return the places of a repository's deliveries in the world's log, in order."""
    return [
        place
        for place, change in enumerate(world.log)
        if change.event is not None and change.repo_id == repo
    ]


def knowable(found: Contents, listed: Contents) -> Contents:
    """Return what both doors can know: rows that GitHub `listed`, columns that it gives.

    A job that was let go is queued for the API, and still waits for who missed that delivery: the
    API has no time of it.
    """
    kept: Contents = {}
    for name, rows in found.items():
        if name == "deliveries":
            continue
        keys = {key_of(name, row) for row in listed[name]}
        kept[name] = Counter(
            {shown(name, row): times for row, times in rows.items() if key_of(name, row) in keys}
        )
    return kept


KEYS = {
    "repos": ("provider", "gitid"),
    "repoaliases": ("repoid", "name"),
    "branches": ("repoid", "name"),
    "commits": ("repoid", "hash"),
    "workflows": ("provider", "gitid"),
    "workflowruns": ("provider", "gitid"),
    "runattempts": ("provider", "rungitid", "attempt"),
    "jobs": ("provider", "gitid"),
}


def key_of(name: str, row: Row) -> tuple[object, ...]:
    """Return what names a row."""
    values = dict(row)
    return tuple(values[column] for column in KEYS[name])


def shown(name: str, row: Row) -> Row:
    """Return the columns of a row that the API gives."""
    return tuple(
        (column, "queued" if (name, column, value) == ("jobs", "status", "waiting") else value)
        for column, value in row
        if not source_of(name, column).rest.startswith(CANNOT)
    )
