"""Which repositories are meant, and a repository with its objects as rows."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, TypeVar

from backfill.http.client import Client
from backfill.http.errors import ApiError
from backfill.http.list_body import read_items
from backfill.http.pagination import FetchedPage, fetch_pages, know_nothing
from backfill.http.smaller_pages import items_before
from backfill.pipeline.api_objects import read_field, read_named, read_object
from backfill.pipeline.context import Context
from backfill.pipeline.stored_repository import store_repository
from backfill.records import Json, Repository, Unread, UnreadItem
from config.watch import Watch
from rows import Unmappable, fields
from rows.counted import counted
from rows.sources import source_of
from store.deliveries.table import now
from store.doors.api import Read
from store.state.commit_ranges import GONE, MOST, CommitRange

FULL_NAME = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)

COUNTED = {
    "repository": frozenset({"repos"}),
    "branch": frozenset({"branches"}),
    "branch_gone": frozenset({"branches"}),
    "commit": frozenset({"commits"}),
    "workflow": frozenset({"workflows"}),
    "workflow_run": frozenset({"workflowruns", "runattempts"}),
    "workflow_job": frozenset({"jobs"}),
}
PAST_ATTEMPT = frozenset({"runattempts"})
Listed = TypeVar("Listed")


def list_names(client: Client, watch: Watch, report: Callable[[str], object]) -> Iterator[str]:
    """Yield the full names of the repositories that are meant; tell of owners without any."""
    yield from watch.names.values()
    for owner in watch.owners.values():
        try:
            yield from list_owned(client, owner, report)
        except ApiError as problem:
            if problem.is_bad_key:
                raise
            report(f"{owner}: {problem}")


def list_owned(client: Client, owner: str, report: Callable[[str], object]) -> list[str]:
    """Return an owner's repositories: an organisation's, else a user's. Raises ApiError."""
    tell = partial(tell_unlisted, owner, report)
    try:
        return list_repositories(client, f"/orgs/{owner}/repos?type=all&per_page=100", tell)
    except ApiError as problem:
        if not problem.is_gone:
            raise
    return list_repositories(client, f"/users/{owner}/repos?type=owner&per_page=100", tell)


def tell_unlisted(owner: str, report: Callable[[str], object], why: str) -> None:
    """Tell that not all repositories of an owner could be listed."""
    report(f"{owner}: some of its repositories are not listed: {why}")


def list_repositories(client: Client, path: str, tell: Callable[[str], object]) -> list[str]:
    """Return the full names in a list of repositories; tell why some are lacking.

    Raises ApiError.
    """
    names, broken = list[str](), list[ApiError]()
    for page in fetch_pages(client, path, know_nothing, broken):
        records, odd = read_named(page.body, None, "full_name")
        listed = (record["full_name"] for record in records)
        these = [name for name in listed if FULL_NAME.fullmatch(name)]
        if odd + len(records) > len(these):
            tell("full_name is missing or no name of one")
        names += these
    for problem in broken:
        tell(str(problem))
    return names


def find_repository(context: Context, name: str) -> Repository:
    """Return a repository, stored, with the name it goes by today. Raises ApiError.

    A redirect says that `name` is a former one: it becomes an alias.
    """
    return read_repository(context, f"/repos/{name}", name)


def find_known_repository(context: Context, gitid: int, name: str) -> Repository:
    """Return the repository with an id, which went by `name`. Raises ApiError."""
    return read_repository(context, f"/repositories/{gitid}", name)


def read_repository(context: Context, path: str, name: str) -> Repository:
    """Return the repository at a path, stored; `name` is how it is known. Raises ApiError."""
    answer = context.client.get(path)
    repository = read_object(answer.body, "repository")
    today = read_field(fields.text, repository, "full_name", "repository")
    if not FULL_NAME.fullmatch(today):
        raise ApiError("the answer cannot be read: repository.full_name is no name of one")
    more: Json = {}
    if (answer.moved or not path.endswith(name)) and today.lower() != name.lower():
        more = {"changes": describe_rename(name)}
        context.reporter.say(f"{name} is {today} today")
    try:
        read = map_object("repository", repository, repository, **more)
    except Unmappable as error:
        raise ApiError(f"GitHub's answer cannot be read: {error}") from error
    archived = bool(repository.get("archived"))
    repoid, provider = store_repository(context, read, today, archived=archived)
    at = "repository"
    return Repository(
        repoid,
        provider,
        today,
        f"/repos/{today}/",
        fields.text(repository, "default_branch", at) or "",
        fields.moment(repository, "created_at", at),
        fields.moment(repository, "pushed_at", at),
        repository,
    )


