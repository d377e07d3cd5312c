"""Decide what becomes of a delivery, whichever way it came: stored with its rows, or why not."""

from collections.abc import Collection, Iterable, Iterator
from typing import Any, NamedTuple

from sqlalchemy import Engine

from config.watch import Watch, is_watched
from engines import faults, reading
from rows import Mapped, Unmappable
from rows.source_record import Repository
from rows.sources import source_of
from store.deliveries import body
from store.deliveries.table import APPLIED, IGNORED, QUARANTINED, Delivery
from store.write import repositories
from store.write.repositories import Key

Payload = dict[str, Any]


class Received(NamedTuple):
    """A delivery, its payload, and the repository that the payload is about."""

    delivery: Delivery
    payload: Payload
    repository: Repository | None


class Decision(NamedTuple):
    """What becomes of a delivery: its rows, or why there are none: ignored, quarantined.

    The reason of an applied one is what of it could not be read. `is_foreign` when it is of a
    repository that is not watched. A person should hear of a `bug`, a mistake of ours, and where
    `is_unheard`: of an event that the vendor does not document. `packed` is the delivery's body it
    is stored, compressed, where it came so.
    """

    delivery: Delivery
    state: str
    reason: str | None = None
    mapped: Mapped | None = None
    is_foreign: bool = False
    is_unheard: bool = False
    bug: Exception | None = None
    packed: bytes | None = None


def decide(
    engine: Engine, watch: Watch, received: Received, accepted: Collection[Key] = ()
) -> Decision:
    """Decide about a delivery.

    `accepted` are repositories that count as stored already. Raises SQLAlchemyError where only the
    database could tell whether it is for us.
    """
    delivery, payload, repository = received
    try:
        source = source_of(delivery.provider)
    except Unmappable as error:
        return Decision(delivery, QUARANTINED, str(error))
    if delivery.event not in source.events:
        usual = f"no table is filled from {delivery.event} events"
        reason = source.silent.get(delivery.event, usual)
        is_unheard = delivery.event not in source.ignored
        return Decision(delivery, IGNORED, reason, is_unheard=is_unheard)
    if repository is not None and needs_database(watch, repository):
        key = repository.provider, repository.gitid
        if key not in accepted and not is_stored(engine, *key):
            return Decision(delivery, IGNORED, f"{repository.name} is not watched", is_foreign=True)
    try:
        mapped = source.rows_for(delivery.event, payload, repository, delivery.receivetime)
        return Decision(delivery, APPLIED, "; ".join(mapped.notes) or None, mapped)
    except Unmappable as error:
        return Decision(delivery, QUARANTINED, str(error))
    except Exception as error:  # noqa: BLE001 - a mistake of ours must not lose a delivery
        return Decision(delivery, QUARANTINED, faults.cause(error), bug=error)


def decide_each(engine: Engine, watch: Watch, deliveries: Iterable[Delivery]) -> Iterator[Decision]:
    """Decide about deliveries that waited together, in the order they came.

    What an earlier one of them brings counts as stored: a repository that is watched by its former
    name is known by the event that says so. Raises SQLAlchemyError.
    """
    accepted: set[Key] = set()
    for delivery in deliveries:
        try:
            payload = body.read_payload(delivery.body)
        except Unmappable as error:
            yield Decision(delivery, QUARANTINED, str(error))
            continue
        received = Received(delivery, payload, read_repository(delivery.provider, payload))
        decision = decide(engine, watch, received, accepted)
        if decision.mapped is not None:
            accepted.add(repositories.key_of(decision.mapped))
        yield decision


def needs_database(watch: Watch, repository: Repository | None) -> bool:
    """Tell whether only the database may know if a repository is watched.

    Watched by name is one whose name of today or a former one matches.
    """
    if repository is None:
        return False
    before = source_of(repository.provider).watched_as
    names = (repository.name, *repository.former)
    return not is_watched(watch, (f"{before}{name}" for name in names))


def is_stored(engine: Engine, provider: str, gitid: int) -> bool:
    """Tell whether a repository is stored: it is or was watched, whatever its name is today."""
    with reading(engine).connect() as connection:
        return bool(repositories.read_repositories(connection, [(provider, gitid)]))


def read_repository(provider: str, payload: Payload) -> Repository | None:
    """Return the repository a payload is about, None where it has none that can be read."""
    try:
        return source_of(provider).repository_of(payload, provider)
    except Exception:  # noqa: BLE001 - `rows_for` reads it again, and there it is answered
        return None


def label(value: object) -> str | None:
    """Return a short text as it is; anything else is not what it claims to be."""
    return value if isinstance(value, str) and len(value) <= 255 else None
