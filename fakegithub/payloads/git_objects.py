"""The parts of payloads that come from git: repository, workflow and commit objects.

`payloads` re-exports all of this; its docstring shows the use.
"""

from datetime import UTC, datetime

from fakegithub.payloads import templates
from fakegithub.payloads.templates import API, WEB, Json, iso, node_id, recorded, user

DAY = datetime(2026, 3, 2, tzinfo=UTC)
NOON = DAY.replace(hour=12)


def at(clock: str, *, day: datetime = DAY) -> datetime:
    """Return the time `HH:MM:SS` (or `HH:MM`) of the stories' day, 2026-03-02 UTC."""
    hour, minute, *second = (int(part) for part in clock.split(":"))
    return day.replace(hour=hour, minute=minute, second=second[0] if second else 0)


def repository(
    *,
    full_name: str = "octo-org/app",
    id: int = 591427149,
    owner_type: str = "Organization",
    private: bool = False,
    archived: bool = False,
    fork: bool = False,
    default_branch: str = "main",
    description: str | None = None,
    created_at: datetime = DAY,
    updated_at: datetime | None = None,
    pushed_at: datetime | None = None,
) -> Json:
    """Return a repository as all events but push embed it (about 80 keys, ISO times)."""
    owner, name = full_name.split("/")
    return {
        **recorded("workflow_job__waiting_for_approval")["repository"],
        **templates.repository_links(full_name),
        "id": id,
        "node_id": node_id("R", id),
        "name": name,
        "full_name": full_name,
        "private": private,
        "owner": user(owner, kind=owner_type),
        "description": description,
        "fork": fork,
        "created_at": iso(created_at),
        "updated_at": iso(updated_at or created_at),
        "pushed_at": iso(pushed_at or created_at),
        "archived": archived,
        "license": None,
        "topics": [],
        "custom_properties": {},
        "visibility": "private" if private else "public",
        "default_branch": default_branch,
    }


def workflow(
    *,
    repository: Json,
    id: int = 302_000_001,
    name: str = "CI",
    path: str = ".github/workflows/ci.yml",
    state: str = "active",
    created_at: datetime = DAY,
    updated_at: datetime | None = None,
) -> Json:
    """Return a workflow, as workflow_run events and the REST list both show it."""
    full_name, branch = repository["full_name"], repository["default_branch"]
    return {
        "id": id,
        "node_id": node_id("W", repository["id"], id),
        "name": name,
        "path": path,
        "state": state,
        "created_at": iso(created_at),
        "updated_at": iso(updated_at or created_at),
        "url": f"{API}/repos/{full_name}/actions/workflows/{id}",
        "html_url": f"{WEB}/{full_name}/blob/{branch}/{path}",
        "badge_url": f"{WEB}/{full_name}/workflows/{name}/badge.svg",
    }


def commit(
    *,
    repository: Json,
    message: str = "Change something",
    sha: str | None = None,
    author: str = "Mona Lisa",
    email: str = "mona@example.org",
    login: str | None = "octocat",
    time: datetime = NOON,
    distinct: bool = True,
) -> Json:
    """Return a commit as push payloads list it; `sha` follows from message and time."""
    sha = sha or templates.sha_for(f"{message}{time.isoformat()}")
    person: Json = {"name": author, "email": email, "username": login}
    if login is None:
        del person["username"]
    return {
        "id": sha,
        "tree_id": templates.sha_for(f"tree {sha}"),
        "distinct": distinct,
        "message": message,
        "timestamp": time.isoformat().replace("+00:00", "Z"),
        "url": f"{WEB}/{repository['full_name']}/commit/{sha}",
        "author": person,
        "committer": {"name": "GitHub", "email": "noreply@github.com", "username": "web-flow"},
        "added": [],
        "removed": [],
        "modified": ["README.md"],
    }


def head_commit(pushed: Json) -> Json:
    """Return the `head_commit` of a run for a commit of a push: fewer keys, no logins."""
    person = {"name": pushed["author"]["name"], "email": pushed["author"]["email"]}
    committer = {"name": "GitHub", "email": "noreply@github.com"}
    kept = {key: pushed[key] for key in ("id", "tree_id", "message", "timestamp")}
    return {**kept, "author": person, "committer": committer}


def brief(repository: Json) -> Json:
    """Return the short repository (46 keys, no times) that runs carry."""
    keys = recorded("workflow_run__completed_success")["workflow_run"]["repository"]
    return {key: repository[key] for key in keys}
