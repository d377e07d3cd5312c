"""Versions that tell their commit -> whether CI of that commit was red when they were published."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update

from engines.chunks import chunks
from rows.words import FAILED
from schema.tables import ci
from schema.tables import packages as tables

OWN = ("push", "schedule", "merge_group")
"""Events whose runs judge a commit of the repository itself."""
Ended = tuple[int | None, datetime, str]
"""Of an attempt: its workflow, when it ended, and how."""


def judge_releases(connection: Connection, manager: str) -> None:
    """Write `versions.releasedred` of a registry's versions, where it changed."""
    v, p = tables.versions, tables.packages
    query = (
        select(v.c.Id, v.c.commithash, v.c.published_at, v.c.releasedred)
        .join(p, p.c.Id == v.c.package_id)
        .where(p.c.manager == manager, v.c.commithash.is_not(None))
        .where(v.c.published_at.is_not(None))
    )
    rows = connection.execute(query).all()
    ended = read_ended(connection, {row.commithash for row in rows})
    changes = defaultdict[bool | None, list[int]](list)
    for number, commit, published, before in rows:
        verdict = was_red(ended.get(commit, ()), published)
        if verdict != before:
            changes[verdict].append(number)
    for verdict, numbers in changes.items():
        for part in chunks(numbers):
            setting = update(v).where(v.c.Id.in_(part))
            connection.execute(setting.values(releasedred=verdict))


def read_ended(connection: Connection, commits: Iterable[str]) -> dict[str, list[Ended]]:
    """Return the attempts that judged commits, by commit."""
    runs, attempts, ended = ci.workflowruns, ci.runattempts, defaultdict[str, list[Ended]](list)
    time = func.coalesce(attempts.c.endtime, attempts.c.updatetime)
    query: Any = (
        select(runs.c.commithash, runs.c.workflowgitid, time, attempts.c.conclusion)
        .join(
            attempts,
            (attempts.c.provider == runs.c.provider) & (attempts.c.rungitid == runs.c.gitid),
        )
        .where(runs.c.event.in_(OWN), attempts.c.status == "completed", time.is_not(None))
    )
    # The index on commits begins with the repository.
    for repoid, hashes in commits_by_repository(connection, commits).items():
        for part in chunks(sorted(hashes)):
            of_commits = query.where(runs.c.repoid == repoid, runs.c.commithash.in_(part))
            for commit, workflow, end, conclusion in connection.execute(of_commits):
                ended[commit].append((workflow, end, conclusion or ""))
    return ended


def commits_by_repository(connection: Connection, commits: Iterable[str]) -> dict[int, set[str]]:
    """Return which repositories packages with these commits come from: repoid -> commits."""
    where, v = tables.packagerepos, tables.versions
    told = defaultdict[int, set[str]](set)
    for part in chunks(sorted(commits)):
        query = (
            select(where.c.repoid, v.c.commithash)
            .join(v, v.c.package_id == where.c.package_id)
            .where(where.c.repoid.is_not(None), v.c.commithash.in_(part))
        )
        for repoid, commit in connection.execute(query.distinct()):
            told[repoid].add(commit)
    return told


def was_red(ended: Iterable[Ended], moment: datetime) -> bool | None:
    """Tell whether a workflow's last verdict before a moment was a failure; None without any."""
    last = dict[int | None, tuple[datetime, str]]()
    for workflow, end, conclusion in ended:
        if end > moment or conclusion not in ("success", *FAILED):
            continue
        if workflow not in last or last[workflow][0] <= end:
            last[workflow] = (end, conclusion)
    if not last:
        return None
    return any(conclusion in FAILED for _, conclusion in last.values())
