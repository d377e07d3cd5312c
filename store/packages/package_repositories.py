"""Addresses of packages -> `packagerepos`: the repository that each says it comes from.

That is a claim of whoever published it, the stronger the more fields say the same. It is proved
where a version tells its commit and we have that commit of that repository.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, Connection, delete, func, or_, select, update

from engines.bulk.inserts import insert_columns
from engines.chunks import chunks
from schema.tables import ci
from schema.tables import packages as tables
from store.packages.addresses import Repository, repository_of

FIELDS = (("repository", "source"), ("homepage",), ("issues", "changelog"))
"""Types of addresses that tell a repository, the best first; a later one counts where no earlier
one tells any. Where a package is packaged is none of them."""
ALL_FIELDS = frozenset(kind for group in FIELDS for kind in group)
PART = 10_000
"""Numbers of packages that are looked at together."""
CLAIM, TWO_FIELDS, COMMIT = "claim", "fields", "commit"
BARE = "npm"
"""The registry in which `owner/name` is a repository at one known host."""


class Claim(NamedTuple):
    """What a package says of its repository."""

    repository: Repository
    field: str
    proof: str


class Watched(NamedTuple):
    """Repositories that are or were watched, by host and lower-case name, and their hosts."""

    numbers: Mapping[tuple[str, str], int]
    hosts: frozenset[str]


def update_repositories(connection: Connection, manager: str) -> None:
    """Make the rows of a registry's packages say what their addresses say."""
    watched, c = read_watched(connection), tables.packages.c
    last = connection.scalar(select(func.max(c.Id)).where(c.manager == manager)) or 0
    first = connection.scalar(select(func.min(c.Id)).where(c.manager == manager)) or 0
    for start in range(first, last + 1, PART):
        update_part(connection, manager, watched, c.Id.between(start, start + PART - 1))


def update_part(
    connection: Connection, manager: str, watched: Watched, part: ColumnElement[bool]
) -> None:
    """Likewise of a part of the packages."""
    table, packages = tables.packagerepos, tables.packages
    stored = {
        (row.package_id, row.host, row.repo.lower()): row
        for row in connection.execute(
            select(table)
            .join(packages, packages.c.Id == table.c.package_id)
            .where(packages.c.manager == manager, part)
        )
    }
    new, kept = list[dict[str, Any]](), set[tuple[int, str, str]]()
    for package, addresses in read_addresses(connection, manager, part):
        for claim in list_claims(addresses, manager, watched.hosts):
            host, name, directory = claim.repository
            own = (package, host, name.lower())
            kept.add(own)
            repoid = watched.numbers.get(own[1:])
            old = stored.get(own)
            proof = COMMIT if old is not None and old.proof == COMMIT else claim.proof
            values = {"repo": name, "directory": directory, "field": claim.field, "proof": proof}
            values["repoid"] = repoid  # type: ignore[assignment]  # a number beside texts
            if old is None:
                new.append({"package_id": package, "host": host, **values})
            elif any(getattr(old, column) != value for column, value in values.items()):
                connection.execute(update(table).where(table.c.Id == old.Id).values(values))
    for gone in chunks([row.Id for own, row in stored.items() if own not in kept]):
        connection.execute(delete(table).where(table.c.Id.in_(gone)))
    if new:
        columns = zip(*map(dict.values, new), strict=True)
        insert_columns(connection, table, [*new[0]], [*columns], {})


def read_addresses(
    connection: Connection, manager: str, part: ColumnElement[bool]
) -> Iterable[tuple[int, Sequence[tuple[str, str]]]]:
    """Yield packages of a part that are not gone with the types of their addresses and these."""
    p, w, u, t = tables.packages, tables.package_urls, tables.urls, tables.url_types
    query = (
        select(p.c.Id, t.c.name, u.c.url)
        .join(w, w.c.package_id == p.c.Id)
        .join(u, u.c.Id == w.c.url_id)
        .join(t, t.c.Id == u.c.url_type_id)
        .where(p.c.manager == manager, p.c.gonetime.is_(None), part)
        .where(t.c.name.in_(sorted(ALL_FIELDS)))
    )
    told = defaultdict[int, list[tuple[str, str]]](list)
    for package, kind, url in connection.execute(query):
        told[package].append((kind, url))
    return sorted(told.items())


