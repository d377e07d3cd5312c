"""What makes the faults of a store in a file, and of the spool beside it."""

import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import datetime, timedelta
from pathlib import Path

from engines import connect
from store.deliveries.spool import Spool
from store.deliveries.table import Delivery, now
from tests.faults.fault import Place
from tests.store import production_doors


def sql(*statements: str) -> Callable[[Place], None]:
    """Return a fault that is made by statements, at once written back to the file."""

    def make(place: Place) -> None:
        with closing(sqlite3.connect(place.file)) as connection, connection:
            for statement in statements:
                connection.execute(statement)

    return make


def zeroed(at: int, size: int) -> Callable[[Place], None]:
    """Return a fault that zeroes bytes of the file, from `at`, once its log is written back."""

    def make(place: Place) -> None:
        sql("PRAGMA user_version")(place)  # the last that closes it writes the log back
        data = bytearray(place.file.read_bytes())
        data[at : at + size] = bytes(size)
        place.file.write_bytes(data)

    return make


def log_of(place: Place) -> Path:
    return place.file.with_name(f"{place.file.name}-wal")


def cut_log(place: Place) -> None:
    log_of(place).write_bytes(b"")


def flip_log(place: Place) -> None:
    data = bytearray(log_of(place).read_bytes())
    data[5000] ^= 1
    log_of(place).write_bytes(data)


def remove(place: Place) -> None:
    for suffix in ("", "-wal"):
        place.file.with_name(f"{place.file.name}{suffix}").unlink()


def empty(place: Place) -> None:
    remove(place)
    place.file.touch()


def bring_older(place: Place) -> None:
    """Put the copy of another day in the place of the store."""
    cut_log(place)  # what is in the file alone is what was there before


def lock(place: Place) -> None:
    other = place.stack.enter_context(closing(sqlite3.connect(place.file, isolation_level=None)))
    other.execute("BEGIN IMMEDIATE")


def fill_disk(place: Place) -> None:
    """Move the folder to a disk of 4 MiB that has no room left, which only root can make."""
    files = {file.name: file.read_bytes() for file in place.folder.iterdir()}
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", place.folder], check=True)
    place.stack.callback(subprocess.run, ["umount", "-l", place.folder], check=True)
    for name, content in files.items():
        (place.folder / name).write_bytes(content)
    with suppress(OSError), (place.folder / "filler").open("wb", buffering=0) as filler:
        while True:
            filler.write(bytes(4096))


def spooled(number: int = 1, received: datetime | None = None) -> Callable[[Place], None]:
    """Return a fault that leaves deliveries in the spool."""

    def make(place: Place) -> None:
        spool = Spool(place.folder / "spool")
        for one in range(number):
            time = received or now()
            spool.put(Delivery("github", f"guid {one}", 7, "push", None, None, time, b"{}"))
        spool.close()

    return make


def damage_entry(place: Place) -> None:
    spooled(3)(place)
    with closing(sqlite3.connect(place.folder / "spool/spool.db")) as connection, connection:
        connection.execute("UPDATE entries SET repo = 'octo-org/other' WHERE Id = 2")
    drained = Spool(place.folder / "spool")
    drained.remove([entry.number for entry in drained.take(10)])
    drained.close()


def damage_spool(place: Place) -> None:
    spooled(3)(place)
    file = place.folder / "spool/spool.db"
    file.write_bytes(bytes(200) + file.read_bytes()[200:])


def obstruct_spool(place: Place) -> None:
    (place.folder / "spool").touch()


def received(
    *sent: production_doors.Sent, ahead: timedelta | None = None
) -> Callable[[Place], None]:
    """Return a fault that deliveries make."""

    def make(place: Place) -> None:
        engine = connect(f"sqlite:///{place.file}")
        for one in sent:
            delivery = one.delivery
            if ahead:
                delivery = delivery._replace(receivetime=now() + ahead)
            production_doors.store(engine, delivery)
        engine.dispose()

    return make


def given(**settings: str) -> Callable[[Place], None]:
    return lambda place: place.given.update(settings)
