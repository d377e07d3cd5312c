"""`python3 dashboard.py --digest`: last night in words, for a mail or a chat."""

from collections.abc import Collection, Iterable, Iterator
from datetime import timedelta
from typing import NamedTuple

from flask import Flask, g, url_for

from config.groups import group_of
from config.layers import BadSetting
from dashboard.causes.red_causes import RedCause, RedNow, read_red_now
from dashboard.causes.shown_causes import NightCauses, ShownCause, list_authors
from dashboard.pages import nights
from dashboard.pages.shown_nights import read_shown_nights
from dashboard.view import formats
from dashboard.view.banner import Banner
from dashboard.view.night_changes import JobChange
from dashboard.view.night_matrix import NO_GROUP, count_failed, name_failed
from dashboard.web.links import absolute
from dashboard.web.request import last_day, local, read_banner, site, store
from rows.one_line import one_line
from rows.sources import UNNAMED
from store.history.red_now import list_red
from store.rollups.night_summary import NOTHING, STATES
from store.state.gone_repositories import KnownRepository, list_gone

NIGHTS, DAY = 30, timedelta(days=1)
MOST, REPOS, MOST_RED = 15, 5, 1000


class Digest(NamedTuple):
    """The text, and whether something is new, fixed, or red on a default branch since yesterday."""

    text: str
    is_news: bool


def make_digest(app: Flask, group: str | None = None) -> Digest:
    """Return what the top of the page Nights says, of one group or of all repositories.

    Raises BadSetting for a group that there is not.
    """
    with app.test_request_context("/"):
        app.preprocess_request()
        if group is not None and group not in nights.group_names():
            known = ", ".join(nights.group_names()) or "none: GROUPS_FILE names no file of groups"
            raise BadSetting("--group", f"there is no such group; there are {known}")
        shown = read_shown_nights(NIGHTS)
        rows = [row for row in shown.rows if group in (None, row.group)]
        causes = nights.read_causes(rows, shown)
        counts = {
            state: sum(row.cell(shown.last).state == state for row in rows) for state in STATES
        }
        red = [one for one in list_red(store(), MOST_RED) if is_of(group, one.repository)]
        gone = [one for one in list_gone(store()) if is_of(group, one.name)]
        # An outage is told once; of one repository the line says since which run it is red.
        failing = [one.cause for one in causes.failing if len(one.cause.repos) > 1]
        now = read_red_now(store(), red, failing, site().plan.groups, g.now)
        lines = list_lines(causes, counts, read_banner(), gone, now)
        title = f"Night of {formats.night_span(shown.last)}{f', {group}' if group else ''}"
        home = formats.query("/", group=group)
        title += f" [{absolute(home)}]" if site().settings.dashboard_url else ""
        text = "\n".join(map(one_line, [title, *lines]))
        is_red_anew = any(one.since > g.now - DAY for one in red)
        is_news = any(one.cause.is_news for one in causes.failing)
        return Digest(text, bool(causes.fixed or is_red_anew or is_news))


def is_of(group: str | None, repo: str) -> bool:
    """Tell whether a repository is of a group; each is of all."""
    own = group_of(site().plan.groups, repo)
    return group in (None, own.name if own else NO_GROUP)


def list_lines(
    causes: NightCauses,
    counts: dict[str, int],
    verdict: Banner,
    gone: Iterable[KnownRepository],
    red: RedNow,
) -> Iterator[str]:
    """Yield the lines below the title."""
    states = [f"{count} {state}" for state, count in counts.items() if count and state != NOTHING]
    yield (", ".join(states) or "nothing ran") + "."
    yield from list_block("Red now on the default branch", list_red_lines(red))
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


def list_red_lines(red: RedNow) -> list[str]:
    """Return red workflows in words; those that are told below are counted."""
    below = formats.count(len(red.told_workflows), "workflow") + " of what failed last night, below"
    return [*map(describe_red, red.causes), *([below] if red.told else [])]


def describe_red(cause: RedCause) -> str:
    """Return red workflows of one cause in words: where, since which run, and whose."""
    red = cause.first
    if len(cause.repos) > 1:
        text = f"{name_repos(cause.repos.values())}"
        flows = len(cause.workflows)
        text += f", {flows} workflows" if flows > len(cause.repos) else ""
        why = formats.first_line(cause.error.text)
        link = absolute(url_for("error.show", fingerprint=cause.fingerprint))
        return f"{text}, since {local(red.since)}: {why} [{link}]"
    workflow = formats.first_line(red.workflow) or UNNAMED
    if len(cause.workflows) > 1:
        workflow += f" and {len(cause.workflows) - 1} more"
    by = f" by {formats.first_line(red.author, 60)}" if red.author else ""
    link = absolute(url_for("run.show", provider=red.provider, gitid=red.sincerungitid))
    return f"{red.repository}: {workflow}, since {local(red.since)}{by} [{link}]"


def name_repos(repos: Collection[str]) -> str:
    """Return how many repositories there are, and the names of the first."""
    names = list(repos)
    more = f" and {len(names) - REPOS} more" if len(names) > REPOS else ""
    return f"{len(names)} repositories ({', '.join(names[:REPOS])}{more})"


def describe_cause(shown: ShownCause, unseen: Collection[str]) -> str:
    """Return a cause in words: where, for how long, what, whose, and who looks after it."""
    cause, first = shown.cause, shown.cause.changes[0]
    text = name_job(first)
    if len(cause.repos) > 1:
        text = name_repos(cause.repos.values())
    if len(cause.changes) > 1:
        text += f", {formats.count(len(cause.changes), 'job')}"
    if cause.nights > 1:
        text += f", for {cause.nights}{'+' if cause.is_oldest else ''} nights"
    why = cause.text or (f"at {cause.step}" if cause.step else None)
    text += f": {formats.first_line(why)}" if why else ""
    text += " (never seen before)" if cause.fingerprint in unseen else ""
    text += "".join(f"; {part}" for part in list_notes(shown))
    if not cause.shown_error:
        return f"{text}{link_night(first)}"
    return f"{text} [{absolute(url_for('error.show', fingerprint=cause.shown_error))}]"


def link_night(change: JobChange) -> str:
    """Return the page of a job's night in brackets; nothing where no address is known."""
    path = url_for("nights.detail", repoid=change.repoid, day=change.night)
    return f" [{absolute(path)}]" if site().settings.dashboard_url else ""


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
    nights = count_failed(change.failure, change.nights)
    return f"{name_job(change)}, after {nights}{link_night(change)}"


def name_job(change: JobChange) -> str:
    """Return the names of a job, its workflow and its repository."""
    return f"{change.repo}: {name_failed(change.failure, 80)}"
