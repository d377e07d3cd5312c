"""Named SELECTs of what a backfill asks about stored repositories, branches and commits."""

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import Connection, exists, select

from schema.tables.ci import branches, commits, metadata, repos, workflows
from store.reads.for_audit import list_heads


def list_unknown_heads(connection: Connection, repoid: int) -> list[str]:
    """Return the heads of branches whose commit is not stored."""
    stored = exists().where(commits.c.repoid == repoid, commits.c.hash == branches.c.headhash)
    chosen = (branches.c.repoid == repoid, branches.c.headhash.is_not(None), ~stored)
    return list(connection.scalars(select(branches.c.headhash).where(*chosen).distinct()))


def find_head(connection: Connection, repoid: int, branch: str) -> str | None:
    """Return the commit that a branch points at."""
    query = select(branches.c.headhash).where(branches.c.repoid == repoid)
    return connection.execute(query.where(branches.c.name == branch)).scalar_one_or_none()


def list_live_heads(connection: Connection, repoid: int) -> dict[str, str]:
    """Return the heads of the branches that are not known to be deleted, by name."""
    heads = list_heads(connection, repoid)
    return {name: head for name, head in heads.items() if head is not None}


class StoredWorkflow(NamedTuple):
    """A stored workflow: its id at its vendor, name, file, page, and state as the vendor says."""

    gitid: int
    name: str | None
    path: str | None
    url: str | None
    state: str | None


def list_workflows(connection: Connection, repoid: int) -> list[StoredWorkflow]:
    """Return the workflows of a repository."""
    columns = (workflows.c[name] for name in StoredWorkflow._fields)
    query = select(*columns).where(workflows.c.repoid == repoid).order_by(workflows.c.gitid)
    return [StoredWorkflow(*row) for row in connection.execute(query)]


def find_repository_id(connection: Connection, provider: str, gitid: int) -> int | None:
    """Return repos.Id of a repository."""
    chosen = (repos.c.provider == provider, repos.c.gitid == gitid)
    return connection.execute(select(repos.c.Id).where(*chosen)).scalar_one_or_none()


def is_otherwise(connection: Connection, table: str, values: Mapping[str, object]) -> bool:
    """Tell whether a vendor's object is stored, and not as a row of it says."""
    c = metadata.tables[table].c
    said = {name: value for name, value in values.items() if name != "version"}
    chosen = (c.provider == said["provider"], c.gitid == said["gitid"])
    stored = connection.execute(select(*(c[name] for name in said)).where(*chosen)).first()
    return stored is not None and tuple(stored) != tuple(said.values())
