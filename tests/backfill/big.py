"""A world of 25,000 runs with 200,000 jobs, read once and in full: make big-backfill.

Lists end after 1,000 results, 1,500 runs begin within one minute, one request in twenty fails,
limits and clock are 100 times faster (--scale). Prints how long it took and what GitHub's limits
alone take, and the peak of the command's memory; exit code 1 when anything is missing. It is read
by REST alone, and then anew with GraphQL first: after which part of the time all can be queried.
"""

import argparse
import multiprocessing
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path

import sqlalchemy as sa

from engines import connect
from fakegithub.api.faults import Faults
from fakegithub.api.limits import Limits
from fakegithub.server import TOKEN, serve
from fakegithub.world.history import history
from fakegithub.world.world import World
from schema.tables.ci import jobs, runattempts, workflowruns
from tests.store.writers import emptied

ROOT = Path(__file__).resolve().parent.parent.parent


def main(argv: Sequence[str] | None = None) -> int:
    """Read the world into an SQLite file, or into the database at --url."""
    options = parser().parse_args(argv)
    began = time.monotonic()
    world = history(seed=21, runs=options.runs, jobs=options.jobs, days=60, burst=options.burst)
    print(f"world of {options.runs} runs made in {time.monotonic() - began:.0f} s", flush=True)
    exact = read_world(world, options, ["--exact"])
    quick = read_world(world, options, ["--quick"], [])
    if exact is None or quick is None:
        return 1
    first, last = quick[0] / exact[0], sum(quick) / exact[0]
    print(f"queryable after {first:.2f} of the time, whole after {last:.2f}")
    return 0


def read_world(world: World, options: argparse.Namespace, *ways: list[str]) -> list[float] | None:
    """Read the world into an empty store in these ways, one after the other.

    Returns the seconds that each took, None where it is not whole in the end.
    """
    ours, theirs = multiprocessing.Pipe()
    context = multiprocessing.get_context("fork")
    server = context.Process(target=serve_world, args=(world, options, theirs), daemon=True)
    server.start()
    address = ours.recv()
    calls, is_good = 0, True
    with tempfile.TemporaryDirectory(prefix="runledger-big-") as folder:
        url = options.url or f"sqlite:///{folder}/big.db"
        if options.url:
            emptied(url)
        spent = []
        for way in ways:
            began, before = time.monotonic(), calls
            code, peak = read(url, address, options.scale, way)
            spent.append(time.monotonic() - began)
            ours.send("tell")
            requests, calls, points, refusals, drawn = ours.recv()
            told = f"{requests} requests, {calls} calls and {points} points, {refusals} refused"
            print(f"{' '.join(way) or 'both'}: {told} so far, faults {drawn}", flush=True)
            least = least_seconds(calls - before) / options.scale
            print(f"{spent[-1]:.0f} s; the limit on calls alone takes {least:.0f} s")
            print(f"peak memory of the command {peak:.0f} MiB; exit code {code}")
            is_good = is_good and code == 0
        ours.send("stop")
        server.join(10)
        whole = is_whole(url, world)
    print(f"whole: {whole}", flush=True)
    return spent if whole and is_good else None


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(prog="python -m tests.backfill.big", description=__doc__)
    made.add_argument("--runs", type=int, default=25_000)
    made.add_argument("--jobs", type=int, default=8)
    made.add_argument("--burst", type=int, default=1500)
    made.add_argument("--faults", type=float, default=0.05)
    made.add_argument("--scale", type=float, default=100, help="so much faster is the clock")
    made.add_argument("--url", help="a database, emptied first, in place of an SQLite file")
    return made


def serve_world(world: World, options: argparse.Namespace, pipe: Connection) -> None:
    """Serve the world in this process until told to stop; then tell what was asked."""
    faults = Faults(seed=21, rate=options.faults, pause=0.05)
    with serve(world, limits=Limits(scale=options.scale), faults=faults) as github:
        pipe.send(github.url)
        while pipe.recv() == "tell":
            used = (github.counted, github.limits.points, github.limits.refusals)
            pipe.send((len(github.requests), *used, dict(faults.drawn)))


def read(url: str, address: str, scale: float, way: list[str]) -> tuple[int, float]:
    """Run the command in a process of its own; return its exit code and peak memory in MiB."""
    env = {
        **os.environ,
        "DATABASE_URL": url,
        "GITHUB_API_URL": address,
        "GITHUB_TOKEN": TOKEN,
    }
    words = ["-m", "tests.backfill.scaled", str(scale), "-r", "octo-org/app-1", *way]
    process = subprocess.Popen([sys.executable, *words], cwd=ROOT, env=env)
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, high_water(process.pid))
        time.sleep(0.2)
    return process.returncode, peak


def high_water(pid: int) -> float:
    """Return a process's peak memory in MiB since it began its program; 0 once it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return 0.0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0


def least_seconds(counted: int) -> float:
    """Return how long so many requests take within four fifths of 5,000 an hour."""
    hours, rest = divmod(counted, 4000)
    return hours * 3600 + rest / 840 * 60


def is_whole(url: str, world: World) -> bool:
    """Tell whether every run, attempt and job of the world is stored."""
    repo = world.members[("repo", None)][0]
    view = world.at()
    runs = list(view.runs(repo))
    wanted = {
        workflowruns: len(runs),
        runattempts: sum(run.attempt for run in runs),
        jobs: sum(len(view.jobs(run.id)) for run in runs),
    }
    engine = connect(url)
    with engine.connect() as connection:
        found = {
            table: connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for table in wanted
        }
    engine.dispose()
    for table, number in wanted.items():
        print(f"{table.name}: {found[table]} of {number}")
    return found == wanted


if __name__ == "__main__":
    raise SystemExit(main())
