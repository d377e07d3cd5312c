"""Red default branches -> the packages that come from them, who needs these, and their releases."""

import statistics
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from sqlalchemy import Connection, func, or_, select

from schema.tables import ci
from schema.tables import packages as tables
from store.history.red_now import RedWorkflow
from store.packages.dependents import list_dependents
from store.packages.early_versions import is_early
from store.packages.name_links import LISTS

MOST_REPOSITORIES, MOST_PACKAGES, MOST_MINE = 50, 20, 200
RELEASES = 10
"""Of a package, the last ones whose gaps are its cadence."""
DAY = 86_400
WALK_SECONDS = 3.0
"""How long dependents of any depth are counted for a page."""


class Release(NamedTuple):
    """A package's newest version, and the days between its last ones (median), where known."""

    version: str
    published: datetime
    gap: float | None
    releasedred: bool | None


class PackageAtStake(NamedTuple):
    """A package of a red repository: who needs it outside of the repository, and its release."""

    number: int
    manager: str
    name: str
    directory: str | None
    proof: str
    direct: int
    every: int | None
    """How many need it, directly or through others; None where counting took too long."""
    release: Release | None
    commits: int | None
    """Commits of the repository since that release, on any branch."""


class RedRepository(NamedTuple):
    """A repository whose default branch is red, since when, and its packages."""

    repoid: int
    name: str
    since: datetime
    workflows: list[RedWorkflow]
    packages: list[PackageAtStake]
    more: int
    """Packages that are not listed."""


class RedDependency(NamedTuple):
    """A package that we need, whose repository's default branch is red."""

    manager: str
    name: str
    version: str | None
    host: str
    repo: str
    repoid: int | None
    since: datetime


class StakeFilter(NamedTuple):
    """Which packages to list: words in them or their repository; of one registry; all if empty."""

    words: str = ""
    manager: str = ""

    def fits(self, manager: str, *names: str | None) -> bool:
        """Tell whether a package is wanted that has these names, its repository's among them."""
        words = self.words.casefold()
        return self.manager.casefold() in ("", manager.casefold()) and any(
            words in (name or "").casefold() for name in (manager, *names)
        )


EVERY = StakeFilter()


def list_at_stake(
    connection: Connection, workflows: Iterable[RedWorkflow], wanted: StakeFilter = EVERY
) -> list[RedRepository]:
    """Return the red repositories that packages come from, the longest red first."""
    red = defaultdict[int, list[RedWorkflow]](list)
    for workflow in workflows:
        red[workflow.repoid].append(workflow)
    claimed, until = dict[int, list[Claimed]](), time.monotonic() + WALK_SECONDS
    for repoid, packages in read_packages(connection, red).items():
        home = red[repoid][0].repository
        if fits := [one for one in packages if wanted.fits(one[1], one[2], one[3], home)]:
            claimed[repoid] = fits
    ranked = sorted(claimed, key=lambda repoid: min(each.since for each in red[repoid]))
    return [
        RedRepository(
            repoid,
            red[repoid][0].repository,
            min(each.since for each in red[repoid]),
            red[repoid],
            judge_packages(connection, repoid, claimed[repoid], until),
            max(0, len(claimed[repoid]) - MOST_PACKAGES),
        )
        for repoid in ranked[:MOST_REPOSITORIES]
    ]


Versions = dict[int, list[tuple[str, datetime, bool | None]]]
Claimed = tuple[int, str, str, str | None, str]
"""Of a package: its number, registry, name, folder, and the proof."""


def read_packages(connection: Connection, repoids: Collection[int]) -> dict[int, list[Claimed]]:
    """Return the packages that come from repositories, the most needed first."""
    p, where = tables.packages, tables.packagerepos
    packages = defaultdict[int, list[Claimed]](list)
    query = (
        select(where.c.repoid, p.c.Id, p.c.manager, p.c.name, where.c.directory, where.c.proof)
        .join(p, p.c.Id == where.c.package_id)
        .where(where.c.repoid.in_(repoids), p.c.gonetime.is_(None), p.c.manager != LISTS)
        .order_by(func.coalesce(p.c.dependents, 0).desc(), p.c.name)
    )
    for repoid, *package in connection.execute(query):
        packages[repoid].append(tuple(package))
    return packages


