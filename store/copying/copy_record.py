"""What the target of a copy says of itself: of which store it is one, and whether it is whole.

Until it is whole its schema has no revision (schema/migrate.py, COPYING): no listener writes to it
and no page reads it. Once it is, the hashes of its tables stay here, so that another `--copy-to`
can tell whether anybody has written to it since, and must not be overruled.
"""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import (
    URL,
    Column,
    Connection,
    Engine,
    MetaData,
    Table,
    Text,
    delete,
    insert,
    inspect,
    make_url,
    select,
    text,
)

from engines import kind_of
from engines.column_types import Exact, Moment
from engines.lease import Lease, holder_of, own_name, take
from engines.transaction import transact
from schema import migrate
from schema.adopt.shape import Unadoptable
from store.copying.comparison import Round, TableState, hash_tables
from store.copying.table_copy import tables

copyrecord = Table(
    "copyrecord",
    MetaData(),
    Column("name", Exact(64), primary_key=True),
    Column("holder", Exact(255)),
    Column("endtime", Moment),
    Column("value", Text),
)
SOURCE, REVISION, LEASE, TABLE = "source", "revision", "copy", "table "
MADE_WITH_ROWS = frozenset(
    "leases marks sources package_managers depends_on_types url_types".split()
)
"""Tables that an upgrade writes to: rows in them make no store."""
LEASE_SECONDS = 60.0
SET_REVISION = text("UPDATE alembic_version SET version_num = :revision")


class Store(NamedTuple):
    """A store that is copied: an engine that reads it, and where it is, which a reader hides."""

    engine: Engine
    url: URL


class Refused(Exception):
    """Why a database cannot become this copy; nothing of it was changed."""


class Busy(Exception):
    """Another process copies to it; says which."""


def name_of(url: URL) -> str:
    """Return which database a URL leads to, without user and password."""
    kind = kind_of(url)
    if kind.is_file:
        return f"{kind.name} {Path(url.database or '').resolve()}"
    host = "127.0.0.1" if url.host in (None, "localhost") else url.host
    return f"{host}:{url.port or make_url(kind.example).port}/{url.database}"


def is_same(source: URL, target: URL) -> bool:
    """Tell whether two URLs lead to one database, as far as they say."""
    files = [Path(url.database or "") for url in (source, target) if kind_of(url).is_file]
    if len(files) == 2 and all(file.exists() for file in files):
        return files[0].samefile(files[1])
    return name_of(source) == name_of(target)


def begin(store: Store, target: Engine) -> Lease:
    """Make a target ready, and return what holds other copies off. Raises Refused and Busy."""
    if is_same(store.url, target.url):
        raise Refused("it is the store itself")
    names = set(inspect(target).get_table_names())
    if is_new := copyrecord.name not in names:
        check_empty(target, names)
        copyrecord.create(target, checkfirst=True)
    lease = Lease(target, copyrecord, LEASE, own_name())
    if not take(lease, LEASE_SECONDS, from_gone=True):
        with target.connect() as connection:
            other = holder_of(connection, copyrecord, LEASE)
        raise Busy(f"another --copy-to is at work, or was until a minute ago: {other and other[0]}")
    if is_new:
        check_other(store, target)
    else:
        check_record(store, target)
    close(target)
    return lease


def check_empty(target: Engine, names: set[str]) -> None:
    """Raise Refused where a database holds anything."""
    state = migrate.state(target)
    ours = {table.name for table in tables()}
    if foreign := sorted(names - ours - {"alembic_version"}):
        raise Refused(f"it holds tables of something else: {', '.join(foreign[:5])}")
    if state == "empty" and not names:
        return
    if state != "current":
        raise Refused("it holds tables of another release")
    with target.connect() as connection:
        for table in tables():
            is_own = table.name in MADE_WITH_ROWS
            if not is_own and connection.execute(select(table.c.Id).limit(1)).first():
                raise Refused(f"it is a store already: there are rows in {table.name}")


