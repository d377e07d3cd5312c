"""Damage the SQLite store or its log anywhere: what is not as it was must be told by `--check`."""

import random
import shutil
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from unittest.mock import patch

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from config.settings import Settings, read
from config.watch import watch
from engines import connect, sqlite_damage
from engines.kind import Promise
from listener import check, startup
from schema import migrate
from store.deliveries import acknowledged
from store.doors import verify
from store.doors.decide import decide_each
from store.doors.webhook import store_all
from store.open import CannotStart
from tests.equality import Contents, contents
from tests.torture.shots import Shot, shots

STORED, LOGGED, LATER = 90, 10, 3
"""Deliveries written back to the file, those in its log alone, those that come after the damage."""
CONTROLLED = 5  # of so many damages one is tried without what tells
NAME = "runs.db"
SUFFIXES = ("", "-wal", "-count")


class StoreOutcome(NamedTuple):
    """What became of a damaged store: whether its contents changed, and what `--check` says."""

    where: str
    is_changed: bool
    told: list[str]

    @property
    def is_silent(self) -> bool:
        """Tell whether something is not as it was, and nothing says so."""
        return self.is_changed and not self.told


class Template(NamedTuple):
    """A store as a killed process leaves it, and all that is in it."""

    folder: Path
    whole: Contents


def report(damages: int) -> bool:
    """Print a row for each kind of damage; return whether nothing was silent but the control."""
    with TemporaryDirectory() as folder:
        template = make_template(Path(folder) / "whole")
        outcomes = befall_all(template, Path(folder), damages)
        with believing():
            control = befall_all(template, Path(folder), damages // CONTROLLED)
    for kind in sorted({one.where for one in outcomes}):
        print(line(kind, [one for one in outcomes if one.where == kind]))
    print(line("all", outcomes))
    print(line("control: the file is believed", control))
    is_told = not any(one.is_silent for one in outcomes)
    return is_told and any(one.is_silent for one in control)


def befall_all(template: Template, folder: Path, damages: int) -> list[StoreOutcome]:
    """Damage a copy with each seed."""
    outcomes = []
    for seed in range(damages):
        copy = folder / str(seed)
        outcomes.append(befall_store(template, copy, seed))
        shutil.rmtree(copy)
    return outcomes


def line(name: str, outcomes: Sequence[StoreOutcome]) -> str:
    """Return a row of the table in docs/reliability.md."""
    changed = [one for one in outcomes if one.is_changed]
    told, silent = sum(bool(one.told) for one in outcomes), sum(one.is_silent for one in outcomes)
    return f"| {name} | {len(outcomes)} | {len(changed)} | {told} | {silent} |"


@cache
def sent() -> list[Shot]:
    """Return the deliveries of a world, as many as are sent."""
    return list(shots(14, STORED + LOGGED + LATER))


def make_template(folder: Path) -> Template:
    """Fill a store, and leave it as a kill does: half of it in its log."""
    folder.mkdir()
    engine = connect(url_of(folder))
    migrate.upgrade(engine)
    store(engine, sent()[:STORED])
    with engine.connect() as connection:
        connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store(engine, sent()[STORED : STORED + LOGGED])
    kept = folder / "killed"
    kept.mkdir()
    for suffix in SUFFIXES:
        shutil.copy(folder / f"{NAME}{suffix}", kept)
    whole = contents(engine)
    engine.dispose()
    return Template(kept, whole)


def store(engine: sa.Engine, batch: Sequence[Shot]) -> None:
    """Store deliveries as the listener does, a few at once."""
    for at in range(0, len(batch), 10):
        those = [one.delivery for one in batch[at : at + 10]]
        store_all(engine, list(decide_each(engine, watch(()), those)))


def url_of(folder: Path) -> str:
    """Return the URL of the store in a folder."""
    return f"sqlite:///{folder / NAME}"


def befall_store(template: Template, folder: Path, seed: int) -> StoreOutcome:
    """Damage a copy, let a listener start on it in every second case, and ask `--check`."""
    chance = random.Random(seed)
    shutil.copytree(template.folder, folder)
    where = damage(folder, chance)
    is_changed = differs(folder, template)
    if chance.random() < 0.5:
        start(settings_of(folder))
    return StoreOutcome(where, is_changed, not_ok(folder))


def settings_of(folder: Path) -> Settings:
    """Return the settings of a listener in a folder."""
    given = {"DATABASE_URL": url_of(folder), "SPOOL_DIR": str(folder / "spool")}
    return read({}, given, folder)


def not_ok(folder: Path) -> list[str]:
    """Return the names of the lines of `--check` that are not ok."""
    lines = check.looked_at(settings_of(folder))
    return [one.name for one in lines if one.wrong or one.warning]


def damage(folder: Path, chance: random.Random) -> str:
    """Flip, cut or zero somewhere in the store or its log; say how and which."""
    file = folder / f"{NAME}{chance.choice(['', '', '-wal'])}"
    kind = chance.choice(["flip", "cut", "zero"])
    data = bytearray(file.read_bytes())
    at = chance.randrange(len(data))
    if kind == "flip":
        data[at] ^= chance.randrange(1, 256)
    elif kind == "cut":
        del data[at:]
    else:
        end = min(at + chance.choice([1, 64, 512, 4096, 20_000]), len(data))
        data[at:end] = bytes(end - at)
    file.write_bytes(data)
    return f"{kind}, runs.db{file.name.removeprefix(NAME)}"


def differs(folder: Path, template: Template) -> bool:
    """Tell whether a copy of the damaged store holds anything else, or cannot be read."""
    copy = folder / "copy"
    copy.mkdir()
    for suffix in SUFFIXES:
        shutil.copy(folder / f"{NAME}{suffix}", copy)
    engine = connect(url_of(copy))
    try:
        return contents(engine) != template.whole
    except (SQLAlchemyError, sqlite3.Error, zlib.error, ValueError, TypeError):
        return True
    finally:
        engine.dispose()


def start(settings: Settings) -> None:
    """Begin as a listener does, and receive deliveries: what it cannot store it would spool."""
    with suppress(CannotStart):
        startup.first_try(settings)
    engine = connect(settings.database_url)
    with suppress(SQLAlchemyError):
        store(engine, sent()[STORED + LOGGED :])
    engine.dispose()


@contextmanager
def believing() -> Iterator[None]:
    """Believe the file, as SQLite does: the control."""
    nothing = Promise("file", "is believed", "")
    with ExitStack() as stack:
        stack.enter_context(patch.object(acknowledged, "look", lambda engine: ""))
        stack.enter_context(patch.object(verify, "verify_newest", lambda engine: iter(())))
        stack.enter_context(patch.object(sqlite_damage, "look_over", lambda database: nothing))
        yield
