"""Named SELECTs of what was received, and from whom: is it what it should be?"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, Connection, func, or_, select

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


def is_of(provider: Column[Any], vendor: str) -> ColumnElement[bool]:
    """Tell rows of a vendor's servers: repositories of two vendors may have one name."""
    return or_(provider == vendor, provider.startswith(f"{vendor}:", autoescape=True))


def recent_deliveries(
    connection: Connection, vendor: str, since: datetime, now: datetime
) -> dict[str, RecentDeliveries]:
    """Return what a vendor's hooks sent since a time, by repository in lower case.

    What was received while a clock was far ahead says nothing of today.
    What was taken from a hook's log has no hook of its own.
    """
    table = deliveries.c
    name = func.lower(table.repo)
    query = select(name, func.count(), func.max(table.receivetime)).where(
        is_of(table.provider, vendor),
        table.receivetime.between(since, now + AHEAD),
        table.hookid.is_not(None),
        table.repo.is_not(None),
    )
    return {
        repo: RecentDeliveries(number, last)
        for repo, number, last in connection.execute(query.group_by(name))
    }


def unwatched_repositories(connection: Connection, vendor: str, since: datetime) -> set[str]:
    """Return the repositories of a vendor whose deliveries were ignored since a time."""
    table = deliveries.c
    query = select(table.repo).where(
        is_of(table.provider, vendor),
        table.state == IGNORED,
        table.receivetime >= since,
        table.repo.is_not(None),
    )
    # Deliveries of a watched repository are ignored too, when their event fills no table.
    unwatched = query.where(table.error.like("% is not watched"))
    return set(connection.scalars(unwatched.distinct()))


def read_senders(connection: Connection, vendor: str) -> LatestSenders:
    """Return who of a vendor sent the latest deliveries."""
    table, senders = deliveries.c, LatestSenders({}, set())
    query = select(table.hookid, func.lower(table.repo), table.receivetime)
    query = (
        query.where(table.hookid.is_not(None), is_of(table.provider, vendor))
        .order_by(table.Id.desc())
        .limit(LATEST)
    )
    for hook, repo, time in connection.execute(query):
        senders.hooks.setdefault(hook, time)
        if repo:
            senders.repositories.add(repo)
    return senders


def known_names(connection: Connection, vendor: str) -> set[str]:
    """Return the full names of a vendor's stored repositories, former ones too."""
    own, called = is_of(repos.c.provider, vendor), repos.c.name.is_not(None)
    today = connection.scalars(select(repos.c.name).where(own, called))
    joined = repoaliases.join(repos, repos.c.Id == repoaliases.c.repoid)
    former = select(repoaliases.c.name).select_from(joined).where(own)
    return {*today, *connection.scalars(former)}


def newest_run(connection: Connection, repoid: int, now: datetime) -> datetime | None:
    """Return when the newest run of a repository was created, as far as that is believed."""
    row = workflowruns.c
    query = select(func.max(row.createtime)).where(
        row.repoid == repoid, row.createtime <= now + AHEAD
    )
    time: datetime | None = connection.execute(query).scalar_one()
    return time


def first_delivery(connection: Connection, vendor: str, names: set[str]) -> datetime | None:
    """Return when the first delivery that is still kept of a repository was received."""
    query = select(func.min(deliveries.c.receivetime))
    time: datetime | None = connection.execute(
        query.where(
            is_of(deliveries.c.provider, vendor),
            func.lower(deliveries.c.repo).in_(names),
            deliveries.c.body.is_not(None),
        )
    ).scalar_one()
    return time


def list_quarantined(
    connection: Connection, vendor: str, names: set[str], since: datetime
) -> list[QuarantinedDelivery]:
    """Return the quarantined deliveries of a repository, and those that name none."""
    table = deliveries.c
    query = select(*(table[name] for name in QuarantinedDelivery._fields)).where(
        is_of(table.provider, vendor),
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
