"""`--copy-to`: move the store to another database, which may be of another engine."""

import sys
import time
from collections.abc import Mapping
from typing import Any

from sqlalchemy import make_url

from config import values
from config.settings import BadSetting, Settings
from rows.counted import counted
from rows.one_line import one_line
from schema.upgrade_lock import UpgradeLocked
from store import open
from store.copying.comparison import Round
from store.copying.copy_record import Busy, Refused, Store
from store.copying.copying import LeaseLost, copy_store
from store.copying.table_copy import Uncopied
from store.open import CannotStart

FLAG = "--copy-to"
EVERY_SECONDS = 5.0
HELD = """\
the copy is held: listeners that are started on it spool. Start all of them on it, then run the same
command without --hold: it brings over what is left, and opens the copy"""
OPENED = "the copy is open: DATABASE_URL may name it (docs/operating.md, Move to another database)"


class Progress:
    """Says now and then how far it is, on stderr."""

    def __init__(self) -> None:
        self.said = time.monotonic()

    def report(self, table: str, done: int, last: int) -> None:
        """Take note of a step: to which Id rows are copied, or, without a last one, compared."""
        if time.monotonic() - self.said < EVERY_SECONDS:
            return
        self.said = time.monotonic()
        say(
            f"{table}: copied to Id {done} of {last}"
            if last
            else f"{table}: {counted(done, 'row')} compared"
        )

    def told(self, last: Round) -> None:
        """Say what a look at both stores has found."""
        were = ("row had changed meanwhile, or was", "rows had changed meanwhile, or were")
        say(f"compared: {counted(last.changed, *were)} missing")


def say(sentence: str) -> None:
    """Print a sentence on stderr."""
    print(one_line(sentence), file=sys.stderr, flush=True)


def target_settings(settings: Settings, text: str) -> Settings:
    """Return the settings by which the target is opened. Raises BadSetting."""
    try:
        url = values.database_url(text)
    except ValueError as error:
        raise BadSetting(FLAG, str(error)) from error
    return settings._replace(
        database_url=url,
        database_read_url=url,
        database_migrate_url=url,
        database_password=settings.copy_password,
        database_password_command=settings.copy_password_command,
    )


def secrets_in(given: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the words of the command line that hold a password, where it is in the URL."""
    text = given.get("copy_to")
    try:
        return (text,) if text and make_url(text).password else ()
    except Exception:  # noqa: BLE001 - it is no URL, which is said when it is used
        return (text,) if text else ()


def run_copy(settings: Settings, text: str, *, hold: bool) -> int:
    """Copy the store of DATABASE_URL; return the exit code. Raises BadSetting and CannotStart."""
    target_place = target_settings(settings, text)
    # Nothing of the source is written: it is read as pages read it, by the writer's account.
    source_place = settings._replace(database_read_url=settings.database_url)
    progress = Progress()
    with open.opened_existing(source_place, open.COPY, "nothing to copy") as source:
        if open.age(source) != "current":
            raise CannotStart("the schema of the store is not up to date: run with -i first")
        with open.opened(target_place, open.MIGRATE) as target:
            try:
                store = Store(source, make_url(settings.database_url))
                last = copy_store(store, target, progress.report, progress.told, hold=hold)
            except Refused as error:
                raise BadSetting(FLAG, f"the database is refused: {error}") from error
            except (Busy, LeaseLost, Uncopied, UpgradeLocked) as error:
                raise CannotStart(f"the store was not copied: {error}", 1) from error
    print(format_round(last))
    print(HELD if hold else OPENED)
    return 0


def format_round(last: Round) -> str:
    """Return what both stores hold, a line for each table, and from when that is."""
    lines = [
        f"{name}: {counted(its.rows, 'row')}" + (f", sha256 {its.sha256}" if its.rows else "")
        for name, its in last.tables.items()
    ]
    number = sum(its.rows for its in last.tables.values())
    lines.append(
        f"{len(last.tables)} tables with {counted(number, 'row')} are equal, by count and hash, "
        f"to what the store held at {last.time:%Y-%m-%dT%H:%M:%SZ}"
    )
    return "\n".join(lines)
