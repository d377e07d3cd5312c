"""`repository` objects -> repos and repoaliases.

A repository is its numeric id on its server: renames and transfers keep it.
"""

from functools import lru_cache
from urllib.parse import urlsplit

from rows import Row, Unmappable, fields, version
from rows.source_record import Payload, Repository, Time

AT = "repository"
PASSING, EVENT, API = 0, 1, 2
"""How much a source knows: seen in passing, a `repository` event, read from the API."""


def rank_of(event: str) -> int:
    """Return how much a delivery of an event knows."""
    return EVENT if event == AT else PASSING


@lru_cache(maxsize=1024)
def provider_of(url: str) -> str:
    """Return the server's name: `github`, or `github:host` for every other host.

    Ids are unique per server, so a page without a host is refused: Unmappable, never a guess.
    """
    try:
        host = urlsplit(url).hostname
    except ValueError as error:
        raise Unmappable(f"{AT}.html_url", str(error)) from error
    if not host:
        raise Unmappable(f"{AT}.html_url", "names no server")
    return "github" if host == "github.com" else f"github:{host}"


def repository_of(payload: Payload) -> Repository | None:
    """Return the repository a payload is about, None for one without. Raises Unmappable."""
    return None if payload.get(AT) is None else read_repository(payload)


def read_repository(payload: Payload) -> Repository:
    """Return the payload's repository. Raises Unmappable when it has none that can be told."""
    with fields.Noting() as notes:
        repo = fields.key(fields.child, payload, AT, "payload")
        url = fields.key(fields.text, repo, "html_url", AT)
        pushed = fields.moment(repo, "pushed_at", AT)
        updated = fields.moment(repo, "updated_at", AT)
        former = former_names(payload)
    return Repository(
        provider=provider_of(url),
        gitid=fields.key(fields.number, repo, "id", AT),
        name=fields.key(fields.text, repo, "full_name", AT),
        url=url,
        pushed=pushed,
        updated=updated,
        former=former,
        notes=tuple(notes),
    )


def at_reception(repo: Repository, received: Time, otherwise: Time = None) -> Repository:
    """Return a repository with when it came; in place of a push far ahead of that, `otherwise`."""
    return repo._replace(
        pushed=version.believed(repo.pushed, received, otherwise),
        updated=version.believed(repo.updated, received),
        received=received,
    )


def at_reading(payload: Payload, read: Time) -> Repository:
    """Return the repository as the API tells it: so it was when that was read.

    By the hour, so that the next reading says the same.
    """
    hour = None if read is None else read.replace(minute=0, second=0, microsecond=0)
    return at_reception(read_repository(payload), hour, hour)


def repo_row(payload: Payload, repo: Repository, rank: int) -> Row:
    """Return the repository's row."""
    given = payload[AT]
    state = {
        "name": repo.name,
        "url": repo.url,
        "defaultbranch": fields.text(given, "default_branch", AT, fields.NAME),
        "private": fields.flag(given, "private", AT),
        "archived": fields.flag(given, "archived", AT),
    }
    key = {"provider": repo.provider, "gitid": repo.gitid}
    order = version.timed("repos", repo.seen, rank, state.values())
    return Row("repos", {**key, **state, "version": order})


def former_names(payload: Payload) -> tuple[str, ...]:
    """Return the full names that a `renamed` or `transferred` event says are past.

    https://docs.github.com/webhooks/webhook-events-and-payloads#repository
    """
    changes = fields.child(payload, "changes", "payload")
    if not changes:
        return ()
    full_name = fields.text(payload[AT], "full_name", AT) or ""
    owner, _, name = full_name.partition("/")
    renamed = fields.child(changes, "repository", "changes") or {}
    before = fields.child(renamed, "name", "changes.repository") or {}
    if old := fields.text(before, "from", "changes.repository.name"):
        name = old
    transferred = fields.child(changes, "owner", "changes") or {}
    givers = fields.child(transferred, "from", "changes.owner") or {}
    for kind in ("user", "organization"):
        giver = fields.child(givers, kind, "changes.owner.from") or {}
        owner = fields.text(giver, "login", f"changes.owner.from.{kind}") or owner
    past = f"{owner}/{name}"
    return () if past == full_name else (past,)


def is_end(payload: Payload) -> bool:
    """Tell whether a repository was deleted: only `repository` events are ever `deleted`."""
    return payload.get("action") == "deleted"


def alias_rows(repo: Repository) -> list[Row]:
    """Return a row for each name the repository goes or went by."""
    seen = repo.seen
    names = (repo.name, *repo.former)
    return [Row("repoaliases", dict(name=one, firstseen=seen, lastseen=seen)) for one in names]
