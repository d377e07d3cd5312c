"""What `/time` is about: the days, the repositories, the names, and the order of its tables."""

from typing import NamedTuple

from flask import g, request

from config.groups import group_of
from dashboard.view import formats
from dashboard.web import filters, names
from dashboard.web.filters import DateRange
from dashboard.web.request import site, store
from store.figures.job_shares import ORDERS, list_known
from store.name_parts import unquote
from store.reads import runs as reads
from store.rollups.durations import JobFilter

DAYS = 30
NARROW = ("workflow", "branch", "event", "job")
SYSTEMS = ("Linux", "Windows", "macOS")
MOST_REPOS = 100
"""Of repositories whose names have a part, those that are added up."""


class TimeFilter(NamedTuple):
    """The days, and the span of jobs and runs that the URL asks for."""

    dates: DateRange
    span: JobFilter
    repo: str
    os: str
    order: str


def read_filter() -> TimeFilter:
    """Read the filters. Raises BadFilter."""
    dates = filters.date_range(site().calendar, g.now, DAYS)
    name, system = filters.text("repo"), filters.choice("os", ("", *SYSTEMS), "")
    repoids, group = names.read_repo_or_part(), read_group()
    if repoids and len(repoids) > MOST_REPOS:
        text = f"{len(repoids):,} repositories have {name} in their name: give more of it."
        raise filters.BadFilter(text)
    repoid = repoids[0] if repoids and len(repoids) == 1 else None
    if group is not None and repoid is None and repoids:
        group = tuple(number for number in group if number in repoids)
    workflow, branch, event, job = (
        unquote(filters.text(name)) or filters.text(name) or None for name in NARROW
    )
    span = JobFilter(
        dates.borders, system or None, repoid, group if repoid or group is not None else repoids,
        workflow, branch, event, job,
    )  # fmt: skip
    return TimeFilter(dates, span, name, system, filters.choice("sort", ORDERS, "minutes"))


def whole_names(wanted: TimeFilter) -> str:
    """Return the page by whole names where parts of them were given; empty where none is known.

    Roll-ups are by whole names. Raises BadFilter, which lists those that have a part.
    """
    whole = dict[str, str]()
    for name in NARROW:
        given = filters.text(name)
        fits = filters.fitting(given, list_known(store(), wanted.span, name)) if given else []
        if given and not fits:
            return ""
        if fits and given not in fits:
            exact = [value for value in filters.spellings(name) if value in fits]
            only = filters.only_one(name, given, exact[:1] or fits)
            # A blank at its end stays in quotes only.
            only = only if only == only.strip() else f'"{only}"'
            whole |= {name: only} if only != given else {}
    return formats.query(request.path, **{**request.args.to_dict(), **whole}) if whole else ""


def read_group() -> tuple[int, ...] | None:
    """Return the repositories of the group that the URL chooses, None for all. Raises BadFilter."""
    groups = site().plan.groups
    name = filters.choice("group", ("", *(group.name for group in groups)), "")
    if not name:
        return None
    grouped = ((repo.Id, group_of(groups, repo.name)) for repo in reads.list_repos(store()))
    return tuple(number for number, group in grouped if group and group.name == name)
