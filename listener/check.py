"""`python listener.py --check`: one line for each thing a listener needs, and what is wrong."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import chain
from time import monotonic
from typing import NamedTuple

from sqlalchemy import Connection, Engine, make_url
from sqlalchemy.exc import SQLAlchemyError

from config import webhook_secret
from config.settings import Settings
from engines import database_time, faults, kind_of, reading
from engines.kind import is_loopback
from rows.one_line import one_line
from schema import migrate
from store import open
from store.deliveries import acknowledged
from store.deliveries.spool import Spool, SpoolError
from store.deliveries.spool_damage import FOLDER, damaged
from store.deliveries.table import now
from store.doors import verify
from store.doors.probe import probe
from store.open import CannotStart
from store.state import clock, health

LONG_LOG = 256 * 2**20
VERIFY_SECONDS = 10.0
"""For the comparison of deliveries with their rows; upkeep goes through all of them."""
APART = timedelta(minutes=5)
BEHIND = "older: run python local-database.py with -i once"
ASIDE = " (look at the disk; --audit --repair brings their rows; then remove the files)"
AGES = {"current": "", "empty": "", "older": BEHIND, "newer": "newer than this release"}


class CheckLine(NamedTuple):
    """One thing that was looked at: `wrong` is empty when all is well.

    A `warning` needs somebody's attention, and stops nothing.
    """

    name: str
    state: str
    wrong: str = ""
    warning: bool = False


def check(settings: Settings, more: Iterable[CheckLine] = ()) -> int:
    """Print a line for each thing, `more` of them last; return 1 if something is wrong, else 0."""
    is_wrong = False
    for line in chain(looked_at(settings), more):
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
    yield secret_line(settings)
    try:
        with open.opened_if_there(settings, open.WRITE) as engine:
            if engine is None:
                database = make_url(settings.database_url).database or ""
                gone = acknowledged.look_without(database)
                yield CheckLine("database", "is made at the first start", gone)
            else:
                yield from database_lines(engine, settings)
    except CannotStart as error:
        yield CheckLine("database", "", str(error))
    yield spool_line(settings)


def secret_line(settings: Settings) -> CheckLine:
    """Tell where the secret comes from."""
    if settings.webhook_secret:
        return CheckLine("WEBHOOK_SECRET", "is set")
    if webhook_secret.MADE.exists():
        return CheckLine("WEBHOOK_SECRET", f"is in {webhook_secret.MADE}")
    return CheckLine("WEBHOOK_SECRET", "is made at the first start")


def database_lines(engine: Engine, settings: Settings) -> Iterator[CheckLine]:
    """Yield the lines of a database."""
    url = make_url(settings.database_url)
    kind = kind_of(url)
    place = f"{kind.name} {url.host or url.database}"
    try:
        age = migrate.state(engine)
        with engine.connect() as connection:
            yield CheckLine("database", f"{place} answers")
            if not kind.is_file:
                yield tls_line(connection, settings)
            yield CheckLine("count", "nothing acknowledged is missing", acknowledged.look(engine))
            yield from (CheckLine(*promise) for promise in kind.durability(connection))
        wrong = AGES[age] if not kind.is_file or age == "newer" else ""
        yield CheckLine("schema", f"is {age}", wrong and f"is {wrong}")
        if age == "current":
            probe(engine)
            yield CheckLine("rights", "a delivery can be written")
            yield from clock_lines(engine)
            yield from log_lines(engine)
            yield from freshness(engine)
            yield deliveries_line(engine)
    except SQLAlchemyError as error:
        yield CheckLine("database", "", f"{place}: {faults.described(error)}")
    except (ValueError, TypeError) as error:
        yield CheckLine("database", "", f"{place}: a value cannot be read: {error}: {verify.HELP}")


def deliveries_line(engine: Engine) -> CheckLine:
    """Tell whether the newest deliveries, and their rows, are as they were received."""
    end, wrong, number, is_all = monotonic() + VERIFY_SECONDS, list[str](), 0, True
    for page in verify.verify_newest(engine):
        wrong += page.wrong
        number += page.number
        if monotonic() > end:
            is_all = False
            break
    newest = "all" if is_all else "the newest"
    return CheckLine(
        "deliveries", f"{newest} {number} and their rows are whole", verify.summary(wrong)
    )


def clock_lines(engine: Engine) -> Iterator[CheckLine]:
    """Yield what is odd about the clocks: retention, leases and the order of records need them."""
    with reading(engine).connect() as connection:
        apart = abs(database_time(connection) - now())
        doubts = clock.find_doubts(connection)
    if apart > APART:
        doubts.append(f"this machine's is {apart.total_seconds():.0f} s from the database's")
    yield from (CheckLine("clock", doubt, warning=True) for doubt in doubts)


def log_lines(engine: Engine) -> Iterator[CheckLine]:
    """Yield that the log beside a file is long."""
    log_bytes = kind_of(engine).log_bytes
    if log_bytes is not None and (size := log_bytes(engine.url)) > LONG_LOG:
        told = f"{engine.url.database}-wal has {size // 2**20} MiB: a reader's transaction is open"
        yield CheckLine("log", f"{told}; end it, and it is cut within ten minutes", warning=True)


def freshness(engine: Engine) -> Iterator[CheckLine]:
    """Yield what the reconciler found to be stale or about to end, and when it looked last."""
    with reading(engine).connect() as connection:
        rows = health.rows(connection)
    for row in rows:
        place = f"{row.name} of {row.subject}" if row.subject else row.name
        told = f"{row.detail} (since {row.changetime:%Y-%m-%d %H:%M} UTC)"
        if row.state == health.BAD:
            yield CheckLine(place, "", told)
        elif row.state != health.GOOD:
            yield CheckLine(place, told, warning=True)
    if rows:
        last = max(row.checktime for row in rows)
        yield CheckLine("freshness", f"was looked at last at {last:%Y-%m-%d %H:%M} UTC")


def tls_line(connection: Connection, settings: Settings) -> CheckLine:
    """Tell whether the connection is encrypted: on this machine it need not be."""
    if cipher := kind_of(connection).cipher(connection):
        return CheckLine("TLS", cipher)
    if is_loopback(make_url(settings.database_url).host):
        return CheckLine("TLS", "not used: the database is on this machine")
    return CheckLine("TLS", "", "is off: passwords and deliveries can be read on the way")


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
        aside = [file.name for file in damaged(folder)]
        if not aside:
            return CheckLine("spool", told)
        put = f"{len(aside)} damaged were put aside in {folder / FOLDER}: {', '.join(aside[:5])}"
        return CheckLine("spool", f"{told}; {put}{ASIDE}", warning=True)
    except SpoolError as error:
        return CheckLine("spool", "", str(error))
    finally:
        spool.close()
