"""The app of the pages: reads only, says so when it cannot, and recovers by itself."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Flask, Response, g, make_response, render_template
from flask import request as asked
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException, NotFound

from config.calendar import Calendar
from config.settings import Settings
from dashboard.causes.shown_causes import list_authors
from dashboard.pages import NAVIGATION, PAGES, TITLES
from dashboard.published import badge, feed, metrics
from dashboard.view import formats, night_matrix
from dashboard.web import access, compression, filters, links, names, request
from dashboard.web.filters import BadFilter
from engines import deadline, faults
from store.reads.connection import STATEMENT_SECONDS
from store.rollups.spans import RollupPlan

LOG = logging.getLogger("dashboard")
RETRY_SECONDS = 15
TOO_LONG = (
    "This page takes too long",
    f"The store answers, but takes more than {STATEMENT_SECONDS:.0f} seconds for this page. After"
    " an upgrade, and while a long history comes in, the listener counts each day anew, the newest"
    " first: Health says how many wait. Until then choose fewer days, or one repository.",
)
"""Title and what to do."""


def create_app(
    settings: Settings, engine: Engine, clock: Callable[[], datetime] = request.now
) -> Flask:
    """Return the app of the pages. Make `engine` after the fork, with `open_engine`."""
    app = Flask(__name__)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.url_map.strict_slashes = False
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.finalize = formats.known
    plan = RollupPlan(Calendar(settings.night_zone, settings.night_ends), settings.groups)
    app.extensions["site"] = request.Site(settings, engine, plan, clock)
    access.require_login(app, settings)
    app.before_request(request.open_store)
    app.teardown_request(request.close_store)
    app.after_request(access.add_headers)
    app.after_request(compression.compress)
    for page in (*PAGES, badge, feed, metrics):
        app.register_blueprint(page.blueprint)
    app.register_error_handler(BadFilter, refuse)
    app.register_error_handler(HTTPException, decline)
    app.register_error_handler(request.NotReady, wait)
    app.register_error_handler(SQLAlchemyError, apologize)
    app.register_error_handler(Exception, fail)
    for function in (*PLAIN_FILTERS, *TIME_FILTERS):
        app.jinja_env.filters[function.__name__] = function
    app.jinja_env.globals.update(query=formats.query, tone=formats.tone, count=formats.count)
    app.jinja_env.globals.update(navigation=NAVIGATION, titles=TITLES)
    app.jinja_env.globals.update(repo_label=names.repo_label, repo_filter=names.repo_filter)
    for address in (
        links.workflow_page, links.job_page, links.branch_page, links.pull_page, links.runner_page,
        links.pool_page,
    ):  # fmt: skip
        app.jinja_env.globals[address.__name__] = address
    return app


PLAIN_FILTERS: tuple[Callable[..., Any], ...] = (
    *(formats.ended, formats.span, formats.number, formats.https, formats.vendor),
    *(formats.pull_kind, formats.pull_number),
    *(formats.short, formats.first_line),
    *(formats.listed, list_authors, night_matrix.name_failed, night_matrix.count_failed),
)


TIME_FILTERS: tuple[Callable[..., Any], ...] = (
    *(request.local, request.exact, request.since, request.last_day),
    *(request.night, request.night_span),
)


def plain(code: int, title: str, text: str, command: str = "", again: int = 0) -> Response:
    """Return a page that needs no store; `again` is in how many seconds the browser tries anew."""
    body = render_template("plain.html", title=title, text=text, command=command, again=again)
    response = make_response(body, code)
    if again:
        response.headers["Retry-After"] = str(again)
    return response


def refuse(error: BadFilter) -> Response:
    """Answer a filter that makes no sense: showing everything instead would mislead.

    The form stays, with what was typed, to be put right.
    """
    fields = [name for name in asked.args if name in filters.has_filters()]
    kept = {name: asked.args[name] for name in fields}
    others = {name: value for name, value in kept.items() if name not in (error.name, "after")}
    choices = [
        (name, formats.query(asked.path, **others, **{error.name: name})) for name in error.choices
    ]
    title = "Which one is meant?" if choices else "This filter does not fit"
    body = render_template(
        "plain.html", title=title, text=str(error), path=asked.path, kept=kept,
        titles=filters.TITLES, choices=choices,
    )  # fmt: skip
    return make_response(body, 400)


def decline(error: HTTPException) -> Response:
    """Answer what the routing or the guard refuses."""
    is_told = error.description != NotFound.description
    text = error.description if is_told else "No page has this address: see the menu."
    response = plain(error.code or 400, error.name, text or "")
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After", "WWW-Authenticate"):
            response.headers[name] = value
    return response


def wait(error: request.NotReady) -> Response:
    """Answer while the schema is missing or behind."""
    return plain(503, *error.told, again=RETRY_SECONDS)


def apologize(error: SQLAlchemyError) -> Response:
    """Answer while the database does not, or not within the time of a page."""
    if "schema" in g and is_time_over(error):
        LOG.warning("%s took longer than a page may: %s", asked.path, faults.cause(error))
        return plain(503, *TOO_LONG, again=4 * RETRY_SECONDS)
    LOG.error("the store does not answer: %s", faults.cause(error))
    return plain(
        503,
        "The store does not answer",
        "Deliveries are kept meanwhile, in the database or in the listener's spool. "
        "This page tries again by itself.",
        again=RETRY_SECONDS,
    )


def is_time_over(error: SQLAlchemyError) -> bool:
    """Tell whether it was the time of a statement or of the whole page that ended it."""
    rest = deadline.left()
    is_cut = isinstance(error, deadline.Late) or faults.fault(error) == faults.CUT
    return is_cut or (rest is not None and rest <= 0)


def fail(error: Exception) -> Response:
    """Answer a mistake of ours."""
    LOG.error("a page broke", exc_info=error)
    return plain(500, "This page broke", "It is a mistake in Runledger; its log says where.")
