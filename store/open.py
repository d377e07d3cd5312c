"""Bring a database to where rows can be written: create the schema, or upgrade it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Engine, make_url
from sqlalchemy.exc import SQLAlchemyError

from config.settings import Settings
from engines import faults
from engines.lease import Taken
from engines.mysql import connect
from schema import migrate
from schema.adopt.shape import Unadoptable
from schema.tables.ci import metadata

NEWER = "the database was upgraded by a newer release: run that one"
UPGRADE_SECONDS = 3600  # one statement may rebuild a table


class CannotStart(Exception):
    """Why a command does not start, and the code to exit with.

    2 is for what a person must change; 1 may be over by the next try.
    """

    def __init__(self, why: str, code: int = 2) -> None:
        super().__init__(why)
        self.code = code


def open_engine(settings: Settings, *, read_seconds: float) -> Engine:
    """Return an engine for the settings' database, not connected yet. Raises CannotStart."""
    try:
        return connect(
            settings.database_url,
            password=settings.database_password,
            password_command=settings.database_password_command,
            ssl_ca=settings.database_ssl_ca,
            tls=settings.database_ssl,
            read_seconds=read_seconds,
        )
    except OSError as error:
        raise CannotStart(f"DATABASE_URL: {error.strerror or error}") from error


def exists(settings: Settings) -> bool:
    """Tell whether there is a database to connect to: an SQLite file is made by looking for it."""
    url = make_url(settings.database_url)
    return url.get_backend_name() != "sqlite" or Path(url.database or "").exists()


def age(engine: Engine) -> str:
    """Return `empty`, `current`, `older` or `newer`. Raises CannotStart."""
    try:
        return migrate.state(engine)
    except SQLAlchemyError as error:
        raise CannotStart(f"the database does not answer: {faults.cause(error)}", 1) from error


def schema(engine: Engine, settings: Settings, *, install: bool) -> str | None:
    """Create the schema in an empty database, upgrade an older one, and say what was done.

    An SQLite file is upgraded after a copy, a server's schema only with `install`. Raises
    CannotStart.
    """
    found = age(engine)
    if found == "newer":
        raise CannotStart(NEWER)
    if found == "current":
        return None
    copy = None
    if found == "older" and engine.dialect.name == "sqlite":
        copy = copy_beside(Path(engine.url.database or ""))
    elif found == "older" and not install:
        raise CannotStart("the database has an older schema: run the same command with -i once")
    upgrade(settings)
    if found == "empty":
        return "the schema was created"
    return "the schema was upgraded" + (f"; a copy of what was there is {copy}" if copy else "")


class Plan(NamedTuple):
    """What an upgrade would do: its DDL, the rows of every table, and the tables that are ours."""

    statements: list[str]
    rows: dict[str, int]
    ours: frozenset[str]


def planned(settings: Settings, *, read_seconds: float) -> Plan:
    """Return what an upgrade would do; nothing is changed. Raises CannotStart."""
    engine = migrating(settings, read_seconds)
    try:
        if age(engine) == "newer":
            raise CannotStart(NEWER)
        statements, rows = migrate.planned(engine)
    except Unadoptable as error:
        raise CannotStart(f"the schema cannot be upgraded: {error}") from error
    except SQLAlchemyError as error:
        raise CannotStart(f"the database does not answer: {faults.cause(error)}", 1) from error
    finally:
        engine.dispose()
    return Plan(statements, rows, frozenset({*metadata.tables, "alembic_version"}))


def migrating(settings: Settings, read_seconds: float) -> Engine:
    """Return an engine of the user who may change the schema. Raises CannotStart."""
    place = make_url(settings.database_migrate_url)
    same = settings.database_migrate_url == settings.database_url
    # Another user's URL brings that user's password: the writer's must not replace it.
    ours = same or place.password is None
    try:
        return connect(
            place,
            password=settings.database_password if ours else None,
            password_command=settings.database_password_command if ours else None,
            ssl_ca=settings.database_ssl_ca,
            tls=settings.database_ssl,
            read_seconds=read_seconds,
        )
    except OSError as error:
        raise CannotStart(f"DATABASE_MIGRATE_URL: {error.strerror or error}") from error


def upgrade(settings: Settings) -> None:
    """Bring the schema up to date, as the user who may. Raises CannotStart."""
    engine = migrating(settings, UPGRADE_SECONDS)
    try:
        migrate.upgrade(engine)
    except Unadoptable as error:
        raise CannotStart(f"the schema cannot be upgraded: {error}") from error
    except Taken as error:
        raise CannotStart(f"the schema was not upgraded: {error}", 1) from error
    except SQLAlchemyError as error:
        raise CannotStart(f"the schema was not upgraded: {faults.cause(error)}", 1) from error
    finally:
        engine.dispose()


def copy_beside(file: Path) -> Path:
    """Copy an SQLite file, with what its log still holds, and return the copy's path."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    copy = file.with_name(f"{file.name}.before-{stamp}")
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    return copy
