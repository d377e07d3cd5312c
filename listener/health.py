"""Two questions a balancer may ask, answered without detail: this port is public."""

from __future__ import annotations

from listener.asgi import Receive, Scope
from listener.intake.answers import Answer
from listener.intake.intake import Desk, can_store
from listener.intake.threads import aside


async def is_alive(desk: Desk, scope: Scope, receive: Receive) -> Answer:
    """Say that the process answers."""
    return Answer(200, {"status": "alive"})


async def is_ready(desk: Desk, scope: Scope, receive: Receive) -> Answer:
    """Say whether a delivery that came now could be stored.

    Red makes a balancer drop deliveries, so it means that nothing durable can be written.
    """
    if await aside(can_store, desk):
        return Answer(200, {"status": "ready"})
    return Answer(503, {"status": "unavailable"})
