"""What the store must hold: the same deliveries, stored once each where nothing ever fails."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Engine, func, select

from config.watch import watch
from engines import connect, reading
from schema import migrate
from schema.tables.ci import keys, metadata
from schema.tables.deliveries import deliveries
from store.doors.decide import decide_each
from store.doors.webhook import store_all
from tests.equality import COMPARED, Contents, contents
from tests.torture.shots import Shot

BATCH = 300


class Verdict(NamedTuple):
    """How a store compares: guids that are missing, keys stored twice, rows that differ."""

    acknowledged: int
    lost: int
    doubled: int
    different: int

    @property
    def is_good(self) -> bool:
        """Tell whether nothing is wrong."""
        return self.lost == self.doubled == self.different == 0


def verdict(engine: Engine, those: Iterable[Shot], told: set[str], folder: Path) -> Verdict:
    """Compare a store with what was acknowledged; `those` are all deliveries that were."""
    lost = told - applied(engine)
    return Verdict(len(told), len(lost), doubled(engine), different(engine, those, folder))


def applied(engine: Engine) -> set[str]:
    """Return the guids whose rows are stored."""
    query = select(deliveries.c.guid).where(deliveries.c.state == "applied")
    with reading(engine).connect() as connection:
        return set(connection.execute(query).scalars())


def doubled(engine: Engine) -> int:
    """Return how many keys are stored more than once, over all tables."""
    total = 0
    with reading(engine).connect() as connection:
        for name in COMPARED:
            key = [metadata.tables[name].c[part] for part in keys(metadata.tables[name])]
            twice = select(*key).group_by(*key).having(func.count() > 1).subquery()
            total += connection.execute(select(func.count()).select_from(twice)).scalar_one()
    return total


def different(engine: Engine, those: Iterable[Shot], folder: Path) -> int:
    """Return how many rows only one of the two stores has."""
    found, wanted = contents(engine), told_once(those, folder)
    sides = ((found[name] - wanted[name], wanted[name] - found[name]) for name in wanted)
    return sum((one.total() + other.total()) for one, other in sides)


def told_once(those: Iterable[Shot], folder: Path) -> Contents:
    """Return the contents of a clean store that was given these deliveries once, in order."""
    engine = connect(f"sqlite:///{folder / 'oracle.db'}")
    migrate.upgrade(engine)
    for batch in batches(those):
        sent = [shot.delivery for shot in batch]
        store_all(engine, list(decide_each(engine, watch(()), sent)))
    told = contents(engine)
    engine.dispose()
    return told


def batches(those: Iterable[Shot]) -> Iterator[list[Shot]]:
    """Yield shots in lists."""
    source = iter(those)
    while batch := list(islice(source, BATCH)):
        yield batch
