"""Two questions a balancer may ask, answered without detail: this port is public."""

from __future__ import annotations

from flask import Blueprint, Response, current_app

from listener import answer
from listener.answer import Answer
from listener.desk import can_store

health = Blueprint("health", __name__)


@health.get("/healthz")
def is_alive() -> Response:
    """Say that the process answers."""
    return answer.response(Answer(200, {"status": "alive"}))


@health.get("/readyz")
def is_ready() -> Response:
    """Say whether a delivery that came now could be stored.

    Red makes a balancer drop deliveries, so it means that nothing durable can be written.
    """
    if can_store(current_app.extensions["desk"]):
        return answer.response(Answer(200, {"status": "ready"}))
    return answer.response(Answer(503, {"status": "unavailable"}))
