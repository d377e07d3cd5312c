"""Signed deliveries of a generated world, each to be sent until somebody says it is stored."""

import json
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import NamedTuple

from fakegithub.world.history import history
from fakegithub.world.world import Delivery as Happened
from fakegithub.world.world import World
from store.deliveries.table import Delivery, now
from tests.listener import process, sending

PER_RUN = 18  # deliveries that a run of the generated history brings, at least
HOOK = 487


class Shot(NamedTuple):
    """One delivery: its guid, event and body."""

    guid: str
    event: str
    body: bytes

    @property
    def request(self) -> bytes:
        """Return the bytes of its HTTP request."""
        headers = sending.headers(self.event, self.body, X_GitHub_Delivery=self.guid)
        return process.request(headers, len(self.body)) + self.body

    @property
    def delivery(self) -> Delivery:
        """Return it as the listener keeps it."""
        payload = json.loads(self.body)
        action, repo = payload.get("action"), payload["repository"]["full_name"]
        return Delivery("github", self.guid, HOOK, self.event, action, repo, now(), self.body)


def shots(seed: int, number: int, repos: int = 4) -> Iterator[Shot]:
    """Yield the first deliveries of a world; the same seed gives the same."""
    return told(history(seed=seed, runs=number // PER_RUN + 20, repos=repos, days=30), number)


def shots_of_today(seed: int, number: int, repos: int = 4) -> Iterator[Shot]:
    """Yield deliveries as a listener gets them: they are about what happened just now."""
    start = now() - timedelta(days=1)
    runs = number // PER_RUN + 20
    return told(history(seed=seed, runs=runs, repos=repos, days=1, start=start), number)


def told(world: World, number: int) -> Iterator[Shot]:
    """Yield the first deliveries of a world."""
    found = list(islice(world.deliveries(), number))
    assert len(found) == number, f"the world has {len(found)} deliveries only"
    return map(shot, found)


def shot(happened: Happened) -> Shot:
    """Return a delivery of the world as bytes."""
    return Shot(happened.guid, happened.event, json.dumps(happened.payload).encode())
