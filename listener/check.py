"""`python3 listener.py --check`: one line for each thing a listener needs, and what is wrong."""

import shutil
from collections.abc import Generator, Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, false, literal, make_url, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from config import webhook_secret
from config.settings import USUAL, Settings
from engines import faults, kind_of
from engines.reaching.postgresql_place import hosts, is_here
from listener.check_alerts import alert_lines
from listener.check_store import contents_lines
from rows.one_line import one_line
from runtime.check_line import CheckLine
from schema import migrate
from schema.tables.ci import metadata
from store import open
from store.deliveries import acknowledged
from store.deliveries.spool import Spool, SpoolError
from store.deliveries.spool_damage import FOLDER, damaged
from store.doors import verify
from store.doors.probe import probe
from store.open import CannotStart
from store.reads.connection import is_missing, schema_state

BEHIND = "older: run python3 local-database.py with -i once"
ASIDE = " (look at the disk; --audit --repair brings their rows; then remove the files)"
LEAST_BYTES, FEW_BYTES = 64 * 2**20, 2**30
RESTORE = "restore a backup (docs/operating.md"
WAITING = (
    "; a listener writes them back once the database can be written to: start it, read its log"
)
UNWRITTEN = "look at SPOOL_DIR, its rights and room; GitHub shows what failed: redeliver it"
HELP = {
    faults.ACCESS: "look at user, password, rights and schema (python3 local-database.py -i)",
    faults.CONNECTION: "start it, give it room, end what locks it, or wait: deliveries are spooled",
}
HELP_BY_WORD = {
    "certificate": "DATABASE_SSL_CA names the roots to trust (docs/accounts.md)",
    "does not support SSL": "let it offer TLS, or set DATABASE_SSL=off (docs/accounts.md)",
    "invalid connection option": "look at the options in DATABASE_URL",
    "read-only": "it is a standby, or set so: let DATABASE_URL name another,"
    " or wait: deliveries are spooled",
    "unsupported startup parameter": "take `options` out of DATABASE_URL: a pooler has none",
}
"""What helps where the words of an error say more than what is at fault."""
READER = "DATABASE_READ_URL"
AWAY = "start it, or wait: the pages answer 503 until it answers"
NOT_THE_STORE = "is not what DATABASE_URL names: another database, or a copy that lags behind"
AGES = {
    "current": "",
    "empty": "",
    "older": BEHIND,
    "newer": "newer than this release: run that one",
    "copying": "that of a copy which is not whole yet: the same --copy-to goes on",
}


def check(settings: Settings, more: Iterable[CheckLine] = ()) -> int:
    """Print a line for each thing, `more` of them last; return 1 if something is wrong, else 0."""
    return print_lines(chain(looked_at(settings), more))


def print_lines(lines: Iterable[CheckLine]) -> int:
    """Print lines; return 1 if something is wrong, else 0."""
    is_wrong = False
    for line in lines:
        print(shown(line), flush=True)
        is_wrong = is_wrong or bool(line.wrong)
    return int(is_wrong)


def shown(line: CheckLine) -> str:
    """Return a line as it is printed."""
    mark = "WRONG" if line.wrong else "warn" if line.warning else "ok"
    return one_line(f"{mark:6}{line.name}: {line.wrong or line.state}")


def looked_at(settings: Settings) -> Iterator[CheckLine]:
    """Yield what is found, one thing after the other; nothing is changed."""
    yield CheckLine("configuration", "is valid")
    yield from secret_lines(settings)
    try:
        with open.opened_if_there(settings, open.WRITE) as engine:
            if engine is None:
                database = make_url(settings.database_url).database or ""
                gone = acknowledged.look_without(database)
                yield CheckLine("database", "is made at the first start", gone)
            else:
                age = yield from database_lines(engine, settings)
                yield from reader_lines(settings, age)
    except CannotStart as error:
        yield CheckLine("database", "", str(error))
    yield spool_line(settings)
    yield from room_lines(settings)


def room_lines(settings: Settings) -> Iterator[CheckLine]:
    """Yield how much room our folders have; a disk that is nearly full is wrong."""
    url = make_url(settings.database_url)
    folders = [Path(url.database or "").parent] if kind_of(url).is_file else []
    folders += [settings.spool_dir] if settings.on_database_down == "spool" else []
    disks = {folder.stat().st_dev: folder for folder in folders if folder.is_dir()}
    for folder in disks.values():
        left = shutil.disk_usage(folder).free
        told = f"{left // 2**20:,} MiB are left in {folder}"
        wrong = f"{told}: give it room, or nothing is stored" if left < LEAST_BYTES else ""
        yield CheckLine("disk", told, wrong, warning=left < FEW_BYTES)


def secret_lines(settings: Settings) -> Iterator[CheckLine]:
    """Tell where each secret comes from: the usual one, and those of vendors that are named."""
    for vendor, source in settings.sources.items():
        name, made = webhook_secret.secret_setting(vendor), webhook_secret.file_of(vendor)
        if source.secrets if vendor != USUAL else settings.webhook_secret:
            yield CheckLine(name, "is set")
        elif vendor == USUAL or vendor in settings.vendors:
            yield CheckLine(
                name, f"is in {made}" if made.exists() else "is made at the first start"
            )


