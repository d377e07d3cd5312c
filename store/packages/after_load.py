"""A load that changed something -> edges and repositories that follow from its rows."""

from functools import partial

from sqlalchemy import Connection, Engine, select

from engines import count_anew, reading
from runtime.beside import Beside
from schema.tables import packages as tables
from store.packages.edges import rebuild_edges
from store.packages.name_links import LISTS, Transact
from store.packages.package_repositories import (
    list_changes,
    prove_by_commits,
    update_repositories,
)
from store.packages.releases import judge_releases


def follow_load(engine: Engine, manager: str, transact: Transact) -> None:
    """Make anew what follows from a registry's rows, each step in a transaction.

    What lists of repositories need leads to packages of any registry, so their edges follow, too.
    A database makes edges by itself: meanwhile it is found out which repositories addresses tell.
    """
    edges = Beside[None]()
    edges.begin(partial(make_edges, engine, manager, transact))
    try:
        with reading(engine).connect() as connection:
            changes = list_changes(connection, manager)
    finally:
        edges.end()
    transact(engine, partial(update_repositories, manager=manager, known=changes))
    count_anew(engine, [tables.packageedges, tables.packages])


def make_edges(engine: Engine, manager: str, transact: Transact) -> None:
    """Make the edges of a registry's packages anew, and those of lists of repositories."""
    for name in sorted({manager, LISTS}):
        transact(engine, partial(rebuild_edges, manager=name))


def follow_ci(engine: Engine, manager: str, transact: Transact) -> None:
    """Note what our commits and runs say of a registry's versions: of old ones, too, by now."""
    transact(engine, partial(prove_by_commits, manager=manager))
    transact(engine, partial(judge_releases, manager=manager))


def is_stale(connection: Connection, feed: str, number: int) -> bool:
    """Whether the load before this one did not end well, so that nothing followed from its rows."""
    c = tables.load_history.c
    query = select(c.state).where(c.feed == feed, c.Id < number).order_by(c.Id.desc()).limit(1)
    return connection.scalar(query) != "done"
