"""The newest run of each workflow on its default branch, by the one rule: the view main_now."""

from typing import NamedTuple

from sqlalchemy import Connection, column, select, table


class MainRun(NamedTuple):
    """How a workflow stands on its default branch."""

    repoid: int
    workflowgitid: int | None
    workflow: str | None
    branchname: str | None
    rungitid: int
    conclusion: str
    runtime: float | None
    workflowname: str | None


VIEW = table("main_now", *(column(name) for name in MainRun._fields))


def list_main(connection: Connection, repoid: int | None = None) -> list[MainRun]:
    """Return how the workflows of a repository stand, or of all."""
    query = select(VIEW) if repoid is None else select(VIEW).where(VIEW.c.repoid == repoid)
    return [MainRun(*row) for row in connection.execute(query)]
