"""Store the repositories of a batch, and give rows their number and name of today."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, select

from engines.asking.questions import Question, ask
from engines.bulk.id_list import among_ids
from engines.chunks import by_scope
from rows import Mapped, Row
from rows.version import STUB
from schema.tables.ci import PLACED, repos
from store.write import renames
from store.write.merge_rules import SHARED
from store.write.stored_rows import Values
from store.write.upsert import upsert
from store.write.version_cache import CACHED, VersionCache

Key = tuple[str, int]
"""Of a repository: provider and gitid."""
Batch = Sequence[Mapped]
"""What deliveries or a page of the API say, in the order they came."""
Tables = dict[str, list[Values]]


class StoredRepository(NamedTuple):
    """A stored repository: its number here, name and HTML page; since when and why it is gone.

    `is_named_anew` when this transaction has given it another name, or its first.
    """

    repoid: int
    name: str
    url: str | None
    gonetime: datetime | None = None
    gonereason: str | None = None
    is_named_anew: bool = False


def read_repositories(connection: Connection, keys: Iterable[Key]) -> dict[Key, StoredRepository]:
    """Return the stored repositories among these, by key."""
    return {
        (provider, gitid): StoredRepository(*row)
        for provider, gitids in by_scope(keys)
        for gitid, *row in ask(
            connection, Question(REPOSITORIES, {"of": provider, "gitids": gitids})
        )[0]
    }


REPOSITORIES = select(
    *(repos.c[name] for name in ("gitid", "Id", "name", "url", "gonetime", "gonereason"))
).where(repos.c.provider == bindparam("of"), among_ids(repos.c.gitid, "gitids"))


def key_of(mapped: Mapped) -> Key:
    """Return the repository of a delivery."""
    gitid = mapped.repository.values["gitid"]
    assert isinstance(gitid, int)  # noqa: S101 - rows.github.repo reads it as a number
    return mapped.provider, gitid


def store_repositories(
    connection: Connection,
    batch: Sequence[Mapped],
    cache: VersionCache,
    known: Mapping[Key, StoredRepository] | None = None,
) -> Mapping[Key, StoredRepository]:
    """Store the repositories of a batch where they are new, and return them all.

    `known` are those that were read before. A changed name answers at once; older rows are left to
    `store.write.renames`.
    """
    keys = {key_of(mapped) for mapped in batch}
    before = read_repositories(connection, keys) if known is None else known
    fresh = [
        mapped.repository.values
        for mapped in batch
        if key_of(mapped) not in before or not cache.is_stored("repos", mapped.repository.values)
    ]
    if not fresh:
        return before
    if keys - before.keys():
        # Another writer may be storing the same repository, under another name: wait for it.
        stubs = [
            {"provider": values["provider"], "gitid": values["gitid"], "version": STUB}
            for values in fresh
        ]
        upsert(connection, "repos", stubs)
        before = read_repositories(connection, keys)
    upsert(connection, "repos", fresh)
    if all(is_named(before[key_of(mapped)], mapped.repository.values) for mapped in batch):
        return before
    after = read_repositories(connection, keys)
    for key, repository in list(after.items()):
        if before[key].name not in (None, repository.name):
            renames.schedule(connection, repository.repoid)
        after[key] = repository._replace(is_named_anew=before[key].name != repository.name)
    return after


def is_named(stored: StoredRepository, values: Values) -> bool:
    """Tell whether a repository's row says of its name and page what is stored already."""
    return (values["name"], values["url"]) == (stored.name, stored.url)


def rows_by_table(
    batch: Iterable[Mapped], stored: Mapping[Key, StoredRepository], cache: VersionCache
) -> Tables:
    """Return the rows of a batch by table, without those known to be stored at least as new."""
    tables: Tables = defaultdict(list)
    for mapped in batch:
        repository, told = stored[key_of(mapped)], mapped.repository.values
        for row in mapped.rows:
            table, values = row.table, values_in(repository, row, told)
            if table not in CACHED or not cache.is_stored(table, values):
                tables[table].append(values)
    return tables


def values_in(repository: StoredRepository, row: Row, told: Values) -> Values:
    """Return a row's values with its repository's number and name of today.

    `told` is the repository as the payload knew it: a late delivery still has the old name, and
    pages that are below the old one move along.
    """
    values: Values = {**row.values, "repoid": repository.repoid}
    if row.table not in PLACED:
        return values
    values["repo"] = repository.name
    url = values.get("url")
    if url is None:
        values.pop("url", None)
    elif row.table == SHARED and not is_below(told["url"], url):
        values |= {"repoid": None, "repo": None}  # its own repository's records tell it
    elif told["url"] != repository.url and url.startswith(f"{told['url']}/"):
        values["url"] = f"{repository.url}{url.removeprefix(told['url'])}"
    return values


def is_below(page: str | None, url: str) -> bool:
    """Tell whether an address is below a repository's page, whatever its case."""
    return page is None or url.casefold().startswith(f"{page}/".casefold())
