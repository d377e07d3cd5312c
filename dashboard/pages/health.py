"""`/health`: whether the data are complete and fresh, and what stands in the way."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from flask import Blueprint, Response, g, request

from dashboard.view import charts
from dashboard.web import filters
from dashboard.web.names import repo_label
from dashboard.web.request import csv_response, render_page, site, store
from engines import kind_of
from rows.sources import SOURCES, subject_of
from store.reads import audits, freshness
from store.reads import health as reads_health
from store.reads.freshness import Freshness, StoredFreshness
from store.reads.health import HourCount
from store.rollups.spans import count_due_days
from store.state import health
from store.write import changed_runs

TITLE = "Health"
blueprint = Blueprint("health", __name__)
HOURS = 48
ALL = {subject_of(vendor, "") for vendor in SOURCES}
"""What is of no repository."""
HELD = 50
NEVER = (None,) * len(audits.LatestAudit._fields[2:])
TONES = {"applied": "passed", "ignored": "nothing", "quarantined": "failed"}
NAMES = {tone: state for state, tone in TONES.items()} | {"warned": "other"}


class ChosenRepos(NamedTuple):
    """The repositories that the URL leaves: those with runs or a backfill, and the rest."""

    shown: list[Freshness]
    rest: list[Freshness]
    whole: int
    """How many `shown` would be without a search."""
    uncounted: int
    """Days of which the runs are not counted."""


LONG_AGO = datetime(1970, 1, 1)
SORTS: dict[str, Callable[[Freshness], Any]] = {
    "name": lambda repo: repo.repo.casefold(),
    "oldest": lambda repo: repo.newest or LONG_AGO,
    "runs": lambda repo: -repo.runs,
    "open": lambda repo: -repo.open,
    "unread": lambda repo: -repo.unread,
}
"""What repositories are ordered by; of equal ones by name."""


def choose_repos(stored: StoredFreshness) -> ChosenRepos:
    """Return the repositories that the URL leaves, in its order. Raises BadFilter."""
    text, order = filters.text("q").casefold(), SORTS[filters.choice("sort", SORTS, "name")]
    fits = [one for one in stored.repos if text in repo_label(one.repoid, one.repo).casefold()]
    shown = sorted((repo for repo in fits if repo.newest or repo.windows), key=order)
    rest = [repo for repo in fits if not (repo.newest or repo.windows)]
    whole = sum(bool(repo.newest or repo.windows) for repo in stored.repos)
    return ChosenRepos(shown, rest, whole, stored.uncounted)


def by_hour(now: datetime, rows: list[HourCount]) -> tuple[list[datetime], dict[str, list[int]]]:
    """Return the last hours in UTC, oldest first, and the deliveries of each by state."""
    last = now.replace(minute=0, second=0, microsecond=0)
    hours = [last - timedelta(hours=number) for number in range(HOURS - 1, -1, -1)]
    places = {f"{hour:%Y-%m-%d %H}": place for place, hour in enumerate(hours)}
    counts = {state: [0] * HOURS for state in TONES}
    for row in rows:
        if row.hour in places:
            counts.setdefault(row.state, [0] * HOURS)[places[row.hour]] += row.deliveries
    return hours, counts


@blueprint.get("/health")
def show() -> str:
    """Return what is known about the data themselves."""
    states = reads_health.count_states(store())
    lately = reads_health.count_per_hour(store(), g.now - timedelta(hours=HOURS), states)
    hours, by_state = by_hour(g.now, lately)
    labels = [site().calendar.local(hour) for hour in hours]
    tones = {TONES.get(name, "warned"): values for name, values in by_state.items()}
    audited = audits.list_latest_audits(store())
    repos = choose_repos(freshness.read_freshness(store(), g.now))
    watched = health.rows(store())
    return render_page(
        "health.html",
        TITLE,
        received=reads_health.read_reception(store()),
        audited={one.repoid: one for one in audited},
        whole=audits.summarize_audits(audited, audits.count_never_audited(store())),
        warnings=[one for one in watched if one.state != health.GOOD],
        watched=watched,
        hooks={one.subject: one for one in watched if one.name == "hook"},
        subjects=reads_health.list_subjects(store(), [one.repoid for one in repos.shown]),
        installation=[one for one in watched if one.subject in ALL and ":" not in one.name],
        feeds=[one for one in watched if one.name.startswith("feed:")],
        cycle=audits.read_last_cycle(store()),
        leases=audits.list_leases(store(), g.now),
        pending=changed_runs.pending_runs(store()),
        due_days=count_due_days(store(), site().plan, g.now),
        chart=charts.draw_bars(charts.hour_points(labels), tones, NAMES, "none"),
        deliveries=sum(sum(values) for values in by_state.values()),
        states=states,
        held=reads_health.list_quarantined(store(), HELD),
        repos=repos,
        seeded=freshness.list_seeded_runs(store(), [one.repoid for one in repos.shown]),
        sorts=SORTS,
        kept=dict(request.args.items()),
        spool=reads_health.read_spool_status(site().settings.spool_dir),
        schema=g.schema,
        engine=kind_of(store().engine.url).name,
    )


@blueprint.get("/health.csv")
def download() -> Response:
    """Return the freshness of the repositories that the filters leave as CSV."""
    audited = {one.repoid: one for one in audits.list_latest_audits(store())}
    repos = choose_repos(freshness.read_freshness(store(), g.now))
    rows = [
        (
            repo.repoid,
            repo_label(repo.repoid, repo.repo),
            *repo[2:],
            *(audited[repo.repoid][2:] if repo.repoid in audited else NEVER),
        )
        for repo in (*repos.shown, *repos.rest)
    ]
    titles = (*freshness.Freshness._fields, *audits.LatestAudit._fields[2:])
    return csv_response("health", titles, rows)
