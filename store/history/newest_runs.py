"""The newest runs of a workflow, a branch or a pull request."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from rows.words import WorkflowKey
from schema.tables.ci import repos, workflowruns, workflows
from store.reads.runs import Repo, Run, columns


def list_newest(connection: Connection, limit: int, *conditions: ColumnElement[bool]) -> list[Run]:
    """Return the newest runs that fit, newest first.

    After them come those without a time, of which jobs alone are known.
    """
    run, listed = workflowruns.c, list[Run]()
    query = select(*columns(workflowruns, Run)).where(*conditions, run.repo.is_not(None))
    timed = query.where(run.createtime.is_not(None)).order_by(run.createtime.desc())
    for ordered in (timed, query.where(run.createtime.is_(None))):
        if len(listed) < limit:
            rows = connection.execute(ordered.order_by(run.Id.desc()).limit(limit - len(listed)))
            listed += [Run(*row) for row in rows]
    return listed


def list_workflow_runs(
    connection: Connection, repoid: int, key: WorkflowKey, limit: int, branch: str | None = None
) -> list[Run]:
    """Return the newest runs of a workflow, of one branch of the repository if that is given."""
    run = workflowruns.c
    where = [run.repoid == repoid]
    if isinstance(key, int):
        where.append(run.workflowgitid == key)
    else:
        where += [run.workflowgitid.is_(None), run.workflowname == key]
    if branch is not None:
        where += [run.branchname == branch, run.headrepo.is_(None)]
    return list_newest(connection, limit, *where)


def list_branch_runs(
    connection: Connection, repoid: int, branch: str, limit: int, head: str | None = None
) -> list[Run]:
    """Return the newest runs of a branch of the repository, or of its fork `head`."""
    run = workflowruns.c
    whose = run.headrepo.is_(None) if head is None else run.headrepo == head
    return list_newest(connection, limit, run.repoid == repoid, run.branchname == branch, whose)


def list_pull_runs(connection: Connection, repoid: int, number: int, limit: int) -> list[Run]:
    """Return the newest runs of a pull request."""
    run = workflowruns.c
    return list_newest(connection, limit, run.pullrequest == number, run.repoid == repoid)


def list_pull_repos(connection: Connection, number: int) -> list[Repo]:
    """Return the repositories with a run of a pull request of this number, by name."""
    run = workflowruns.c
    having = select(run.repoid).where(run.pullrequest == number).distinct()
    query = select(*columns(repos, Repo)).where(repos.c.Id.in_(having), repos.c.name.is_not(None))
    return [Repo(*row) for row in connection.execute(query.order_by(repos.c.name, repos.c.Id))]


def find_pull_request(connection: Connection, run: Run) -> int | None:
    """Return the number of the pull request that a run is of."""
    table = workflowruns.c
    query = select(table.pullrequest).where(
        table.provider == run.provider, table.gitid == run.gitid
    )
    return connection.scalar(query)


def find_workflow(connection: Connection, repoid: int, name: str) -> WorkflowKey | None:
    """Return what a repository's workflow of a name is known by: its newest run tells."""
    table = workflows.c
    query = select(table.gitid).where(
        table.repoid == repoid, table.name == name, table.gitid.is_not(None)
    )
    ids = connection.scalars(query).all()
    if len(ids) == 1:
        return int(ids[0])
    run = workflowruns.c
    where: list[Any] = [run.repoid == repoid, run.workflowname == name]
    if ids:
        where = [run.repoid == repoid, run.workflowgitid.in_(ids)]
    newest = select(run.workflowgitid).where(*where).order_by(run.createtime.desc()).limit(1)
    for has_time in (run.createtime.is_not(None), run.createtime.is_(None)):
        row = connection.execute(newest.where(has_time)).first()
        if row is not None:
            return name.casefold() if row[0] is None else int(row[0])
    return None
