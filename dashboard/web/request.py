"""What every page has in common: the store, the calendar, the clock, and the frame around it."""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from flask import Response, current_app, g, render_template, request
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from config.calendar import Calendar
from config.settings import Settings
from dashboard.view import formats
from dashboard.view.banner import Banner, choose_banner
from dashboard.web import filters
from engines import deadline
from runtime.csv_text import as_csv
from store.reads import audits, health
from store.reads.connection import STATEMENT_SECONDS, is_missing, schema_state
from store.rollups.spans import RollupPlan
from store.state.gone_repositories import list_gone


class Site(NamedTuple):
    """What the pages are made from; `clock` gives UTC without zone."""

    settings: Settings
    engine: Engine
    plan: RollupPlan
    clock: Callable[[], datetime]
    is_static: bool = False
    """Whether the pages become files, so that nothing on them may need a server."""

    @property
    def calendar(self) -> Calendar:
        """What days and nights are."""
        return self.plan.calendar


NOT_READY = {
    "empty": (
        "There is no store yet",
        "The listener makes it when it starts, and these pages fill by themselves.",
        "make run",
    ),
    "older": (
        "The store's schema is behind these pages",
        "Upgrade it once; nothing that is stored is lost, and this page comes back by itself.",
        "python3 local-database.py -i",
    ),
    "copying": (
        "The store is still being copied here",
        "These pages come by themselves once the copy is whole and open.",
        "python3 local-database.py --copy-to URL",
    ),
}
"""State -> title, what to expect, and the command that helps."""


class NotReady(Exception):
    """The store has no schema, or one that these pages do not fit; `told` as in NOT_READY."""

    def __init__(self, state: str) -> None:
        self.told = NOT_READY[state]
        title, expected, command = self.told
        super().__init__(f"{title}. {expected} ({command})")


def now() -> datetime:
    """Return the time in UTC without zone."""
    return datetime.now(UTC).replace(tzinfo=None)


def site() -> Site:
    """Return what this app was made with."""
    context: Site = current_app.extensions["site"]
    return context


def open_store() -> None:
    """Give the request a connection for all its statements. Raises NotReady, SQLAlchemyError."""
    if request.endpoint in (None, "static"):
        return
    g.opened = ExitStack()
    g.opened.enter_context(deadline.within(STATEMENT_SECONDS))
    g.now = site().clock()
    try:
        g.connection = g.opened.enter_context(site().engine.connect())
        g.schema = schema_state(g.connection)
    except DBAPIError as error:
        if not is_missing(error):
            raise
        g.schema = "empty"
    if g.schema in NOT_READY:
        raise NotReady(g.schema)


def close_store(_: BaseException | None = None) -> None:
    """Give the connection back."""
    opened = g.pop("opened", None)
    if opened is not None:
        opened.close()


def store() -> Connection:
    """Return the connection of this request."""
    connection: Connection = g.connection
    return connection


def render_page(template: str, title: str, **values: Any) -> str:
    """Return a page in its frame, with the banner's verdict. Raises BadFilter: an unknown one."""
    filters.check_known()
    return render_template(
        template,
        title=title,
        verdict=read_banner(),
        gone=list_gone(store()),
        now=g.now,
        calendar=site().calendar,
        is_static=site().is_static,
        can_acknowledge=may_acknowledge(),
        **values,
    )


def may_acknowledge() -> bool:
    """Tell whether these pages take notes of who looks after an error."""
    return site().settings.acknowledge_token is not None and not site().is_static


def read_banner() -> Banner:
    """Return what the banner says of the store of this request."""
    audited, never = audits.list_latest_audits(store()), audits.count_never_audited(store())
    return choose_banner(
        health.read_reception(store()),
        audits.summarize_audits(audited, never),
        audits.count_warnings(store()),
        g.now,
        local,
    )


def csv_response(
    name: str, titles: Iterable[str], rows: Iterable[Iterable[object]], *, is_cut: bool = False
) -> Response:
    """Return a CSV file to download; one that lacks rows is called so. Raises BadFilter."""
    filters.check_known()
    lines = list(rows)
    name += f"-first-{len(lines)}" if is_cut else ""
    response = Response(as_csv(titles, lines), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def local(moment: datetime | None) -> str:
    """Return a UTC time on the zone's clock: 21 Nov 23:59."""
    if moment is None:
        return formats.DASH
    there = site().calendar.local(moment)
    return f"{there.day} {there:%b}{year_of(there)} {there:%H:%M}"


def last_day(moment: datetime) -> date:
    """Return the last day that lies before a UTC time, on the zone's clock."""
    return site().calendar.local(moment - timedelta(microseconds=1)).date()


def night(day: date) -> str:
    """Return a night's or a day's name, with its year where that is not this one."""
    return formats.night(day) + year_of(day)


def night_span(day: date) -> str:
    """Return a night by both its days, likewise."""
    return formats.night_span(day) + year_of(day)


def year_of(day: date) -> str:
    """Return a day's year with a space before it; nothing for this year's."""
    return "" if day.year == site().calendar.local(g.now).year else f" {day.year}"


def exact(moment: datetime | None) -> str:
    """Return a UTC time to the second, for those who compare it with the tables."""
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def since(moment: datetime | None) -> str:
    """Return how long ago a time was."""
    return formats.ago(moment, g.now)