def list_claims(
    addresses: Iterable[tuple[str, str]], manager: str, hosts: frozenset[str]
) -> list[Claim]:
    """Return which repositories addresses tell: those of the best field that tells any."""
    told = list[tuple[str, Repository]]()
    for kind, url in sorted(addresses):
        # What is called a repository is one at any host; a site's page looks like one as well.
        is_explicit = kind == "repository"
        repository = repository_of(
            url, allows_bare=manager == BARE, forges=None if is_explicit else hosts
        )
        if repository:
            told.append((kind, repository))
    if len(told) < 2:
        return [Claim(repository, kind, CLAIM) for kind, repository in told if kind in ALL_FIELDS]
    fields = defaultdict[tuple[str, str], set[str]](set)
    for kind, repository in told:
        fields[repository.host, repository.repo.lower()].add(kind)
    for group in FIELDS:
        claims = dict[tuple[str, str], Claim]()
        for kind, repository in told:
            own = (repository.host, repository.repo.lower())
            if kind in group and (own not in claims or repository.directory):
                proof = TWO_FIELDS if len(fields[own]) > 1 else CLAIM
                claims[own] = Claim(repository, kind, proof)
        if claims:
            return [*claims.values()]
    return []


def read_watched(connection: Connection) -> Watched:
    """Return the repositories that are watched by their addresses and all their names."""
    repos, aliases = ci.repos, ci.repoaliases
    rows = connection.execute(select(repos.c.Id, repos.c.name, repos.c.url)).all()
    hosts = {number: host_of(url) for number, _, url in rows}
    numbers = dict[tuple[str, str], int]()
    for number, name in connection.execute(select(aliases.c.repoid, aliases.c.name)):
        if hosts.get(number):
            numbers[hosts[number], name.lower()] = number
    # A name of today counts more than one that another repository had.
    numbers |= {
        (hosts[number], name.lower()): number for number, name, _ in rows if name and hosts[number]
    }
    return Watched(numbers, frozenset(hosts.values()) - {""})


def host_of(url: str | None) -> str:
    return (urlsplit(url or "").hostname or "").removeprefix("www.")


def link_repository(connection: Connection, repoid: int, name: str, url: str | None) -> None:
    """Let the packages lead to a repository that name it as it is called from now on."""
    table = tables.packagerepos
    named = table.c.host == host_of(url), table.c.repo == name
    other = or_(table.c.repoid.is_(None), table.c.repoid != repoid)
    connection.execute(update(table).where(*named, other).values(repoid=repoid))


def prove_by_commits(connection: Connection, manager: str) -> None:
    """Note which claims are proved: a version tells a commit that the repository has."""
    table, versions, packages = tables.packagerepos, tables.versions, tables.packages
    query = (
        select(table.c.Id)
        .join(packages, packages.c.Id == table.c.package_id)
        .join(versions, versions.c.package_id == packages.c.Id)
        .join(
            ci.commits,
            (ci.commits.c.repoid == table.c.repoid) & (ci.commits.c.hash == versions.c.commithash),
        )
        .where(packages.c.manager == manager, table.c.proof != COMMIT)
        .where(versions.c.commithash.is_not(None))
        .distinct()
    )
    for part in chunks([*connection.scalars(query)]):
        connection.execute(update(table).where(table.c.Id.in_(part)).values(proof=COMMIT))


def count_packages(connection: Connection) -> int:
    """Return how many packages there are that are not gone."""
    c = tables.packages.c
    return connection.scalar(select(func.count()).where(c.gonetime.is_(None))) or 0
