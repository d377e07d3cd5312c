"""Open the database for a role, and bring it to where rows can be written."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from sqlalchemy import Engine, make_url
from sqlalchemy.exc import SQLAlchemyError

from config.settings import Settings
from engines import connect, connect_reader, faults, kind_of
from engines.kind import READ_SECONDS
from runtime import log
from schema import migrate
from schema.adopt.shape import Unadoptable
from schema.tables.ci import metadata
from schema.upgrade_lock import UpgradeLocked, wait_for_upgrade
from store.deliveries import acknowledged

NEWER = "the database was upgraded by a newer release: run that one"
UNFINISHED = (
    "the database is a copy that is not whole yet: the same --copy-to goes on, and opens it"
)
ELSEWHERE = (
    "DATABASE_MIGRATE_URL names another database than DATABASE_URL: that one was upgraded, this one"
    " was not: let both name the same"
)
SILENT, REFUSES = "the database does not answer", "the database refuses"
OTHERS_SECONDS = 10.0
"""How long a start waits for another that makes the schema; an upgrade may take longer."""


class CannotStart(Exception):
    """Why a command does not start, and the code to exit with.

    2 is for what a person must change; 1 may be over by the next try.
    """

    def __init__(self, why: str, code: int = 2) -> None:
        super().__init__(why)
        self.code = code


class NeedsInstall(CannotStart):
    """A server's schema is older, which only `-i` changes."""


class Role(NamedTuple):
    """What a connection is for: the setting that names its URL, a statement's longest time, and
    what it keeps of a file in memory."""

    url: str
    seconds: float
    cache_kib: int = 16_384


WRITE = Role("DATABASE_URL", READ_SECONDS)
"""Deliveries, which GitHub waits for."""
ASK = Role("DATABASE_URL", 10.0)
"""What a command asks by the way."""
READ = Role("DATABASE_READ_URL", 10.0)
"""Pages, whose sessions cannot write; an SQLite file is never made."""
COPY = Role("DATABASE_READ_URL", 600.0)
"""A store that is copied whole, likewise."""
WORK = Role("DATABASE_URL", 60.0)
"""Backfill, audit, replay, roll-ups: nobody waits for an answer, as GitHub does."""
LOAD = Role("DATABASE_URL", 60.0, 4096)
"""A feed's load, which seldom comes back to a page: a larger cache saves it a fiftieth."""
PLAN = Role("DATABASE_MIGRATE_URL", 60.0)
"""What an upgrade would do."""
MIGRATE = Role("DATABASE_MIGRATE_URL", 3600.0)
"""Upgrades, a statement of which may rebuild a table."""


def open_engine(settings: Settings, role: Role) -> Engine:
    """Return an engine for a role, not connected yet: the one way to one. Raises CannotStart."""
    url = getattr(settings, role.url.lower())
    # Another user's URL brings that user's password: the writer's must not replace it.
    is_ours = url == settings.database_url or make_url(url).password is None
    try:
        return (connect_reader if role.url == READ.url else connect)(
            url,
            password=settings.database_password if is_ours else None,
            password_command=settings.database_password_command if is_ours else None,
            ssl_ca=settings.database_ssl_ca,
            tls=settings.database_ssl,
            read_seconds=role.seconds,
            cache_kib=role.cache_kib,
        )
    except OSError as error:
        raise CannotStart(f"DATABASE_SSL_CA: {error.strerror or error}") from error


@contextmanager
def opened(settings: Settings, role: Role) -> Iterator[Engine]:
    """Give an engine for a role in the block. Raises CannotStart."""
    engine = open_engine(settings, role)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def opened_if_there(settings: Settings, role: Role) -> Iterator[Engine | None]:
    """Give an engine for a role in the block, None without a database. Raises CannotStart."""
    if not exists(settings):
        yield None
        return
    with opened(settings, role) as engine:
        yield engine


@contextmanager
def opened_existing(settings: Settings, role: Role, purpose: str) -> Iterator[Engine]:
    """Give an engine for a role in the block. Raises CannotStart, also where none is there yet.

    `purpose` ends that sentence: what there is nothing of, then.
    """
    with opened_if_there(settings, role) as engine:
        if engine is None:
            raise CannotStart(f"there is no database yet, so {purpose}")
        yield engine


