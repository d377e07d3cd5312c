"""States in the REST API's own shapes, where these differ from the webhooks'.

https://docs.github.com/en/rest (version 2022-11-28)
"""

from datetime import datetime
from functools import lru_cache

from fakegithub.payloads.templates import API, WEB, Json, iso, iso_offset, node_id, sha_for, user
from fakegithub.world import shapes
from fakegithub.world.entities import Branch, Commit, Job, Repo, Run, Workflow
from fakegithub.world.view import View
from fakegithub.world.webhooks import run_json


def full_repository(repo: Repo) -> Json:
    """Return the answer of GET /repos/{owner}/{repo}."""
    made = listed_repository(repo)
    if repo.owner_type == "Organization":
        made["organization"] = made["owner"]
    return {**made, "network_count": 0, "subscribers_count": 1, "temp_clone_token": None}


def listed_repository(repo: Repo) -> Json:
    """Return a repository as lists of repositories give it."""
    rights = {"admin": False, "maintain": False, "push": False, "triage": False, "pull": True}
    return {**shapes.repository(repo), "permissions": rights}


def run(view: View, state: Run, *, pull_requests: bool = True) -> Json:
    """Return a run as the API gives it: the webhook's run, with no workflow object beside it."""
    made = run_json(view.world, view.seq, state)
    if not pull_requests:
        made["pull_requests"] = []
    return made


def job(view: View, state: Job, *, run: Run, repo: Repo) -> Json:
    """Return a job as the API gives it: as the webhook's, its steps' times with a local offset."""
    made = shapes.job(state, run=run, repo=repo)
    for step in made["steps"]:
        for key in ("started_at", "completed_at"):
            step[key] = _offset(step[key])
    return made


@lru_cache(maxsize=65_536)
def _offset(moment: str | None) -> str | None:
    return None if moment is None else iso_offset(datetime.fromisoformat(moment))


def workflow(state: Workflow, repo: Repo) -> Json:
    """Return a workflow, as in lists and alone."""
    return shapes.workflow(state, repo)


def listed_branch(branch: Branch, repo: Repo) -> Json:
    """Return a branch as GET /repos/{owner}/{repo}/branches lists it."""
    url = f"{API}/repos/{repo.full_name}/commits/{branch.sha}"
    return {
        "name": branch.name,
        "commit": {"sha": branch.sha, "url": url},
        "protected": branch.name == repo.default_branch,
    }


def one_branch(branch: Branch, head: Commit, repo: Repo) -> Json:
    """Return the answer of GET /repos/{owner}/{repo}/branches/{branch}."""
    base = f"{API}/repos/{repo.full_name}/branches/{branch.name}"
    listed = listed_branch(branch, repo)
    return {
        **listed,
        "commit": commit(head, repo),
        "_links": {"self": base, "html": f"{WEB}/{repo.full_name}/tree/{branch.name}"},
        "protection": {"enabled": listed["protected"]},
        "protection_url": f"{base}/protection",
    }


def commit(made: Commit, repo: Repo) -> Json:
    """Return a commit: `author` is the account (null if none), `commit.author` the git author."""
    base = f"{API}/repos/{repo.full_name}"
    tree = sha_for(f"tree {made.sha}")
    date = iso(shapes.moment(made.time))
    return {
        "sha": made.sha,
        "node_id": node_id("C", repo.id),
        "commit": {
            "author": {"name": made.author, "email": made.email, "date": date},
            "committer": {"name": "GitHub", "email": "noreply@github.com", "date": date},
            "message": made.message,
            "tree": {"sha": tree, "url": f"{base}/git/trees/{tree}"},
            "url": f"{base}/git/commits/{made.sha}",
            "comment_count": 0,
            "verification": {
                "verified": False,
                "reason": "unsigned",
                "signature": None,
                "payload": None,
                "verified_at": None,
            },
        },
        "url": f"{base}/commits/{made.sha}",
        "html_url": f"{WEB}/{repo.full_name}/commit/{made.sha}",
        "comments_url": f"{base}/commits/{made.sha}/comments",
        "author": None if made.login is None else user(made.login),
        "committer": user("web-flow"),
        "parents": [_parent(sha, repo) for sha in made.parents],
    }


def _parent(sha: str, repo: Repo) -> Json:
    url = f"{API}/repos/{repo.full_name}/commits/{sha}"
    return {"sha": sha, "url": url, "html_url": f"{WEB}/{repo.full_name}/commit/{sha}"}


def comparison(view: View, repo: Repo, base: str, head: str) -> Json:
    """Return the answer of GET /compare/{base}...{head}, all its commits oldest first."""
    behind = {one.sha: one for one in view.commits(base)}
    ahead = {one.sha: one for one in view.commits(head)}
    new = [one for sha, one in ahead.items() if sha not in behind]
    lost = [sha for sha in behind if sha not in ahead]
    common = next((one for sha, one in ahead.items() if sha in behind), None)
    status = STATUSES[bool(new), bool(lost)]
    url = f"{API}/repos/{repo.full_name}/compare/{base}...{head}"
    html = f"{WEB}/{repo.full_name}/compare/{base}...{head}"
    return {
        "url": url,
        "html_url": html,
        "permalink_url": html,
        "diff_url": f"{html}.diff",
        "patch_url": f"{html}.patch",
        "base_commit": commit(behind[base], repo),
        "merge_base_commit": commit(common or behind[base], repo),
        "status": status,
        "ahead_by": len(new),
        "behind_by": len(lost),
        "total_commits": len(new),
        "commits": [commit(one, repo) for one in reversed(new)],
        "files": [],
    }


STATUSES = {
    (False, False): "identical",
    (True, False): "ahead",
    (False, True): "behind",
    (True, True): "diverged",
}


def job_annotations(state: Job, repo: Repo, sha: str) -> list[Json]:
    """Return the annotations of a job: for a failed one, what failed; else none."""
    if state.conclusion not in ("failure", "timed_out"):
        return []
    return [
        {
            "path": ".github",
            "blob_href": f"{WEB}/{repo.full_name}/blob/{sha}/.github",
            "start_line": 11,
            "end_line": 11,
            "start_column": None,
            "end_column": None,
            "annotation_level": "failure",
            "title": "",
            "message": FAILURES[state.conclusion],
            "raw_details": "",
        }
    ]


FAILURES = {
    "failure": "Process completed with exit code 1.",
    "timed_out": "The job has exceeded the maximum execution time of 6h0m0s",
}


def log_text(state: Job) -> str:
    """Return a job's log as plain text, each line with a time of seven decimals."""
    start = shapes.when(state.started_at) or shapes.moment(state.created_at)
    lines = [
        "##[group]Run make test",
        "\x1b[36;1mmake test\x1b[0m",
        "##[endgroup]",
        f"test_things.py::test_{state.name} {'FAILED' if state.conclusion == 'failure' else 'ok'}",
    ]
    if state.conclusion == "failure":
        lines.append("##[error]Process completed with exit code 1.")
    stamp = f"{start.isoformat()[:19]}.1234567Z"
    return "\ufeff" + "".join(f"{stamp} {line}\n" for line in lines)