def database_lines(engine: Engine, settings: Settings) -> Generator[CheckLine, None, str | None]:
    """Yield the lines of a database; return how old its schema is, None where nothing says."""
    url = make_url(settings.database_url)
    kind, place, age = kind_of(url), place_of(url), None
    try:
        age = migrate.state(engine)
        with engine.connect() as connection:
            yield CheckLine("database", f"{place} answers")
            if not kind.is_file:
                yield tls_line(connection, url)
            yield CheckLine("count", "nothing acknowledged is missing", acknowledged.look(engine))
            yield from (CheckLine(*promise) for promise in kind.durability(connection))
        wrong = AGES[age] if not kind.is_file or age in ("newer", "copying") else ""
        yield CheckLine("schema", f"is {age}", wrong and f"is {wrong}")
        if age == "current":
            lacking = migrate.list_missing(engine)
            if lacking:
                yield CheckLine("schema", "", f"lacks {', '.join(lacking[:5])}: {RESTORE})")
            probe(engine)
            yield CheckLine("rights", "a delivery can be written")
            yield from contents_lines(engine, settings)
            yield from alert_lines(engine, settings)
    except SQLAlchemyError as error:
        yield CheckLine("database", "", trouble_of(place, error, HELP))
    except (ValueError, TypeError) as error:
        yield CheckLine("database", "", f"{place}: a value cannot be read: {error}: {verify.HELP}")
    return age


def reader_lines(settings: Settings, age: str | None) -> Iterator[CheckLine]:
    """Yield whether the pages can read where they are told to, where that is another place.

    `age` is of the schema that the listener writes to, None where that is not known.
    """
    if settings.database_read_url == settings.database_url:
        return
    url = make_url(settings.database_read_url)
    place = place_of(url)
    try:
        with open.opened(settings, open.READ) as engine, engine.connect() as connection:
            if not kind_of(url).is_file:
                yield tls_line(connection, url, f"TLS of {READER}")
            there = schema_state(connection)
            if there != (age or there):
                yield CheckLine(READER, "", f"{place}: a store that is {there} {NOT_THE_STORE}")
                return
            for table in metadata.sorted_tables:
                connection.execute(select(literal(1)).select_from(table).where(false()))
            yield CheckLine(READER, f"{place} answers and can be read")
    except SQLAlchemyError as error:
        if isinstance(error, DBAPIError) and is_missing(error):
            yield CheckLine(READER, "", f"{place}: a database without a store {NOT_THE_STORE}")
        else:
            yield CheckLine(READER, "", trouble_of(place, error, {**HELP, faults.CONNECTION: AWAY}))


def place_of(url: URL) -> str:
    """Return what is called a database: its engine, and its hosts or file."""
    return f"{kind_of(url).name} {', '.join(filter(None, hosts(url))) or url.database}"


def trouble_of(place: str, error: SQLAlchemyError, helps: Mapping[str, str]) -> str:
    """Return what is wrong with a database, and what helps."""
    told = f"{place}: {faults.described(error)}"
    by_word = next((HELP_BY_WORD[word] for word in HELP_BY_WORD if word in told), None)
    helping = by_word or helps.get(faults.fault(error), helps[faults.CONNECTION])
    return told if RESTORE in told else f"{told}: {helping}"


def tls_line(connection: Connection, url: URL, name: str = "TLS") -> CheckLine:
    """Tell whether the connection is encrypted: on this machine it need not be."""
    if cipher := kind_of(connection).cipher(connection):
        return CheckLine(name, cipher)
    if all(map(is_here, hosts(url))):
        return CheckLine(name, "not used: the database is on this machine")
    return CheckLine(name, "", "is off: passwords and deliveries can be read on the way")


def spool_line(settings: Settings) -> CheckLine:
    """Tell whether the spool can be written, and how many deliveries wait in it."""
    if settings.on_database_down != "spool":
        return CheckLine("spool", "is not used: ON_DATABASE_DOWN=503")
    folder = settings.spool_dir
    spool = Spool(folder)
    try:
        spool.check()
        waiting = spool.count()
        since = f", the first since {spool.oldest()} UTC" if waiting else ""
        told = f"{folder} can be written, {waiting} waiting{since}"
        told += WAITING if waiting else ""
        aside = [file.name for file in damaged(folder)]
        if not aside:
            return CheckLine("spool", told, warning=bool(waiting))
        put = f"{len(aside)} damaged were put aside in {folder / FOLDER}: {', '.join(aside[:5])}"
        return CheckLine("spool", f"{told}; {put}{ASIDE}", warning=True)
    except SpoolError as error:
        return CheckLine("spool", "", f"{error}: {UNWRITTEN}")
    finally:
        spool.close()
