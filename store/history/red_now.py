"""The default branches that are red now: one rule, the view main_red, for everybody who asks."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple

from sqlalchemy import Connection, TextClause, TextualSelect, column, select, table, text

from engines import Kind, kind_of
from engines.asking.questions import Question, ask
from rows.words import RunKey
from schema.tables.main_views import (
    COLUMNS_OF_MAIN_RED,
    FAILING,
    FIRST_BAD,
    OF_ID,
    OF_NAME,
    NewestRun,
)
from schema.tables.views import newest_runs

MOST = 200
EVER = "1970-01-01 00:00:00"
KNOWN = {name: value for name, (value, _) in COLUMNS_OF_MAIN_RED.items() if "red." in value}
"""What the newest run tells."""
BEGUN = {
    "since": "bad.createtime",
    "sincerungitid": "bad.gitid",
    "author": "bad.author",
    "commithash": "bad.commithash",
}
"""What is told of the run since which a workflow is red."""


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
    workflowname: str | None

    @property
    def run(self) -> RunKey:
        """Its newest run."""
        return self.provider, self.rungitid

    @property
    def number(self) -> int:
        """What stands for the workflow in `redperiods`."""
        return number_workflow(self.workflowgitid, self.workflowname)


def list_red(connection: Connection, most: int = MOST) -> list[RedWorkflow]:
    """Return what is red now, the newest first: what the view main_red says."""
    if kind_of(connection).groups_by_steps:
        return list_red_in_two_steps(connection)[:most]
    view = table("main_red", *(column(name) for name in RedWorkflow._fields))
    query = select(view).order_by(view.c.since.desc(), view.c.repoid, view.c.workflowgitid)
    rows = connection.execute(query.limit(most)).all()
    return [
        RedWorkflow(*row)._replace(since=as_time(row.since), goodtime=goodtime_of(row.goodtime))
        for row in rows
    ]


def list_red_in_two_steps(connection: Connection) -> list[RedWorkflow]:
    """Return the same: first the newest runs, then since when each is red.

    In one, MySQL and MariaDB read all runs of each red workflow to find since when it is.
    """
    failing, by_id, by_name = select_red(kind_of(connection))
    newest = connection.execute(failing).all()
    if not newest:
        return []
    begun = ask(connection, *(
        Question(by_name, {**where(row), "workflowname": row.workflowname or ""})
        if row.workflowgitid is None
        else Question(by_id, {**where(row), "workflowgitid": row.workflowgitid})
        for row in newest
    ))  # fmt: skip
    red = [
        RedWorkflow(**tell_newest(row), **first[0]._asdict())
        for row, first in zip(newest, begun, strict=True)
        if first
    ]
    red = [each._replace(since=as_time(each.since)) for each in red]
    red.sort(key=lambda each: (each.repoid, each.workflowgitid or 0))
    return sorted(red, key=lambda each: each.since, reverse=True)


def tell_newest(row: Any) -> dict[str, Any]:
    """Return what the newest run of a workflow tells of it."""
    told = {name: getattr(row, name) for name in RedWorkflow._fields if name not in BEGUN}
    return told | {"goodtime": goodtime_of(row.goodtime)}


def where(newest: Any) -> dict[str, Any]:
    """Return where to look for the first run that failed."""
    since = newest.goodtime or EVER
    place = {"repoid": newest.repoid, "branchname": newest.branchname, "gitid": newest.rungitid}
    return {**place, "since": since}


@lru_cache(maxsize=8)
def select_red(kind: Kind) -> tuple[TextClause, TextualSelect, TextualSelect]:
    """Return the SELECTs of red workflows, and of the run that one began with: by id, by name."""
    columns = ", ".join(f"{value} AS {name}" for name, value in BEGUN.items())
    by_id, by_name = (
        text(select_first_bad(columns, has_id=has_id)).columns(*map(column, BEGUN))
        for has_id in (True, False)
    )
    return text(select_failing(newest_runs(kind))), by_id, by_name


def select_failing(every: Sequence[NewestRun]) -> str:
    """Return the SELECT of what main_red says of newest runs."""
    columns = ", ".join(f"{value} AS {name}" for name, value in KNOWN.items())
    return " UNION ALL ".join(
        f"SELECT {columns} FROM ("  # noqa: S608 - names of ours
        + FAILING.format(newest=each.newest, good=each.of("good", "newest"), whole=each.whole)
        + ") red"
        for each in every
    )


def select_first_bad(columns: str, *, has_id: bool) -> str:
    """Return the SELECT of the run since which a workflow is red.

    It takes `repoid`, `branchname`, `gitid`, `since`, and `workflowgitid` or, without one,
    `workflowname`.
    """
    bad = OF_ID.format(run="bad", of="red") if has_id else OF_NAME.format(run="bad", of="red")
    bad = bad.replace("COALESCE(red.workflowname, '')", ":workflowname").replace("red.", ":")
    return f"SELECT {columns} {FIRST_BAD.format(bad=bad, red=':', since=':since')}"


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