def check_other(store: Store, target: Engine) -> None:
    """Note in the target whose copy it is. Raises Refused where the note is in the source, too."""
    own = f"{name_of(store.url)} {secrets.token_hex(8)}"
    note(target, SOURCE, own)
    is_there = inspect(store.engine).has_table(copyrecord.name)
    if is_there and noted(store.engine, SOURCE) == own:
        copyrecord.drop(target)
        raise Refused("it is the store itself, by another name")


def noted(engine: Engine, name: str) -> str:
    """Return what was written down; empty where a process was killed before it could."""
    query = select(copyrecord.c.value).where(copyrecord.c.name == name)
    with engine.connect() as connection:
        return connection.execute(query).scalar() or ""


def check_record(store: Store, target: Engine) -> None:
    """Raise Refused for a copy of another store, or one that was written to once it was open."""
    if not (own := noted(target, SOURCE)):
        check_other(store, target)
        return
    known = own.rpartition(" ")[0]
    if known != name_of(store.url):
        raise Refused(f"it is a copy of another store: {known}")
    if migrate.state(target) != "current":
        return
    query = select(copyrecord.c.name, copyrecord.c.value).where(copyrecord.c.name.startswith(TABLE))
    with target.connect() as connection:
        then = {name.removeprefix(TABLE): value for name, value in connection.execute(query)}
    now = {name: as_value(state) for name, state in hash_tables(target).items()}
    if changed := sorted(name for name in now if then and now[name] != then.get(name)):
        raise Refused(f"it is in use: written to since it was copied: {', '.join(changed[:5])}")


def as_value(state: TableState) -> str:
    """Return a table's state as it is noted."""
    return f"{state.rows} {state.sha256}"


def close(target: Engine) -> None:
    """Bring the schema up to date, and keep everybody else out."""
    if migrate.state(target) == migrate.COPYING and (then := noted(target, REVISION)):
        set_revision(target, then)  # it may be of an earlier release
    if migrate.state(target) != "current":
        try:
            migrate.upgrade(target)
        except Unadoptable as error:
            raise Refused(str(error)) from error
    note(target, REVISION, migrate.known_revisions()[0])
    set_revision(target, migrate.COPYING)


def note(target: Engine, name: str, value: str) -> None:
    """Write down something, in place of what was."""

    def work(connection: Connection) -> None:
        connection.execute(delete(copyrecord).where(copyrecord.c.name == name))
        connection.execute(insert(copyrecord).values(name=name, value=value))

    transact(target, work)


def set_revision(target: Engine, revision: str) -> None:
    """Say of which revision the schema is."""
    transact(target, lambda connection: connection.execute(SET_REVISION, {"revision": revision}))


def finish(target: Engine, last: Round) -> None:
    """Let the tables give numbers beyond the source's, and open the store."""
    for table in tables():
        raise_number(target, table.name, last.next_numbers[table.name])
    states = {f"{TABLE}{name}": as_value(state) for name, state in last.tables.items()}
    transact(target, lambda connection: open_store(connection, states))


def raise_number(target: Engine, table: str, number: int) -> None:
    """Let a table give no number below this one, or one that it has."""

    def work(connection: Connection) -> None:
        kind = kind_of(connection)
        last = connection.exec_driver_sql(f"SELECT max(Id) FROM {table}").scalar() or 0  # noqa: S608
        kind.raise_number(connection, table, max(number, last + 1))

    transact(target, work)


def open_store(connection: Connection, states: Mapping[str, str]) -> None:
    """Note what the tables hold, and let everybody in."""
    connection.execute(delete(copyrecord).where(copyrecord.c.name != SOURCE))
    rows = [{"name": name, "value": value} for name, value in states.items()]
    connection.execute(insert(copyrecord), rows)
    connection.execute(SET_REVISION, {"revision": migrate.known_revisions()[0]})
