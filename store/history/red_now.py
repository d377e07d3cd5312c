"""The default branches that are red now: one rule, the view main_red, for everybody who asks."""

from datetime import datetime
from hashlib import blake2b
from typing import NamedTuple

from sqlalchemy import Connection, column, select, table

from rows.words import RunKey

MOST = 200


class RedWorkflow(NamedTuple):
    """A workflow whose newest run on the default branch failed, and since which run it does."""

    provider: str
    repoid: int
    repository: str
    workflowgitid: int | None
    workflow: str | None
    branchname: str
    rungitid: int
    conclusion: str
    url: str | None
    since: datetime
    sincerungitid: int
    author: str | None
    commithash: str | None
    goodtime: datetime | None

    @property
    def run(self) -> RunKey:
        """Its newest run."""
        return self.provider, self.rungitid

    @property
    def number(self) -> int:
        """What stands for the workflow in `redperiods`."""
        return number_workflow(self.workflowgitid, self.workflow)


def list_red(connection: Connection, most: int = MOST) -> list[RedWorkflow]:
    """Return what is red now, the newest first."""
    view = table("main_red", *(column(name) for name in RedWorkflow._fields))
    query = select(view).order_by(view.c.since.desc(), view.c.repoid, view.c.workflowgitid)
    rows = connection.execute(query.limit(most)).all()
    return [
        RedWorkflow(*row)._replace(since=as_time(row.since), goodtime=goodtime_of(row.goodtime))
        for row in rows
    ]


def number_workflow(gitid: int | None, name: str | None) -> int:
    """Return a workflow's id; where its runs have none, a number below zero that its name has."""
    if gitid is not None:
        return gitid
    digest = blake2b((name or "").casefold().encode(), digest_size=7).digest()
    return -1 - int.from_bytes(digest)


def goodtime_of(value: datetime | str | None) -> datetime | None:
    return None if value is None else as_time(value)


def as_time(value: datetime | str) -> datetime:
    """Return a time of a view, which SQLite gives as text."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value
