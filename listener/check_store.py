"""The lines of `--check` about what a database holds: whole, fresh, and nothing left lying."""

from collections.abc import Iterator
from datetime import timedelta
from time import monotonic

from sqlalchemy import Engine

from config.settings import Settings
from engines import database_time, kind_of, reading
from rows.counted import counted
from rows.sources import source_of, subject_of
from runtime.check_line import CheckLine
from store.deliveries.table import QUARANTINED, now
from store.doors import verify
from store.reads.health import count_states
from store.state import clock, gone_repositories, health

VERIFY_SECONDS = 10.0
"""For the comparison of deliveries with their rows; upkeep goes through all of them."""
LONG_LOG = 256 * 2**20
APART = timedelta(minutes=5)
UNSEEN = timedelta(hours=6)
"""A reconciler looks after half an hour at the latest, and pauses for ten minutes at most."""
GONE = "gone"
LEFT = "take it out of -r, unless another has its name; what is stored of it stays"
HELP = {
    "silence": "see what GitHub shows of the webhook; --audit --repair reads what is missing",
    "hook": "python3 listener.py -r REPO -k KEY --register https://HOST/webhook mends it",
    "token": "give another as GITHUB_TOKEN",
    "rate": "wait, or give Runledger a key of its own",
    "unread": "it is tried again by itself; --audit tells what is missing",
    GONE: LEFT,
}
"""What helps, by the name of what the reconciler warns of, where its words do not say it."""


def contents_lines(engine: Engine, settings: Settings) -> Iterator[CheckLine]:
    """Yield what is wrong with, or waits in, a database that takes deliveries."""
    yield from clock_lines(engine)
    yield from log_lines(engine)
    yield from freshness(engine, settings)
    yield from gone_lines(engine)
    yield from quarantine_lines(engine)
    yield deliveries_line(engine)


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


def freshness(engine: Engine, settings: Settings) -> Iterator[CheckLine]:
    """Yield what the reconciler found to be stale or about to end, and when it looked last."""
    with reading(engine).connect() as connection:
        rows, time = health.rows(connection), database_time(connection)
    for row in rows:
        place = f"{row.name} of {row.subject}" if row.subject else row.name
        told = f"{row.detail} (since {row.changetime:%Y-%m-%d %H:%M} UTC)"
        told += f": {HELP[row.name]}" if row.name in HELP else ""
        if row.state == health.BAD:
            yield CheckLine(place, "", told)
        elif row.state != health.GOOD:
            yield CheckLine(place, told, warning=True)
    if rows:
        last = max(row.checktime for row in rows)
        told = f"was looked at last at {last:%Y-%m-%d %H:%M} UTC"
        is_late = settings.reconcile and bool(settings.source.token) and time - last > UNSEEN
        late = ": no reconciler runs: start the listener with a key, and read its log"
        yield CheckLine("freshness", f"{told}{late if is_late else ''}", warning=is_late)


def gone_lines(engine: Engine) -> Iterator[CheckLine]:
    """Yield the repositories that are gone, which no reconciler has told yet."""
    with reading(engine).connect() as connection:
        told = {row.subject for row in health.rows(connection) if row.name == GONE}
        gone = gone_repositories.list_gone(connection)
    for repository in gone:
        subject = subject_of(source_of(repository.provider).name, repository.name)
        if subject not in told:
            why = f"{repository.gonereason} (since {repository.gonetime:%Y-%m-%d %H:%M} UTC)"
            yield CheckLine(f"{GONE} of {subject}", f"{why}: {LEFT}", warning=True)


def quarantine_lines(engine: Engine) -> Iterator[CheckLine]:
    """Yield that deliveries are kept without their rows."""
    with reading(engine).connect() as connection:
        number = count_states(connection).get(QUARANTINED, 0)
    if number:
        state = counted(number, "delivery has no rows", "deliveries have no rows")
        again = "python3 local-database.py --replay tries again, and says why not"
        yield CheckLine("quarantine", f"{state}: {again}", warning=True)
