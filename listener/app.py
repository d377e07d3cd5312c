"""The public port: /webhook, /healthz, /readyz, and nothing else."""

from __future__ import annotations

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from listener import answer, log, webhook
from listener.desk import Desk
from listener.health import health


def create_app(desk: Desk) -> Flask:
    """Return the listener's app. Make `desk.engine` after the fork."""
    app = Flask(__name__, static_folder=None)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.extensions["desk"] = desk
    # Flask knows the path for what is no delivery: 405, which says what is allowed.
    app.add_url_rule(webhook.PATH, endpoint="webhook", methods=["POST"])
    receiving = webhook.before(app.wsgi_app, app.extensions)
    app.wsgi_app = receiving  # type: ignore[assignment, method-assign]
    app.register_blueprint(health)
    app.register_error_handler(HTTPException, refuse)
    app.register_error_handler(Exception, fail)
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
