"""Jobs of many pipelines: out of the list of all jobs of a project, or by a call for each.

That list has those of a hundred jobs in a call, whatever pipeline they are of, retried ones too. A
pipeline is whole once it, newest first, has come to jobs older than that.
https://docs.gitlab.com/api/jobs/#list-project-jobs
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from backfill.gitlab.pipelines import list_jobs_of, time_of
from backfill.http.errors import ApiError
from backfill.http.list_course import Course
from backfill.http.smaller_pages import is_full
from backfill.pipeline.api_objects import ask_below, read_named
from backfill.pipeline.context import Context
from backfill.records import Json, Repository

JOBS = "jobs?pagination=keyset&order_by=id&sort=desc&per_page=100"
FEW = 10
"""So many pipelines are read one by one; for more the list of all jobs is cheaper."""
MOST_UNREAD = 3
"""Pipelines in a row whose jobs are not to be had: then others' are not either."""
OF_ONE, OF_ALL = "jobs of pipeline ", "jobs of pipelines (stored without them)"

WithJobs = tuple[Json, list[Json] | None]
"""A listed pipeline and its jobs; None where they are not to be had, which is noted."""


def find_jobs(context: Context, repository: Repository, due: Sequence[Json]) -> Iterator[WithJobs]:
    """Yield pipelines, newest first, with their jobs. Raises ApiError for a key that is refused."""
    if len(due) <= FEW:
        return read_each(context, repository, due)
    return walk_jobs(context, repository, due)


def read_each(context: Context, repository: Repository, due: Iterable[Json]) -> Iterator[WithJobs]:
    """Yield pipelines with their jobs, by a call each.

    Where none of several in a row can be had the others are not asked for, and all are one item.
    """
    unread = 0
    for record in due:
        jobs, item = None, f"{OF_ONE}{record['id']}"
        if unread < MOST_UNREAD and context.due.is_due(repository.repoid, item):
            try:
                jobs = read_jobs(context, repository, record["id"])
            except ApiError as problem:
                unread += not problem.is_gone
                note_unread(context, repository, item, problem, is_last=unread == MOST_UNREAD)
            else:
                unread = 0
                context.due.note_success(repository.repoid, item)
        yield record, jobs
    if unread < MOST_UNREAD:
        context.due.forget(repository.repoid, OF_ALL)


def read_jobs(context: Context, repository: Repository, run: int) -> list[Json]:
    """Return the jobs of a pipeline. Raises ApiError: is_gone where the pipeline is."""
    ask = partial(list_jobs_of, context, repository, run)
    return ask_below(context, f"{repository.path}pipelines/{run}", ask)


def note_unread(
    context: Context, repository: Repository, item: str, problem: ApiError, *, is_last: bool = False
) -> None:
    """Note that the jobs of a pipeline are not to be had, or, the last time, those of any.

    One that is gone is found out when it is asked for itself. Raises a refused key's ApiError.
    """
    if problem.is_bad_key:
        raise problem
    if is_last:
        context.due.join(repository.repoid, OF_ONE, OF_ALL, problem)
    elif not problem.is_gone:
        context.due.note_failure(repository.repoid, item, problem)


def try_jobs(context: Context, repository: Repository, run: int) -> list[Json] | None:
    """Return the jobs of a pipeline that is there; None where they are not to be had.

    Raises ApiError for a key that is refused.
    """
    item = f"{OF_ONE}{run}"
    try:
        jobs = read_jobs(context, repository, run)
    except ApiError as problem:
        note_unread(context, repository, item, problem)
        return None
    context.due.forget(repository.repoid, item)
    return jobs


def walk_jobs(context: Context, repository: Repository, due: Sequence[Json]) -> Iterator[WithJobs]:
    """Yield pipelines, newest first, with their jobs out of the list of all.

    Where that breaks off the rest is read pipeline by pipeline.
    """
    wanted = {one["id"]: one for one in due}
    jobs = defaultdict[int, dict[int, Json]](dict)
    path: str | None = repository.path + JOBS
    asked, course = set[str](), Course()
    while path and wanted and path not in asked:
        asked.add(path)
        try:
            answer = context.client.get(path)
            page, _ = read_named(answer.body)
            course.follow(context.client, answer.body, answer.nextpage)
            if answer.nextpage is None and is_full(answer.body):
                raise ApiError("the list breaks off")
        except ApiError as problem:
            if problem.is_bad_key:
                raise
            why = f"{problem}: the rest is read pipeline by pipeline"
            context.reporter.say(f"{repository.name}: jobs: {why}")
            yield from read_each(context, repository, wanted.values())
            return
        for job in page:
            run = job.get("pipeline")
            if isinstance(run, dict) and run.get("id") in wanted:
                jobs[run["id"]][job["id"]] = job
        reached = time_of(page[-1], "created_at") if page else None
        path = answer.nextpage if page else None
        if reached is None:
            continue
        for gitid in [*wanted]:
            created = time_of(wanted[gitid], "created_at")
            if created is None or created <= reached:
                break  # they are in order: older ones are not whole either
            yield wanted.pop(gitid), list(jobs.pop(gitid, {}).values())
    for gitid, record in wanted.items():
        yield record, list(jobs.pop(gitid, {}).values())
    context.due.forget(repository.repoid, OF_ALL)
