"""Load one feed: start its program, write what it prints, and note how that ended."""

import tempfile
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing
from functools import cache
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from engines import database_time, faults, reading
from feedrunner.comparing.brought import Brought
from feedrunner.comparing.unchanged import Comparison
from feedrunner.feed_lease import held
from feedrunner.line_groups import read_groups
from feedrunner.load import Loader
from feedrunner.load_notes import Load, begin_load, end_load, last_brought, last_state
from feedrunner.manifest import Manifest
from feedrunner.messages import BadLine
from feedrunner.needs import NEEDS, write_needs
from feedrunner.output_files import read_folder
from feedrunner.process import (
    AGAIN,
    MISCONFIGURED,
    FeedTimeout,
    NoAddress,
    Process,
    environment,
    passed_on,
)
from feedrunner.trial import trial
from feedrunner.virtual_environment import NoEnvironment, python_of
from feedrunner.writing.whole_streams import HalfStream
from rows.one_line import one_line
from store.doors import refusals

DONE, FAILED = "done", "failed"
LONGEST_ERROR = 2000
OF_A_FEED = (BadLine, FeedTimeout, HalfStream, NoAddress, NoEnvironment)
"""What says in its own words what is wrong with a feed."""


ExitCode = Callable[[], int | None]
"""What gives the program's exit code, once all lines are read."""


Show = Callable[[Iterator[bytes]], Iterator[bytes]]
"""What passes on pieces of output, and shows how many there are."""


class Ended(NamedTuple):
    """How a load ended; `error` is empty when it is done."""

    state: str
    lines: int
    changed: int
    gone: int
    error: str = ""
    exitcode: int | None = None
    logtail: str = ""


def run_feed(
    engine: Engine,
    manifest: Manifest,
    environ: Mapping[str, str],
    *,
    full: bool = False,
    dry_run: bool = False,
    venvs: Path = Path("data/feeds"),
    show: Show = iter,
) -> Ended:
    """Run a feed's program and write its rows; with `dry_run` they are taken back at the end.

    `full`: from nothing instead of the last state. `venvs`: the folder of what feeds need
    installed. `show` passes on what is printed. Raises Busy, SQLAlchemyError.
    """
    # What the program started elsewhere may still write into it while it is removed.
    scratch = tempfile.TemporaryDirectory("", f"feed-{manifest.name}-", ignore_cleanup_errors=True)
    with scratch as name:
        own, folder = Path(name), Path(name, "output")
        folder.mkdir()
        with reading(engine).connect() as connection:
            state = "{}" if full else last_state(connection, manifest.name)
            write_needs(connection, manifest.needs, own / NEEDS)
        state_path = own / "state.json"
        state_path.write_text(state, encoding="utf-8")

        exits, running, logs = list[int](), list[Process](), list[str]()

        def pieces() -> Generator[bytes, None, None]:
            """Start the program with the first piece that is asked for: the lease is held then."""
            try:
                python = python_of(manifest, venvs, pip_settings(environ))
            except NoEnvironment as error:
                logs.append(error.logtail)
                raise
            seen = environment(manifest, folder, state_path, environ)
            process = Process(manifest, python, folder, seen)
            running.append(process)
            try:
                yield from process.pieces()
                exits.append(process.wait())
            finally:
                process.end()
            if exits[-1] == 0:
                yield from read_folder(folder)

        load = try_lines if dry_run else load_lines
        with closing(pieces()) as given:
            return load(
                engine,
                manifest,
                show(given),
                lambda: exits[-1] if exits else None,
                lambda: running[0].logtail() if running else "\n".join(logs),
                full=full,
            )


