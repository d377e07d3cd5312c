"""`project` objects -> repos and repoaliases.

A project is its numeric id on its server, which `web_url` names: that is on a host, maybe with a
port, maybe below a path. Hooks say neither when a project changed nor whether it is archived, so
what the API says of one stands above all of them.
"""

import struct
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlsplit

from rows import Row, Unmappable, fields, version
from rows.gitlab import clock
from rows.source_record import Payload, Repository, Time

AT = "project"
NAME, HOST = "gitlab", "gitlab.com"
PASSING, EVENT, API = 0, 1, 2
"""How much a source knows: seen in passing, an event of the project itself, read from the API."""
PUBLIC, LEVEL_PUBLIC = "public", 20
NEWS = "is_news"
"""Set of a project that is stored otherwise: of two readings of one hour either would count."""
SYSTEM_EVENTS = (
    *("project_create", "project_rename", "project_transfer", "project_update"),
    "project_destroy",
)
END = "project_destroy"
BARE_END = 1 << 40
"""Above what orders hooks that know but the page of a project, below what does others."""
SHOWN = " / "
"""What stands between a project's and its groups' names as people read them: of a server below a
path of its own they tell how much of an address is the project's.
"""
ADDRESSES = ("homepage", "git_http_url")
"""What of a repository leads to its project's page."""
SAMPLE = "://test.example.com/gitlab/gitlab"
"""The page of the project that a sample push tells of: what the Test button of a group's hook, of a
system hook, and of a project without commits sends.

https://gitlab.com/gitlab-org/gitlab/-/blob/master/lib/gitlab/data_builder/push.rb
"""


def provider_of(page: str, path: str = "") -> str:
    """Return the server's name from a project's page: `gitlab`, or `gitlab:HOST[:PORT][/PREFIX]`.

    Without the project's full path a server below a path of its own cannot be told. Raises
    Unmappable for a page without a host: ids are unique per server.
    """
    try:
        url = urlsplit(page)
        host, port = url.hostname, url.port
    except ValueError as error:
        raise Unmappable(f"{AT}.web_url", str(error)) from error
    if not host:
        raise Unmappable(f"{AT}.web_url", "names no server")
    below = url.path.strip("/")
    prefix = below.lower().removesuffix(path.lower()).strip("/") if path else ""
    server = f"{host}:{port}" if port else host
    if prefix and len(prefix) < len(below):
        server = f"{server}/{below[: len(prefix)]}"
    return NAME if server == HOST else f"{NAME}:{server}"


def page_of(provider: str, path: str) -> str:
    """Return a project's page on a server, for events that do not say it."""
    return f"https://{provider.partition(':')[2] or HOST}/{path}"


def repository_of(payload: Payload, provider: str = NAME) -> Repository | None:
    """Return the project a payload is about, None for one without. Raises Unmappable.

    `provider` is the server of a payload that names none.
    """
    if payload.get(AT) is not None or payload.get("project_id") is not None:
        return read_repository(payload, provider)
    return None


def read_repository(payload: Payload, provider: str = NAME) -> Repository:
    """Return the payload's project. Raises Unmappable when it has none that can be told."""
    with fields.Noting() as notes:
        gitid, name, url = names_in(payload, provider)
        updated = clock.moment(payload, "updated_at", "payload") if is_system(payload) else None
        past = fields.text(payload, "old_path_with_namespace", "payload")
    return Repository(
        provider=provider_of(url, name),
        gitid=gitid,
        name=name,
        url=url,
        pushed=None,
        updated=updated,
        former=(past,) if past and past != name else (),
        notes=tuple(notes),
    )


def names_in(payload: Payload, provider: str) -> tuple[int, str, str]:
    """Return a project's id, full path and page. Raises Unmappable.

    System events have no object of the project; a job's had none before GitLab 16: there the
    repository's homepage is the page, or where it is cloned from, and without either its path.
    """
    project = fields.child(payload, AT, "payload")
    if project is not None:
        url = fields.key(fields.text, project, "web_url", AT)
        gitid = project if project.get("id") is not None else {"id": payload.get("project_id")}
        own = fields.text(project, "path_with_namespace", AT)
        name = own or path_of(url, provider, f"{AT}.web_url")  # which names it, too
        return fields.key(fields.number, gitid, "id", AT), name, url
    gitid_there = fields.key(fields.number, payload, "project_id", "payload")
    if is_system(payload):
        name = fields.key(fields.text, payload, "path_with_namespace", "payload")
        return gitid_there, name, page_of(provider, name)
    said = fields.text(payload, "project_name", "payload") or ""
    known = fields.child(payload, "repository", "payload") or {}
    if not any(known.get(key) for key in ADDRESSES) and "/" in said and " " not in said:
        return gitid_there, said, page_of(provider, said)  # shown to people it is `A / B`
    repository = fields.key(fields.child, payload, "repository", "payload")
    key = next((key for key in ADDRESSES if repository.get(key)), ADDRESSES[0])
    url = fields.key(fields.text, repository, key, "repository").removesuffix(".git")
    name = path_of(url, provider, f"repository.{key}")
    names, depth = name.split("/"), said.count(SHOWN) + 1
    return gitid_there, "/".join(names[-depth:] if depth > 1 else names), url


