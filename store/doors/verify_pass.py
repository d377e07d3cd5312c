"""Go through all deliveries once a day, a page at a time, and keep in health what is damaged."""

import json
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import Connection, Engine

from engines import database_time, kind_of, reading
from engines.transaction import transact
from store.doors import verify
from store.state import health, notes
from store.state.health import BAD, GOOD, HealthState

MARK = "verified"
NAME = "store"
EVERY = timedelta(days=1)
KEPT = 20  # sentences about what is wrong


class Position(NamedTuple):
    """How far a pass came, by Id, and what it has met; -1 when it is over."""

    after: int = 0
    wrong: tuple[str, ...] = ()


def step(engine: Engine) -> bool:
    """Verify the next page, and tell whether more of this pass is left. Raises SQLAlchemyError."""
    with reading(engine).connect() as connection:
        note, now = notes.get(connection, "", MARK), database_time(connection)
    after, wrong = Position(*json.loads(note.value)) if note and note.value else Position()
    if after < 0:
        if note is not None and abs(now - note.time) < EVERY:
            return False
        after, wrong = 0, ()
    page = verify.verify_page(engine, after=after)
    wrong = (*wrong, *page.wrong)[:KEPT]
    if not page.number:
        end_pass(engine, list(wrong))
    position = Position(page.last if page.number else -1, wrong)

    def write(connection: Connection) -> None:
        notes.put(connection, "", MARK, json.dumps(position))

    transact(engine, write)
    return bool(page.number)


def end_pass(engine: Engine, wrong: list[str]) -> None:
    """Look over the file, where it is one, and keep what the pass has met."""
    with reading(engine).connect() as connection:
        kind = kind_of(connection)
        promises = kind.durability(connection) if kind.is_file else []
    wrong = [promise.wrong for promise in promises if promise.wrong] + wrong
    detail = verify.summary(wrong)
    health.put(engine, [HealthState("", NAME, BAD if wrong else GOOD, detail)])
