"""Loads into servers, and the questions that follow: client and server, by the processor."""

import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Engine, select

from benchmarks.measuring import cpu_of
from engines import connect, reading
from schema.tables import packages as tables
from store.packages.dependents import list_dependents
from tests import servers
from tests.servers import Server
from tests.torture.stage import Stage

ASKS = 7
WORST = 3
"""Packages that most need directly, beside libc6, which most need in any depth."""


class Asked(NamedTuple):
    """What a question took, by the clock and of both sides' processor, and its answer's size."""

    seconds: float
    cpu: float
    size: int


def measure_server(
    name: str, folder: Path, loads: Sequence[str], load: Callable[[str, str], None]
) -> None:
    """Start a server, load a feed into it some times, and print what that took of its processor."""
    stage = Stage(name, folder / name, servers.LOGGED)
    try:
        for what in loads:
            before = cpu_of(stage.server)
            load(what, stage.url)
            print(f"{'':24}server {name:12}CPU {cpu_of(stage.server) - before:6.1f} s", flush=True)
        measure_dependents(name, stage.url, stage.server)
    finally:
        stage.close()


def measure_dependents(name: str, url: str, server: Server | None) -> None:
    """Print what it takes to find all that need a package, for those that most need."""
    engine = connect(url, read_seconds=60.0)
    for package, number in worst(engine):
        asks = [ask(engine, number, server) for _ in range(ASKS + 1)][1:]
        seconds = statistics.median(one_ask.seconds for one_ask in asks)
        # A server's is counted in hundredths of a second: all asks together.
        cpu = sum(one_ask.cpu for one_ask in asks) / ASKS
        said = f"{seconds:6.3f} s, CPU {cpu:6.3f} s, at most {max(asks).seconds:6.3f} s"
        print(f"{name:12}{package:20}{asks[0].size:7,} need it {said}", flush=True)
    engine.dispose()


def worst(engine: Engine) -> list[tuple[str, int]]:
    """Return packages that many need, by name and number."""
    c = tables.packages.c
    query = select(c.name, c.Id).where(c.manager == "debian", c.gonetime.is_(None))
    with reading(engine).connect() as connection:
        most = connection.execute(query.order_by(c.dependents.desc(), c.Id).limit(WORST)).all()
        named = connection.execute(query.where(c.name.in_(("libc6", "zlib1g", "python3")))).all()
    return [*dict.fromkeys((name, number) for name, number in (*named, *most))]


def ask(engine: Engine, number: int, server: Server | None) -> Asked:
    """Ask once who needs a package."""
    before, began = cpu_of(server) + time.process_time(), time.perf_counter()
    with reading(engine).connect() as connection:
        size = len(list_dependents(connection, [number]))
    seconds = time.perf_counter() - began
    return Asked(seconds, cpu_of(server) + time.process_time() - before, size)
