"""`workflow_job` objects -> jobs, and the stubs of their run and attempt.

https://docs.github.com/rest/actions/workflow-jobs
"""

from json import JSONEncoder

from rows import Row, fields, version
from rows.github.job_steps import failed_step, first_start, last_end, read_steps
from rows.github.job_times import AT, is_foreign, job_times
from rows.source_record import Payload, Repository, Time
from rows.words import COMPLETED, systems_of

as_json = JSONEncoder(ensure_ascii=False).encode


def job_rows(job: Payload, repo: Repository, deployment: Payload | None = None) -> list[Row]:
    """Return a job's row and the stubs of its run and attempt; nothing for what is no job.

    `deployment` is what a delivery brings beside a job that needs an approval.
    """
    if is_foreign(job):
        return []
    run = fields.key(fields.number, job, "run_id", AT)
    attempt = fields.strict(fields.number, job, "run_attempt", AT, fields.BIGGEST_INT) or 1
    decided = fields.moment(deployment or {}, "updated_at", "deployment")
    row = job_row(job, repo, run, attempt, version.believed(decided, repo.received))
    shared = {name: row.values[name] for name in ("workflowname", "branchname", "commithash")}
    stub = {"provider": repo.provider, "version": version.STUB}
    return [
        Row("workflowruns", {**stub, "gitid": run, **shared}),
        Row("runattempts", {**stub, "rungitid": run, "attempt": attempt}),
        row,
    ]


def job_row(job: Payload, repo: Repository, run: int, attempt: int, decided: Time) -> Row:
    """Return a job's row; spans in seconds, times in UTC."""
    status, steps = fields.text(job, "status", AT, fields.WORD), read_steps(job)
    conclusion = fields.text(job, "conclusion", AT, fields.WORD) or None
    times = job_times(job, attempt, first_start(steps), repo.received, last_end(steps))
    queued, ran = times.queuetime, times.runtime
    steps = steps if status == COMPLETED else []
    state = {
        "status": status,
        "conclusion": conclusion,
        "starttime": times.started,
        "endtime": times.ended,
        "queuetime": None if queued is None or queued < 0 else int(queued),
        "runtime": None if ran is None or ran < 0 else ran,
        "clockanomaly": any(span is not None and span < 0 for span in (queued, ran)),
        "latestart": times.is_late,
        "failedstep": failed_step(steps, conclusion),
        "steps": as_json(steps) if status == COMPLETED else None,
    }
    labels = fields.texts(job, "labels", AT)
    fixed = {
        "name": fields.text(job, "name", AT),
        "createtime": times.created,
        "os": systems_of(tuple(labels)),
        "labels": as_json(labels) if labels else None,
        "runnername": fields.text(job, "runner_name", AT) or None,
        "runnergroup": fields.text(job, "runner_group_name", AT) or None,
        "url": fields.text(job, "html_url", AT),
        "workflowname": fields.text(job, "workflow_name", AT) or None,
        "branchname": fields.text(job, "head_branch", AT, fields.NAME) or None,
        "commithash": fields.sha(job, "head_sha", AT),
    }
    key = {"provider": repo.provider, "gitid": fields.key(fields.number, job, "id", AT)}
    own = dict(rungitid=run, attempt=attempt, inherited=times.inherited, gated=status == "waiting")
    order = version.job(status, times.stamps, state.values(), decided, conclusion)
    unsaid = dict.fromkeys(("allowfailure", "failurereason"))
    return Row("jobs", {**key, **own, **state, **unsaid, **fixed, "version": order})
