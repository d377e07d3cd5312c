"""Let rows of an earlier installation be claimed by what is written, instead of doubled.

Such rows lack what names a row today: a repository its id, a workflow its id, a commit or a branch
its repository. A delivery or a page of the API that is about the same thing claims the row just
before it is merged: the row keeps its Id, and gets its key. Runs have their ids already.

`marks` says whether there are such rows at all (schema/adopt/rows.py); where it does not, nothing
here asks the database for anything but that, once in a while.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, or_, select, update
from sqlalchemy.exc import IntegrityError

from engines.chunks import chunks
from rows import Mapped
from schema.adopt.rows import MARK, short
from schema.tables.ci import repos, workflowruns
from schema.tables.reconciler import marks
from store.write.upsert import upsert
from store.write.version_cache import SECONDS, Known

CUT = 50
"""Characters of a name that earlier installations kept."""

Key = tuple[str, int]


def is_needed(connection: Connection, known: Known) -> bool:
    """Tell whether rows may wait to be claimed; asked of the database once in a while."""
    until, found = known.unclaimed
    if time.monotonic() > until:
        found = connection.execute(marked()).first() is not None
        known.unclaimed = (time.monotonic() + SECONDS, found)
    return found


def marked() -> Any:
    """Return the query for the mark."""
    subject, name = MARK
    return select(marks.c.Id).where(marks.c.subject == subject, marks.c.name == name)


def repositories(connection: Connection, batch: Sequence[Mapped], stored: Iterable[Key]) -> bool:
    """Claim the repositories of a batch that are not `stored` yet; tell whether any was.

    An unclaimed one that holds a run of a stored one is the same: its name becomes an alias.
    """
    told: dict[Key, list[Mapped]] = defaultdict(list)
    for mapped in batch:
        told[mapped.provider, int(str(mapped.repository.values["gitid"]))].append(mapped)
    known = set(stored)
    if told.keys() - known:
        # One claimant at a time: two could choose different rows for one repository.
        connection.execute(marked().with_for_update())
    claimed = False
    for key, those in sorted(told.items()):
        holders = holding(connection, key[0], runs_of(those))
        if key not in known:
            number = min(holders, default=None)
            if number is None:
                number = bearing(connection, those[0].repository.values)
            if number is None:
                continue
            claimed = claim_repository(connection, key, number) or claimed
            holders = (holders | twins(connection, those[0].repository.values)) - {number}
        note(connection, key, holders)
    return claimed


def runs_of(those: Iterable[Mapped]) -> set[int]:
    """Return the ids of the runs that are spoken of."""
    found = set()
    for mapped in those:
        for row in mapped.rows:
            name = {"workflowruns": "gitid", "runattempts": "rungitid", "jobs": "rungitid"}
            if row.table in name and isinstance(gitid := row.values[name[row.table]], int):
                found.add(gitid)
    return found


def holding(connection: Connection, provider: str, gitids: Iterable[int]) -> set[int]:
    """Return the unclaimed repositories that hold one of these runs."""
    found: set[int] = set()
    for part in chunks(sorted(gitids)):
        query = (
            select(workflowruns.c.repoid)
            .join(repos, repos.c.Id == workflowruns.c.repoid)
            .where(workflowruns.c.provider == provider, workflowruns.c.gitid.in_(part))
            .where(repos.c.gitid.is_(None))
        )
        found.update(connection.scalars(query.distinct()))
    return found


def bearing(connection: Connection, told: Mapping[str, object]) -> int | None:
    """Return the unclaimed repository of this full name, else of this short one."""
    name = str(told["name"])
    query = select(repos.c.Id, repos.c.name).where(repos.c.gitid.is_(None))
    for wanted in (name, short(name)):
        rows = connection.execute(query.where(repos.c.name.in_(forms(wanted)))).all()
        numbers = [row.Id for row in rows]
        if len(numbers) == 1 and (wanted == name or is_of(connection, numbers[0], name)):
            return int(numbers[0])
    return None


def twins(connection: Connection, told: Mapping[str, object]) -> set[int]:
    """Return the unclaimed repository of this short name, unless it may be another's too."""
    name = str(told["name"])
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


def claim_repository(connection: Connection, key: Key, number: int) -> bool:
    """Give an unclaimed repository its key; what it was called becomes an alias.

    Tells whether it is ours: another writer may have stored the same one meanwhile.
    """
    provider, gitid = key
    name = connection.execute(select(repos.c.name).where(repos.c.Id == number)).scalar_one()
    claiming = update(repos).where(repos.c.Id == number, repos.c.gitid.is_(None))
    try:
        with connection.begin_nested():
            done = connection.execute(claiming.values(provider=provider, gitid=gitid))
    except IntegrityError:
        return False
    if done.rowcount and name and "/" in name:
        alias(connection, number, name)
    return bool(done.rowcount)


def note(connection: Connection, key: Key, numbers: Iterable[int]) -> None:
    """Remember, as aliases, the names of unclaimed repositories that are the same as this one."""
    wanted = sorted(numbers)
    if not wanted:
        return
    provider, gitid = key
    this = select(repos.c.Id).where(repos.c.provider == provider, repos.c.gitid == gitid)
    number = connection.execute(this).scalar_one_or_none()
    if number is None:
        return
    for name in connection.scalars(select(repos.c.name).where(repos.c.Id.in_(wanted))).all():
        if name:
            alias(connection, number, name)


def alias(connection: Connection, number: int, name: str) -> None:
    """Store a name that a repository went by, unless it is stored."""
    values = {"repoid": number, "name": name, "firstseen": None, "lastseen": None}
    upsert(connection, "repoaliases", [values])
