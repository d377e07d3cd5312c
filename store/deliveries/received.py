"""Named SELECTs of what was received, and from whom: is it what it should be?"""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, func, or_, select

from rows.version import AHEAD
from schema.tables.ci import repoaliases, repos, workflowruns
from schema.tables.deliveries import deliveries
from store.deliveries.table import (
    APPLIED,
    IGNORED,
    QUARANTINED,
    Delivery,
    DeliveryFilter,
    read_page,
)

LATEST = 1000
"""Deliveries that are looked at for the hooks that sent them."""


class RecentDeliveries(NamedTuple):
    """The deliveries of a repository in a span of time: how many, and the last of them."""

    number: int
    last: datetime


class LatestSenders(NamedTuple):
    """Hooks, each with the time of its last delivery, and repositories in lower case.

    What was taken from a hook's log has no hook of its own.
    """

    hooks: dict[int, datetime]
    repositories: set[str]


class QuarantinedDelivery(NamedTuple):
    """A delivery that is kept, and whose rows could not be made."""

    provider: str
    guid: str
    event: str
    action: str | None
    repo: str | None
    receivetime: datetime
    attempts: int
    error: str | None


def recent_deliveries(
    connection: Connection, since: datetime, now: datetime
) -> dict[str, RecentDeliveries]:
    """Return what hooks sent since a time, by repository in lower case.

    What was received while a clock was far ahead says nothing of today.
    What was taken from a hook's log has no hook of its own.
    """
    table = deliveries.c
    name = func.lower(table.repo)
    query = select(name, func.count(), func.max(table.receivetime)).where(
        table.receivetime.between(since, now + AHEAD),
        table.hookid.is_not(None),
        table.repo.is_not(None),
    )
    return {
        repo: RecentDeliveries(number, last)
        for repo, number, last in connection.execute(query.group_by(name))
    }


def unwatched_repositories(connection: Connection, since: datetime) -> set[str]:
    """Return the repositories whose deliveries were ignored since a time."""
    table = deliveries.c
    query = select(table.repo).where(
        table.state == IGNORED, table.receivetime >= since, table.repo.is_not(None)
    )
    # Deliveries of a watched repository are ignored too, when their event fills no table.
    unwatched = query.where(table.error.like("% is not watched"))
    return set(connection.scalars(unwatched.distinct()))


def read_senders(connection: Connection) -> LatestSenders:
    """Return who sent the latest deliveries."""
    table, senders = deliveries.c, LatestSenders({}, set())
    query = select(table.hookid, func.lower(table.repo), table.receivetime)
    query = query.where(table.hookid.is_not(None)).order_by(table.Id.desc()).limit(LATEST)
    for hook, repo, time in connection.execute(query):
        senders.hooks.setdefault(hook, time)
        if repo:
            senders.repositories.add(repo)
    return senders


def known_names(connection: Connection) -> set[str]:
    """Return the full names of the stored repositories, former ones too."""
    today = connection.scalars(select(repos.c.name).where(repos.c.name.is_not(None)))
    return {*today, *connection.scalars(select(repoaliases.c.name))}


def newest_run(connection: Connection, repoid: int, now: datetime) -> datetime | None:
    """Return when the newest run of a repository was created, as far as that is believed."""
    row = workflowruns.c
    query = select(func.max(row.createtime)).where(
        row.repoid == repoid, row.createtime <= now + AHEAD
    )
    time: datetime | None = connection.execute(query).scalar_one()
    return time


def first_delivery(connection: Connection, names: set[str]) -> datetime | None:
    """Return when the first delivery that is still kept of a repository was received."""
    query = select(func.min(deliveries.c.receivetime))
    time: datetime | None = connection.execute(
        query.where(func.lower(deliveries.c.repo).in_(names), deliveries.c.body.is_not(None))
    ).scalar_one()
    return time


def list_quarantined(
    connection: Connection, names: set[str], since: datetime
) -> list[QuarantinedDelivery]:
    """Return the quarantined deliveries of a repository, and those that name none."""
    table = deliveries.c
    query = select(*(table[name] for name in QuarantinedDelivery._fields)).where(
        table.state == QUARANTINED,
        table.receivetime >= since,
        or_(table.repo.is_(None), func.lower(table.repo).in_(names)),
    )
    return [QuarantinedDelivery(*row) for row in connection.execute(query.order_by(table.Id))]


def list_pushes(connection: Connection, names: set[str], since: datetime) -> Iterator[Delivery]:
    """Yield the applied push deliveries of a repository in the order they came."""
    wanted = DeliveryFilter((APPLIED,), since, event="push", repositories=names)
    first = select(func.min(deliveries.c.Id)).where(deliveries.c.receivetime >= since)
    after = (connection.execute(first).scalar_one() or 1) - 1
    while page := read_page(connection, wanted, after):
        yield from (delivery for _, delivery in page)
        after = page[-1][0]
