"""`/deliveries/PROVIDER/GUID`: one raw delivery, as text."""

import orjson
from flask import Blueprint, abort

from dashboard.web.request import render_page, store
from rows import Unmappable
from store.deliveries import body
from store.reads import deliveries

TITLE = "Runs"
blueprint = Blueprint("deliveries", __name__)
MOST = 400_000  # characters that a page shows


@blueprint.get("/deliveries/<path:provider>/<guid>")
def show(provider: str, guid: str) -> str:
    """Return a delivery's body, indented."""
    stored = deliveries.find_delivery(store(), provider, guid)
    if stored is None:
        abort(404, f"No delivery {guid} of {provider} is stored, or its body is kept no longer.")
    raw, delivery = stored
    try:
        text = orjson.dumps(body.read_payload(delivery.body), option=orjson.OPT_INDENT_2).decode()
    except Unmappable:
        text = delivery.body.decode(errors="replace")
    return render_page(
        "delivery.html",
        f"Delivery {raw.guid}",
        raw=raw,
        size=len(delivery.body),
        text=text[:MOST],
        cut=len(text) > MOST,
    )
