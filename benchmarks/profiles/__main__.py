"""Draw where a delivery's and a page's time goes: make profile.

Flame graphs by py-spy (https://github.com/benfred/py-spy), which looks at processes from outside,
two hundred times a second, and hardly slows them down. Read one in a browser: width is time, what
is called stands below its caller; a click widens, Ctrl-F looks for a name.
"""

import argparse
import html
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from benchmarks import year
from benchmarks.clients import load
from benchmarks.measuring import ENGINES, workspace
from config.settings import read
from dashboard.app import create_app
from engines import connect
from schema import migrate
from store.open import READ, open_engine
from tests import databases, servers
from tests.torture.shots import shots_of_today
from tests.torture.stage import Stage

RATE = 200
BATCH = 400
MOST_A_SECOND = 1500
PAGES = ("/", "/runs", "/time", "/health")
FRAME = re.compile(
    r"<title>([^\n&(]+?) \(([^\s:]+?)(?::\d+)?\) \([\d,]+ samples?, ([\d.]+)%\)</title>"
)
SHOWN = 24
MOST = 45.0
"""Per cent; wider frames only lead to the others."""


def main(argv: Sequence[str] | None = None) -> int:
    """Write delivery.svg and page.svg, and print the widest frames of each; 1 without rights."""
    parser = argparse.ArgumentParser(prog="make profile", description=__doc__)
    parser.add_argument("--engine", default="sqlite", choices=ENGINES)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--connections", type=int, default=16, help="that deliver at once")
    parser.add_argument("--runs", type=int, default=20_000, help="of the store that pages are of")
    parser.add_argument("--into", type=Path, default=Path("build/profiles"), help="a folder")
    given = parser.parse_args(argv)
    given.into.mkdir(parents=True, exist_ok=True)
    with workspace() as folder:
        codes = [profile_deliveries(given, folder), profile_pages(given, folder)]
    return max(codes)


def profile_deliveries(given: argparse.Namespace, folder: Path) -> int:
    """Draw a listener while deliveries come in."""
    stage = Stage(given.engine, folder / "listener", servers.LOGGED)
    try:
        stage.start()
        shots = (shot.request for shot in shots_of_today(8, (given.seconds + 10) * MOST_A_SECOND))

        def ask() -> None:
            load.send([stage.port], [*islice(shots, BATCH)], given.connections)

        ask()  # warms up
        # Threads that wait for a turn or a disk seem to work: who holds the interpreter does.
        return record(given, "delivery", stage.master.pid, ask, "--gil")
    finally:
        stage.close()


def profile_pages(given: argparse.Namespace, folder: Path) -> int:
    """Draw the dashboard, in this process, while its pages are asked for in turn."""
    end = datetime.now(UTC).replace(tzinfo=None)
    with databases.fresh(given.engine, folder) as url:
        migrate.upgrade(url)
        writer = connect(url, tls=False, read_seconds=600)
        year.write(writer, given.runs, end)
        writer.dispose()
        settings = read({}, {"DATABASE_URL": url, "DATABASE_SSL": "off"}, folder)
        reader = open_engine(settings, READ)
        client = create_app(settings, reader, clock=lambda: end).test_client()

        def ask() -> None:
            for path in PAGES:
                client.get(path)

        ask()
        code = record(given, "page", os.getpid(), ask)
        reader.dispose()
    return code


def record(
    given: argparse.Namespace, name: str, pid: int, ask: Callable[[], object], *more: str
) -> int:
    """Draw a process and its children while `ask` is done again and again; return an exit code."""
    path = given.into / f"{name}.svg"
    words = ["--pid", str(pid), "--subprocesses", "--rate", str(RATE), "--output", str(path)]
    spy = Path(sys.executable).parent / "py-spy"
    command = [str(spy), "record", *words, "--duration", str(given.seconds), "--function", *more]
    with subprocess.Popen(  # noqa: S603 - our own words
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        until = time.monotonic() + given.seconds + 5
        while process.poll() is None and time.monotonic() < until:
            ask()
        said = process.communicate()[0].decode()
    if process.returncode or not path.exists():
        print(f"py-spy could not look at the process (it needs root, or ptrace): {said}")
        return 1
    print(f"\n{path} ({given.engine}); the widest frames, with all that they call:")
    for frame, share in widest(path.read_text()):
        print(f"{share:5.1f}%  {frame}")
    return 0


def widest(drawn: str) -> list[tuple[str, float]]:
    """Return the functions of a flame graph by their share of the samples, in per cent."""
    shares = dict[str, float]()
    for function, file, share in FRAME.findall(drawn):
        frame = f"{html.unescape(function)} ({short(file)})"
        shares[frame] = shares.get(frame, 0.0) + float(share)
    narrow = [(frame, share) for frame, share in shares.items() if share < MOST]
    return sorted(narrow, key=lambda pair: pair[1], reverse=True)[:SHOWN]


def short(file: str) -> str:
    """Return a path without what is before its package."""
    return file.rpartition("site-packages/")[2]


if __name__ == "__main__":
    sys.exit(main())
