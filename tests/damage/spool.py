"""Damage the files of a spool anywhere: what comes out, what is named, and what is neither."""

import json
import random
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from store.deliveries import spool, spool_file
from store.deliveries.spool import Spool
from store.deliveries.spool_damage import damaged
from store.deliveries.table import Delivery

TIME = datetime(2026, 3, 2, 12, 30)
WAITING = 30
KILLED: list[sqlite3.Connection] = []
"""What a killed process had open: closing it would write its log back."""


class Outcome(NamedTuple):
    """What became of a damaged spool: deliveries that waited, came out whole, are named as lost."""

    where: str
    waiting: list[Delivery]
    taken: list[Delivery]
    named: int

    @property
    def lost(self) -> int:
        """Return how many of those that waited did not come out."""
        return sum(one not in self.taken for one in self.waiting)

    @property
    def silent(self) -> int:
        """Return how many of them nothing names."""
        return max(self.lost - self.named, 0)


def report(damages: int) -> bool:
    """Print a row for each kind of damage; return whether nothing was silent but the control."""
    with tempfile.TemporaryDirectory() as folder:
        outcomes = [befall(Path(folder) / str(seed), seed) for seed in range(damages)]
    with tempfile.TemporaryDirectory() as folder, without_count():
        control = [befall(Path(folder) / str(seed), seed) for seed in range(damages)]
    for kind in sorted({one.where for one in outcomes}):
        print(line(kind, [one for one in outcomes if one.where == kind]))
    print(line("all", outcomes))
    print(line("control: without the count", control))
    return not any(one.silent for one in outcomes) and any(one.silent for one in control)


def line(name: str, outcomes: Sequence[Outcome]) -> str:
    """Return a row of the table in docs/reliability.md."""
    sums = Counter[str]()
    for one in outcomes:
        sums.update(waiting=len(one.waiting), lost=one.lost, silent=one.silent)
    whole = sums["waiting"] - sums["lost"]
    return f"| {name} | {len(outcomes)} | {sums['waiting']} | {whole} | {sums['silent']} |"


@contextmanager
def without_count() -> Iterator[None]:
    """Believe the file: the control."""
    kept = spool_file.check_count
    spool_file.check_count = spool.check_count = lambda connection, folder: None
    try:
        yield
    finally:
        spool_file.check_count = spool.check_count = kept


def befall(folder: Path, seed: int) -> Outcome:
    """Fill a spool, kill its process, damage a file, and drain it as the listener does."""
    chance = random.Random(seed)
    waiting = fill(folder, WAITING, chance, removed=chance.choice([0, 0, 10]))
    where = damage(folder, chance)
    taken = drain(folder)
    return Outcome(where, waiting, taken, count_named(folder))


def delivery(number: int, chance: random.Random) -> Delivery:
    """Return a delivery whose body takes a part of a page, or several."""
    body = chance.randbytes(chance.choice([2, 300, 1500, 5000, 60_000]))
    return Delivery("github", f"guid-{number}", 7, "push", None, "octo-org/app", TIME, body)


def fill(folder: Path, number: int, chance: random.Random, removed: int = 0) -> list[Delivery]:
    """Fill a spool, remove the first, leave it as a kill does, and return what waits."""
    filled = Spool(folder)
    deliveries = [delivery(number, chance) for number in range(1, number + 1)]
    for one in deliveries:
        filled.put(one)
    if removed:
        filled.remove([entry.number for entry in filled.take(removed)])
    if chance.random() < 0.5:
        filled.shrink()  # its log is written back, and empty
    KILLED.append(filled.opened[0])
    filled.opened = None
    return deliveries[removed:]


def damage(folder: Path, chance: random.Random) -> str:
    """Flip, cut or zero somewhere in one of the files; say how and which."""
    files = [folder / "spool.db", folder / "spool.db-wal"]
    file = chance.choice([file for file in files if file.stat().st_size])
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
    (folder / "spool.db-shm").unlink()  # the log's index: a machine that starts has none
    file.unlink()  # the killed process has the other one open
    file.write_bytes(data)
    return f"{kind}, {file.name}"


def drain(folder: Path) -> list[Delivery]:
    """Take and remove everything, as the listener does."""
    drained, taken = Spool(folder), list[Delivery]()
    while True:
        while entries := drained.take(7):
            taken += [entry.delivery for entry in entries]
            drained.remove([entry.number for entry in entries])
        drained.shrink()
        if not drained.count():
            drained.close()
            return taken


def count_named(folder: Path) -> int:
    """Return how many deliveries are named as lost, or kept damaged."""
    files = [json.loads(file.read_text()) for file in damaged(folder) if file.suffix == ".json"]
    return sum(one.get("lost", 1) for one in files)
