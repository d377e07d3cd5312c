"""Pipelines of a hook and of the API -> workflowruns and runattempts, with their jobs.

A pipeline has one attempt: what is tried again are its jobs, inside of it.
https://docs.gitlab.com/user/project/integrations/webhook_events/#pipeline-events
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from rows import Row, fields
from rows.gitlab import clock, version
from rows.gitlab.job import (
    IN_PIPELINE,
    LISTED,
    JobFields,
    Place,
    count_passed_gates,
    first_time,
    job_row,
    last_time,
    verdict_times,
)
from rows.gitlab.ref import branch_named, request_named, request_told, tag_apart
from rows.gitlab.words import ENDED, FAILED, SUCCESSFUL, read_status, state_of
from rows.gitlab.workflow import usual_workflow
from rows.source_record import Payload, Repository
from rows.version import STUB, believed

WITH_WARNINGS = ("passed with warnings", "success-with-warnings", "success_with_warnings")
HOOK_AT, API_AT = "object_attributes", "pipeline"


class Pipeline(NamedTuple):
    """What both doors say of a pipeline, in one form."""

    gitid: int
    status: str | None
    is_broken: bool
    """Whether its CI file could not be read, so that it has no jobs."""
    created: datetime | None
    end: datetime | None
    updated: datetime | None
    user: str | None
    source: str | None
    has_warnings: bool
    """Whether it passed, but a job or a bridge failed that may."""
    fixed: dict[str, object]


def read_pipeline(
    source: Payload, at: str, user: Payload, title: str | None, is_broken: bool
) -> Pipeline:
    """Return a pipeline; `user` started it, `title` is that of its commit."""
    return Pipeline(
        gitid=fields.key(fields.number, source, "id", at),
        status=read_status(source, "status", at),
        is_broken=is_broken,
        created=clock.moment(source, "created_at", at),
        end=clock.moment(source, "finished_at", at),
        updated=clock.moment(source, "updated_at", at),
        user=fields.text(user, "username", "user"),
        source=fields.text(source, "source", at, fields.WORD),
        has_warnings=has_warnings(source),
        fixed={
            "branchname": branch_named(source, "ref", at),
            "pullrequest": request_named(source, "ref", at),
            "commithash": fields.sha(source, "sha", at),
            "runnumber": fields.number(source, "iid", at),
            "title": fields.text(source, "name", at) or title,
        },
    )


def has_warnings(source: Payload) -> bool:
    """Tell whether GitLab says that something failed that may: bridges, too, which no list has.

    A hook says it in words, the API by a word, and GraphQL by a flag.
    """
    said = source.get("detailed_status")
    word = said.get("group") if isinstance(said, dict) else said
    return source.get("warnings") is True or (isinstance(word, str) and word in WITH_WARNINGS)


def hook_rows(payload: Payload, repo: Repository) -> list[Row]:
    """Return the rows of a Pipeline Hook: the pipeline, its attempt, its latest jobs."""
    given = fields.key(fields.child, payload, HOOK_AT, "payload")
    jobs: list[Payload] = list(fields.children(payload, "builds", "payload"))
    commit = fields.child(payload, "commit", "payload") or {}
    # Without a stage there is no job, and no bridge either, which hooks leave out.
    is_broken = not jobs and fields.items(given, "stages", HOOK_AT) == []
    jobs = [one for one in jobs if fields.key_of_part(fields.number, one, "id", "builds")]
    pipeline = read_pipeline(
        given,
        HOOK_AT,
        fields.child(payload, "user", "payload") or {},
        fields.text(commit, "title", "commit") or first_line(commit),
        is_broken,
    )
    source = fields.child(payload, "source_pipeline", "payload") or {}
    more = {
        **parent_of(source),
        **usual_workflow(pipeline.source, payload, repo),
        **request_told(payload, pipeline.source, repo),
        **tag_apart(payload, given),
    }
    return pipeline_rows(pipeline, repo, jobs, IN_PIPELINE, version.HOOK, more)


def first_line(commit: Payload) -> str | None:
    """Return the first line of a commit's message, where it has no title of its own."""
    lines = (fields.text(commit, "message", "commit") or "").splitlines()
    return lines[0] if lines else None


def parent_of(source: Payload) -> dict[str, object]:
    """Return the pipeline and the job that made this one, where one did."""
    return {
        "parentgitid": fields.number(source, "pipeline_id", "source_pipeline"),
        "parentjobgitid": fields.number(source, "job_id", "source_pipeline"),
    }


