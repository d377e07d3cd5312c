"""Let rows of an earlier installation be adopted by what is written, instead of doubled.

Such rows lack what names a row today: a repository its id, a workflow its id, a commit or a branch
its repository. A delivery or a page of the API that is about the same thing adopts the row just
before it is merged: the row keeps its Id, and gets its key. Runs have their ids already.

The table `marks` says whether there are such rows at all (schema/adopt/rows.py); where it does
not, nothing here asks the database for anything but that, once in a while.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import ColumnElement, Connection, Table, or_, select, update
from sqlalchemy.exc import IntegrityError

from engines.chunks import chunks
from rows import Mapped
from schema.adopt.rows import MARK, short
from schema.tables.ci import repos, workflowruns
from schema.tables.reconciler import marks
from store.write.repositories import Key, key_of, read_repositories
from store.write.upsert import upsert
from store.write.version_cache import SECONDS, VersionCache

WAITING = select(marks.c.Id).where(marks.c.subject == MARK[0], marks.c.name == MARK[1])
"""The mark that there are such rows."""
CUT = 50
"""Characters of a name that earlier installations kept."""
RUN_ID = {"workflowruns": "gitid", "runattempts": "rungitid", "jobs": "rungitid"}
"""The column that holds a run's id, by table."""


def is_needed(connection: Connection, cache: VersionCache) -> bool:
    """Tell whether rows may wait to be adopted; asked of the database once in a while."""
    until, is_waiting = cache.adoption
    if time.monotonic() > until:
        is_waiting = connection.execute(WAITING).first() is not None
        cache.adoption = (time.monotonic() + SECONDS, is_waiting)
    return is_waiting


def adopt_repositories(connection: Connection, batch: Sequence[Mapped]) -> None:
    """Give older rows the keys of a batch's repositories that are not stored yet.

    One without a key that holds a run of a stored one is the same: its name becomes an alias.
    """
    by_repository: dict[Key, list[Mapped]] = defaultdict(list)
    for mapped in batch:
        by_repository[key_of(mapped)].append(mapped)
    stored = read_repositories(connection, by_repository)
    if by_repository.keys() - stored.keys():
        # One at a time: two writers could choose different rows for one repository.
        connection.execute(WAITING.with_for_update())
    for key, deliveries in sorted(by_repository.items()):
        holders = holders_of(connection, key[0], runs_in(deliveries))
        if key not in stored:
            repository = deliveries[0].repository.values
            number = min(holders, default=None)
            if number is None:
                number = bearer_of(connection, repository)
            if number is None:
                continue
            adopt_repository(connection, key, number)
            holders = (holders | twins_of(connection, repository)) - {number}
        note_aliases(connection, key, holders)


def runs_in(deliveries: Iterable[Mapped]) -> set[int]:
    """Return the ids of the runs that deliveries speak of."""
    return {
        gitid
        for mapped in deliveries
        for row in mapped.rows
        if row.table in RUN_ID and isinstance(gitid := row.values[RUN_ID[row.table]], int)
    }


def holders_of(connection: Connection, provider: str, gitids: Iterable[int]) -> set[int]:
    """Return the repositories without a key that hold one of these runs."""
    numbers: set[int] = set()
    for part in chunks(sorted(gitids)):
        query = (
            select(workflowruns.c.repoid)
            .join(repos, repos.c.Id == workflowruns.c.repoid)
            .where(workflowruns.c.provider == provider, workflowruns.c.gitid.in_(part))
            .where(repos.c.gitid.is_(None))
        )
        numbers.update(connection.scalars(query.distinct()))
    return numbers


def bearer_of(connection: Connection, repository: Mapping[str, object]) -> int | None:
    """Return the repository without a key of this full name, else of this short one."""
    name = str(repository["name"])
    query = select(repos.c.Id, repos.c.name).where(repos.c.gitid.is_(None))
    for wanted in (name, short(name)):
        rows = connection.execute(query.where(repos.c.name.in_(forms(wanted)))).all()
        numbers = [row.Id for row in rows]
        if len(numbers) == 1 and (wanted == name or is_of(connection, numbers[0], name)):
            return int(numbers[0])
    return None


def twins_of(connection: Connection, repository: Mapping[str, object]) -> set[int]:
    """Return the keyless repository of this short name, unless it may be another's too."""
    name = str(repository["name"])
    bearers = connection.execute(
        select(repos.c.Id, repos.c.gitid, repos.c.name).where(
            or_(
                repos.c.name.in_(forms(short(name))),
                repos.c.name.endswith(f"/{short(name)}", autoescape=True),
            )
        )
    ).all()
    in_short = {row.Id for row in bearers if row.gitid is None and "/" not in row.name}
    others = {row.name.casefold() for row in bearers if "/" in row.name} - {name.casefold()}
    return {number for number in in_short if not others and is_of(connection, number, name)}


def forms(text: str) -> list[str]:
    """Return a text as it is, and as an earlier installation may have cut it."""
    return sorted({text, text[:CUT]})


def is_of(connection: Connection, number: int, name: str) -> bool:
    """Tell whether the pages of a repository's runs, where it has any, bear this full name."""
    query = select(workflowruns.c.url).where(
        workflowruns.c.repoid == number, workflowruns.c.url.is_not(None)
    )
    url = connection.execute(query.limit(1)).scalar_one_or_none()
    return url is None or f"/{name.casefold()}/" in f"{url}/".casefold()


def adopt_repository(connection: Connection, key: Key, number: int) -> None:
    """Give a repository its key; what it was called becomes an alias."""
    provider, gitid = key
    name = connection.execute(select(repos.c.name).where(repos.c.Id == number)).scalar_one()
    after = {"provider": provider, "gitid": gitid}
    is_ours = give_key(connection, repos, number, repos.c.gitid.is_(None), after)
    if is_ours and name and "/" in name:
        store_alias(connection, number, name)


def give_key(
    connection: Connection,
    table: Table,
    number: int,
    is_free: ColumnElement[bool],
    after: Mapping[str, object],
) -> bool:
    """Give a row its key, unless another writer was quicker; tell whether it is ours."""
    adoption = update(table).where(table.c.Id == number, is_free)
    try:
        with connection.begin_nested():
            return connection.execute(adoption.values(after)).rowcount == 1
    except IntegrityError:  # the key is there by now: the older row stays what it is
        return False


def note_aliases(connection: Connection, key: Key, numbers: Iterable[int]) -> None:
    """Remember, as aliases, the names of keyless repositories that are the same as this one."""
    same = sorted(numbers)
    repository = read_repositories(connection, [key]).get(key) if same else None
    if repository is None:
        return
    for name in connection.scalars(select(repos.c.name).where(repos.c.Id.in_(same))).all():
        if name:
            store_alias(connection, repository.repoid, name)


def store_alias(connection: Connection, number: int, name: str) -> None:
    """Store a name that a repository went by, unless it is stored."""
    values = {"repoid": number, "name": name, "firstseen": None, "lastseen": None}
    upsert(connection, "repoaliases", [values])
