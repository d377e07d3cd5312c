"""Load lines of the debian feed into SQLite, again, and with dlt: seconds, CPU, memory.

All in one run, each in a process of its own. Servers (--engines) are given the same lines, and all
are asked who needs the packages that most need. dlt is installed from PyPI into an environment that
is gone afterwards, or is taken from --dlt PYTHON.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import orjson

from benchmarks.measuring import SERVERS, parser_of, workspace

ROOT = Path(__file__).resolve().parents[2]
EPOCH = datetime(2026, 1, 1)
MADE, AGAIN = "the schema made, no line", "the same again"
DLT = "dlt[sqlalchemy]==1.31.0"


class Took(NamedTuple):
    """What a process took: seconds by the clock and of the processor, MiB at most."""

    seconds: float
    cpu: float
    memory: float


def main(argv: Sequence[str] | None = None) -> int:
    """Print what each way takes, and how it is to ours."""
    flags = parser_of("feeds", __doc__, ("sqlite",))
    flags.add_argument("--packages", type=int, default=10**9, help="the first of apt's packages")
    flags.add_argument("--points", type=int, default=2_000_000, help="lines of another feed")
    flags.add_argument("--dlt", metavar="PYTHON", help="the Python of an environment with dlt")
    flags.add_argument("--without-dlt", action="store_true")
    given = flags.parse_args(argv)
    with workspace() as folder:
        lines = folder / "lines"
        number = write_lines(lines, given.packages)
        print(f"{number:,} lines, {lines.stat().st_size / 2**20:.0f} MiB")
        ours = [sys.executable, str(ROOT / "run_feeds.py"), "debian", "--from", str(lines)]
        settings = {"DATABASE_URL": f"sqlite:///{folder}/ours.db", "FEEDS_DIR": str(ROOT / "feeds")}
        listed = [sys.executable, str(ROOT / "run_feeds.py"), "debian", "--from", "/dev/null"]
        tell(MADE, run(listed, folder, settings), None)
        tell("start, no line", run(listed, folder, settings), None)
        first = tell("first load", run(ours, folder, settings), None)
        tell(AGAIN, run(ours, folder, settings), first)
        tell("the same again, --full", run([*ours, "--full"], folder, settings), first)
        points, counted = count_points(folder, given.points), [*ours[:2], "points", "--from"]
        settings["FEEDS_DIR"] = str(points.parent.parent)
        tell(f"{given.points:,} points", run([*counted, str(points)], folder, settings), None)
        if not given.without_dlt:
            python = given.dlt or install(folder)
            script = str(ROOT / "benchmarks/feeds/with_dlt.py")
            tell("dlt", run([python, script, str(lines), f"{folder}/dlt.db"], folder, {}), first)
        ask_engines(given.engines, folder, {MADE: listed, "first load": ours, AGAIN: ours})
    return 0


def ask_engines(names: Sequence[str], folder: Path, commands: Mapping[str, list[str]]) -> None:
    """Load into servers, and ask all engines who needs what most need."""
    # Only now: what is run is begun with the memory that we have.
    from benchmarks.feeds.on_engines import measure_dependents, measure_server

    def load(what: str, url: str) -> None:
        own = {"DATABASE_URL": url, "FEEDS_DIR": str(ROOT / "feeds")}
        tell(what, run(commands[what], folder, own), None)

    for name in names:
        if name in SERVERS:
            measure_server(name, folder, [*commands], load)
        else:
            measure_dependents(name, f"sqlite:///{folder}/ours.db", None)


def write_lines(path: Path, packages: int) -> int:
    """Write what the debian feed prints of the first packages; return how many lines."""
    command = [sys.executable, str(ROOT / "feeds/debian/debian.py")]
    state = path.parent / "state"
    state.write_text("{}")
    environ = {**os.environ, "FEED_STATE": str(state)}
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, env=environ) as feed,  # noqa: S603
        path.open("wb") as file,
    ):
        # Not kept: what is run later has our own memory at most, as the kernel counts it.
        return sum(1 for line in chosen(feed.stdout or (), packages) if file.write(line))


def count_points(folder: Path, number: int) -> Path:
    """Write a feed beside so many lines of it, each another row; return the path of the lines."""
    feed = folder / "feeds/points"
    feed.mkdir(parents=True)
    (feed / "feed.toml").write_text('command = "true"\nstreams = ["points"]\n')
    record = (
        '{"type":"RECORD","stream":"points","record":{"series":"a/%d","time":"%s","value":%d}}\n'
    )
    with (feed / "lines").open("w") as file:
        for at in range(number):
            moment = EPOCH + timedelta(hours=at // 1000)
            file.write(record % (at % 1000, moment, at))
    return feed / "lines"


def chosen(lines: Iterable[bytes], most: int) -> Iterator[bytes]:
    """Yield the records that are of the first packages."""
    names = set[str]()
    for line in lines:
        message = orjson.loads(line)
        if message["type"] != "RECORD":
            continue
        record = message["record"]
        if message["stream"] == "packages" and len(names) < most:
            names.add(record["name"])
        if record.get("package", record.get("name", "")) in names:
            yield line


def run(command: list[str], folder: Path, settings: dict[str, str]) -> Took:
    """Run a command to its end. Raises CalledProcessError."""
    began = time.monotonic()
    environ = {**os.environ, **settings}
    with subprocess.Popen(  # noqa: S603 - our own words
        command, cwd=folder, env=environ, stdout=subprocess.DEVNULL
    ) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    cpu = usage.ru_utime + usage.ru_stime
    return Took(time.monotonic() - began, cpu, usage.ru_maxrss / 1024)


def tell(what: str, took: Took, first: Took | None) -> Took:
    """Print what something took, and how many times the first load that is."""
    times = f", {took.cpu / first.cpu:.2f} times the CPU" if first else ""
    figures = f"{took.seconds:7.1f} s, CPU {took.cpu:6.1f} s, at most {took.memory:4.0f} MiB"
    print(f"{what:24}{figures}{times}", flush=True)
    return took


def install(folder: Path) -> str:
    """Install dlt into an environment, and return its Python."""
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)  # noqa: S603
    python = str(folder / "venv/bin/python")
    subprocess.run([python, "-m", "pip", "-q", "install", DLT], check=True)  # noqa: S603
    return python


if __name__ == "__main__":
    sys.exit(main())