def listed_rows(payload: Payload, repo: Repository) -> list[Row]:
    """Return the rows of a pipeline that was read from the API, with its jobs and children.

    One of a list says nothing of its end: what it says of the state is left to a later reading.
    """
    given = fields.key(fields.child, payload, API_AT, "payload")
    jobs: list[Payload] = list(fields.children(payload, "jobs", "payload"))
    user = fields.child(given, "user", API_AT) or {}
    is_broken = not jobs and bool(
        fields.text(given, "yaml_errors", API_AT) or given.get("stages") == []
    )
    pipeline = read_pipeline(given, API_AT, user, None, is_broken)
    parent = fields.child(payload, "parent", "payload") or {}
    schedule = fields.child(payload, "schedule", "payload") or {}
    name = fields.text(schedule, "description", "schedule") or fields.text(parent, "name", "parent")
    named = {"workflowname": name} if name else usual_workflow(pipeline.source, payload, repo)
    rows = pipeline_rows(
        pipeline,
        repo,
        jobs,
        LISTED,
        version.API,
        {**parent_of(parent), **named, **tag_apart(payload, given, jobs)},
        is_whole="finished_at" in given,
    )
    bridges = fields.children(payload, "bridges", "payload")
    return [*rows, *child_rows(bridges, pipeline.gitid, repo)]


def pipeline_rows(
    pipeline: Pipeline,
    repo: Repository,
    jobs: Sequence[Payload],
    form: JobFields,
    door: int,
    more: dict[str, object],
    *,
    is_whole: bool = True,
) -> list[Row]:
    """Return a pipeline's rows and those of its jobs."""
    if pipeline.created is None:  # all jobs of a pipeline are made with it
        pipeline = pipeline._replace(created=first_time(jobs, form) or pipeline.end)
    gitid, status = pipeline.gitid, pipeline.status
    words = state_of(status)
    if pipeline.is_broken and status == FAILED:
        words = words._replace(conclusion="startup_failure")
    state = {
        "status": words.status,
        "conclusion": words.conclusion,
        "createtime": pipeline.created,
        "triggeredby": pipeline.user,
        "finishtime": pipeline.end if status in ENDED else None,
        "haswarnings": (status == SUCCESSFUL and pipeline.has_warnings) or None,
    }
    run = {"provider": repo.provider, "gitid": gitid}
    attempt = {"provider": repo.provider, "rungitid": gitid, "attempt": 1}
    fixed = {
        "author": pipeline.user,
        "createtime": pipeline.created,
        "url": page_of(repo, gitid),
        "event": pipeline.source,
        **pipeline.fixed,
        **more,
    }
    shared = {name: fixed.get(name) for name in ("workflowname", "branchname", "commithash")}
    place = Place(gitid, status, pipeline.end, shared, door, is_whole)
    rows = [job_row(job, form, place, repo) for job in jobs]
    if not is_whole:
        stub = Row("runattempts", {**attempt, "version": STUB})
        return [Row("workflowruns", {**run, **fixed, "version": STUB}), stub, *rows]
    end, latest = (believed(time, repo.received) for time in (pipeline.end, last_time(jobs, form)))
    state["updatetime"] = pipeline.updated
    if version.is_open(status) and (updated := believed(pipeline.updated, repo.received)):
        latest = max(latest or updated, updated)  # which no hook says
    gates = count_passed_gates(jobs)
    verdict = verdict_times(status, end, jobs, form).items()
    told = {name: time for name, time in verdict if believed(time, repo.received)}
    first, own = (
        version.pipeline(table, status, end, latest, state.values(), door, gates)
        for table in ("workflowruns", "runattempts")
    )
    return [
        Row("workflowruns", {**run, **fixed, **told, "version": first}),
        Row("runattempts", {**attempt, **state, "version": own}),
        *rows,
    ]


def page_of(repo: Repository, gitid: int) -> str:
    """Return the page of a pipeline: hooks of 2021 have no address of it."""
    return f"{repo.url}/-/pipelines/{gitid}"


def is_own(child: Payload, repo: Repository) -> bool:
    """Tell whether a pipeline is the project's: old servers name its page alone."""
    project, page = child.get("project_id"), child.get("web_url")
    below = not isinstance(page, str) or page.startswith(f"{repo.url}/-/")
    return below if project is None else project == repo.gitid


def child_rows(bridges: Sequence[Payload], parent: int, repo: Repository) -> list[Row]:
    """Return stubs of the pipelines of this project that jobs of a pipeline made."""
    rows = []
    for bridge in bridges:
        child = fields.child(bridge, "downstream_pipeline", "bridge")
        if child is None or not is_own(child, repo):
            continue
        gitid = fields.key(fields.number, child, "id", "downstream_pipeline")
        known = {
            "parentgitid": parent,
            "parentjobgitid": fields.number(bridge, "id", "bridge"),
            "workflowname": fields.text(bridge, "name", "bridge"),
        }
        key = {"provider": repo.provider, "gitid": gitid}
        rows.append(Row("workflowruns", {**key, **known, "version": STUB}))
    return rows


def runs_of(payload: Payload) -> set[int]:
    """Return the ids of the pipelines that a payload speaks of; what is odd speaks of none."""
    attributes, commit = payload.get(HOOK_AT), payload.get("commit")
    ids = [payload.get("pipeline_id")]
    if payload.get("object_kind") == "pipeline" and isinstance(attributes, dict):
        ids.append(attributes.get("id"))
    if payload.get("object_kind") == "build" and isinstance(commit, dict):
        ids.append(commit.get("id"))
    return {number for number in ids if isinstance(number, int)}
