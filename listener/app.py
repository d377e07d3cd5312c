"""The listener as a Flask app, for any WSGI server: /webhook, /healthz, /readyz, nothing else.

    gunicorn -w 2 --threads 8 'listener.app:create_app()'

`python3 listener.py` answers the same paths by a shorter way (listener/asgi.py). Both lead to
listener/webhook.py, so that a delivery is answered alike.
"""

import os
import sys

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from config.command_line import read_settings
from listener import webhook, worker
from listener.intake import answers
from listener.intake.answers import Answer
from listener.intake.intake import Intake
from listener.intake.readiness import READINESS
from listener.vendors.head import BODY_BYTES, TOO_LONG, Refused
from runtime import log
from runtime.port import refuse_debug

FORKED = """\
listener.app: create_app() was called before the fork, and what it started stayed behind.
Let each worker call it: gunicorn without --preload, uWSGI with lazy-apps.
"""
PIECE_BYTES = 256 * 1024
CANNOT_LOAD = 4
"""The exit status at which gunicorn's master gives up: https://docs.gunicorn.org"""


def create_app(intake: Intake | None = None) -> Flask:
    """Return the app of an intake; without one, of the intake that the environment describes.

    Then it is to be called in the process that serves. Raises BadSetting and CannotStart.
    """
    if intake is None:
        intake = intake_of_environment()
    app = Flask(__name__, static_folder=None)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.url_map.merge_slashes = False
    app.extensions["intake"] = intake

    @app.post(webhook.PATH)
    def deliver() -> Response:
        headers = list(request.headers)
        return response(webhook.receive_waiting(app.extensions["intake"], headers, read_body))

    @app.get("/healthz")
    def is_alive() -> Response:
        return response(answers.ALIVE)

    @app.get("/readyz")
    def is_ready() -> Response:
        is_green = READINESS.ask(app.extensions["intake"])
        return response(answers.READY if is_green else answers.NOT_READY)

    app.register_error_handler(HTTPException, refuse)
    app.register_error_handler(Exception, fail)
    return app


def intake_of_environment() -> Intake:
    """Start what `python3 listener.py` starts in each of its processes."""
    settings = read_settings({})
    refuse_debug()
    intake = worker.make_intake(worker.prepare(settings, {}))
    os.register_at_fork(after_in_child=end_forked)
    return intake


def end_forked() -> None:
    """End a process whose threads stayed behind in the one that it was forked from."""
    sys.stderr.write(FORKED)
    sys.stderr.flush()
    os._exit(CANNOT_LOAD)


def read_body(length: int | None) -> bytes:
    """Return the body of the request; a length of None is one in chunks.

    Raises Refused: 400 where it is cut off, 413 where it is too long, 411 for chunks of which the
    server does not say that it ends them: https://wsgi.readthedocs.io/en/latest/proposals-2.0.html
    """
    if length is None and not request.environ.get("wsgi.input_terminated"):
        raise Refused(411, "this server needs a Content-Length")
    body, most = bytearray(), BODY_BYTES + 1 if length is None else length
    while len(body) < most:
        try:
            piece = request.environ["wsgi.input"].read(min(most - len(body), PIECE_BYTES))
        except Exception as error:  # each server has its own for who leaves, and for odd chunks
            raise Refused(*answers.CUT_OFF) from error
        if not piece:
            break
        body += piece
    if length is not None and len(body) < length:
        raise Refused(*answers.CUT_OFF)
    if len(body) > BODY_BYTES:
        raise Refused(*TOO_LONG)
    return bytes(body)


def response(answer: Answer) -> Response:
    """Return an answer as Flask sends it."""
    text = answer.text
    headers = [
        (name.decode(), value.decode()) for name, value in answers.headers(answer.code, len(text))
    ]
    made = Response(text, answer.code)
    made.headers.clear()
    made.headers.extend(headers)
    return made


def refuse(error: HTTPException) -> Response:
    """Answer what the routing refuses: 404, and 405 with what is allowed."""
    code = error.code or 400
    made = response(answers.refused(code, answers.NOT_FOUND if code == 404 else error.name))
    allowed = getattr(error, "valid_methods", None)
    if allowed:
        made.headers["Allow"] = ", ".join(sorted(allowed))
    return made


def fail(error: Exception) -> Response:
    """Answer a mistake of ours: nothing was stored, so that the delivery is shown as failed."""
    log.crash("a request broke", error, path=request.path)
    return response(answers.UNAVAILABLE)
