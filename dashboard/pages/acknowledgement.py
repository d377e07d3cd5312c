"""`POST /acknowledgements`: who looks after an error, until when: all that pages ever write.

Off without ACKNOWLEDGE_TOKEN. The token is typed into the form each time, so that no other site can
send the form for somebody; a browser that says the form came from elsewhere is refused as well.
"""

import hmac
import threading
import time
from datetime import timedelta
from urllib.parse import urlsplit

from flask import Blueprint, abort, g, redirect, request, url_for
from werkzeug.wrappers import Response

from dashboard.web import access
from dashboard.web.login_attempts import Crowded, LoginAttempts
from dashboard.web.request import may_acknowledge, site, store
from rows.one_line import one_line
from store.errors import one_error
from store.open import WRITE, opened_if_there
from store.state import acknowledgements
from store.state.acknowledgements import ACKNOWLEDGED, WITHDRAWN, Acknowledgement

TITLE = ""
blueprint = Blueprint("acknowledgement", __name__)
LONGEST = {"fingerprint": 64, "person": 100, "note": 500, "token": 500}
MOST_DAYS = 90
MOST_BYTES = 16_000
ACTIONS = (ACKNOWLEDGED, WITHDRAWN)
ATTEMPTS = LoginAttempts(time.monotonic)
LOCK = threading.Lock()
"""One is written after the other: a write is rare, and each opens a connection of its own."""


@blueprint.post("/acknowledgements")
def write() -> Response:
    """Note who looks after an error, and lead back to its page."""
    if not may_acknowledge():
        abort(404, "Nothing can be acknowledged here: ACKNOWLEDGE_TOKEN is not set.")
    request.max_content_length = MOST_BYTES
    refuse_other_sites()
    check_token(read_field("token"))
    login = access.named_by_proxy(site().settings)
    person = login or one_line(read_field("person"))
    if not person:
        abort(400, "Say who you are: person is empty.")
    fingerprint, action = read_field("fingerprint"), request.form.get("action", ACKNOWLEDGED)
    if action not in ACTIONS:
        abort(400, f"action is one of {', '.join(ACTIONS)}.")
    if one_error.find_error(store(), fingerprint) is None:
        abort(404, "No failure has this fingerprint.")
    days = read_days() if action == ACKNOWLEDGED else 0
    today = site().calendar.local(g.now).date()
    until = site().calendar.borders(today, today + timedelta(days=days))[-1] if days else g.now
    note = read_field("note") or None
    written = Acknowledgement(fingerprint, action, person, login or None, note, g.now, until)
    with LOCK, opened_if_there(site().settings, WRITE) as engine:
        if engine is None:
            abort(503, "DATABASE_URL, by which this is written, names no store.")
        acknowledgements.add(engine, written)
    return redirect(url_for("error.show", fingerprint=fingerprint) + "#acknowledge", 303)


def read_field(name: str) -> str:
    """Return a field of the form, or answer 400."""
    value = request.form.get(name, "").strip()
    if len(value) > LONGEST[name] or "\0" in value:
        abort(400, f"{name} has at most {LONGEST[name]} characters.")
    return value


def read_days() -> int:
    """Return for how many days an error is acknowledged, or answer 400."""
    text = request.form.get("days", "").strip()
    if not (text.isascii() and text.isdigit() and len(text) < 4 and 1 <= int(text) <= MOST_DAYS):
        abort(400, f"days is a number from 1 to {MOST_DAYS}.")
    return int(text)


def refuse_other_sites() -> None:
    """Answer 403 to a form that a browser sends for a page of another site.

    https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site
    """
    sender, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if sender is not None:
        is_ours = sender == "same-origin"
    else:
        is_ours = origin is None or urlsplit(origin).netloc == request.host
    if not is_ours:
        abort(403, "This form was sent by a page of another site.")


def check_token(given: str) -> None:
    """Answer 403 to a wrong token, 429 while many are tried."""
    try:
        ATTEMPTS.take_turn()
    except Crowded:
        raise access.TooManyAttempts from None
    wanted = site().settings.acknowledge_token or ""
    if not hmac.compare_digest(access.hash_text(given), access.hash_text(wanted)):
        ATTEMPTS.note()
        abort(403, "The token is not right: ask who runs these pages for ACKNOWLEDGE_TOKEN.")
