"""Pipelines of a project: lists, and one with its jobs.

Lists leave out start, end, duration and user: completion.py. https://docs.gitlab.com/api/pipelines/
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from backfill.gitlab.projects import map_object
from backfill.http.errors import ApiError
from backfill.http.pagination import fetch_pages, know_nothing
from backfill.pipeline.api_objects import read_named
from backfill.pipeline.context import Context
from backfill.records import Json, Repository
from rows import Unmappable
from rows.counted import counted
from rows.gitlab import clock
from rows.gitlab.triggers import UNENDED
from rows.gitlab.words import ENDED
from store.doors.api import Read
from store.state.backfill_progress import DONE, OPEN, RunRead

CHILDREN = "parent_pipeline"
LISTS = ("", f"&source={CHILDREN}")
"""The usual list, and that of pipelines that another one made, which it leaves out."""
SETTLED = (*ENDED, "skipped")
AT = "pipeline"
FAR = 40_000
"""Items of one list, of which GitLab gives 50,000 by their offset."""
UNTIMED = "GitLab lists no pipelines by their time (created_before): older ones are not to be had"


def list_pipelines(
    context: Context,
    repository: Repository,
    query: str,
    since: datetime | None,
    most: int | None,
    broken: list[ApiError] | None = None,
) -> Iterator[Json]:
    """Yield listed pipelines, newest first, each once, children too. Raises ApiError.

    What keeps a page from being read goes into `broken`.
    """
    seen = set[int]()
    for more in LISTS:
        count = 0
        for record in list_by_id(context, repository, f"{query}{more}", since, broken):
            if record["id"] not in seen:
                seen.add(record["id"])
                count += 1
                yield record
            if most is not None and count >= most:
                break


def list_by_id(
    context: Context,
    repository: Repository,
    query: str,
    since: datetime | None,
    problems: list[ApiError] | None,
) -> Iterator[Json]:
    """Yield the pipelines of one list down to those made before a time. Raises ApiError."""
    below, reached = "", None
    while True:
        path = f"{repository.path}pipelines?per_page=100&order_by=id&sort=desc{query}{below}"
        broken, count, oldest = list[ApiError](), 0, ""
        for page in fetch_pages(context.client, path, know_nothing, broken):
            records, odd = read_named(page.body)
            if odd:
                told = counted(odd, "pipeline without an id", "pipelines without an id")
                context.reporter.report(f"{repository.name}: {told}")
            top = time_of(records[0], "created_at") if records else None
            if not count and top and reached and top > reached:
                broken.append(ApiError(UNTIMED))
                break
            for record in records:
                created = time_of(record, "created_at")
                if since and created and created < since:
                    return
                count, oldest = count + 1, str(record.get("created_at") or oldest)
                yield record
            if count >= FAR and oldest:
                break
        for problem in broken:
            context.reporter.report(f"{repository.name}: pipelines: {problem}")
        if problems is not None:
            problems += broken
        if count < FAR or not oldest:
            return
        below = f"&created_before={oldest.replace('+', '%2B')}"
        reached = time_of({"created_at": oldest}, "created_at")


def time_of(record: Json, key: str) -> datetime | None:
    """Return a time of a record, None where it cannot be read."""
    try:
        return clock.moment(record, key, AT)
    except Unmappable:
        return None


def list_jobs_of(context: Context, repository: Repository, run: int) -> list[Json]:
    """Return all jobs of a pipeline, those too that were tried again. Raises ApiError."""
    path = f"{repository.path}pipelines/{run}/jobs?include_retried=true&per_page=100"
    jobs = dict[int, Json]()
    for page in fetch_pages(context.client, path, know_nothing):
        jobs |= {one["id"]: one for one in read_named(page.body)[0]}
    return list(jobs.values())


def may_have_jobs(record: Json) -> bool:
    """Tell whether a pipeline is GitLab's own: not made of what another CI says."""
    return record.get("source") not in UNENDED


def note_of(record: Json) -> RunRead:
    """Return what is noted of a pipeline that was read to what it is now."""
    is_over = record.get("status") in SETTLED
    state = OPEN if not is_over and may_have_jobs(record) else DONE
    return RunRead(
        record["id"],
        time_of(record, "created_at"),
        1,
        time_of(record, "updated_at"),
        ended=is_over,
        whole=1,
        state=state,
    )


def is_news(record: Json, before: RunRead | None) -> bool:
    """Tell whether a listed pipeline has to be read."""
    if before is None or before.state != DONE:
        return True
    now = note_of(record)
    return (now.updatetime, now.ended) != (before.updatetime, before.ended)


def is_torn(record: Json, node: Json) -> bool:
    """Tell whether a pipeline ended after it was listed, or goes on after an end, as REST says.

    The list's status beside an end of later would be that of no moment.
    """
    end, updated = time_of(node, "finishedAt"), time_of(record, "updated_at")
    is_open = record.get("status") not in ENDED
    return end is not None and (is_open or (updated is not None and updated < end))


def map_pipeline(repository: Repository, record: Json, jobs: list[Json], **more: Any) -> Read:
    """Return a pipeline with its jobs as rows. Raises Unmappable."""
    known = {name: value for name, value in more.items() if value}
    return map_object(AT, repository, pipeline=record, jobs=jobs, **known)
