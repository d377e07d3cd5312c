"""Bring the database to where deliveries can be stored, before the first one comes."""

from sqlalchemy import Engine

from config.settings import Settings
from engines import faults
from runtime import log
from store import open
from store.doors.probe import probe
from store.open import CannotStart, NeedsInstall

MAY_PASS = 1
"""The code of a CannotStart that another try may not meet."""


def first_try(settings: Settings) -> str | None:
    """Bring the database up; return why it cannot take deliveries yet, None when it can.

    Raises CannotStart for what only a person and another start can change.
    """
    try:
        bring_up(settings)
    except CannotStart as error:
        if error.code != MAY_PASS:
            raise
        return faults.described(error)
    return None


def check(settings: Settings, engine: Engine) -> None:
    """Raise CannotStart or SQLAlchemyError while deliveries cannot be stored."""
    bring_up(settings, running=True)
    probe(engine)


def bring_up(settings: Settings, *, running: bool = False) -> None:
    """Create the schema in an empty database, upgrade an SQLite file. Raises CannotStart.

    One that is `running` already goes on beside a newer release: upgrades only add.
    """
    with open.opened(settings, open.WRITE) as engine:
        if running and open.age(engine) == "newer":
            return
        try:
            if done := open.schema(engine, settings, install=False):
                log.info(done)
        except NeedsInstall as error:
            raise CannotStart(
                "the database has an older schema: run python3 local-database.py with -i once",
                MAY_PASS,
            ) from error
