"""Two questions a balancer may ask, answered without detail: this port is public."""

from __future__ import annotations

from listener.answer import Answer
from listener.aside import aside
from listener.desk import Desk, can_store
from listener.door import Receive, Scope


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
