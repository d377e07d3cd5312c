"""Pipelines of a project: lists, what lists leave out, and one with its jobs.

Lists leave out start, end, duration and user; GraphQL has them for many pipelines in a call.
https://docs.gitlab.com/api/pipelines/ and https://docs.gitlab.com/api/graphql/reference/
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from backfill.gitlab.projects import map_object
from backfill.http.client import Client
from backfill.http.errors import ApiError
from backfill.http.pagination import fetch_pages, know_nothing
from backfill.pipeline.api_objects import read_named, read_object
from backfill.pipeline.context import Context
from backfill.records import Json, Repository
from rows import Unmappable
from rows.gitlab import clock
from rows.gitlab.words import ENDED, FAILED
from store.doors.api import Read
from store.state.backfill_progress import DONE, OPEN, RunRead

CHILDREN = "parent_pipeline"
LISTS = ("", f"&source={CHILDREN}")
"""The usual list, and that of pipelines that another one made, which it leaves out."""
PER_QUERY, CHILDREN_PER_QUERY = 30, 18
"""Pipelines of one GraphQL query: its complexity may be 250."""
NEEDED = "id startedAt finishedAt duration user { username }"
FAMILY = "upstream { id } sourceJob { id name }"
SETTLED = (*ENDED, "skipped")
AT = "pipeline"
FAR = 40_000
"""Items of one list, of which GitLab gives 50,000 by their offset."""


def list_pipelines(
    context: Context, repository: Repository, query: str, since: datetime | None, most: int | None
) -> Iterator[Json]:
    """Yield listed pipelines, newest first, each once, children too. Raises ApiError."""
    seen = set[int]()
    for more in LISTS:
        count = 0
        for record in list_by_id(context, repository, f"{query}{more}", since):
            if record["id"] not in seen:
                seen.add(record["id"])
                count += 1
                yield record
            if most is not None and count >= most:
                break


def list_by_id(
    context: Context, repository: Repository, query: str, since: datetime | None
) -> Iterator[Json]:
    """Yield the pipelines of one list down to those made before a time. Raises ApiError."""
    below = ""
    while True:
        path = f"{repository.path}pipelines?per_page=100&order_by=id&sort=desc{query}{below}"
        broken, count, oldest = list[ApiError](), 0, ""
        for page in fetch_pages(context.client, path, know_nothing, broken):
            records, odd = read_named(page.body)
            if odd:
                context.reporter.report(f"{repository.name}: {odd} pipelines without an id")
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
        if count < FAR or not oldest:
            return
        below = f"&created_before={oldest.replace('+', '%2B')}"


def time_of(record: Json, key: str) -> datetime | None:
    """Return a time of a record, None where it cannot be read."""
    try:
        return clock.moment(record, key, AT)
    except Unmappable:
        return None


def number_of(gid: object) -> int | None:
    """Return the number of a global id, `gid://gitlab/Ci::Pipeline/12`."""
    text = str(gid).rpartition("/")[2]
    return int(text) if text.isdecimal() else None


class Completion:
    """Gives pipelines what lists leave out: by GraphQL, else by a call each, which is said."""

    def __init__(self, context: Context, repository: Repository) -> None:
        self.context = context
        self.repository = repository
        client = context.client
        self.graph = Client(client.base.removesuffix("/v4"), client.token, client.rate_limit)
        self.is_there = True

    def find(self, records: Sequence[Json]) -> dict[int, Json]:
        """Return what GraphQL says of pipelines, by id; a single one is as cheap by itself."""
        nodes = dict[int, Json]()
        children = [record for record in records if record.get("source") == CHILDREN]
        others = [record for record in records if record.get("source") != CHILDREN]
        for alike, most in ((others, PER_QUERY), (children, CHILDREN_PER_QUERY)):
            for first in range(0, len(alike), most):
                if self.is_there and len(records) > 1:
                    nodes |= self.ask(alike[first : first + most])
        return nodes

    def complete(self, record: Json, node: Json | None) -> Json:
        """Return a pipeline that has everything, by a call where `node` is None.

        Raises ApiError.
        """
        if node is None:
            path = f"{self.repository.path}pipelines/{record['id']}"
            return read_object(self.context.client.get(path).body, AT)
        user = node.get("user")
        return {
            **record,
            "started_at": node.get("startedAt"),
            "finished_at": node.get("finishedAt"),
            "duration": node.get("duration"),
            "user": user if isinstance(user, dict) else None,
        }

    def ask(self, records: Sequence[Json]) -> dict[int, Json]:
        """Return what GraphQL says of pipelines, by id; nothing where it is not to be had."""
        parts = [
            f'p{record["id"]}: pipeline(iid: "{record["iid"]}") {{ {NEEDED} '
            f"{FAMILY if record.get('source') == CHILDREN else ''} }}"
            for record in records
            if isinstance(record.get("iid"), int)
        ]
        name = str(self.repository.record.get("path_with_namespace"))
        query = f'{{ project(fullPath: "{name}") {{ {" ".join(parts)} }} }}'
        why = "it does not know the project"
        try:
            body = read_object(
                self.graph.send("POST", "/graphql", {"query": query}).body, "graphql"
            )
        except ApiError as problem:
            if problem.is_bad_key:
                raise
            why, body = str(problem), {}
        if body.get("errors"):
            why = "it refuses the query"
        data = body.get("data")
        project: Any = data.get("project") if isinstance(data, dict) else None
        if not isinstance(project, dict):
            self.is_there = False
            self.context.reporter.say(
                f"{self.repository.name}: GraphQL is not to be had ({why}): "
                "each pipeline takes a call of its own"
            )
            return {}
        nodes = [node for node in project.values() if isinstance(node, dict)]
        return {number: node for node in nodes if (number := number_of(node.get("id")))}


def parent_of(node: Json) -> Json | None:
    """Return the pipeline and the job that made one."""
    above, job = node.get("upstream"), node.get("sourceJob")
    if not isinstance(above, dict):
        return None
    made = job if isinstance(job, dict) else {}
    return {
        "pipeline_id": number_of(above.get("id")),
        "job_id": number_of(made.get("id")),
        "name": made.get("name"),
    }


def list_jobs_of(context: Context, repository: Repository, run: int) -> list[Json]:
    """Return all jobs of a pipeline, those too that were tried again. Raises ApiError."""
    path = f"{repository.path}pipelines/{run}/jobs?include_retried=true&per_page=100"
    jobs = dict[int, Json]()
    for page in fetch_pages(context.client, path, know_nothing):
        jobs |= {one["id"]: one for one in read_named(page.body)[0]}
    return list(jobs.values())


def list_bridges(context: Context, repository: Repository, run: int) -> list[Json]:
    """Return the jobs of a pipeline that make other pipelines. Raises ApiError."""
    path = f"{repository.path}pipelines/{run}/bridges?per_page=100"
    pages = fetch_pages(context.client, path, know_nothing)
    return [one for page in pages for one in read_named(page.body)[0]]


def note_of(record: Json) -> RunRead:
    """Return what is noted of a pipeline that was read to what it is now."""
    is_over = record.get("status") in SETTLED
    state = DONE if is_over or record.get("source") == "external" else OPEN
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


def map_pipeline(
    context: Context, repository: Repository, record: Json, jobs: list[Json], **more: Any
) -> Read:
    """Return a pipeline with its jobs as rows, its CI file's fault with it.

    Raises ApiError and Unmappable.
    """
    if record.get("status") == FAILED and not jobs and "yaml_errors" not in record:
        path = f"{repository.path}pipelines/{record['id']}"
        record = read_object(context.client.get(path).body, AT)
    known = {name: value for name, value in more.items() if value}
    return map_object(AT, repository, pipeline=record, jobs=jobs, **known)
