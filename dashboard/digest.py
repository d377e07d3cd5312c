"""`python dashboard.py --digest`: last night in words, for a mail or a chat."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import requests
from flask import Flask, url_for

from dashboard.pages import nights
from dashboard.view import formats
from dashboard.view.banner import Banner
from dashboard.view.night_changes import JobChange, NightChanges, find_changes
from dashboard.web.request import local, read_banner, store
from rows.one_line import one_line
from store.rollups.night_summary import NOTHING, STATES
from store.state.gone_repositories import KnownRepository, list_gone

NIGHTS = 30
UNNAMED = "(no name)"
MOST = 15
TIMEOUT = 15


class Digest(NamedTuple):
    """The text, and whether something is new or fixed since yesterday."""

    text: str
    is_news: bool


def make_digest(app: Flask) -> Digest:
    """Return what the top of the page Nights says."""
    with app.test_request_context("/"):
        app.preprocess_request()
        shown = nights.read_shown_nights(NIGHTS)
        changes = find_changes(shown.rows, shown.last)
        unseen = nights.unseen(shown.rows, shown.last)
        counts = {
            state: sum(row.cell(shown.last).state == state for row in shown.rows)
            for state in STATES
        }
        lines = list_lines(changes, counts, unseen, read_banner(), list_gone(store()))
        title = f"Night to {formats.night(shown.last)}"
        text = "\n".join(map(one_line, [title, *lines]))
        return Digest(text, bool(changes.new or changes.fixed))


def list_lines(
    changes: NightChanges,
    counts: dict[str, int],
    unseen: set[str],
    verdict: Banner,
    gone: Iterable[KnownRepository] = (),
) -> Iterator[str]:
    """Yield the lines below the title."""
    states = [f"{count} {state}" for state, count in counts.items() if count and state != NOTHING]
    yield (", ".join(states) or "nothing ran") + "."
    for title, listed in (
        ("New since yesterday", changes.new),
        ("Still failing", changes.going_on),
        ("Fixed", changes.fixed),
    ):
        yield from list_block(title, [describe_change(one, title, unseen) for one in listed])
    shared = [one for one in changes.shared if one.is_error]
    yield from list_block(
        "Same error in several repositories",
        [f"{formats.first_line(one.text)} ({', '.join(one.repos[:5])})" for one in shared],
    )
    yield from list_block(
        "Gone at GitHub",
        [f"{one.name} is gone since {local(one.gonetime)}: {one.gonereason}" for one in gone],
    )
    yield ""
    yield f"Data: {verdict.text}."


def list_block(title: str, lines: Iterable[str]) -> Iterator[str]:
    """Yield a heading and its lines, nothing without any."""
    items = list(lines)
    if not items:
        return
    yield ""
    yield f"{title} ({len(items)}):"
    yield from (f"- {line}" for line in items[:MOST])
    if len(items) > MOST:
        yield f"- and {len(items) - MOST} more"


def describe_change(change: JobChange, title: str, unseen: set[str]) -> str:
    """Return a change in words."""
    failure = change.failure
    job = formats.first_line(failure.job, 80) or UNNAMED
    text = f"{change.repo}: {formats.first_line(failure.workflow) or UNNAMED} / {job}"
    if title == "Fixed":
        return f"{text}, after {formats.count(change.nights, 'failed night')}"
    if change.nights > 1:
        text += f", for {change.nights}{'+' if change.oldest else ''} nights"
    why = failure.error or (f"at {failure.step}" if failure.step else None)
    text += f": {formats.first_line(why)}" if why else ""
    text += " (never seen before)" if failure.fingerprint in unseen else ""
    if not failure.fingerprint:
        return text
    return f"{text} [{url_for('error.show', fingerprint=failure.fingerprint)}]"


def post(url: str, text: str) -> None:
    """Send a text to a chat's incoming webhook. Raises requests.RequestException.

    https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
    """
    body = {"text": escape(text), "mrkdwn": False}
    answer = requests.post(url, json=body, timeout=TIMEOUT, allow_redirects=False)
    answer.raise_for_status()
    if answer.status_code >= 300:
        raise requests.HTTPError(f"{answer.status_code}")


def escape(text: str) -> str:
    """Return a text that mentions nobody and holds no markup of a chat, whatever a job is called.

    https://docs.slack.dev/messaging/formatting-message-text
    """
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped.replace("@", "@\u200b")