def describe_rename(former: str) -> Json:
    """Return what a `renamed` and `transferred` event would say of a former name."""
    owner, _, name = former.partition("/")
    return {
        "repository": {"name": {"from": name}},
        "owner": {"from": {"organization": {"login": owner}}},
    }


def map_object(kind: str, record: Json, repository: Json, **more: Any) -> Read:
    """Return an API object as rows, by way of the webhook's shape. Raises Unmappable."""
    key = "branch" if kind == "branch_gone" else kind
    payload = {key: record, "repository": repository, **more}
    return Read(source_of("github").rows_read(kind, payload, now()), COUNTED[kind])


def map_objects(
    context: Context, kind: str, records: list[Any], repository: Repository
) -> list[Read]:
    """Return API objects as rows, and tell of those that cannot be mapped, or not wholly."""
    mapped = []
    for record in records:
        if not isinstance(record, dict):
            context.reporter.report(f"{repository.name}: {kind}: wants an object")
            continue
        called = record.get("id", record.get("sha", record.get("name", "")))
        name = f"{repository.name}: {kind} {called}"
        try:
            read = map_object(kind, record, repository.record)
        except Unmappable as error:
            context.reporter.report(f"{name}: {error}")
            continue
        say_notes(context, name, read)
        mapped.append(read)
    return mapped


def say_notes(context: Context, name: str, read: Read) -> None:
    """Say what of an object could not be read."""
    for note in read.mapped.notes:
        context.reporter.say(f"{name}: {note}")


def map_each(
    context: Context,
    what: str,
    map_one: Callable[[Json], Listed],
    records: Iterable[Any],
    unread: Unread,
    run: int | None = None,
) -> Iterator[Listed]:
    """Yield the objects that can be read; say what of them cannot, and add the others to `unread`.

    `what` they are; of a `run` where they belong to one.
    """
    for record in records:
        if not isinstance(record, dict):
            unread.append(UnreadItem(what, "?", "wants an object", run))
            continue
        keys = ("name",) if what == "branch" else ("id", "sha")
        name = str(next(filter(None, map(record.get, keys)), "?"))
        try:
            with fields.Noting() as notes:
                listed = map_one(record)
        except Unmappable as error:
            unread.append(UnreadItem(what, name, str(error), run))
            continue
        for note in notes:
            context.reporter.say(f"{what} {name}: {note}")
        yield listed


def describe_cut(fetched: FetchedPage, commits: list[Any]) -> str:
    """Return what a comparison lacks by its own count, said on its last page; empty for nothing.

    https://docs.github.com/rest/commits/commits#compare-two-commits
    """
    if fetched.nextpage is not None or not isinstance(fetched.body, dict):
        return ""
    total = fields.number(fetched.body, "total_commits", "comparison")
    listed = items_before(fetched.key) + len(commits)
    if total is None or total == listed:
        return ""
    return f"a comparison lists {listed} of {counted(total, 'commit')}"


def compare_commits(context: Context, repository: Repository, base: str, head: str) -> CommitRange:
    """Return what one commit has and another has not, and store the commits. Raises ApiError.

    https://docs.github.com/rest/commits/commits#compare-two-commits
    """
    try:
        answer = context.client.get(f"{repository.path}compare/{base}...{head}?per_page={MOST}")
    except ApiError as problem:
        if not problem.is_unknown_commit:
            raise
        return CommitRange(GONE)
    commits = read_items(answer.body, "commits")[:MOST]
    context.writer.put(map_objects(context, "commit", commits, repository))
    context.writer.flush()
    at, body = "compare", answer.body
    status = fields.text(body, "status", at)
    ahead, behind = (
        fields.number(body, name, at, fields.BIGGEST_INT) for name in ("ahead_by", "behind_by")
    )
    hashes = [fields.sha(commit, "sha", "compare.commits") for commit in commits]
    return CommitRange(status, ahead, behind, tuple(filter(None, hashes)))


def explain_no_runs(context: Context, repository: Repository) -> str:
    """Return why there is no run to read."""
    try:
        answer = context.client.get(f"{repository.path}actions/permissions").body
        allowed = fields.flag(read_object(answer, "permissions"), "enabled", "permissions")
    except ApiError:
        return "GitHub lists no runs"
    return "GitHub lists no runs" if allowed is not False else "Actions are switched off"
