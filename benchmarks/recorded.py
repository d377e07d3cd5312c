"""A backfill of a generated world over HTTP, and what it handed over to be written."""

import contextlib
import io
import multiprocessing
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

import pytest

from backfill.cli import main
from backfill.command import vendor_connection
from backfill.http import client, rate_limit
from backfill.pipeline.writer import AtomicWrite, Writer
from config.settings import SETTINGS
from fakegithub.api.limits import Limits
from fakegithub.server import TOKEN, serve
from fakegithub.world.history import history as generated
from fakegithub.world.world import World
from store.doors.api import Read
from store.state.backfill_progress import Note

REPO = "octo-org/app-1"
SCALE = 100
"""GitHub's clock runs so much faster, as in `make big-backfill`: what is counted is requests."""


class Recorded(NamedTuple):
    """What a backfill handed to its writer, in order, and how often it asked GitHub."""

    parts: list[AtomicWrite]
    requests: int


def record(runs: int, jobs: int, folder: Path) -> Recorded:
    """Read a world of `runs` runs, of `jobs` jobs on average, into an SQLite file in `folder`.

    It is the command itself that reads, each run once: jobs by GraphQL first are written twice.
    Raises RuntimeError with what it printed when it failed.
    """
    world = generated(seed=21, runs=runs, jobs=jobs, days=60)
    parts: list[AtomicWrite] = []

    class Recorder(Writer):
        def put(self, reads: Sequence[Read] = (), note: Note | None = None) -> None:
            parts.append(AtomicWrite(reads, note))
            super().put(reads, note)

    said = io.StringIO()
    with contextlib.ExitStack() as stack:
        github = stack.enter_context(served(world))
        put = stack.enter_context(pytest.MonkeyPatch.context())
        put.setattr(vendor_connection, "Writer", Recorder)
        put.setattr(rate_limit, "MINUTE", 60 / SCALE)
        put.setattr(client, "SECOND", 1 / SCALE)
        put.chdir(folder)  # no .env of the caller's
        for name in SETTINGS:
            put.delenv(name, raising=False)
            put.delenv(f"{name}_FILE", raising=False)
        put.setenv("DATABASE_URL", f"sqlite:///{folder / 'recorded.db'}")
        put.setenv("GITHUB_API_URL", github.recv())
        put.setenv("GITHUB_TOKEN", TOKEN)
        stack.enter_context(contextlib.redirect_stdout(said))
        stack.enter_context(contextlib.redirect_stderr(said))
        code = main(["-r", REPO, "-m", str(runs), "--exact"])
        github.send("stop")
        requests = github.recv()
    if code:
        raise RuntimeError(f"the backfill ended with {code}:\n{said.getvalue()}")
    return Recorded(parts, requests)


@contextlib.contextmanager
def served(world: World) -> Iterator[Connection]:
    """Serve a world in a process of its own; give the pipe to it."""
    ours, theirs = multiprocessing.Pipe()
    context = multiprocessing.get_context("fork")
    server = context.Process(target=answer, args=(world, theirs), daemon=True)
    server.start()
    try:
        yield ours
    finally:
        server.terminate()
        server.join()


def answer(world: World, pipe: Connection) -> None:
    """Serve a world; send its address, then, once told to stop, how many requests came."""
    with serve(world, limits=Limits(scale=SCALE)) as github:
        pipe.send(github.url)
        pipe.recv()
        pipe.send(len(github.requests))
