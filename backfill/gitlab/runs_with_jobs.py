"""Pipelines of a project with all of their jobs: history in bulk, what changed, what is open.

The list of a project's jobs has those of a hundred jobs in a call, whatever pipeline they are of.
A pipeline is whole once that list, newest first, has come to jobs older than it.
https://docs.gitlab.com/api/jobs/#list-project-jobs
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from backfill.gitlab import pipelines
from backfill.gitlab.completion import Completion, parent_of
from backfill.gitlab.pipelines import is_news, list_bridges, list_jobs_of, note_of, time_of
from backfill.gitlab.schedules import read_schedules
from backfill.http.errors import ApiError
from backfill.pipeline.api_objects import ask_for, read_named
from backfill.pipeline.context import Context
from backfill.records import BEGINNING, Json, ReadRange, Repository
from engines import reading
from engines.chunks import chunks
from store.deliveries.table import now
from store.doors.api import Read
from store.state import backfill_progress
from store.state.backfill_progress import CLOSED, DUE, RunRead, Window

JOBS = "jobs?pagination=keyset&order_by=id&sort=desc&per_page=100"
FEW = 10
"""So many pipelines are read one by one; for more the list of all jobs is cheaper."""
BATCH = 60
SLACK = timedelta(seconds=60)
CHANGES_FOR = timedelta(days=3650)
"""A pipeline may be tried again until it is archived: its `updated_at` says so."""


def read_runs(context: Context, repository: Repository, read_range: ReadRange) -> None:
    """Read the pipelines that are wanted. Raises ApiError."""
    most, since, began = read_range.max_runs, read_range.last_time, now().replace(microsecond=0)
    broken = list[ApiError]()
    listed = list(pipelines.list_pipelines(context, repository, "", since, most, broken))
    listed.sort(key=lambda record: -record["id"])
    if not listed:
        context.reporter.say(f"{repository.name}: GitLab lists no pipelines")
    read_listed(context, repository, listed[:most], from_top=True)
    if not broken:
        times = [time for one in listed[:most] if (time := time_of(one, "created_at"))]
        is_cut = most is not None and len(listed) >= most
        first = min(times, default=began) if is_cut else since or BEGINNING
        window = Window(first, began, CLOSED, len(listed), len(listed))
        put = partial(note_listed, repoid=repository.repoid, window=window)
        context.writer.put(note=put)
        context.writer.flush()


def note_listed(connection: Connection, repoid: int, window: Window) -> None:
    """Note a span of time all of whose pipelines were listed, in the place of those inside it."""
    stored = backfill_progress.windows_of(connection, repoid)
    inside = [one for one in stored if window.first <= one.first and one.last <= window.last]
    backfill_progress.replace_windows(connection, repoid, inside, [window])


def read_recent_runs(context: Context, repository: Repository, since: datetime) -> None:
    """Store the pipelines that changed since a time and those of the first page."""
    floor = (since - SLACK).strftime("%Y-%m-%dT%H:%M:%SZ")
    changed = pipelines.list_pipelines(context, repository, f"&updated_after={floor}", None, None)
    newest = pipelines.list_pipelines(context, repository, "", None, 100)
    by_id = {one["id"]: one for one in (*changed, *newest)}
    read_listed(context, repository, [by_id[gitid] for gitid in sorted(by_id, reverse=True)])


def read_listed(
    context: Context, repository: Repository, listed: Sequence[Json], *, from_top: bool = False
) -> None:
    """Read those of listed pipelines, newest first, that are not stored as they are.

    `from_top` tells that none is left out between the newest and the oldest.
    """
    known = dict[int, RunRead]()
    with reading(context.engine).connect() as connection:
        for part in chunks([one["id"] for one in listed]):
            known |= backfill_progress.runs_read(connection, repository.repoid, part)
    due = [one for one in listed if is_news(one, known.get(one["id"]))]
    context.reporter.expect("runs", len(due))
    fresh = [note_of(one)._replace(state=DUE, whole=0) for one in due]
    context.writer.put(note=lambda c: backfill_progress.put_runs(c, repository.repoid, fresh))
    schedules = read_schedules(context, repository, due)
    completion = Completion(context, repository)
    if from_top:
        completion.plan(listed, due)
    wholes = read_each(context, repository, due) if len(due) <= FEW else None
    batch = list[tuple[Json, list[Json]]]()
    for whole in wholes or walk_jobs(context, repository, due):
        batch.append(whole)
        if len(batch) == BATCH:
            store(context, repository, completion, schedules, batch)
            batch = []
    store(context, repository, completion, schedules, batch)
    context.writer.flush()


def read_each(
    context: Context, repository: Repository, due: Iterable[Json]
) -> Iterator[tuple[Json, list[Json]]]:
    """Yield pipelines with their jobs, by a call each; one that cannot be read is left due."""
    home = repository.path.rstrip("/")
    for record in due:
        ask = partial(list_jobs_of, context, repository, record["id"])
        item = f"pipeline {record['id']}: jobs"
        jobs = context.due.read(context.client, repository.repoid, item, home, ask)
        if jobs is not None:
            yield record, jobs


def walk_jobs(
    context: Context, repository: Repository, due: Sequence[Json]
) -> Iterator[tuple[Json, list[Json]]]:
    """Yield pipelines, newest first, with their jobs out of the list of all."""
    wanted = {one["id"]: one for one in due}
    jobs = defaultdict[int, dict[int, Json]](dict)
    path: str | None = repository.path + JOBS
    asked = set[str]()
    while path and wanted:
        if path in asked:
            break
        asked.add(path)
        try:
            answer = context.client.get(path)
        except ApiError as problem:
            if problem.is_bad_key or problem.is_forbidden:
                raise
            why = f"{problem}: the rest is read pipeline by pipeline"
            context.reporter.say(f"{repository.name}: jobs: {why}")
            yield from read_each(context, repository, wanted.values())
            return
        page, _ = read_named(answer.body)
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


def store(
    context: Context,
    repository: Repository,
    completion: Completion,
    schedules: dict[int, str],
    batch: Sequence[tuple[Json, list[Json]]],
) -> None:
    """Store pipelines with what lists leave out; one that cannot be is left due."""
    nodes, home = completion.find([record for record, _ in batch]), repository.path.rstrip("/")
    for record, jobs in batch:
        gitid = record["id"]
        ask = partial(read_whole, completion, record, jobs, nodes.get(gitid), schedules.get(gitid))
        item = f"pipeline {gitid}"
        read = context.due.read(context.client, repository.repoid, item, home, ask)
        context.reporter.advance("runs")
        if read is not None:
            note = note_of(record)
            put = partial(backfill_progress.put_runs, repoid=repository.repoid, runs=[note])
            context.writer.put([read], put)


def read_whole(
    completion: Completion, record: Json, jobs: list[Json], node: Json | None, name: str | None
) -> Read:
    """Return a pipeline's rows; without GraphQL its jobs that make others are asked for, too.

    Raises ApiError and Unmappable.
    """
    context, repository = completion.context, completion.repository
    whole = completion.complete(record, node)
    is_asked = node is None and whole.get("source") != "external"
    bridges = list_bridges(context, repository, record["id"]) if is_asked else None
    schedule, parent = {"description": name} if name else None, parent_of(node or {})
    more = {"parent": parent, "schedule": schedule, "bridges": bridges}
    return pipelines.map_pipeline(context, repository, whole, jobs, **more)


def reread_runs(context: Context, repository: Repository, runs: Iterable[int]) -> None:
    """Store pipelines as they are now, asked for by id. Raises ApiError."""
    for answered in context.pool.spread(
        partial(read_one, context, repository, run) for run in runs
    ):
        if answered is not None:
            put_one(context, repository, *answered)
    context.writer.flush()


def read_one(context: Context, repository: Repository, run: int) -> tuple[RunRead, Read] | None:
    """Return a pipeline with its jobs as it is now; None for one that is gone or left due."""

    def ask() -> tuple[RunRead, Read]:
        completion = Completion(context, repository)
        record = completion.complete({"id": run}, None)
        jobs = list_jobs_of(context, repository, run)
        names = read_schedules(context, repository, [record])
        bridges = list_bridges(context, repository, run)
        name = names.get(run)
        schedule = {"description": name} if name else None
        read = pipelines.map_pipeline(
            context, repository, record, jobs, schedule=schedule, bridges=bridges
        )
        return note_of(record), read

    return ask_for(context, repository, f"pipeline {run}", ask)[0]


def put_one(context: Context, repository: Repository, note: RunRead, read: Read) -> None:
    """Store a pipeline and what is noted of it."""
    put = partial(backfill_progress.put_runs, repoid=repository.repoid, runs=[note])
    context.writer.put([read], put)