@contextmanager
def scratch() -> Iterator[Engine]:
    """Give an engine for an empty store of its own, which is gone after the block."""
    with TemporaryDirectory(prefix="runledger-") as folder:
        engine = connect(f"sqlite:///{Path(folder) / 'scratch.db'}")
        try:
            migrate.upgrade(engine)
            yield engine
        finally:
            engine.dispose()


def exists(settings: Settings) -> bool:
    """Tell whether there is a database to connect to: an SQLite file is made by looking for it."""
    url = make_url(settings.database_url)
    return not kind_of(url).is_file or Path(url.database or "").exists()


@contextmanager
def ending_start(trouble: str) -> Iterator[None]:
    """Raise CannotStart in place of the block's errors; `trouble` begins what it says."""
    try:
        yield
    except Unadoptable as error:
        raise CannotStart(f"the schema cannot be upgraded: {error}") from error
    except UpgradeLocked as error:
        raise CannotStart(f"{trouble}: {error}", 1) from error
    except SQLAlchemyError as error:
        if trouble == SILENT and faults.fault(error) == faults.ACCESS:
            trouble = REFUSES  # a wrong password is no silence
        raise CannotStart(f"{trouble}: {faults.cause(error)}", 1) from error


def age(engine: Engine, others_seconds: float = 0.0) -> str:
    """Return what `migrate.state` does, once others upgrade no more or so long.

    Raises CannotStart.
    """
    with ending_start(SILENT):
        if others_seconds:
            wait_for_upgrade(engine, others_seconds)
        return migrate.state(engine)


def schema(engine: Engine, settings: Settings, *, install: bool) -> str | None:
    """Create the schema in an empty database, upgrade an older one, and say what was done.

    An SQLite file is upgraded after a copy, a server's schema only with `install`. Raises
    CannotStart.
    """
    with ending_start(SILENT):
        if lost := acknowledged.look(engine):
            log.warning("deliveries are missing", cause=lost)
    schema_age = age(engine)
    if schema_age == "older" and not install:  # or half made, by a process that started with us
        schema_age = age(engine, OTHERS_SECONDS)
    if schema_age == "newer":
        raise CannotStart(NEWER)
    if schema_age == migrate.COPYING:
        raise CannotStart(UNFINISHED, 1)
    if schema_age == "current":
        return None
    copy = None
    if schema_age == "older" and (copy_beside := kind_of(engine).copy_beside):
        copy = copy_beside(engine.url)
    elif schema_age == "older" and not install:
        raise NeedsInstall("the database has an older schema: run the same command with -i once")
    upgrade(settings)
    if age(engine) != "current":
        raise CannotStart(ELSEWHERE)
    if schema_age == "empty":
        return "the schema was created"
    return "the schema was upgraded" + (f"; a copy of what was there is {copy}" if copy else "")


class Plan(NamedTuple):
    """What an upgrade would do: its DDL, the rows of every table, and the tables that are ours."""

    statements: list[str]
    rows: dict[str, int]
    ours: frozenset[str]


def planned(settings: Settings) -> Plan:
    """Return what an upgrade would do; nothing is changed. Raises CannotStart."""
    with ending_start(SILENT), opened(settings, PLAN) as engine:
        if age(engine) == "newer":
            raise CannotStart(NEWER)
        statements, rows = migrate.planned(engine)
    return Plan(statements, rows, frozenset({*metadata.tables, "alembic_version"}))


def make_views_anew(settings: Settings) -> str:
    """Make the views of a schema that is up to date anew; return why that is refused, else nothing.

    Raises CannotStart.
    """
    try:
        upgrade(settings)
    except CannotStart as error:
        cause = error.__cause__
        if isinstance(cause, SQLAlchemyError) and faults.fault(cause) == faults.ACCESS:
            return faults.cause(cause)
        raise
    return ""


def upgrade(settings: Settings) -> None:
    """Bring the schema up to date, as the user who may. Raises CannotStart."""
    with ending_start("the schema was not upgraded"), opened(settings, MIGRATE) as engine:
        migrate.upgrade(engine)
