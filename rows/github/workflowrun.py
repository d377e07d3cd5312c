"""`workflow_run` objects -> workflowruns and runattempts.

A re-run keeps the run's id and raises `run_attempt`, so each attempt has its own row, and the
run mirrors its highest one (`rows.derive`). `action` is not the status: an event `completed`
may carry a run that is queued. Only the object's own status counts.
"""

import re
from collections.abc import Mapping
from typing import Any

from rows import Row, StoredName, fields, version
from rows.source_record import Repository

AT = "workflow_run"
UNSAID = dict.fromkeys(("finishtime", "haswarnings"))
GONE = "unknown"
"""In place of the name of a head repository that no longer exists."""
# https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows
TRIGGERS = tuple(
    "push pull_request schedule workflow_dispatch merge_group release workflow_run"
    " pull_request_target repository_dispatch dynamic".split()
)
SCHEDULES = ("schedule",)
PROPOSALS = tuple(
    "pull_request pull_request_target pull_request_review pull_request_review_comment"
    " merge_group".split()
)
ERRANDS = ("dynamic/dependabot/", "dynamic/copilot", "dynamic/agents/")
"""GitHub's own, on the default branch with the event `dynamic`. Each update of Dependabot is one of
a folder's packages, so that the newest says nothing of the others, and an agent works on a task.
What it analyses (CodeQL) and what it publishes (Pages) is the branch.
"""
OF_PULL = re.compile(
    r"gh-readonly-queue/.+/pr-(?P<queued>[0-9]{1,9})-[0-9a-f]+"
    r"|refs/pull/(?P<pull>[0-9]{1,9})/(?:head|merge)"
)
"""A branch of a merge queue names the pull request. So does what CodeQL's default set-up and
Copilot's review run on.
"""


def run_rows(
    run: Mapping[str, Any], workflow: Mapping[str, Any] | None, repo: Repository
) -> list[Row]:
    """Return the rows of a run and of the attempt it shows."""
    gitid = fields.key(fields.number, run, "id", AT)
    attempt = fields.strict(fields.number, run, "run_attempt", AT, fields.BIGGEST_INT) or 1
    status = fields.text(run, "status", AT, fields.WORD)
    conclusion = fields.text(run, "conclusion", AT, fields.WORD) or None
    updated = fields.moment(run, "updated_at", AT)
    state = {
        "status": status,
        "conclusion": conclusion,
        "createtime": fields.moment(run, "run_started_at", AT)
        or fields.moment(run, "created_at", AT),
        "updatetime": updated,
    }
    by = login(run, "triggering_actor")
    if attempt == 1 or "triggering_actor" not in run:  # as servers before it was told
        by = by or login(run, "actor")
    fixed = {
        "author": login(run, "actor"),
        "createtime": fields.moment(run, "created_at", AT),
        "url": fields.text(run, "html_url", AT),
        "branchname": fields.text(run, "head_branch", AT, fields.NAME) or None,
        "commithash": fields.sha(run, "head_sha", AT),
        "workflowname": workflow_name(run, workflow),
        "runnumber": fields.number(run, "run_number", AT),
        "event": fields.text(run, "event", AT, fields.WORD),
        "title": fields.text(run, "display_title", AT),
        "workflowgitid": fields.number(run, "workflow_id", AT),
        "headrepo": head_repository(run, repo),
        "pullrequest": pull_request(run, repo),
    }
    order = version.believed(updated, repo.received)
    what = (attempt, order, status, conclusion, state.values())
    first, own = version.run("workflowruns", *what), version.run("runattempts", *what)
    key = {"provider": repo.provider, "rungitid": gitid, "attempt": attempt}
    return [
        Row("workflowruns", {"provider": repo.provider, "gitid": gitid, **fixed, "version": first}),
        Row("runattempts", {**key, **state, **UNSAID, "triggeredby": by, "version": own}),
    ]


def login(run: Mapping[str, Any], key: str) -> str | None:
    """Return the login of one of the run's people; recorded runs may have none."""
    return fields.text(fields.child(run, key, AT) or {}, "login", f"{AT}.{key}")


def workflow_name(
    run: Mapping[str, Any], workflow: Mapping[str, Any] | None
) -> str | StoredName | None:
    """Return the workflow's name, else the name stored for its id, else the path of its file.

    A run's own name may be the title that `run-name` gives each run, and recorded ones have none;
    it is the last resort, of servers that give no path. https://github.com/actions/runner/issues/4141
    """
    if workflow is not None and (name := fields.text(workflow, "name", "workflow")):
        return name
    path, _, _ = (fields.text(run, "path", AT) or "").partition("@")  # `@` and where it was read
    otherwise = path or fields.text(run, "name", AT) or None
    gitid = fields.number(run, "workflow_id", AT)
    return otherwise if gitid is None else StoredName(gitid, otherwise)


def head_repository(run: Mapping[str, Any], repo: Repository) -> str | None:
    """Return the full name of the repository a run's commit is from, None for its own.

    That of a deleted fork is gone, and only proposals have forks.
    """
    head = fields.child(run, "head_repository", AT)
    if head is None:
        is_proposal = (fields.text(run, "event", AT, fields.WORD) or "").startswith("pull_request")
        return GONE if is_proposal else None
    at = f"{AT}.head_repository"
    name, gitid = fields.text(head, "full_name", at, fields.NAME), fields.number(head, "id", at)
    own = fields.number(fields.child(run, "repository", AT) or {}, "id", f"{AT}.repository")
    is_own = name == repo.name if gitid is None else gitid in (repo.gitid, own)
    return None if is_own else name or GONE


def pull_request(run: Mapping[str, Any], repo: Repository) -> int | None:
    """Return the number of the repository's pull request that a run is of, the least of several.

    GitHub lists those whose head is the run's branch while they are open, and no forks'.
    """
    own = fields.number(fields.child(run, "repository", AT) or {}, "id", f"{AT}.repository")
    at, numbers = f"{AT}.pull_requests", list[int]()
    for pull in fields.children(run, "pull_requests", AT):
        there = fields.child(fields.child(pull, "base", at) or {}, "repo", f"{at}.base") or {}
        gitid = fields.number(there, "id", f"{at}.base.repo")
        number = fields.number(pull, "number", at, fields.BIGGEST_INT)
        if number and gitid in (None, repo.gitid, own):
            numbers.append(number)
    named = OF_PULL.fullmatch(fields.text(run, "head_branch", AT, fields.NAME) or "")
    numbers += [int(named["queued"] or named["pull"])] if named else []
    return min(numbers, default=None)


def runs_of(payload: Mapping[str, Any]) -> set[int]:
    """Return the ids of the runs that a payload speaks of; what cannot be read speaks of none."""
    run, job = payload.get("workflow_run"), payload.get("workflow_job")
    ids = (
        run.get("id") if isinstance(run, dict) else None,
        job.get("run_id") if isinstance(job, dict) else None,
    )
    return {number for number in ids if isinstance(number, int)}
