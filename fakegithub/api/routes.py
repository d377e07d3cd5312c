"""What GET /repos/{owner}/{repo}/... answers: a table of patterns, one function for each.

Those on runs, jobs and workflows are here, those on branches and commits in `gitroutes`.
https://docs.github.com/en/rest
"""

import re
from collections.abc import Callable

from fakegithub.api import filters, gitroutes, graphs, rest
from fakegithub.api.answers import Answer, Call, error, invalid, not_found
from fakegithub.api.pages import FILTERED_DEPTH, page_of, too_far
from fakegithub.world.entities import Job, Repo, Run

Route = Callable[..., Answer]


def repository(call: Call, repo: Repo) -> Answer:
    """GET /repos/{owner}/{repo}."""
    return Answer(200, rest.full_repository(repo))


def runs(call: Call, repo: Repo, workflow: str | None = None) -> Answer:
    """GET /actions/runs and /actions/workflows/{id or file}/runs."""
    filtered = filters.is_filtered(call.query)
    refusal = None if filtered else too_far(call, call.depth)
    if refusal:
        return refusal
    try:
        found = filters.runs(call.view, repo.id, call.query)
    except ValueError:
        return invalid("WorkflowRun", "created")
    path = f"/repositories/{repo.id}/actions/runs"
    if workflow is not None:
        flows = call.view.workflows(repo.id)
        named = {flow.id for flow in flows if workflow in (str(flow.id), flow.path.split("/")[-1])}
        if not named:
            return not_found()
        found = [run for run in found if run.workflow_id in named]
        path = f"/repositories/{repo.id}/actions/workflows/{workflow}/runs"
    page = page_of(call, found, path=path, depth=FILTERED_DEPTH if filtered else None)
    pulls = call.query.get("exclude_pull_requests") != "true"
    shown = [rest.run(call.view, run, pull_requests=pulls) for run in page.items]
    return Answer(200, {"total_count": len(found), "workflow_runs": shown}, page.headers)


def _run(call: Call, repo: Repo, run_id: str) -> Run | None:
    run = call.view.run(int(run_id))
    return run if run is not None and run.repo_id == repo.id else None


def run(call: Call, repo: Repo, run_id: str) -> Answer:
    """GET /actions/runs/{run_id}: the latest attempt."""
    found = _run(call, repo, run_id)
    return not_found() if found is None else _one_run(call, found)


def _one_run(call: Call, found: Run) -> Answer:
    pulls = call.query.get("exclude_pull_requests") != "true"
    return Answer(200, rest.run(call.view, found, pull_requests=pulls))


def attempt(call: Call, repo: Repo, run_id: str, number: str) -> Answer:
    """GET /actions/runs/{run_id}/attempts/{attempt_number}."""
    found = _run(call, repo, run_id) and call.view.attempt(int(run_id), int(number))
    return _one_run(call, found) if found else not_found()


def run_jobs(call: Call, repo: Repo, run_id: str) -> Answer:
    """GET /actions/runs/{run_id}/jobs: of the latest attempt, or with filter=all of each."""
    found = _run(call, repo, run_id)
    if found is None:
        return not_found()
    number = None if call.query.get("filter") == "all" else found.attempt
    return _jobs(call, repo, found, number, f"runs/{run_id}/jobs")


def attempt_jobs(call: Call, repo: Repo, run_id: str, number: str) -> Answer:
    """GET /actions/runs/{run_id}/attempts/{attempt_number}/jobs."""
    found = _run(call, repo, run_id) and call.view.attempt(int(run_id), int(number))
    if not found:
        return not_found()
    return _jobs(call, repo, found, found.attempt, f"runs/{run_id}/attempts/{number}/jobs")


def _jobs(call: Call, repo: Repo, found: Run, number: int | None, path: str) -> Answer:
    jobs = call.view.jobs(found.id, attempt=number)
    page = page_of(call, jobs, path=f"/repositories/{repo.id}/actions/{path}")
    shown = [rest.job(call.view, one, run=found, repo=repo) for one in page.items]
    return Answer(200, {"total_count": len(jobs), "jobs": shown}, page.headers)


