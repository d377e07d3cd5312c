"""Store many deliveries in one transaction: what came at once, and what waited in the spool."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import NamedTuple

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from engines import kind_of
from engines.asking.questions import Question
from engines.chunks import SIZE
from rows import Mapped
from store import apply
from store.deliveries import acknowledged
from store.deliveries import table as deliveries
from store.deliveries.table import QUARANTINED, Delivery
from store.doors.decide import Decision
from store.doors.refusals import is_refusal, reason_of, write_each
from store.doors.same_guid import KNOWN, Key, Known, key_of, read_known, recognize
from store.state.deleted_repositories import note_ends
from store.write.first_reads import EMPTY, FirstReads, Unforeseen, nothing, read_first
from store.write.repositories import Tables
from store.write.stored_rows import Values
from store.write.version_cache import VersionCache

DUPLICATE = "duplicate"
SHORT_BYTES = 64 * 1024
"""Of bodies, before they are packed; those of long ones are stored in parts."""

OnBug = Callable[[Exception, Delivery], None]
"""Is told of a mistake of ours, and of the delivery whose rows it spoils."""


class DeliveryOutcome(NamedTuple):
    """What became of a delivery: its state, or `duplicate`; and why it is quarantined."""

    state: str
    reason: str | None = None


Outcomes = list[DeliveryOutcome]
"""Of deliveries, in their order."""
Tell = Callable[[Outcomes], object]
"""Is told the outcomes of the next ones, which are durable."""
Rows = dict[int, Values]
"""Of deliveries, by their identity."""


def tell_nobody(_: Outcomes) -> None:
    """Tell nobody."""


def store_each(
    engine: Engine,
    batch: Sequence[Decision],
    on_bug: OnBug,
    written: Callable[[], None] = nothing,
    made: Rows | None = None,
    tell: Tell = tell_nobody,
) -> Outcomes:
    """Store deliveries, durable on return; return what became of each, in order.

    It takes one transaction, unless rows are refused: then it is halved down to the delivery that
    is at fault, which is quarantined. `written` is told when only the commit is missing, and `tell`
    what is committed, part after part. Where others write at the same time, `made` has those of
    their own rows that are made already. Raises SQLAlchemyError when the database fails; some may
    be stored by then.
    """
    outcomes: Outcomes = []

    def write(part: Sequence[Decision]) -> None:
        is_whole = len(part) == len(batch)
        outcomes.extend(store_all(engine, part, written if is_whole else nothing, made, tell))

    def refuse(decision: Decision, error: Exception) -> None:
        if not is_refusal(error):
            on_bug(error, decision.delivery)
        outcomes.extend(quarantine(engine, decision.delivery, reason_of(error), tell))

    write_each(batch, write, refuse, is_of_rows)
    return outcomes


def is_of_rows(error: Exception) -> bool:
    """Tell whether the database is well: a mistake of ours must not lose a delivery either."""
    return is_refusal(error) or not isinstance(error, SQLAlchemyError)


def quarantine(
    engine: Engine, delivery: Delivery, reason: str, tell: Tell = tell_nobody
) -> Outcomes:
    """Store a delivery without its rows, with what stands in their way; an applied one stays."""
    return store_all(engine, [Decision(delivery, QUARANTINED, reason)], tell=tell)


def store_all(
    engine: Engine,
    batch: Sequence[Decision],
    written: Callable[[], None] = nothing,
    made: Rows | None = None,
    tell: Tell = tell_nobody,
) -> Outcomes:
    """Store deliveries with their rows, all or none; durable on return.

    Those that were applied before are left as they are. Whether any was is not asked: nearly all
    guids are new, and the database refuses one that is not. Raises Unmappable for a text that no
    column holds, and SQLAlchemyError when the database fails.
    """
    if len(set(map(key_of, batch))) == len(batch):
        try:
            return store_together(engine, batch, written, tell, are_new=True, made=made)
        except IntegrityError as error:
            if deliveries.NAME not in str(error.orig):
                raise
    return store_together(engine, batch, written, tell, are_new=False, made=made)


def store_together(
    engine: Engine,
    batch: Sequence[Decision],
    written: Callable[[], None] = nothing,
    tell: Tell = tell_nobody,
    *,
    are_new: bool,
    made: Rows | None = None,
) -> Outcomes:
    """Do it in one transaction. Raises IntegrityError where not all `are_new`."""

    def work(
        foresees: bool, connection: Connection, cache: VersionCache
    ) -> tuple[Tables, list[Decision | None]]:
        rows = dict(made or {})
        make = partial(make_rows, batch, rows)
        known: dict[Key, Known] = {}
        # The transaction before has the runs locked until its commit is on the disk: in this time
        # the server writes what waits for no run. A drain does it the other way round, so one of
        # the two has to be ended at once where both bring the same guid.
        is_beside = made is not None and len(batch) > 1
        is_saved = are_new and is_beside and kind_of(connection).finds_deadlocks
        if is_saved:
            make()
            save_all(connection, sorted(batch, key=key_of), rows, are_new=True)
        if are_new:
            meanwhile = nothing if is_saved else make
            foresees &= len(batch) == 1  # others would only gather in smaller batches
            mapped = mapped_of(batch)
            _, first = read_first(connection, mapped, cache, None, meanwhile, foresees=foresees)
        else:
            known, first = read_beside(connection, batch, cache, make)
        recognized = recognize(connection, batch, known)
        fresh = sorted(filter(None, recognized), key=key_of)
        if not fresh:
            return {}, recognized
        save: Callable[[], None] = nothing
        if not is_saved:
            save = partial(save_all, connection, fresh, rows, are_new=are_new)
        if mapped := mapped_of(fresh):
            if first.foreseen and is_short(fresh):
                first = first._replace(write_meanwhile=save)
            elif first.runs is None:
                first = first._replace(write_beside=save)
            else:  # which are locked: the server writes the deliveries while rows are made
                save()
                kind_of(connection).push(connection)
            tables = apply.apply(connection, mapped, cache, told=True, first=first)
        else:
            tables = {}
            save()
        note_ends(connection, ((new.mapped, new.delivery.receivetime) for new in fresh))
        last.append(acknowledged.last_number(connection))
        written()
        return tables, recognized

    def end(done: tuple[Tables, list[Decision | None]]) -> None:
        acknowledged.note(engine, last[-1])
        tell(outcomes_of(done[1]))

    last = [0]
    try:
        fresh = apply.write(engine, partial(work, True), end)
    except Unforeseen:
        fresh = apply.write(engine, partial(work, False), end)
    return outcomes_of(fresh)


def outcomes_of(fresh: Iterable[Decision | None]) -> Outcomes:
    """Return what became of deliveries; None stands for one that was applied before."""
    return [
        DeliveryOutcome(DUPLICATE) if new is None else DeliveryOutcome(new.state, new.reason)
        for new in fresh
    ]


def read_beside(
    connection: Connection,
    batch: Sequence[Decision],
    cache: VersionCache,
    meanwhile: Callable[[], None],
) -> tuple[dict[Key, Known], FirstReads]:
    """Return what is stored under the guids of a batch, and what its rows read first."""
    provider, guids = batch[0].delivery.provider, [one.delivery.guid for one in batch]
    if len(batch) > SIZE or any(one.delivery.provider != provider for one in batch):
        return read_known(connection, map(key_of, batch)), EMPTY
    question = Question(KNOWN, {"of": provider, "guids": guids})
    rows, first = read_first(connection, mapped_of(batch), cache, question, meanwhile)
    return {(provider, guid): Known(*row) for guid, *row in rows}, first


def mapped_of(batch: Iterable[Decision]) -> list[Mapped]:
    """Return the rows that deliveries bring."""
    return [decision.mapped for decision in batch if decision.mapped is not None]


def is_short(batch: Iterable[Decision]) -> bool:
    """Tell whether deliveries are sent at once, whatever else the server has to send meanwhile."""
    return sum(len(one.delivery.body) for one in batch) <= SHORT_BYTES


def make_rows(batch: Iterable[Decision], rows: Rows) -> None:
    """Make the rows of deliveries that have none yet."""
    rows.update((id(new.delivery), row_of(new)) for new in batch if id(new.delivery) not in rows)


def row_of(new: Decision) -> Values:
    """Return the row of a delivery."""
    return deliveries.row_of(new.delivery, new.state, new.reason, new.packed)


def save_all(
    connection: Connection, fresh: Sequence[Decision], rows: Rows, *, are_new: bool
) -> None:
    """Store deliveries themselves, whose rows are made if they are as they came."""
    made = [rows.get(id(new.delivery)) or row_of(new) for new in fresh]
    deliveries.save_rows(connection, made, are_new=are_new)
