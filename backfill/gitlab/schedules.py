"""Which schedule made a pipeline: the API says so of a schedule only.

https://docs.gitlab.com/api/pipeline_schedules/
"""

from collections import Counter
from collections.abc import Iterable
from functools import partial

from backfill.http.errors import ApiError
from backfill.http.pagination import fetch_pages, know_nothing
from backfill.pipeline.api_objects import read_named
from backfill.pipeline.context import Context
from backfill.records import Json, Repository
from engines import reading
from rows import fields
from rows.gitlab.branch import HEADS
from rows.gitlab.triggers import SCHEDULES
from store.write import renames


def read_schedules(
    context: Context, repository: Repository, listed: Iterable[Json]
) -> dict[int, str]:
    """Return what the schedules are called that made some of the listed pipelines, by their ids."""
    wanted = {one["id"] for one in listed if one.get("source") in SCHEDULES}
    if not wanted:
        return {}
    ask = partial(find_schedules, context, repository, wanted)
    try:
        return ask()
    except ApiError as problem:
        if problem.is_bad_key:
            raise
        why = f"schedules are not to be had ({problem}): nightlies are called by their branch"
        context.reporter.say(f"{repository.name}: {why}")
        return {}


def find_schedules(context: Context, repository: Repository, wanted: set[int]) -> dict[int, str]:
    """Return the descriptions of schedules by the ids of their pipelines. Raises ApiError."""
    left, names, client = {*wanted}, dict[int, str](), context.client
    path = f"{repository.path}pipeline_schedules"
    pages = fetch_pages(client, f"{path}?per_page=100", know_nothing)
    schedules = [schedule for page in pages for schedule in read_named(page.body)[0]]
    for gitid, name in call_schedules(schedules):
        own = f"{path}/{gitid}/pipelines?sort=desc&per_page=100"
        if not left:
            break
        for runs in fetch_pages(client, own, know_nothing):
            ids = {one["id"] for one in read_named(runs.body)[0]}
            names |= dict.fromkeys(ids & left, name)
            left -= ids
            is_renamed = call_stored(context, repository, ids, name)
            if not is_renamed and (not left or (ids and max(ids) < min(left))):
                break
    return names


def call_schedules(schedules: Iterable[Json]) -> list[tuple[int, str]]:
    """Return the ids of schedules, and what their nightlies are called.

    Of two by one name, which is without case, on one branch, the later one would hide that the
    other failed: these have their ids in their names.
    """
    named = {
        schedule["id"]: (
            fields.text(schedule, "description", "schedule") or "",
            (fields.text(schedule, "ref", "schedule") or "").removeprefix(HEADS),
        )
        for schedule in schedules
    }
    alike = Counter((name.casefold(), branch) for name, branch in named.values())
    return [
        (gitid, name if alike[name.casefold(), branch] == 1 else f"{name} (schedule {gitid})")
        for gitid, (name, branch) in named.items()
        if name
    ]


def call_stored(context: Context, repository: Repository, ids: set[int], name: str) -> bool:
    """Have stored pipelines of a schedule called as it is today; tell whether any was not.

    Nothing but its name tells a nightly: under two it would fail under one, and be missed under
    the other.
    """
    provider = repository.provider
    with reading(context.engine).connect() as connection:
        stale = renames.list_called_otherwise(connection, provider, ids, name)
    if stale:
        call = partial(renames.call_runs, provider=provider, gitids=stale, name=name)
        context.writer.put(note=call)
    return bool(stale)