def _job(call: Call, repo: Repo, job_id: str) -> tuple[Job, Run] | None:
    found = call.view.job(int(job_id))
    owner = found and _run(call, repo, str(found.run_id))
    return (found, owner) if found and owner else None


def job(call: Call, repo: Repo, job_id: str) -> Answer:
    """GET /actions/jobs/{job_id}."""
    found = _job(call, repo, job_id)
    if found is None:
        return not_found()
    return Answer(200, rest.job(call.view, found[0], run=found[1], repo=repo))


def job_log(call: Call, repo: Repo, job_id: str) -> Answer:
    """GET /actions/jobs/{job_id}/logs: 302 to plain text on another host."""
    found = _job(call, repo, job_id)
    if found is None or found[0].status != "completed":
        return not_found()
    if found[0].id in call.lost_logs:
        return error(call.lost_logs[found[0].id], "Not Found")
    return Answer(302, None, {"Location": f"{call.blobs}/logs/{job_id}.txt?sig=one-minute"})


def job_annotations(call: Call, repo: Repo, job_id: str) -> Answer:
    """GET /check-runs/{check_run_id}/annotations: a job's id is its check run's."""
    found = _job(call, repo, job_id)
    if found is None:
        return not_found()
    usual = rest.job_annotations(found[0], repo, found[1].sha)
    noted = call.annotations.get(found[0].id, usual)
    page = page_of(call, noted, path=f"/repositories/{repo.id}/check-runs/{job_id}/annotations")
    return Answer(200, page.items, page.headers)


def workflows(call: Call, repo: Repo) -> Answer:
    """GET /actions/workflows."""
    found = [flow for flow in call.view.workflows(repo.id) if flow.state != "deleted"]
    page = page_of(call, found, path=f"/repositories/{repo.id}/actions/workflows")
    shown = [rest.workflow(flow, repo) for flow in page.items]
    return Answer(200, {"total_count": len(found), "workflows": shown}, page.headers)


def workflow(call: Call, repo: Repo, wanted: str) -> Answer:
    """GET /actions/workflows/{id or file name}."""
    for flow in call.view.workflows(repo.id):
        if wanted in (str(flow.id), flow.path.split("/")[-1]):
            return Answer(200, rest.workflow(flow, repo))
    return not_found()


def permissions(call: Call, repo: Repo) -> Answer:
    """GET /actions/permissions: whether Actions are on."""
    return Answer(200, {"enabled": repo.actions, "allowed_actions": "all"})


TABLE: list[tuple[re.Pattern[str], Route]] = [
    (re.compile(pattern), route)
    for pattern, route in (
        (r"", repository),
        (r"/actions/runs", runs),
        (r"/actions/workflows/([^/]+)/runs", lambda call, repo, flow: runs(call, repo, flow)),
        (r"/actions/runs/(\d+)", run),
        (r"/actions/runs/(\d+)/attempts/(\d+)", attempt),
        (r"/actions/runs/(\d+)/jobs", run_jobs),
        (r"/actions/runs/(\d+)/attempts/(\d+)/jobs", attempt_jobs),
        (r"/actions/jobs/(\d+)", job),
        (r"/actions/jobs/(\d+)/logs", job_log),
        (r"/check-runs/(\d+)/annotations", job_annotations),
        (r"/actions/workflows", workflows),
        (r"/actions/workflows/([^/]+)", workflow),
        (r"/actions/permissions", permissions),
        (r"/dependency-graph/sbom", graphs.sbom),
        (r"/branches", gitroutes.branches),
        (r"/branches/(.+)", gitroutes.branch),
        (r"/commits", gitroutes.commits),
        (r"/commits/(.+)", gitroutes.commit),
        (r"/compare/(.+?)\.\.\.(.+)", gitroutes.compare),
    )
]


def find(path: str) -> tuple[Route, tuple[str, ...]] | None:
    """Return the route for a path below a repository, with its arguments; None if unknown."""
    for pattern, route in TABLE:
        match = pattern.fullmatch(path)
        if match:
            return route, match.groups()
    return None
