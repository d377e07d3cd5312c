"""Which repositories are meant, and a repository as it is before anything in it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from backfill.github.context import Desk, Here, Json, read
from backfill.http.client import Client
from backfill.http.errors import Problem
from backfill.http.pagination import chain, nothing
from backfill.pipeline.writer import Part
from config.watched import Chosen
from engines.mysql import reading
from rows import Unmappable
from store.reads import for_backfill
from store.write.repositories import key_of

NOT_FOUND = 404


def names_of(client: Client, chosen: Chosen, trouble: Callable[[str], object]) -> Iterator[str]:
    """Yield the full names of the repositories that are meant; tell of owners without any."""
    yield from chosen.names
    for owner in chosen.owners:
        try:
            yield from owned(client, owner)
        except Problem as problem:
            if problem.status == 401:
                raise
            trouble(f"{owner}: {problem}")


def owned(client: Client, owner: str) -> list[str]:
    """Return an owner's repositories: an organisation's, else a user's. Raises Problem."""
    try:
        return listed(client, f"/orgs/{owner}/repos?type=all&per_page=100")
    except Problem as problem:
        if problem.status != NOT_FOUND:
            raise
    return listed(client, f"/users/{owner}/repos?type=owner&per_page=100")


def listed(client: Client, path: str) -> list[str]:
    """Return the full names in a list of repositories. Raises Problem."""
    pages = chain(client, path, nothing)
    return [str(repo["full_name"]) for page in pages for repo in page.body]


def find(desk: Desk, name: str) -> Here:
    """Return a repository, stored, with the name it goes by today. Raises Problem.

    A redirect says that `name` is a former one: it becomes an alias.
    """
    answer = desk.client.get(f"/repos/{name}")
    repository: Json = answer.body
    today = str(repository["full_name"])
    more: Json = {}
    if answer.moved and today.lower() != name.lower():
        more = {"changes": changes(name)}
        desk.show.say(f"{name} is {today} today")
    try:
        found = read("repository", repository, repository, **more)
    except Unmappable as error:
        raise Problem(f"GitHub's answer cannot be read: {error}") from error
    desk.writer.put(Part([found]))
    desk.writer.flush()
    provider, gitid = key_of(found.mapped)
    with reading(desk.engine).connect() as connection:
        repoid = for_backfill.repository_id(connection, provider, gitid)
    if repoid is None:
        raise Problem("its row was not stored")
    if repository.get("archived"):
        desk.show.say(f"{today} is archived: nothing new will come")
    return Here(repository, repoid)


def changes(former: str) -> Json:
    """Return what a `renamed` and `transferred` event would say of a former name."""
    owner, _, name = former.partition("/")
    return {
        "repository": {"name": {"from": name}},
        "owner": {"from": {"organization": {"login": owner}}},
    }