def path_of(page: str, provider: str, at: str) -> str:
    """Return the full path of the project on a page, below the server's own. Raises Unmappable."""
    try:
        path = urlsplit(page).path.strip("/")
    except ValueError as error:
        raise Unmappable(at, str(error)) from error
    prefix = provider.partition(":")[2].partition("/")[2]
    path = path.removeprefix(f"{prefix}/") if prefix else path
    if "/" not in path:
        raise Unmappable(at, "names no project")
    return path


def is_system(payload: Payload) -> bool:
    """Tell an event of a project itself, of which GitLab's administrators hear."""
    return payload.get("event_name") in SYSTEM_EVENTS


def is_sample(payload: Payload) -> bool:
    """Tell what is sent to try a hook, and is of no project."""
    project = payload.get(AT)
    page = project.get("web_url") if isinstance(project, Mapping) else None
    return isinstance(page, str) and page.endswith(SAMPLE)


def is_end(payload: Payload) -> bool:
    """Tell whether a project was deleted."""
    return payload.get("event_name") == END


def at_reception(repo: Repository, received: Time) -> Repository:
    """Return a repository with when it came."""
    return repo._replace(updated=version.believed(repo.updated, received), received=received)


def at_reading(payload: Payload, read: Time) -> Repository:
    """Return the repository as the API tells it: so it was when that was read.

    By the hour, so that the next reading says the same, but for one that is NEWS.
    """
    time = read
    if read is not None and not payload.get(NEWS):
        time = read.replace(minute=0, second=0, microsecond=0)
    return read_repository(payload)._replace(updated=time, received=time)


def repo_row(payload: Payload, repo: Repository, rank: int, latest: datetime | None = None) -> Row:
    """Return the project's row; `latest` is the last time that a hook of no time of its own says.

    Such hooks are older than all that has a time, and so ordered among themselves; those that know
    but the page of a project come before all others.
    """
    given = fields.child(payload, AT, "payload") or {}
    state = {
        "name": repo.name,
        "url": repo.url,
        "defaultbranch": fields.text(given, "default_branch", AT, fields.NAME),
        "private": is_private(payload, given),
        "archived": fields.flag(given, "archived", AT),
    }
    key = {"provider": repo.provider, "gitid": repo.gitid}
    is_bare = rank == PASSING and not given  # a Job Hook before GitLab 16 knows but its page
    if is_bare or rank == EVENT:  # nor do these say of the branch, which they must not clear
        state = {name: value for name, value in state.items() if value is not None}
    time = None if rank == PASSING else repo.updated
    order = version.timed("repos", time, rank, state.values())
    if rank == PASSING:
        micros = version.micros(latest)
        among = micros >> 20 if is_bare else max(micros, BARE_END)
        order = order[:-8] + struct.pack(">Q", among) + order[-8:]
    return Row("repos", {**key, **state, "version": order})


def is_private(payload: Payload, project: Payload) -> bool | None:
    """Tell whether not everybody may see a project; None where that is not said."""
    if word := fields.text(project, "visibility", AT, fields.WORD):
        return word != PUBLIC
    if word := fields.text(payload, "project_visibility", "payload", fields.WORD):
        return word != PUBLIC
    level = fields.number(project, "visibility_level", AT)
    return None if level is None else level < LEVEL_PUBLIC


def alias_rows(repo: Repository, latest: datetime | None = None) -> list[Row]:
    """Return a row for each name the project goes or went by."""
    time = repo.updated or latest
    seen = {"firstseen": time, "lastseen": time}
    return [Row("repoaliases", {"name": name, **seen}) for name in (repo.name, *repo.former)]
