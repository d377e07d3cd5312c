"""Named SELECTs for what changed since a job was well: versions, commits and tags."""

from typing import NamedTuple

from sqlalchemy import Connection, func, select

from rows.words import SUCCESS
from schema.tables.ci import commits
from schema.tables.failures import failures
from schema.tables.job_versions import commitranges, jobversions, rangecommits, tagpushes
from store.reads.runs import Commit, columns
from store.state import job_versions
from store.state.commit_ranges import GONE
from store.state.job_versions import ComparedJob, KnownRead

UNREAD = "unread"
"""In place of an absence: the log is still to be read."""


class ChangedVersion(NamedTuple):
    """A name that logs list, and its version in the good one and in the bad one."""

    kind: str
    name: str
    good: str | None
    bad: str | None


class VersionChanges(NamedTuple):
    """What two logs list: where both do and differ, where one alone does, and how many agree."""

    changed: tuple[ChangedVersion, ...] = ()
    one_sided: tuple[ChangedVersion, ...] = ()
    same: int = 0


class CommitsBetween(NamedTuple):
    """What the failed commit has and the good one has not: the newest that are kept, tags too.

    `more` commits are not listed; `behind` are in the good one alone.
    """

    commits: tuple[Commit, ...]
    more: int
    behind: int
    tags: tuple[str, ...]


class JobChanges(NamedTuple):
    """A job's last good one, the first failed one after it, and what changed between.

    `absences` say of the good and the bad log why there is nothing of it: gone, huge, unread.
    `between` is None where their commits were not compared, or one is gone.
    """

    good: ComparedJob
    bad: ComparedJob
    absences: tuple[str | None, str | None]
    versions: VersionChanges
    between: CommitsBetween | None


def find_changes(
    connection: Connection, provider: str, jobgitid: int, most: int
) -> JobChanges | None:
    """Return what changed before a failed job, at most `most` commits; None if it was never well.

    Where jobs like it failed before, it is what changed before the first of them.
    """
    job = job_versions.find_job(connection, provider, jobgitid)
    if job is None or job.is_good:
        return None
    good = job_versions.find_previous(connection, job, (SUCCESS,))
    if good is None:
        return None
    bad = job_versions.find_first_failed(connection, job, good)
    reads = [job_versions.find_read(connection, each) for each in (good, bad)]
    absences = absence_of(reads[0]), absence_of(reads[1])
    versions = compare_versions(
        list_versions(connection, good) if absences[0] != UNREAD else {},
        list_versions(connection, bad),
    )
    between = find_between(
        connection, bad.repoid, good.commithash or "", bad.commithash or "", most
    )
    return JobChanges(good, bad, absences, versions, between)


def list_jobs_with(
    connection: Connection, fingerprint: str, most: int
) -> list[tuple[str, int, int, str | None]]:
    """Return the latest jobs with an error: server, id, repos.Id, name."""
    row = failures.c
    query = select(row.provider, row.jobgitid, row.repoid, row.job)
    query = query.where(row.fingerprint == fingerprint).order_by(row.Id.desc()).limit(most)
    return [tuple(job) for job in connection.execute(query)]


def absence_of(read: KnownRead | None) -> str | None:
    """Return why there is nothing of a job's log, None where it was read."""
    return UNREAD if read is None else read.absence


def list_versions(connection: Connection, job: ComparedJob) -> dict[tuple[str, str], str]:
    """Return what a job's log lists."""
    row = jobversions.c
    query = select(row.kind, row.name, row.version)
    query = query.where(row.provider == job.provider, row.jobgitid == job.gitid)
    return {(kind, name): version for kind, name, version in connection.execute(query)}


def compare_versions(
    good: dict[tuple[str, str], str], bad: dict[tuple[str, str], str]
) -> VersionChanges:
    """Return how what two logs list differs, by kind and name."""
    both = [ChangedVersion(*key, good.get(key), bad.get(key)) for key in sorted({**good, **bad})]
    return VersionChanges(
        tuple(one for one in both if one.good and one.bad and one.good != one.bad),
        tuple(one for one in both if not (one.good and one.bad)),
        sum(one.good == one.bad for one in both),
    )


def find_between(
    connection: Connection, repoid: int, base: str, head: str, most: int
) -> CommitsBetween | None:
    """Return what lies between two commits by their ancestry, None where that is not known."""
    span, part = commitranges.c, rangecommits.c
    query = select(span.status, span.ahead, span.behind)
    its = (span.repoid == repoid, span.basehash == base, span.headhash == head)
    compared = connection.execute(query.where(*its)).first()
    if compared is None or compared.status in (GONE, None):
        return None
    in_it = (part.repoid == repoid, part.basehash == base, part.headhash == head)
    brought = rangecommits.join(
        commits, (commits.c.repoid == part.repoid) & (commits.c.hash == part.hash)
    )
    rows = connection.execute(
        select(*columns(commits, Commit))
        .select_from(brought)
        .where(*in_it)
        .order_by(part.number.desc())
        .limit(most)
    )
    listed = tuple(Commit(*row) for row in rows)
    tag = tagpushes.c
    tags = connection.scalars(
        select(tag.name)
        .join_from(rangecommits, tagpushes, (tag.repoid == part.repoid) & (tag.hash == part.hash))
        .where(*in_it)
        .group_by(tag.name)
        .order_by(func.min(tag.time), tag.name)
        .limit(most)
    )
    more = max(0, (compared.ahead or 0) - len(listed))
    return CommitsBetween(listed, more, compared.behind or 0, tuple(tags))
