"""The public port: /webhook, /healthz, /readyz, and nothing else."""

from __future__ import annotations

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from listener import answer, log
from listener.desk import Desk
from listener.health import health
from listener.webhook import webhook


def create_app(desk: Desk) -> Flask:
    """Return the listener's app. Make `desk.engine` after the fork."""
    app = Flask(__name__, static_folder=None)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.extensions["desk"] = desk
    app.register_blueprint(webhook)
    app.register_blueprint(health)
    app.register_error_handler(HTTPException, refuse)
    app.register_error_handler(Exception, fail)
    app.after_request(harden)
    return app


def refuse(error: HTTPException) -> Response:
    """Answer what the routing refuses (404, 405 with Allow) in JSON as well."""
    made = answer.response(answer.refused(error.code or 400, error.name))
    for name, value in error.get_headers():
        if name == "Allow":
            made.headers[name] = value
    return made


def fail(error: Exception) -> Response:
    """Answer a mistake of ours: nothing was stored, so GitHub must show the delivery as failed."""
    log.crash("a request broke", error, path=request.path)
    return answer.response(answer.UNAVAILABLE)


def harden(response: Response) -> Response:
    """Keep browsers and caches from doing anything with an answer."""
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response