def judge_packages(
    connection: Connection, repoid: int, packages: Sequence[Claimed], until: float
) -> list[PackageAtStake]:
    """Return the first packages of a repository with who needs them and their releases."""
    own, shown = {number for number, *_ in packages}, packages[:MOST_PACKAGES]
    releases = read_releases(connection, [number for number, *_ in shown])
    judged = list[PackageAtStake]()
    for number, manager, name, directory, proof in shown:
        release = releases.get(number)
        judged.append(
            PackageAtStake(
                number, manager, name, directory, proof,
                len(list_dependents(connection, [number], direct=True) - own),
                len(list_dependents(connection, [number]) - own)
                if time.monotonic() < until
                else None,
                release,
                count_commits(connection, repoid, release.published) if release else None,
            )
        )  # fmt: skip
    return judged


def read_releases(connection: Connection, packages: Collection[int]) -> dict[int, Release]:
    """Return packages' newest version not taken back, with their cadence: a release, if any is."""
    v, p = tables.versions.c, tables.packages
    query = (
        select(v.package_id, p.c.manager, v.version, v.published_at, v.releasedred)
        .join(p, p.c.Id == v.package_id)
        .where(v.package_id.in_(packages), v.published_at.is_not(None), v.gonetime.is_(None))
        .where(or_(v.yanked.is_(None), v.yanked.is_(False)))
        .order_by(v.published_at.desc(), v.Id.desc())
    )
    told, early = Versions(), Versions()
    for package, manager, *version in connection.execute(query):
        kept = early if is_early(manager, version[0]) else told
        kept.setdefault(package, []).append(tuple(version))
    return {
        package: Release(
            versions[0][0],
            versions[0][1],
            gap_of([published for _, published, _ in versions[:RELEASES]]),
            versions[0][2],
        )
        for package, versions in (early | told).items()
    }


def gap_of(times: Sequence[datetime]) -> float | None:
    """Return the median of days between times, None where there is only one."""
    gaps = [(later - earlier).total_seconds() / DAY for later, earlier in pairwise(times)]
    return statistics.median(gaps) if gaps else None


def count_commits(connection: Connection, repoid: int, since: datetime) -> int:
    """Return how many commits of a repository are newer than a time."""
    c = ci.commits.c
    query = select(func.count()).where(c.repoid == repoid, c.time > since)
    return connection.scalar(query) or 0


def list_mine(
    connection: Connection, red: Iterable[RedWorkflow], wanted: StakeFilter = EVERY
) -> list[RedDependency]:
    """Return the packages that we need whose repositories are red: watched ones, or upstream."""
    since = dict[int, datetime]()
    for workflow in red:
        since[workflow.repoid] = min(workflow.since, since.get(workflow.repoid, workflow.since))
    upstream = read_upstream(connection)
    p, where, needed = tables.packages, tables.packagerepos, tables.dependencies
    v, lists = tables.versions, tables.packages.alias("lists")
    listed = (
        select(needed.c.dependency_id)
        .join(v, v.c.Id == needed.c.version_id)
        .join(lists, lists.c.Id == v.c.package_id)
        .where(lists.c.manager == LISTS, needed.c.dependency_id.is_not(None))
    )
    columns = (p.c.manager, p.c.name, p.c.latestversion, where.c.host, where.c.repo)
    query = (
        select(*columns, where.c.repoid)
        .join(where, where.c.package_id == p.c.Id)
        .where(or_(p.c.mine.is_(True), p.c.Id.in_(listed)), p.c.gonetime.is_(None))
    )
    mine = [
        RedDependency(*row, began)
        for row in connection.execute(query)
        if wanted.fits(row.manager, row.name, row.repo)
        if (began := since.get(row.repoid) or upstream.get((row.host, row.repo.lower())))
    ]
    return sorted(mine, key=lambda each: (each.since, each.manager, each.name))[:MOST_MINE]


def read_upstream(connection: Connection) -> dict[tuple[str, str], datetime]:
    """Return since when repositories that are not watched are red, by host and lower-case name.

    The feed `upstream` brings a point of `upstream/HOST/NAME` whenever that changes: 1 is red.
    """
    c = tables.points.c
    ours = select(c.series, func.max(c.time).label("time")).where(c.feed == "upstream")
    newest = ours.group_by(c.series).subquery()
    query = (
        select(c.series, c.time)
        .join(newest, (newest.c.series == c.series) & (newest.c.time == c.time))
        .where(c.feed == "upstream", c.value > 0)
    )
    told = dict[tuple[str, str], datetime]()
    for series, began in connection.execute(query):
        _, host, name = series.split("/", 2)
        told[host, name.lower()] = began
    return told
