"""A load that changed something -> edges and repositories that follow from its rows."""

from functools import partial

from sqlalchemy import Connection, Engine, select

from engines import count_anew
from schema.tables import packages as tables
from store.packages.edges import rebuild_edges
from store.packages.name_links import LISTS, Transact
from store.packages.package_repositories import prove_by_commits, update_repositories
from store.packages.releases import judge_releases


def follow_load(engine: Engine, manager: str, transact: Transact) -> None:
    """Make anew what follows from a registry's rows, each step in a transaction.

    What lists of repositories need leads to packages of any registry, so their edges follow, too.
    """
    for name in sorted({manager, LISTS}):
        transact(engine, partial(rebuild_edges, manager=name))
    transact(engine, partial(update_repositories, manager=manager))
    count_anew(engine, [tables.packageedges, tables.packages])


def follow_ci(engine: Engine, manager: str, transact: Transact) -> None:
    """Note what our commits and runs say of a registry's versions: of old ones, too, by now."""
    transact(engine, partial(prove_by_commits, manager=manager))
    transact(engine, partial(judge_releases, manager=manager))


def is_stale(connection: Connection, feed: str, number: int) -> bool:
    """Whether the load before this one did not end well, so that nothing followed from its rows."""
    c = tables.load_history.c
    query = select(c.state).where(c.feed == feed, c.Id < number).order_by(c.Id.desc()).limit(1)
    return connection.scalar(query) != "done"
