"""Faults of a database server, as the outages of the torture make them."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from secrets import token_bytes, token_hex

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from engines import connect
from schema import migrate
from store.deliveries.table import APPLIED, Delivery, now, save_all
from tests.damage.store import sent, store
from tests.faults.fault import Fault, FaultOutcome, Place, ask
from tests.postgresql import outages as postgresql
from tests.servers import DURABLE
from tests.torture.crash import RELAXED
from tests.torture.outages import DISK, OUTAGES, Ways, let_in
from tests.torture.stage import Stage

WAIT, ACT = "or wait: deliveries are spooled", "look at user, password, rights and schema"
HELP = {
    "stopped": WAIT,
    "frozen": WAIT,
    "read-only": WAIT,
    "out of connections": WAIT,
    "disk full": WAIT,
    "without rights": ACT,
    "wrong password": ACT,
    "schema not upgraded": "restore a backup",
}
"""What `--check` must say of an outage; flickering is one that is frozen again and again."""
LINES = {"schema not upgraded": "schema"}
WAYS = {"postgresql": postgresql.WAYS}
FLUSHES = {"postgresql": ("synchronous_commit", "must not be off")}
"""By engine: the line that tells of commits that a crash loses, and what it says."""


def outcomes(engine: str) -> Iterator[FaultOutcome]:
    """Make each outage of a server, and ask `--check` while it lasts."""
    ways = WAYS.get(engine, Ways(let_in, OUTAGES))
    for name, says in HELP.items():
        fault = Fault(f"{engine} {name}", "outages", do_nothing, LINES.get(name, "database"), says)
        disk = DISK if name == "disk full" else ()
        with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
            stage = Stage(engine, Path(folder), (*DURABLE, *disk))
            stack.callback(stage.close)
            migrate.upgrade(stage.url)
            place = Place(Path(folder), {"DATABASE_URL": ways.let_in(stage)}, stack)
            assert ask(place.settings) == []
            held = connect(place.settings.database_url)
            stack.callback(held.dispose)
            held.connect()  # some outages begin with the connections that are there
            with ways.outages[name](stage):
                if name == "disk full":
                    fill(held)
                yield FaultOutcome(fault, ask(place.settings))
    yield from of_contents(engine)


def of_contents(engine: str) -> Iterator[FaultOutcome]:
    """Let a server promise less than it should, and somebody delete its rows."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        stage = Stage(engine, Path(folder), RELAXED)
        stack.callback(stage.close)
        migrate.upgrade(stage.url)
        writer = connect(stage.url)
        store(writer, sent())
        with writer.begin() as connection:
            connection.exec_driver_sql("DELETE FROM jobs")
        writer.dispose()
        lines = ask(Place(Path(folder), {"DATABASE_URL": stage.url}, stack).settings)
        flush = FLUSHES.get(engine, ("innodb_flush_log_at_trx_commit", "must be 1"))
        for name, line, says in (
            ("loses commits in a crash", *flush),
            ("rows of jobs missing", "deliveries", "--replay"),
        ):
            yield FaultOutcome(Fault(f"{engine} {name}", "torture", do_nothing, line, says), lines)


def fill(engine: Engine) -> None:
    """Take the room that a large table left for smaller ones, as deliveries would."""
    while True:
        delivery = Delivery(
            "github", token_hex(16), None, "push", None, None, now(), token_bytes(9000)
        )
        try:
            with engine.begin() as connection:
                save_all(connection, [(delivery, APPLIED, None)])
        except DBAPIError:
            return


def do_nothing(place: Place) -> None:
    """Make nothing: what is wrong is made around the question."""
