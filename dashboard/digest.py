"""`python3 dashboard.py --digest`: last night in words, for a mail or a chat."""

from collections.abc import Collection, Iterable, Iterator
from datetime import timedelta
from typing import NamedTuple

import requests
from flask import Flask, g, url_for

from dashboard.causes.shown_causes import NightCauses, ShownCause, list_authors
from dashboard.pages import nights
from dashboard.view import formats
from dashboard.view.banner import Banner
from dashboard.view.night_changes import JobChange
from dashboard.web.request import last_day, local, read_banner, store
from rows.one_line import one_line
from store.history.red_now import RedWorkflow, list_red
from store.rollups.night_summary import NOTHING, STATES
from store.state.gone_repositories import KnownRepository, list_gone

NIGHTS, DAY = 30, timedelta(days=1)
UNNAMED = "(no name)"
MOST, REPOS = 15, 5
TIMEOUT = 15


class Digest(NamedTuple):
    """The text, and whether something is new, fixed, or red on a default branch since yesterday."""

    text: str
    is_news: bool


def make_digest(app: Flask) -> Digest:
    """Return what the top of the page Nights says."""
    with app.test_request_context("/"):
        app.preprocess_request()
        shown = nights.read_shown_nights(NIGHTS)
        causes = nights.read_causes(shown.rows, shown)
        counts = {
            state: sum(row.cell(shown.last).state == state for row in shown.rows)
            for state in STATES
        }
        red = list_red(store())
        lines = list_lines(causes, counts, read_banner(), list_gone(store()), red)
        title = f"Night to {formats.night(shown.last)}"
        text = "\n".join(map(one_line, [title, *lines]))
        is_red_anew = any(one.since > g.now - DAY for one in red)
        is_news = any(one.cause.is_news for one in causes.failing)
        return Digest(text, bool(causes.fixed or is_red_anew or is_news))


def list_lines(
    causes: NightCauses,
    counts: dict[str, int],
    verdict: Banner,
    gone: Iterable[KnownRepository] = (),
    red: Iterable[RedWorkflow] = (),
) -> Iterator[str]:
    """Yield the lines below the title."""
    states = [f"{count} {state}" for state, count in counts.items() if count and state != NOTHING]
    yield (", ".join(states) or "nothing ran") + "."
    yield from list_block("Red now on the default branch", [describe_red(one) for one in red])
    new = [shown for shown in causes.failing if shown.cause.is_new]
    going_on = [shown for shown in causes.failing if not shown.cause.is_new]
    for title, listed in (("New since yesterday", new), ("Still failing", going_on)):
        yield from list_block(title, [describe_cause(one, causes.unseen) for one in listed])
    yield from list_block("Fixed", [describe_fixed(change) for change in causes.fixed])
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


def describe_red(red: RedWorkflow) -> str:
    """Return a red workflow in words: since which run, and whose."""
    workflow = formats.first_line(red.workflow) or UNNAMED
    by = f" by {formats.first_line(red.author, 60)}" if red.author else ""
    path = url_for("run.show", provider=red.provider, gitid=red.sincerungitid)
    return f"{red.repository}: {workflow}, since {local(red.since)}{by} [{path}]"


def describe_cause(shown: ShownCause, unseen: Collection[str]) -> str:
    """Return a cause in words: where, for how long, what, whose, and who looks after it."""
    cause, first = shown.cause, shown.cause.changes[0]
    text = name_job(first)
    if len(cause.repos) > 1:
        names = [*cause.repos.values()]
        more = f" and {len(names) - REPOS} more" if len(names) > REPOS else ""
        text = f"{len(names)} repositories ({', '.join(names[:REPOS])}{more})"
    if len(cause.changes) > 1:
        text += f", {formats.count(len(cause.changes), 'job')}"
    if cause.nights > 1:
        text += f", for {cause.nights}{'+' if cause.is_oldest else ''} nights"
    why = cause.text or (f"at {cause.step}" if cause.step else None)
    text += f": {formats.first_line(why)}" if why else ""
    text += " (never seen before)" if cause.fingerprint in unseen else ""
    text += "".join(f"; {part}" for part in list_notes(shown))
    if not cause.shown_error:
        return text
    return f"{text} [{url_for('error.show', fingerprint=cause.shown_error)}]"


def list_notes(shown: ShownCause) -> Iterator[str]:
    """Yield what is known beside a cause."""
    owners = [" ".join(filter(None, (one.name, one.chat))) for one in shown.owners]
    if owners:
        yield f"owner {', '.join(owners[:REPOS])}"
    if shown.origin and shown.origin.compare:
        authors = list_authors(shown.origin)
        by = f" by {', '.join(authors[:REPOS])}" if authors else ""
        yield f"since {shown.origin.compare}{by}"
    for issue in shown.issues[:1]:
        yield f"issue #{issue.number} {issue.state}"
    if shown.acknowledged is not None:
        until = formats.night(last_day(shown.acknowledged.untiltime))
        yield f"acknowledged by {shown.acknowledged.person} until {until}"


def describe_fixed(change: JobChange) -> str:
    """Return a job that passes again in words."""
    return f"{name_job(change)}, after {formats.count(change.nights, 'failed night')}"


def name_job(change: JobChange) -> str:
    """Return the names of a job, its workflow and its repository."""
    failure = change.failure
    job = formats.first_line(failure.job, 80) or UNNAMED
    return f"{change.repo}: {formats.first_line(failure.workflow) or UNNAMED} / {job}"


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
