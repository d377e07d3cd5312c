"""Named SELECTs of what stored repositories are, and were, called."""

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import ColumnElement, Connection, or_, select, true

from engines.chunks import chunks
from schema.tables.ci import repoaliases, repos, workflowruns


def list_names(connection: Connection, repoid: int) -> set[str]:
    """Return the full names a repository goes or went by, in lower case."""
    today = connection.scalars(select(repos.c.name).where(repos.c.Id == repoid))
    former = connection.scalars(select(repoaliases.c.name).where(repoaliases.c.repoid == repoid))
    return {name.lower() for name in (*today, *former) if name}


def list_all_names(connection: Connection, vendor: str = "") -> dict[int, set[str]]:
    """Return the full names of each repository, former ones too, by repos.Id; of one vendor."""
    names: dict[int, set[str]] = defaultdict(set)
    own = is_of_vendor(vendor) if vendor else true()
    same = repoaliases.c.repoid == repos.c.Id
    for query in (
        select(repos.c.Id, repos.c.name).where(own),
        select(repos.c.Id, repoaliases.c.name).join_from(repos, repoaliases, same).where(own),
    ):
        for number, name in connection.execute(query):
            if name:
                names[number].add(name)
    return names


def read_provider(connection: Connection, repoid: int) -> str:
    """Return the server that a repository is on."""
    return str(connection.scalar(select(repos.c.provider).where(repos.c.Id == repoid)))


def read_full_name(connection: Connection, repoid: int) -> str:
    """Return what a repository is called today."""
    name = connection.execute(select(repos.c.name).where(repos.c.Id == repoid)).scalar_one()
    return str(name)


def list_full_names(connection: Connection, vendor: str) -> list[str]:
    """Return the full names of a vendor's stored repositories, of unknown ones, too.

    An older installation's may be short.
    """
    query = select(repos.c.name).where(repos.c.name.contains("/"), is_of_vendor(vendor))
    return list(connection.scalars(query.order_by(repos.c.Id)))


def is_of_vendor(vendor: str) -> ColumnElement[bool]:
    """Return the condition of a vendor's repositories, and of those whose vendor is not known."""
    provider = repos.c.provider
    return or_(provider == vendor, provider.startswith(f"{vendor}:"), provider.is_(None))


def list_with_runs(connection: Connection, repoids: Iterable[int]) -> list[int]:
    """Return those of some repositories that have runs."""
    ran = select(workflowruns.c.Id).where(workflowruns.c.repoid == repos.c.Id).exists()
    return [
        number
        for part in chunks(sorted(set(repoids)))
        for number in connection.scalars(select(repos.c.Id).where(repos.c.Id.in_(part), ran))
    ]
