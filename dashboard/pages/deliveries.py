"""`/deliveries`: what was received, newest first; `/deliveries/PROVIDER/GUID`: one, as text."""

import orjson
from flask import Blueprint, Response, abort, request

from dashboard.web import filters
from dashboard.web.request import csv_response, render_page, store
from rows import Unmappable
from store.deliveries import body
from store.deliveries.table import APPLIED, IGNORED, QUARANTINED
from store.reads import deliveries, health, runs
from store.reads.deliveries import DeliveryLine, ShownDeliveries

TITLE = "Health"
blueprint = Blueprint("deliveries", __name__)
MOST = 400_000  # characters that a page shows

UNREADABLE = (
    "The account of these pages (DATABASE_READ_URL) may not read what deliveries hold:"
    " deploy/accounts-*.sql makes it so."
)
PAGE, CSV_MOST = 50, 5_000
STATES = (APPLIED, QUARANTINED, IGNORED)
SORTS = ("newest", "oldest")


def read_wanted() -> ShownDeliveries:
    """Return which deliveries the URL asks for. Raises BadFilter."""
    return ShownDeliveries(
        filters.choice("state", ("", *STATES), ""),
        filters.text("event"),
        filters.text("q"),
        filters.place(),
        filters.choice("sort", SORTS, SORTS[0]) != SORTS[0],
    )


@blueprint.get("/deliveries")
def index() -> str:
    """Return a page of the deliveries, newest first unless asked otherwise."""
    wanted = read_wanted()
    kept = {name: value for name, value in request.args.items() if name != "after"}
    listed = deliveries.list_page(store(), wanted, PAGE)
    return render_page(
        "deliveries.html",
        "Deliveries",
        listed=listed,
        after=filters.name_place(*listed.after) if listed.after else "",
        has_runs=runs.has_runs(store()),
        chosen=wanted,
        states=STATES,
        sorts=SORTS,
        counts=health.count_states(store()),
        kept=kept,
        variants=[("all", "/deliveries")],
    )


@blueprint.get("/deliveries.csv")
def download() -> Response:
    """Return the first deliveries that the filters leave as CSV, without bodies."""
    listed = deliveries.list_page(store(), read_wanted(), CSV_MOST)
    is_cut = listed.after is not None
    return csv_response("deliveries", DeliveryLine._fields, listed.deliveries, is_cut=is_cut)


@blueprint.get("/deliveries/<path:provider>/<guid>")
def show(provider: str, guid: str) -> str:
    """Return a delivery's body, indented."""
    if not deliveries.may_read_bodies(store()):
        abort(403, UNREADABLE)
    stored = deliveries.find_delivery(store(), provider, guid)
    if stored is None:
        abort(404, f"No delivery {guid} of {provider} is stored, or its body is kept no longer.")
    raw, delivery = stored
    try:
        text = orjson.dumps(body.read_payload(delivery.body), option=orjson.OPT_INDENT_2).decode()
    except (Unmappable, orjson.JSONEncodeError):  # it reads deeper than it writes
        text = delivery.body.decode(errors="replace")
    return render_page(
        "delivery.html",
        f"Delivery {raw.guid}",
        raw=raw,
        size=len(delivery.body),
        text=text[:MOST],
        cut=len(text) > MOST,
    )