def pip_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what the installation of a feed's requirements sees of the runner's environment."""
    pip = {name: value for name, value in environ.items() if name.startswith("PIP_")}
    return passed_on(environ) | pip


def try_lines(
    engine: Engine,
    manifest: Manifest,
    pieces: Iterable[bytes],
    exit_code: ExitCode,
    logtail: Callable[[], str] = str,
    *,
    full: bool = False,
) -> Ended:
    """Write lines where nobody sees them, and take them back: how many rows would change."""
    with reading(engine).connect() as connection:
        now = database_time(connection)
        load = Load(0, manifest.name, manifest.allowed.manager, now, engine)
        comparison = compare(connection, load, manifest, full=full)
    with ExitStack() as stack:
        place = cache(lambda: stack.enter_context(trial(engine, load)))
        loader = Loader(engine, load, lambda _, work: work(place()))
        ended = read_all(loader, manifest, comparison, comparison.read(pieces), exit_code)
        return ended._replace(logtail=logtail())


def load_lines(
    engine: Engine,
    manifest: Manifest,
    pieces: Iterable[bytes],
    exit_code: ExitCode,
    logtail: Callable[[], str] = str,
    *,
    full: bool = False,
) -> Ended:
    """Write lines, under the feed's lease, and note the load. Raises Busy, SQLAlchemyError."""
    with held(engine, manifest.name):
        with reading(engine).connect() as connection:
            now = database_time(connection)
            begun = Load(0, manifest.name, manifest.allowed.manager, now)
            comparison = compare(connection, begun, manifest, full=full)
        load = begin_load(engine, manifest.name, manifest.allowed.manager, now)
        lines, loader = comparison.read(pieces), Loader(engine, load)
        try:
            ended = read_all(loader, manifest, comparison, lines, exit_code)
        except KeyboardInterrupt:
            loader.stop()
            stopped = Ended(FAILED, loader.lines, loader.changed, loader.gone, "was stopped")
            note(engine, load, stopped._replace(logtail=logtail()), None)
            raise
        ended = ended._replace(logtail=logtail())
        is_new = not ended.error and not comparison.is_same
        brought = comparison.brought(load.number, manifest.allowed) if is_new else None
        note(engine, load, ended, brought)
        return ended


def compare(connection: Connection, load: Load, manifest: Manifest, *, full: bool) -> Comparison:
    """Return what compares a load with the last whole one; with `full` with none."""
    last = None if full else last_brought(connection, load, manifest.allowed)
    return Comparison(last, manifest.allowed)


def read_all(
    loader: Loader,
    manifest: Manifest,
    comparison: Comparison,
    lines: Iterable[list[bytes]],
    exit_code: ExitCode,
) -> Ended:
    """Write all lines and what follows from them; say why where that fails."""
    error = ""
    try:
        loader.read(read_groups(lines, manifest.allowed))
        error = reason_of(exit_code())
        if not error:
            loader.finish(is_same=comparison.is_same)
            loader.follow()
    except Exception as problem:  # noqa: BLE001 - whatever is wrong with a feed, others are loaded
        error = one_line(why(problem))  # what a feed printed, and no database may hold, is in it
    state = FAILED if error else DONE
    lines_read = comparison.lines if comparison.is_same else loader.lines
    return Ended(state, lines_read, loader.changed, loader.gone, error, exit_code())


def why(error: Exception) -> str:
    """Return why a load failed; a mistake of ours is printed whole, too."""
    if isinstance(error, OF_A_FEED):
        return str(error)
    if isinstance(error, OSError):
        where = f": {error.filename}" if error.filename else ""
        return f"{error.strerror or error}{where}"
    if isinstance(error, SQLAlchemyError):
        is_ours = not refusals.is_refusal(error)
        why_not = faults.cause(error) if is_ours else refusals.reason_of(error)
        return f"{'the database failed' if is_ours else 'rows are refused'}: {why_not}"
    traceback.print_exception(error)
    return f"a mistake of ours: {faults.cause(error)}"


def reason_of(code: int | None) -> str:
    """Return why an exit code is a failure, nothing for a good one."""
    if not code:
        return ""
    if code < 0:
        return f"was ended by signal {-code}"
    words = {AGAIN: " (try again sooner)", MISCONFIGURED: " (it is not set up)"}
    return f"ended with exit code {code}{words.get(code, '')}"


def note(engine: Engine, load: Load, ended: Ended, brought: Brought | None) -> None:
    """Write a load's outcome, and what it brought."""
    with reading(engine).connect() as connection:
        now = database_time(connection)
    values = {
        "state": ended.state,
        "endtime": now,
        "updated_at": now,
        "exitcode": ended.exitcode,
        "linecount": ended.lines,
        "changed": ended.changed,
        "gone": ended.gone,
        "error": ended.error[:LONGEST_ERROR] or None,
        "logtail": ended.logtail or None,
    }
    end_load(engine, load, values, brought)
