"""What GET /repos/{owner}/{repo}/... answers about branches and commits.

https://docs.github.com/en/rest/branches and /en/rest/commits
"""

from datetime import datetime
from urllib.parse import unquote

from fakegithub.api import rest
from fakegithub.api.answers import Answer, Call, error, invalid, not_found
from fakegithub.api.pages import page_of
from fakegithub.payloads.templates import Json
from fakegithub.world.entities import Repo


def branches(call: Call, repo: Repo) -> Answer:
    """GET /branches: name, head and protection of each."""
    found = call.view.branches(repo.id)
    page = page_of(call, found, path=f"/repositories/{repo.id}/branches")
    shown = [rest.listed_branch(branch, repo) for branch in page.items]
    return Answer(200, shown, page.headers)


def branch(call: Call, repo: Repo, name: str) -> Answer:
    """GET /branches/{branch}; the name may hold slashes."""
    found = call.view.branch(repo.id, unquote(name))
    head = found and call.view.commit(found.sha)
    if not found or not head:
        return error(404, "Branch not found")
    return Answer(200, rest.one_branch(found, head, repo))


def _sha(call: Call, repo: Repo, name: str) -> str | None:
    """Return the sha that a branch, tag or sha means."""
    found = call.view.branch(repo.id, name) or call.view.world.state(
        "tag", (repo.id, name), call.view.seq
    )
    if found is not None:
        return str(found.sha)
    return name if call.view.commit(name) else None


def commits(call: Call, repo: Repo) -> Answer:
    """GET /commits?sha=&since=&until=: newest first; 409 for an empty repository."""
    if not call.view.branches(repo.id):
        return error(409, "Git Repository is empty.")
    sha = _sha(call, repo, call.query.get("sha") or repo.default_branch)
    if sha is None:
        return not_found()
    try:
        since, until = (_seconds(call.query.get(name)) for name in ("since", "until"))
    except ValueError:
        return invalid("Commit", "since")
    found = [
        commit
        for commit in call.view.commits(sha)
        if (since is None or commit.time >= since) and (until is None or commit.time <= until)
    ]
    page = page_of(call, found, path=f"/repositories/{repo.id}/commits")
    return Answer(200, [rest.commit(one, repo) for one in page.items], page.headers)


def _seconds(text: str | None) -> int | None:
    return None if not text else int(datetime.fromisoformat(text).timestamp())


def commit(call: Call, repo: Repo, ref: str) -> Answer:
    """GET /commits/{ref}: a sha, branch or tag."""
    sha = _sha(call, repo, unquote(ref))
    found = sha and call.view.commit(sha)
    if not found:
        return error(422, f"No commit found for SHA: {ref}")
    return Answer(200, rest.commit(found, repo))


def compare(call: Call, repo: Repo, base: str, head: str) -> Answer:
    """GET /compare/{base}...{head}: the commits that head has and base has not."""
    ends = [_sha(call, repo, unquote(name)) for name in (base, head)]
    if ends[0] is None or ends[1] is None:
        return not_found()
    made: Json = rest.comparison(call.view, repo, ends[0], ends[1])
    page = page_of(call, made["commits"], path=f"/repositories/{repo.id}/compare/{base}...{head}")
    return Answer(200, {**made, "commits": page.items}, page.headers)
