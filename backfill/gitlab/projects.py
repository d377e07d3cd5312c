"""Which projects are meant, and a project with its objects as rows.

https://docs.gitlab.com/api/projects/ and https://docs.gitlab.com/api/groups/
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import quote

from backfill.http.client import Client
from backfill.http.errors import ApiError
from backfill.http.list_body import read_items
from backfill.http.pagination import fetch_pages, know_nothing
from backfill.pipeline.api_objects import read_field, read_named, read_object
from backfill.pipeline.context import Context
from backfill.pipeline.stored_repository import store_repository
from backfill.records import Json, Repository
from config.watch import Watch
from engines import reading
from rows import Mapped, Unmappable, fields
from rows.gitlab import clock
from rows.gitlab.repo import NEWS
from rows.sources import source_of
from store.deliveries.table import now
from store.doors.api import Read
from store.reads import for_backfill
from store.state.commit_ranges import GONE, MOST, CommitRange

GITLAB = source_of("gitlab")
BELOW = "projects?include_subgroups=true&with_shared=false&per_page=100"
NAME = "path_with_namespace"
CI, FILES = "builds", "repository"
"""Features of a project, as its settings call them."""
COUNTED = {
    "project": frozenset({"repos", "workflows"}),
    "branch": frozenset({"branches"}),
    "branch_gone": frozenset({"branches"}),
    "commit": frozenset({"commits"}),
    "pipeline": frozenset({"workflowruns", "runattempts", "jobs"}),
}


def list_names(client: Client, watch: Watch, report: Callable[[str], object]) -> Iterator[str]:
    """Yield the full names of the projects that are meant; a name may be a group's, too."""
    for name in watch.names.values():
        try:
            client.get(f"/projects/{quote(name, safe='')}")
        except ApiError as problem:
            if not problem.is_gone:
                yield name  # it is asked for again, and what is wrong is said then
                continue
            try:
                yield from list_group(client, name)
            except ApiError:
                yield name
            continue
        yield name
    for owner in watch.owners.values():
        try:
            yield from list_group(client, owner)
        except ApiError as problem:
            if problem.is_bad_key:
                raise
            report(f"{owner}: {problem}")


def list_group(client: Client, group: str) -> list[str]:
    """Return the projects below a group, or of a user. Raises ApiError."""
    try:
        return list_projects(client, f"/groups/{quote(group, safe='')}/{BELOW}")
    except ApiError as problem:
        if not problem.is_gone:
            raise
    return list_projects(client, f"/users/{quote(group, safe='')}/projects?per_page=100")


def list_projects(client: Client, path: str) -> list[str]:
    """Return the full names of a list of projects. Raises ApiError."""
    pages = fetch_pages(client, path, know_nothing)
    return [one[NAME] for page in pages for one in read_named(page.body)[0] if one.get(NAME)]


def find_repository(context: Context, name: str) -> Repository:
    """Return a project, stored, with the name it goes by today. Raises ApiError."""
    return read_project(context, quote(name, safe=""), name)


def find_known_repository(context: Context, gitid: int, name: str) -> Repository:
    """Return the project with an id, which went by `name`. Raises ApiError."""
    return read_project(context, str(gitid), name)


def read_project(context: Context, key: str, name: str) -> Repository:
    """Return the project with a key, stored. Raises ApiError."""
    began = now()
    project = read_object(context.client.get(f"/projects/{key}").body, "project")
    today = read_field(fields.text, project, NAME, "project")
    gitid = read_field(fields.number, project, "id", "project")
    if today.lower() != name.lower():
        context.reporter.say(f"{name} is {today} today")
    try:
        mapped = GITLAB.rows_read("project", {"project": project}, began)
        if is_stored_otherwise(context, mapped):
            mapped = GITLAB.rows_read("project", {"project": project, NEWS: True}, began)
        created, moved = (
            clock.moment(project, key, "project") for key in ("created_at", "last_activity_at")
        )
    except Unmappable as error:
        raise ApiError(f"GitLab's answer cannot be read: {error}") from error
    archived = bool(project.get("archived"))
    read = Read(mapped, COUNTED["project"])
    repoid, provider = store_repository(context, read, today, archived=archived)
    main = fields.text(project, "default_branch", "project") or ""
    path = f"/projects/{gitid}/"
    return Repository(repoid, provider, today, path, main, created, moved, project)


def is_stored_otherwise(context: Context, mapped: Mapped) -> bool:
    """Tell whether a project, or its CI file, is stored and was changed since."""
    said = [row for row in (mapped.repository, *mapped.rows) if row.table in COUNTED["project"]]
    with reading(context.engine).connect() as connection:
        return any(for_backfill.is_otherwise(connection, row.table, row.values) for row in said)


def is_off(project: Json, feature: str) -> bool:
    """Tell whether a project has a feature switched off, of which GitLab then says 403 to all."""
    return project.get(f"{feature}_access_level") == "disabled"


def map_object(kind: str, repository: Repository, **objects: Any) -> Read:
    """Return an object of the API as rows. Raises Unmappable."""
    payload: Json = {"project": repository.record, **objects}
    return Read(GITLAB.rows_read(kind, payload, now()), COUNTED[kind])


def map_objects(
    context: Context, kind: str, records: Iterable[Any], repository: Repository
) -> list[Read]:
    """Return objects of the API as rows, and tell of those that cannot be mapped, or not wholly."""
    key, mapped = "branch" if kind == "branch_gone" else kind, []
    for record in records:
        if not isinstance(record, dict):
            context.reporter.report(f"{repository.name}: {kind}: wants an object")
            continue
        name = f"{repository.name}: {kind} {record.get('id') or record.get('name') or ''}"
        try:
            read = map_object(kind, repository, **{key: record})
        except Unmappable as error:
            context.reporter.report(f"{name}: {error}")
            continue
        for note in read.mapped.notes:
            context.reporter.say(f"{name}: {note}")
        mapped.append(read)
    return mapped


def compare_commits(context: Context, repository: Repository, base: str, head: str) -> CommitRange:
    """Return what one commit has and another has not, and store the commits. Raises ApiError.

    https://docs.gitlab.com/api/repositories/#compare-branches-tags-or-commits
    """
    where = f"{repository.path}repository/compare?from={base}&to={head}"
    try:
        body = read_object(context.client.get(where).body, "compare")
    except ApiError as problem:
        if not problem.is_gone:
            raise
        return CommitRange(GONE)
    commits = read_items(body, "commits")
    context.writer.put(map_objects(context, "commit", commits[-MOST:], repository))
    context.writer.flush()
    hashes = [fields.sha(one, "id", "compare.commits") for one in commits]
    status = "ahead" if commits else "identical"
    return CommitRange(status, len(commits), 0, tuple(filter(None, hashes[-MOST:])))
