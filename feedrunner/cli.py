"""`python3 run_feeds.py`: load the feeds that are named, or all; say how each went."""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from config.command_line import LAYERS, CommandLine, read_settings
from config.settings import BadSetting, Settings
from engines import faults
from feedrunner import listing, output_files, runner, skeleton
from feedrunner.feed_lease import Busy
from feedrunner.listing import Manifests, feed_environment
from feedrunner.manifest import BadManifest, Manifest, read_manifests
from feedrunner.runner import Ended, why
from feedrunner.schedule import daemon, feed_health
from rows.counted import counted
from rows.one_line import one_line
from runtime.ended_by_a_signal import ended_by_a_signal
from runtime.garbage import rare_collections
from runtime.parent_pipe import end_with_parent
from store.feeds import daily
from store.open import LOAD, CannotStart, opened, schema

ALL_DONE, ONE_FAILED, BAD_SETTINGS, STOPPED = 0, 1, 2, 130


def command_line() -> CommandLine:
    """Return the parser of the flags."""
    parser = CommandLine(
        "run_feeds.py",
        "Load feeds: programs that print rows as lines of JSON.",
        f"{LAYERS}.\nFEEDS_DIR is the folder of the feeds; `new NAME` writes a feed to begin with.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="feeds to load; default all")
    parser.add_argument("--list", action="store_true", help="show the feeds and their last loads")
    parser.add_argument("--check", action="store_true", help="look at manifests and settings only")
    parser.add_argument("--dry-run", action="store_true", help="count the rows that would change")
    full = "begin from nothing, not the last state"
    parser.add_argument("--full", action="store_true", help=full)
    lines = "read a run elsewhere: a file of lines, a folder"
    parser.add_argument("--from", dest="path", metavar="PATH", help=lines)
    each = "read the runs elsewhere of all NAMEs, each in FOLDER/NAME"
    parser.add_argument("--from-each", dest="folder", metavar="FOLDER", help=each)
    wait = "with --from-each: wait so long for what has not ended"
    parser.add_argument("--wait", type=float, default=0.0, metavar="SECONDS", help=wait)
    parser.add_argument("--daemon", action="store_true", help="load feeds when they are due")
    parser.add_argument("--beside", action="store_true", help=argparse.SUPPRESS)
    parser.add_password()
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the flags say: 0 all done, 1 a feed failed, 2 change something first."""
    try:
        return run(command_line().read(argv))
    except BadSetting as error:
        return say(str(error), BAD_SETTINGS)
    except CannotStart as error:
        return say(str(error), error.code)
    except SQLAlchemyError as error:
        return say(f"the database failed: {faults.cause(error)}", ONE_FAILED)
    except KeyboardInterrupt:
        return say("stopped; the same command goes on where it was", STOPPED)


def say(line: str, code: int) -> int:
    """Print a sentence for people on stderr, and return the exit code."""
    print(one_line(f"run_feeds.py: {line}"), file=sys.stderr, flush=True)
    return code


LOADING = ("dry_run", "full")
WAYS = {"list": (), "check": (), "daemon": ("beside",), "path": LOADING}
WAYS |= {"folder": (*LOADING, "wait"), "": LOADING}
"""The flags that go with each way to be started; others would be ignored."""
SPELLED = {"path": "from", "folder": "from-each", "dry_run": "dry-run"}


def refuse_others(given: Mapping[str, Any]) -> None:
    """Raise BadSetting where a flag is given that would be ignored."""
    way = next((name for name in WAYS if name and given[name]), "")
    for name in (*filter(None, WAYS), *LOADING, "wait", "beside"):
        if given[name] and name not in (way, *WAYS[way]):
            other = way or ("folder" if name == "wait" else "daemon")
            flag, other = (f"--{SPELLED.get(each, each)}" for each in (name, other))
            raise BadSetting(flag, f"{'does not go with' if way else 'is of'} {other}")
    if not 0 <= given["wait"] <= 604_800:
        raise BadSetting("--wait", "is in seconds, from 0 to 604800")


def run(given: dict[str, Any]) -> int:
    """Check everything, then do it. Raises BadSetting, CannotStart, SQLAlchemyError."""
    refuse_others(given)
    settings = read_settings({"database_password": given["database_password"]})
    names: list[str] = given["names"]
    if names[:1] == ["new"]:
        return write_new(settings.feeds_dir, names[1:])
    manifests = read_manifests(settings.feeds_dir)
    chosen = choose(manifests, names, settings.feeds_dir)
    if given["check"]:
        return BAD_SETTINGS if listing.check(chosen) else ALL_DONE
    if given["list"]:
        listing.show(settings, chosen)
        return ALL_DONE
    if given["path"] is not None and len(names) != 1:
        raise BadSetting("--from", "name the one feed that the lines are of")
    if given["folder"] is not None and not Path(given["folder"]).is_dir():
        raise BadSetting("--from-each", f"{given['folder']} is no folder")
    with ended_by_a_signal(), rare_collections():
        if given["folder"] is not None:
            folders = (Path(given["folder"], name) for name in chosen)
            output_files.wait_for_ends(folders, given["wait"])
        return run_daemon(settings, given) if given["daemon"] else load_all(settings, chosen, given)


def choose(manifests: Manifests, names: Sequence[str], folder: Path) -> Manifests:
    """Return the feeds that are named, all without names. Raises BadSetting."""
    if not manifests:
        raise BadSetting("FEEDS_DIR", f"{folder} holds no feed: no folder with a feed.toml")
    for name in names:
        if name not in manifests:
            known = ", ".join(manifests)
            raise BadSetting("NAME", f"{folder} holds no feed {name[:64]!r}; there is: {known}")
    return {name: manifests[name] for name in names or manifests}


def write_new(folder: Path, names: Sequence[str]) -> int:
    """Write a feed to begin with. Raises BadSetting."""
    if len(names) != 1:
        raise BadSetting("new", "wants one name: run_feeds.py new NAME")
    path = skeleton.write_feed(folder, names[0])
    print(f"{path}: a feed that loads one number. Try: python3 run_feeds.py {names[0]} --dry-run")
    return ALL_DONE


def load_all(settings: Settings, manifests: Manifests, given: Mapping[str, Any]) -> int:
    """Load feeds, each whatever the others do."""
    code = ALL_DONE
    with opened(settings, LOAD) as engine:
        schema(engine, settings, install=False)
        for manifest in manifests.values():
            if isinstance(manifest, BadManifest):
                say(str(manifest), BAD_SETTINGS)
                code = BAD_SETTINGS
                continue
            work = load_of(engine, settings, manifest, given)
            try:
                ended = load_one(engine, manifest, work, is_trial=given["dry_run"])
            except Busy as error:
                ended = say(str(error), ONE_FAILED)
            except Exception as error:  # noqa: BLE001 - whatever is wrong with it, others are loaded
                ended = say(f"{manifest.name}: {why(error)}", ONE_FAILED)
            code = max(code, ended)
        if not given["dry_run"]:
            daily.follow_day(engine)
        if not given["names"]:
            feed_health.forget_others(engine, manifests.keys())
    return code


def run_daemon(settings: Settings, given: Mapping[str, Any]) -> int:
    """Load feeds when they are due, until the process is told to end."""
    if given["beside"]:
        end_with_parent(lambda: os.kill(os.getpid(), signal.SIGTERM))
    with opened(settings, LOAD) as engine:
        schema(engine, settings, install=False)

        def load(manifest: Manifest) -> None:
            work = load_of(engine, settings, manifest, given)
            load_one(engine, manifest, work, is_trial=False)
            daily.follow_day(engine)

        daily.follow_day(engine)
        names, tell = tuple(given["names"]), lambda line: say(line, ONE_FAILED)
        own = daemon.Daemon(engine, settings.feeds_dir, names, feed_environment(), load, tell)
        with suppress(KeyboardInterrupt):
            daemon.work(own, threading.Event())
    return ALL_DONE


def load_of(
    engine: Engine, settings: Settings, manifest: Manifest, given: Mapping[str, Any]
) -> Callable[[], Ended]:
    """Return what loads a feed as the flags say."""
    if given["path"] is not None or given["folder"] is not None:
        is_alone = given["path"] is not None
        read = output_files.read_from if is_alone else output_files.read_ended
        path = Path(given["path"] if is_alone else Path(given["folder"], manifest.name))
        load = runner.try_lines if given["dry_run"] else runner.load_lines
        return lambda: load(
            engine,
            manifest,
            show_progress(manifest.name, read(path)),
            lambda: output_files.exit_of(path, missing=0 if is_alone else None),
            lambda: output_files.log_of(path),
            full=given["full"],
        )
    return lambda: runner.run_feed(
        engine,
        manifest,
        feed_environment(),
        full=given["full"],
        dry_run=given["dry_run"],
        venvs=settings.spool_dir.parent / "feeds",
        show=lambda pieces: show_progress(manifest.name, pieces),
    )


def show_progress(name: str, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Pass on pieces; on a terminal a bar tells how many lines came."""
    if not sys.stderr.isatty():
        yield from pieces
        return
    from tqdm import tqdm

    with tqdm(desc=name, unit=" lines", unit_scale=True, leave=False) as bar:
        for piece in pieces:
            yield piece
            bar.update(piece.count(b"\n"))


def load_one(
    engine: Engine, manifest: Manifest, work: Callable[[], Ended], *, is_trial: bool
) -> int:
    """Load a feed and say how it went. Raises Busy, SQLAlchemyError, OSError."""
    ended = work()
    if not is_trial:
        feed_health.put_outcome(engine, manifest, feed_environment(), ended)
    changed, gone = ("would change", "would be gone") if is_trial else ("changed", "gone")
    rows = counted(ended.changed, "row")
    said = f"{counted(ended.lines, 'line')}, {rows} {changed}, {ended.gone:,} {gone}"
    if not ended.error:
        print(f"{manifest.name}: {said}", flush=True)
        return ALL_DONE
    say(f"{manifest.name}: failed: {ended.error}; {said}", ONE_FAILED)
    for line in ended.logtail.splitlines()[-5:]:
        print(f"  {line}", file=sys.stderr)
    return ONE_FAILED
