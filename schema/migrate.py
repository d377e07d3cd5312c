"""Bring a database's schema up to date, and tell how old it is.

Every command asks how old it is, few bring it up to date: what only that needs, Alembic first, is
imported there. It is a sixth of a small process's memory and a quarter of its start.
"""

import re
import time
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, inspect, text
from sqlalchemy.exc import DBAPIError

from engines import kind_of
from engines.transaction import retry_ddl
from schema.tables import views
from schema.tables.ci import DOCUMENTED, metadata
from schema.upgrade_lock import upgrade_lock

HEAD = "head"
"""Alembic's name of the newest revision."""
TRIES = 5
WAIT_SECONDS = 3600.0
"""How long another process may upgrade before this one gives up."""
MIGRATIONS = Path(__file__).parent / "migrations"
CHAIN = re.compile(r'^revision = "(.+)"\ndown_revision = (?:"(.+)"|None)$', re.MULTILINE)


COPYING = "copying"
"""In place of a revision: a copy of another store, which is not whole yet (store/copying/)."""


def state(engine: Engine) -> str:
    """Return `empty`, `current`, `older`, `newer` or `copying`.

    `older` may be a database from before migrations; `newer` was upgraded by a later release.
    """
    with engine.connect() as connection:
        # Processes that upgrade at once may leave several for a moment.
        revision = min(heads(connection), default=None)
        if revision is None:
            ours = set(inspect(connection).get_table_names()) & set(DOCUMENTED)
            return "older" if ours else "empty"
    return age_of(revision)


def heads(connection: Connection) -> tuple[str, ...]:
    """Return the revisions that a database says it has; none where no migration has run."""
    if not inspect(connection).has_table("alembic_version"):
        return ()
    return tuple(connection.scalars(text("SELECT version_num FROM alembic_version")))


def list_missing(engine: Engine) -> list[str]:
    """Return the tables, and columns of others, that this schema lacks though it is current."""
    with engine.connect() as connection:
        columns = inspect(connection).get_multi_columns()
    there = {name: {one["name"].lower() for one in its} for (_, name), its in columns.items()}
    missing = []
    for table in metadata.sorted_tables:
        known = there.get(table.name)
        if known is None:
            missing.append(table.name)
            continue
        missing += [str(column) for column in table.c if column.name.lower() not in known]
    return missing


def age_of(revision: str) -> str:
    """Return `current`, `older`, `newer` or `copying`: how old a schema of this revision is."""
    if revision == COPYING:
        return COPYING
    newest, *earlier = known_revisions()
    if revision == newest:
        return "current"
    return "older" if revision in earlier else "newer"


@cache
def known_revisions() -> tuple[str, ...]:
    """Return the schema's revisions that this code knows, the newest first."""
    files = (MIGRATIONS / "versions").glob("*.py")
    links = (CHAIN.search(path.read_text(encoding="utf-8")) for path in files)
    after = {link[2]: link[1] for link in links if link}
    chain = list[str]()
    while revision := after.get(chain[0] if chain else None):
        chain.insert(0, revision)
    return tuple(chain)


def upgrade(engine: Engine | str, revision: str = HEAD) -> None:
    """Create the schema or bring it up to date, at an engine or a URL; what is done stays.

    An earlier revision has its tables only, without views.

    One process at a time does it, the others wait for it (upgrade_lock.py). MySQL commits each DDL
    statement by itself, so every step checks what is there. Raises Unadoptable, UpgradeLocked,
    DBAPIError.
    """
    from alembic.util import CommandError

    if isinstance(engine, str):
        engine = create_engine(engine)
    refuse_unfit(engine)
    for attempt in range(1, TRIES + 1):
        try:
            with upgrade_lock(engine, WAIT_SECONDS), engine.connect() as connection:
                run_migrations(connection, revision)
            return
        except (DBAPIError, CommandError):  # Alembic's own: a version that another has moved on
            if attempt == TRIES:
                raise
            time.sleep(0.2 * attempt)


def refuse_unfit(engine: Engine) -> None:
    """Raise Unadoptable where an empty database cannot hold every text.

    One that holds a store already is upgraded: `--check` tells of it.
    """
    from schema.adopt.shape import Unadoptable

    if (why_unfit := kind_of(engine.url).why_unfit) is None:
        return
    with engine.connect() as connection:
        if not heads(connection) and (why := why_unfit(connection)):
            raise Unadoptable(why)


def run_migrations(connection: Connection, revision: str = HEAD) -> None:
    """Adopt older tables, run the migrations that the database lacks, then make the views."""
    from alembic import command
    from alembic.config import Config

    from schema.adopt import tables

    kind_of(connection).allow_ddl(connection)
    if is_from_before(connection):
        tables.adopt(connection)
    keep_oldest(connection)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    retry_ddl(connection, lambda: command.upgrade(config, revision))
    connection.commit()
    if revision != HEAD:
        return
    retry_ddl(connection, lambda: views.create(connection))
    connection.commit()


def is_from_before(connection: Connection) -> bool:
    """Tell whether there are documented tables that no migration has made, or not to its end."""
    is_old = not heads(connection) and bool(
        set(inspect(connection).get_table_names()) & set(DOCUMENTED)
    )
    connection.rollback()
    return is_old


def planned(engine: Engine) -> tuple[list[str], dict[str, int]]:
    """Return the DDL that the database lacks, and the rows of each of its tables.

    Nothing is changed. Raises Unadoptable, DBAPIError.
    """
    from schema.adopt import tables

    with engine.connect() as connection:
        lacking = tables.statements(connection, tuple(metadata.tables))
        counted = tables.counted(connection)
        connection.rollback()
    return lacking, counted


def keep_oldest(connection: Connection) -> None:
    """Keep the oldest of the versions that processes may leave which upgrade at once.

    Every step finds out whether it is done, so that going back costs nothing.
    """
    versions = heads(connection)
    if len(versions) > 1:
        newer = text("DELETE FROM alembic_version WHERE version_num > :oldest")
        connection.execute(newer, {"oldest": min(versions)})
    connection.commit()
