"""What the API answers: paths below a project, lists by pages or keyset, and GraphQL."""

import re
from typing import Any

from fakegitlab.world import Json, Project, World

LISTED = "id iid project_id sha ref status source created_at updated_at web_url name".split()
MOST_OFFSET, COUNTED = 50_000, 10_000
ALIAS = re.compile(r'p(\d+): pipeline\(iid: "(\d+)"\)')
LIST = re.compile(r"list: pipelines\((?P<args>[^)]*)\)")
MOST_PER_QUERY = 27

Answered = tuple[int, Any, dict[str, str]]


def page_of(items: list[Any], query: dict[str, str], path: str) -> Answered:
    """Return a page of a list, with links; no total of long lists, no far offset."""
    size = min(100, int(query.get("per_page", "20")))
    page = int(query.get("page", "1"))
    if page * size > MOST_OFFSET:
        return 405, {"error": "Offset pagination has a maximum allowed offset of 50000"}, {}
    part = items[(page - 1) * size : page * size]
    links, headers = [], dict[str, str]()

    def link(number: int, name: str) -> str:
        pairs = "&".join(f"{k}={v}" for k, v in {**query, "page": str(number)}.items())
        return f'<{path}?{pairs}>; rel="{name}"'

    if page * size < len(items):
        links.append(link(page + 1, "next"))
    if len(items) <= COUNTED:
        headers["X-Total"] = str(len(items))
        links.append(link(max(1, -(-len(items) // size)), "last"))
    return 200, part, {**headers, **({"Link": ", ".join(links)} if links else {})}


def keyset_of(items: list[Json], query: dict[str, str], path: str) -> Answered:
    """Return a page of the list of all jobs, newest first; it ends with an empty page."""
    if query.get("sort", "desc") != "desc":
        return 405, {"error": "Keyset pagination of jobs is desc only"}, {}
    before = int(query.get("cursor", "0") or 0)
    part = [one for one in reversed(items) if not before or one["id"] < before]
    part = part[: min(100, int(query.get("per_page", "20")))]
    if not part:
        return 200, [], {}
    pairs = "&".join(f"{k}={v}" for k, v in {**query, "cursor": str(part[-1]["id"])}.items())
    return 200, part, {"Link": f'<{path}?{pairs}>; rel="next"'}


def list_pipelines(project: Project, query: dict[str, str]) -> list[Json]:
    """Return the pipelines of a list: children only where they are asked for."""
    source = query.get("source")
    is_child = source == "parent_pipeline"
    listed: list[Json] = [
        {key: one.get(key) for key in LISTED}
        for one in project.pipelines.values()
        if (one["source"] == "parent_pipeline") == is_child and one["id"] not in project.hidden
        if source in (None, one["source"])
        if one.get("yaml_errors") or query.get("yaml_errors") != "true"
    ]
    for key, field in (("updated_after", "updated_at"), ("created_after", "created_at")):
        if floor := query.get(key):
            listed = [one for one in listed if one[field] and one[field] >= floor[:19]]
    if ceiling := query.get("created_before"):
        listed = [one for one in listed if one["created_at"] <= ceiling]
    return sorted(listed, key=lambda one: -one["id"])


def branches_of(project: Project) -> list[Json]:
    """Return the branches: the default one, once there is a commit."""
    return [{"name": "main", "commit": project.commits[-1]}] if project.commits else []


def find_issues(project: Project, query: dict[str, str]) -> list[Json]:
    """Return the issues that have each word in what is looked through.

    https://docs.gitlab.com/api/issues/#list-project-issues
    """
    words, places = query.get("search", "").lower().split(), query.get("in", "title,description")
    return [
        {
            "id": 1000 * project.id + number,
            "iid": number,
            "project_id": project.id,
            "state": "opened",
            **made,
            "web_url": f"{project.url}/{project.path}/-/issues/{number}",
        }
        for number, made in enumerate(project.issues, start=1)
        if all(any(word in made[place].lower() for place in places.split(",")) for word in words)
    ]


def below_project(project: Project, rest: str, query: dict[str, str], path: str) -> Answered:
    """Return what stands at a path below a project."""
    parts = rest.split("/")
    missing: Answered = (404, {"message": "404 Not found"}, {})
    if {"pipelines": "builds", "jobs": "builds"}.get(parts[0], parts[0]) in project.off:
        return 403, {"message": "403 Forbidden"}, {}
    lists: dict[str, Any] = {
        "pipelines": lambda: list_pipelines(project, query),
        "repository/branches": lambda: branches_of(project),
        "repository/commits": lambda: [
            one
            for one in reversed(project.commits)
            if one["committed_date"] >= query.get("since", "")[:19]
        ],
        "pipeline_schedules": lambda: list(project.schedules.values()),
        "hooks": lambda: project.hooks,
        "issues": lambda: find_issues(project, query),
    }
    if rest in lists:
        return page_of(lists[rest](), query, path)
    if rest == "jobs" and query.get("pagination") != "keyset":
        return page_of(list(project.jobs.values())[::-1], query, path)
    if rest == "jobs":
        return keyset_of(list(project.jobs.values()), query, path)
    match parts:
        case ["pipelines", gitid] if int(gitid) in project.pipelines:
            return 200, project.whole(int(gitid)), {}
        case ["pipelines", gitid, "jobs"]:
            whole = query.get("include_retried") == "true"
            jobs = (project.jobs_of if whole else project.latest_of)(int(gitid))
            return page_of(jobs, query, path)
        case ["pipelines", gitid, "bridges"]:
            made = [b for b in project.bridges.values() if b["pipeline"]["id"] == int(gitid)]
            return page_of(made, query, path)
        case ["jobs", gitid] if int(gitid) in project.jobs:
            return 200, project.jobs[int(gitid)], {}
        case ["jobs", gitid, "trace"] if int(gitid) in project.jobs:
            trace = project.traces.get(int(gitid), "")
            kind = "html" if trace.startswith("<") else "plain"  # of who stands before a server
            return 200, trace, {"Content-Type": f"text/{kind}"}
        case ["repository", "commits", name]:
            found = [one for one in project.commits if one["id"] == name]
            return (200, found[0], {}) if found else missing
        case ["pipeline_schedules", gitid, "pipelines"]:
            scheduled = [one for one in project.pipelines.values() if one["source"] == "schedule"]
            made = [one for one in scheduled if project.makers.get(one["id"], 1) == int(gitid)]
            return page_of(made[::-1], query, path)
        case ["hooks", gitid]:
            own = [hook for hook in project.hooks if hook["id"] == int(gitid)]
            return (200, own[0], {}) if own else missing
        case ["hooks", _, "events"]:
            return page_of(project.events[::-1], query, path)
    return missing


def graphql(world: World, query: str) -> Answered:
    """Return what GraphQL says of some pipelines of a project: by aliases, or a page of a list."""
    if "currentUser" in query:
        return 200, {"data": {"currentUser": {"username": "ada"}}}, {}
    name = re.search(r'fullPath: "([^"]+)"', query)
    aliases = ALIAS.findall(query)
    if len(aliases) > MOST_PER_QUERY:
        return 200, {"errors": [{"message": "Query has complexity of 300"}]}, {}
    found = [one for one in world.projects.values() if name and one.path == name[1]]
    if not found:
        return 200, {"data": {"project": None}}, {}
    if asked := LIST.search(query):
        page = connection_of(found[0], asked["args"])
        return 200, {"data": {"project": {"list": page}}}, {}
    by_iid = {str(one["iid"]): one for one in found[0].pipelines.values()}
    nodes = {f"p{alias}": node_of(found[0], by_iid.get(iid)) for alias, iid in aliases}
    return 200, {"data": {"project": nodes}}, {}


def connection_of(project: Project, given: str) -> Json:
    """Return a page of the list of pipelines; a cursor is the id of the last one."""
    after = re.search(r'after: "(\d+)"', given)
    source = re.search(r'source: "(\w+)"', given)
    listed = list_pipelines(project, {"source": source[1]} if source else {})
    below = [one for one in listed if not after or one["id"] < int(after[1])]
    nodes = [node_of(project, project.pipelines[one["id"]]) for one in below[:100]]
    end = str(below[:100][-1]["id"]) if nodes else None
    return {"pageInfo": {"hasNextPage": len(below) > 100, "endCursor": end}, "nodes": nodes}


def node_of(project: Project, pipeline: Json | None) -> Json | None:
    """Return a pipeline as GraphQL says it: times in seconds."""
    if pipeline is None:
        return None

    def short(time: str | None) -> str | None:
        return None if time is None else f"{time[:19]}Z"

    made = [
        one
        for one in project.bridges.values()
        if one["downstream_pipeline"]["id"] == pipeline["id"]
    ]
    bridge = made[0] if made else None
    return {
        "id": f"gid://gitlab/Ci::Pipeline/{pipeline['id']}",
        "iid": str(pipeline["iid"]),
        "startedAt": short(pipeline["started_at"]),
        "finishedAt": short(pipeline["finished_at"]),
        "duration": pipeline["duration"],
        "warnings": project.has_warnings(pipeline["id"]),
        "user": {"username": pipeline["user"]["username"]},
        "upstream": bridge and {"id": f"gid://gitlab/Ci::Pipeline/{bridge['pipeline']['id']}"},
        "sourceJob": None
        if project.hides_bridges
        else bridge and {"id": f"gid://gitlab/Ci::Bridge/{bridge['id']}", "name": bridge["name"]},
    }
