"""Two questions a balancer may ask, answered without detail: this port is public."""

from __future__ import annotations

from flask import Blueprint, Response, current_app
from sqlalchemy.exc import SQLAlchemyError

from listener import answer, log
from listener.answer import Answer
from store import apply, faults

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
    try:
        apply.is_known(current_app.extensions["desk"].engine, "github", 0)
    except SQLAlchemyError as error:
        log.warning("not ready", cause=faults.cause(error))
        return answer.response(Answer(503, {"status": "unavailable"}))
    return answer.response(Answer(200, {"status": "ready"}))
