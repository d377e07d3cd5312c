"""Where repositories are today: their numbers here, their names, and who bears a name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, bindparam, select

from rows import Mapped, Row
from rows.version import STUB
from schema.tables.ci import PLACED, repos
from store.write import adopted_repositories, renames
from store.write.upsert import upsert
from store.write.version_cache import Known

Key = tuple[str, int]
Values = dict[str, Any]


class Place(NamedTuple):
    """A stored repository: its number here, full name and HTML page."""

    repoid: int
    name: str
    url: str | None


def stored(connection: Connection, wanted: Iterable[Key]) -> dict[Key, Place]:
    """Return the stored repositories among `wanted`, by provider and gitid."""
    by_provider: dict[str, list[int]] = defaultdict(list)
    for provider, gitid in wanted:
        by_provider[provider].append(gitid)
    found: dict[Key, Place] = {}
    for provider, gitids in by_provider.items():
        for gitid, *place in connection.execute(asked(), {"of": provider, "gitids": gitids}):
            found[provider, gitid] = Place(*place)
    return found


@lru_cache
def asked() -> Select[Any]:
    """Return the query for some repositories of a provider."""
    return select(repos.c.gitid, repos.c.Id, repos.c.name, repos.c.url).where(
        repos.c.provider == bindparam("of"),
        repos.c.gitid.in_(bindparam("gitids", expanding=True)),
    )


def key_of(mapped: Mapped) -> Key:
    """Return the repository of a delivery."""
    gitid = mapped.repository.values["gitid"]
    assert isinstance(gitid, int)  # noqa: S101 - rows.github.repo reads it as a number
    return mapped.provider, gitid


def settle(connection: Connection, batch: Sequence[Mapped], known: Known) -> dict[Key, Place]:
    """Store the repositories of a batch where they are new, and return them all.

    A changed name answers at once; older rows are left to `store.write.renames`.
    """
    wanted = {key_of(mapped) for mapped in batch}
    before = stored(connection, wanted)
    if adopted_repositories.is_needed(connection, known) and adopted_repositories.repositories(
        connection, batch, before
    ):
        before = stored(connection, wanted)
    fresh = [
        mapped.repository.values
        for mapped in batch
        if key_of(mapped) not in before or not known.is_stored("repos", mapped.repository.values)
    ]
    if not fresh:
        return before
    if wanted - before.keys():
        # Another writer may be storing the same repository, under another name: wait for it.
        upsert(connection, "repos", [stub(values) for values in fresh])
        before = stored(connection, wanted)
    upsert(connection, "repos", fresh)
    if all(is_at(mapped.repository.values, before[key_of(mapped)]) for mapped in batch):
        return before
    after = stored(connection, wanted)
    for key, place in after.items():
        if before[key].name not in (None, place.name):
            renames.schedule(connection, place.repoid)
    return after


def is_at(values: Values, place: Place) -> bool:
    """Tell whether a repository's row says of its place what is stored already."""
    return (values["name"], values["url"]) == (place.name, place.url)


def stub(values: Values) -> Values:
    """Return the row of a repository of which nothing is known yet but its number."""
    return {"provider": values["provider"], "gitid": values["gitid"], "version": STUB}


def placed(row: Row, told: Values, place: Place) -> Values:
    """Return a row's values with its repository's number and name of today.

    `told` is the repository as the payload knew it: a late delivery still has the old name, and
    pages that are below the old one move along.
    """
    values: Values = {**row.values, "repoid": place.repoid}
    if row.table not in PLACED:
        return values
    values["repo"] = place.name
    url = values.pop("url", None)
    if url is None:
        return values
    if told["url"] != place.url and url.startswith(f"{told['url']}/"):
        url = f"{place.url}{url.removeprefix(told['url'])}"
    return {**values, "url": url}


def has_repository(connection: Connection, provider: str, gitid: int) -> bool:
    """Tell whether a repository has been stored: it is or was watched."""
    return bool(stored(connection, [(provider, gitid)]))
