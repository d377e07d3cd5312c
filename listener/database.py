"""Bring the database to where deliveries can be stored, before the first one comes."""

from __future__ import annotations

from sqlalchemy import Engine

from listener import log
from store import prepare
from store.engine import READ_SECONDS
from store.prepare import CannotStart
from store.settings import Settings


def open_engine(settings: Settings) -> Engine:
    """Return an engine for deliveries, not connected yet. Raises CannotStart."""
    return prepare.open_engine(settings, read_seconds=READ_SECONDS)


def bring_up(settings: Settings) -> None:
    """Create the schema in an empty database, upgrade an SQLite file. Raises CannotStart."""
    engine = open_engine(settings)
    try:
        if prepare.age(engine) == "older" and engine.dialect.name != "sqlite":
            raise CannotStart(
                "the database has an older schema: run python local-database.py with -i once"
            )
        if done := prepare.schema(engine, settings, install=False):
            log.info(done)
    finally:
        engine.dispose()
