"""The repositories that are meant, as they are today: those that answer, and those that are gone.

A repository is asked for by its name, and by its id where that does not answer, so that neither a
rename nor another repository under its name is taken for its end. What is gone is said once as a
problem. decision 23 says what is believed when.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from typing import NamedTuple

from sqlalchemy import Connection, Engine

from backfill.http.errors import ApiError
from backfill.pipeline.context import Context
from backfill.records import BEGINNING, Repository
from backfill.vendors import Vendor, vendor_of
from config.times import to_the_minute
from config.watch import Watch, is_watched
from engines import reading
from engines.transaction import transact
from store.deliveries.table import now as clock
from store.state import gone_repositories
from store.state.gone_repositories import BLOCKED, NOT_FOUND, QUIET, REPLACED, KnownRepository

WITNESSES = 3
"""Other private repositories that are asked for, to tell a lost right from a lost repository."""


class GoneRepository(NamedTuple):
    """A repository that its vendor has no more, since when (UTC without zone), and why."""

    repoid: int
    name: str
    since: datetime
    reason: str
    is_new: bool
    provider: str

    @classmethod
    def of(cls, known: KnownRepository) -> "GoneRepository":
        """Return a repository that is stored as gone."""
        time, reason = known.gonetime or BEGINNING, known.gonereason or NOT_FOUND
        return cls(known.repoid, known.name, time, reason, False, known.provider)

    @property
    def sentence(self) -> str:
        """Return what people are told of it."""
        since = f"{to_the_minute(self.since)} UTC"
        return f"{self.name} is gone since {since} ({self.reason}): what is stored of it stays"


def list_meant(
    engine: Engine,
    vendor: Vendor,
    listed: Iterable[str],
    watch: Watch,
    senders: frozenset[str] | set[str] = frozenset(),
) -> Iterator[str]:
    """Yield the names that are listed, then those stored ones that are watched and were not.

    `senders` are names, in lower case, of repositories whose deliveries came lately.
    """
    names = set[str]()
    for name in listed:
        names.add(name.lower())
        yield name
    with reading(engine).connect() as connection:
        known = list_known(connection, vendor)
    for repository in known:
        name = repository.name.lower()
        if name not in names and (is_watched(watch, [name]) or name in senders):
            names.add(name)
            yield repository.name


def list_known(connection: Connection, vendor: Vendor) -> list[KnownRepository]:
    """Return the stored repositories of a vendor."""
    known = gone_repositories.list_known(connection)
    return [one for one in known if vendor_of(one.provider).TITLE == vendor.TITLE]


def look_up(
    context: Context, vendor: Vendor, name: str, now: datetime
) -> Iterator[Repository | GoneRepository]:
    """Yield what goes by a name, and what is stored under it and is another. Raises ApiError.

    `now` is compared with the vendor's times.
    """
    with reading(context.engine).connect() as connection:
        known = list_known(connection, vendor)
    namesakes = [each for each in known if each.name.lower() == name.lower()]
    answered = None
    try:
        answered = see(context, vendor.find_repository(context, name), known)
        yield answered
    except ApiError as problem:
        if not namesakes or not (problem.is_gone or problem.is_blocked):
            raise
        reason = BLOCKED if problem.is_blocked else NOT_FOUND
    else:
        reason = REPLACED
    for repository in namesakes:
        if answered is None or repository.repoid != answered.repoid:
            yield look_closer(context, repository, reason, known, now)


def look_closer(
    context: Context,
    repository: KnownRepository,
    reason: str,
    known: Iterable[KnownRepository],
    now: datetime,
) -> Repository | GoneRepository:
    """Return a stored repository that does not answer by its name. Raises ApiError."""
    vendor = vendor_of(repository.provider)
    try:
        answered = vendor.find_known_repository(context, repository.gitid, repository.name)
        return see(context, answered, known)
    except ApiError as problem:
        if not (problem.is_gone or problem.is_blocked):
            raise
        reason = BLOCKED if problem.is_blocked else reason
    if reason == NOT_FOUND and repository.private and not repository.gonereason:
        check_rights(context, repository, known)
    is_certain = reason != NOT_FOUND or repository.gonereason not in (None, NOT_FOUND)
    quiet, time = None if is_certain else now - QUIET, clock()

    def mark(connection: Connection) -> bool:
        is_new = gone_repositories.mark_gone(connection, repository.repoid, reason, time)
        gone_repositories.abandon_runs(connection, repository.repoid, quiet)
        return is_new

    is_new = transact(context.engine, mark)
    since = repository.gonetime if not is_new and repository.gonetime else time
    why = repository.gonereason if reason == NOT_FOUND and repository.gonereason else reason
    own = repository
    return GoneRepository(own.repoid, own.name, since, why, is_new, own.provider)


def see(context: Context, repository: Repository, known: Iterable[KnownRepository]) -> Repository:
    """Return a repository that answered; one that was gone is back."""
    gone = {each.repoid for each in known if each.gonereason}
    back = partial(gone_repositories.mark_back, repoid=repository.repoid, time=clock())
    if repository.repoid in gone and transact(context.engine, back):
        context.reporter.say(f"{repository.name} is back")
    return repository


def check_rights(
    context: Context, repository: KnownRepository, known: Iterable[KnownRepository]
) -> None:
    """Raise ApiError where the key sees none of the private repositories that it saw before."""
    others = [
        other
        for other in known
        if other.private and not other.gonereason and other.repoid != repository.repoid
    ]
    refusals = list[ApiError]()
    for other in others[:WITNESSES]:
        try:
            vendor_of(other.provider).find_known_repository(context, other.gitid, other.name)
        except ApiError as problem:
            if not problem.is_hidden:
                raise
            refusals.append(problem)
            continue
        return
    if refusals or not context.client.token:
        why = "so are other private repositories" if refusals else "there is no key"
        raise ApiError(f"not found, and {why}: the key may have lost its rights", 404)


def tell_gone(
    met: Iterable[Repository | GoneRepository],
    say: Callable[[str], object],
    report: Callable[[str], object],
) -> Iterator[Repository]:
    """Yield the repositories that answer; report those newly gone, and say which others are."""
    for repository in met:
        if isinstance(repository, GoneRepository):
            (report if repository.is_new else say)(repository.sentence)
        else:
            yield repository
