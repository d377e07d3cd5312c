"""Pipelines of a project with all of their jobs: history in bulk, what changed, what is open.

One whose jobs or details cannot be had is stored as far as it is known, and left due.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from backfill.gitlab import pipelines
from backfill.gitlab.completion import Completion
from backfill.gitlab.job_lists import FEW, WithJobs, find_jobs, try_jobs
from backfill.gitlab.pipelines import AT, CHILDREN, is_news, note_of, time_of
from backfill.gitlab.projects import CI, is_off, map_object
from backfill.gitlab.schedules import read_schedules
from backfill.http.errors import ApiError
from backfill.pipeline.api_objects import ask_for
from backfill.pipeline.context import Context
from backfill.records import BEGINNING, Json, ReadRange, Repository
from engines import reading
from engines.chunks import chunks
from rows import Unmappable
from rows.gitlab.words import FAILED
from store.deliveries.table import now
from store.doors.api import Read
from store.state import backfill_progress, notes
from store.state.backfill_progress import CLOSED, DONE, DUE, RunRead, Window

BATCH = 60
ONE, DETAILS = "pipeline ", "pipelines one by one (stored as the list has them)"
CI_IS_OFF = "CI/CD is switched off there: GitLab shows no pipelines"
SLACK = timedelta(seconds=60)
LOOKED = "looked"
"""The note of a repository up to when all changes of its pipelines were listed."""
CHANGES_FOR = timedelta(days=3650)
"""A pipeline may be tried again until it is archived: its `updated_at` says so."""

NotedRead = tuple[RunRead | None, Read | None]
"""What is noted of a pipeline, None of one not whole; its rows, None of one that is gone."""


def read_runs(context: Context, repository: Repository, read_range: ReadRange) -> None:
    """Read the pipelines that are wanted. Raises ApiError."""
    if is_off(repository.record, CI):
        context.reporter.say(f"{repository.name}: {CI_IS_OFF}")
        return
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
    """Store the pipelines that changed since a time, or the last look, those of the first page,
    and those that were left due.
    """
    repoid, broken = repository.repoid, list[ApiError]()
    if is_off(repository.record, CI):
        return
    began = now() - timedelta(seconds=context.client.rate_limit.ahead or 0)  # by GitLab's clock
    with reading(context.engine).connect() as connection:
        noted = notes.text(connection, str(repoid), LOOKED)
        left = [run.rungitid for run in backfill_progress.runs_in(connection, repoid, DUE)]
    looked = datetime.fromisoformat(noted) if noted else began - CHANGES_FOR + SLACK
    floor = max(since, looked) if len(left) <= FEW else since
    query = f"&updated_after={floor - SLACK:%Y-%m-%dT%H:%M:%SZ}"
    changed = pipelines.list_pipelines(context, repository, query, None, None, broken)
    newest = pipelines.list_pipelines(context, repository, "", None, 100, broken)
    by_id = {one["id"]: one for one in (*changed, *newest)}
    read_listed(context, repository, [by_id[gitid] for gitid in sorted(by_id, reverse=True)])
    reread_runs(context, repository, [run for run in left if run not in by_id][:FEW])
    if not broken and since <= looked:
        text = began.isoformat()
        context.writer.put(note=lambda connection: notes.put(connection, str(repoid), LOOKED, text))
        context.writer.flush()


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
    batch = list[WithJobs]()
    for whole in find_jobs(context, repository, due):
        batch.append(whole)
        if len(batch) == BATCH:
            store(context, repository, completion, schedules, batch)
            batch = []
    store(context, repository, completion, schedules, batch)
    context.writer.flush()


def store(
    context: Context,
    repository: Repository,
    completion: Completion,
    schedules: dict[int, str],
    batch: Sequence[WithJobs],
) -> None:
    """Store pipelines with what lists leave out; one that is not whole is left due."""
    nodes = completion.find([record for record, _ in batch])
    for record, jobs in batch:
        gitid = record["id"]
        ask = partial(read_whole, completion, record, jobs, nodes.get(gitid), schedules.get(gitid))
        read, is_gone = ask_unless_refused(completion, gitid, ask)
        context.reporter.advance("runs")
        note = note_of(record)
        if is_gone:
            put_one(context, repository, note._replace(state=DONE), None)
        elif read is not None and jobs is not None:
            put_one(context, repository, note, read)
        else:
            put_one(context, repository, None, read or map_listed(repository, record, jobs))


def ask_unless_refused(
    completion: Completion, run: int, ask: Callable[[], Read]
) -> tuple[Read | None, bool]:
    """Return a pipeline, and whether it is gone; no other is asked for where all are refused."""
    context, repository = completion.context, completion.repository
    if not completion.has_details:
        return None, False
    try:
        return ask_for(context, repository, f"{ONE}{run}", ask)
    except ApiError as problem:
        if not problem.is_forbidden:
            raise
        completion.has_details = False
        context.due.join(repository.repoid, ONE, DETAILS, problem)
        return None, False


def map_listed(repository: Repository, record: Json, jobs: list[Json] | None) -> Read | None:
    """Return what a list says of a pipeline, None where that cannot be read either."""
    try:
        return map_object(AT, repository, pipeline=record, jobs=jobs or [])
    except Unmappable:
        return None  # which is said already of the whole


def read_whole(
    completion: Completion,
    record: Json,
    jobs: list[Json] | None,
    node: Json | None,
    name: str | None,
) -> Read:
    """Return a pipeline's rows, its CI file's fault with them where that kept it from having jobs.

    Raises ApiError and Unmappable.
    """
    is_broken = jobs == [] and record.get("status") == FAILED
    whole = completion.complete(record, None if is_broken else node)
    if is_broken and not (whole.get("yaml_errors") or completion.bridges.of(record["id"])):
        whole = {**whole, "stages": []}  # as a hook says of one that was not made
    schedule = {"description": name} if name else None
    parent, bridges = completion.find_family(whole, node)
    more = {"parent": parent, "schedule": schedule, "bridges": bridges}
    return pipelines.map_pipeline(completion.repository, whole, jobs or [], **more)


def reread_runs(context: Context, repository: Repository, runs: Iterable[int]) -> None:
    """Store pipelines as they are now, asked for by id. Raises ApiError."""
    for answered in context.pool.spread(
        partial(read_one, context, repository, run) for run in runs
    ):
        if answered is not None:
            put_one(context, repository, *answered)
    context.writer.flush()


def read_one(context: Context, repository: Repository, run: int) -> NotedRead | None:
    """Return a pipeline as it is now, and the note that it is whole; None for what is left due."""

    def ask() -> NotedRead:
        completion = Completion(context, repository)
        record = completion.complete({"id": run}, None)
        jobs = try_jobs(context, repository, run)
        names = read_schedules(context, repository, [record])
        nodes = completion.find([record]) if record.get("source") == CHILDREN else {}
        read = read_whole(completion, record, jobs, nodes.get(run), names.get(run))
        return None if jobs is None else note_of(record), read

    answered, is_gone = ask_for(context, repository, f"{ONE}{run}", ask)
    return (RunRead(run, None, 1, None, False, 0, DONE), None) if is_gone else answered


def put_one(
    context: Context, repository: Repository, note: RunRead | None, read: Read | None
) -> None:
    """Store a pipeline and what is noted of it."""
    runs = [note] if note else []
    put = partial(backfill_progress.put_runs, repoid=repository.repoid, runs=runs)
    context.writer.put([read] if read else [], put if runs else None)
