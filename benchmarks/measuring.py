"""What programmes that measure share: flags, a folder, times of work, and rows of a table."""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from tests import leftovers
from tests.servers import Server

SERVERS = ("mariadb", "postgresql", "mysql")
ENGINES = ("sqlite", *SERVERS)


class WorkTime(NamedTuple):
    """Seconds: by the clock, of this process's CPU, of the database's."""

    seconds: float
    python: float
    database: float


class Asking(NamedTuple):
    """How often a page is asked for, the store's server, and what is done `before` each time."""

    times: int
    server: int | None = None
    before: Callable[[], None] | None = None


def parser_of(module: str, text: str | None, engines: tuple[str, ...]) -> argparse.ArgumentParser:
    """Return the parser of a programme's flags, which has `--engines`."""
    parser = argparse.ArgumentParser(
        prog=f"python -m benchmarks.{module}",
        description=text,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--engines", nargs="+", default=engines)
    return parser


@contextmanager
def workspace() -> Iterator[Path]:
    """Give a folder, in BENCH_DIR where that is set; it and all servers are gone afterwards."""
    with tempfile.TemporaryDirectory(
        prefix="runledger-bench-", dir=os.environ.get("BENCH_DIR"), ignore_cleanup_errors=True
    ) as folder:
        try:
            yield Path(folder)
        finally:
            leftovers.close_session()


def time_work(work: Callable[[], None], server: Server | None) -> WorkTime:
    """Do it, and return what it took of this process and of a server."""
    database, python, began = cpu_of(server), time.process_time(), time.perf_counter()
    work()
    seconds = time.perf_counter() - began
    return WorkTime(seconds, time.process_time() - python, cpu_of(server) - database)


def median_of(times: Sequence[WorkTime]) -> WorkTime:
    """Return the median of each."""
    return WorkTime(*(statistics.median(values) for values in zip(*times, strict=True)))


def print_beside(turns: Mapping[tuple[str, str], Sequence[WorkTime]]) -> None:
    """Print how many times as fast as MariaDB the others were, by way and engine.

    It is the median over pairs of turns; so is what MariaDB took of the processors, Python and
    database together, in parts of what the other took.
    """
    for (way, name), times in turns.items():
        pairs = list(zip(turns.get((way, "mariadb"), ()), times, strict=False))
        if name == "mariadb" or not pairs:
            continue
        rate = statistics.median(its.seconds / own.seconds for its, own in pairs)
        work = statistics.median(
            (its.python + its.database) / (own.python + own.database) for its, own in pairs
        )
        print(f"{name} beside mariadb, {way}: {rate:.2f} of its rate, by processors {work:.2f}")


def cpu_of(server: Server | None) -> float:
    """Return the CPU seconds that a server has used, with the processes of its connections."""
    return cpu(server.processes()) if server else 0.0


def cpu(pids: Iterable[int]) -> float:
    """Return the CPU seconds that processes have used."""
    stats = (Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split() for pid in pids)
    # The last two are those of children that have ended.
    used = (sum(map(int, fields[11:15])) for fields in stats)
    return sum(used) / os.sysconf("SC_CLK_TCK")


def cpu_of_family(pid: int | None) -> float:
    """Return the CPU seconds of a process and its children, 0 of none."""
    return cpu([pid, *leftovers.children(pid)]) if pid else 0.0


def cpu_of_tree() -> float:
    """Return the CPU seconds of this process and of all that it began, ended or not."""
    parents: dict[int, int] = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it ended meanwhile
            parents[int(file.parent.name)] = int(file.read_text().rpartition(") ")[2].split()[1])
    tree, size = {os.getpid()}, 0
    while len(tree) > size:
        size = len(tree)
        tree |= {number for number, parent in parents.items() if parent in tree}
    return cpu(tree)


def print_head(*titles: str) -> None:
    """Print the head of a table."""
    print(row(*titles))
    print("|---" * len(titles) + "|", flush=True)


def row(*cells: object) -> str:
    """Return a row of a table."""
    return f"| {' | '.join(map(str, cells))} |"
