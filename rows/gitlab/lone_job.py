"""A job that comes without its pipeline: of a Job Hook, or read from the API -> its rows.

https://docs.gitlab.com/user/project/integrations/webhook_events/#job-events
"""

from datetime import datetime

from rows import Row, fields
from rows.gitlab import clock, version
from rows.gitlab.job import IN_BUILD, LISTED, Place, job_row
from rows.gitlab.ref import branch_named, request_named, tag_apart
from rows.gitlab.words import read_status
from rows.gitlab.workflowrun import API_AT, page_of, parent_of
from rows.source_record import Payload, Repository
from rows.version import STUB


def stub_rows(
    place: Place,
    repo: Repository,
    source: Payload,
    request: int | None,
    created: datetime | None = None,
) -> list[Row]:
    """Return the stubs of a job's pipeline: `source` made it, or it is of a merge request."""
    stub = {"provider": repo.provider, "version": STUB}
    said = {**place.shared, "url": page_of(repo, place.run), **parent_of(source)}
    said |= {"pullrequest": request, "createtime": created}
    return [
        Row("workflowruns", {**stub, "gitid": place.run, **said}),
        Row("runattempts", {**stub, "rungitid": place.run, "attempt": 1}),
    ]


def build_rows(payload: Payload, repo: Repository) -> list[Row]:
    """Return the rows of a Job Hook: the job, and the stubs of its pipeline.

    What is called its commit is the pipeline.
    """
    pipeline = fields.child(payload, "commit", "payload") or {}
    has_id = payload.get("pipeline_id") is not None
    holder, key = (payload, "pipeline_id") if has_id else (pipeline, "id")
    run = fields.key(fields.number, holder, key, "payload" if has_id else "commit")
    shared = {
        "branchname": branch_named(payload, "ref", "payload"),
        "commithash": fields.sha(payload, "sha", "payload"),
        **tag_apart(payload, payload),
    }
    status = read_status(pipeline, "status", "commit")
    end = clock.moment(pipeline, "finished_at", "commit")
    place = Place(run, status, end, shared, version.HOOK)
    source = fields.child(payload, "source_pipeline", "payload") or {}
    request = request_named(payload, "ref", "payload")
    is_first = not payload.get("retries_count")  # all jobs of a pipeline are made with it
    created = clock.moment(payload, IN_BUILD.key("created_at"), "payload") if is_first else None
    stubs = stub_rows(place, repo, source, request, created)
    return [*stubs, job_row(payload, IN_BUILD, place, repo)]


def job_rows(payload: Payload, repo: Repository) -> list[Row]:
    """Return the rows of a job that was read from the API, and the stubs of its pipeline."""
    job = fields.key(fields.child, payload, "job", "payload")
    own = fields.key(fields.child, job, "pipeline", "job")
    whole = fields.child(payload, API_AT, "payload") or own
    shared = {
        "branchname": branch_named(own, "ref", "job.pipeline"),
        "commithash": fields.sha(own, "sha", "job.pipeline"),
        **tag_apart(payload, own, [job]),
    }
    run = fields.key(fields.number, own, "id", "job.pipeline")
    status = read_status(whole, "status", "job.pipeline")
    end = clock.moment(whole, "finished_at", "job.pipeline")
    place = Place(run, status, end, shared, version.API, "finished_at" in whole)
    request = request_named(own, "ref", "job.pipeline")
    return [*stub_rows(place, repo, {}, request), job_row(job, LISTED, place, repo)]
