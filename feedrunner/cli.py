"""`python3 run_feeds.py`: load the feeds that are named, or all; say how each went."""

import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from config.command_line import LAYERS, CommandLine, read_settings
from config.settings import BadSetting, Settings
from engines import faults, reading
from feedrunner import output_files, runner, skeleton
from feedrunner.manifest import BadManifest, Manifest, read_manifests
from feedrunner.process import own_python
from feedrunner.runner import Busy, Ended
from rows.one_line import one_line
from schema.tables.packages import load_history
from store.open import ASK, WORK, CannotStart, opened, opened_existing, schema

ALL_DONE, ONE_FAILED, BAD_SETTINGS, STOPPED = 0, 1, 2, 130
Manifests = Mapping[str, Manifest | BadManifest]
NOT_ISOLATED = (
    "feeds run as this user: they are code that you trust, and could read what you can read; "
    "run them as another user, or in a container, if you do not"
)


def command_line() -> CommandLine:
    """Return the parser of the flags."""
    parser = CommandLine(
        "run_feeds.py",
        "Load feeds: programs that print rows as lines of JSON.",
        f"{LAYERS}. FEEDS_DIR is the folder of the feeds; `new NAME` writes a feed to begin with.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="feeds to load; default all")
    parser.add_argument("--list", action="store_true", help="show the feeds and their last loads")
    parser.add_argument("--check", action="store_true", help="look at manifests and settings only")
    parser.add_argument("--dry-run", action="store_true", help="count the rows that would change")
    parser.add_argument(
        "--full", action="store_true", help="begin from nothing, not the last state"
    )
    parser.add_argument(
        "--from",
        dest="path",
        metavar="PATH",
        help="read a run elsewhere: a file of lines, a folder",
    )
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


def run(given: dict[str, Any]) -> int:
    """Check everything, then do it. Raises BadSetting, CannotStart, SQLAlchemyError."""
    settings = read_settings({"database_password": given["database_password"]})
    names: list[str] = given["names"]
    if names[:1] == ["new"]:
        return write_new(settings.feeds_dir, names[1:])
    manifests = read_manifests(settings.feeds_dir)
    chosen = choose(manifests, names, settings.feeds_dir)
    if given["check"]:
        return check(chosen)
    if given["list"]:
        return show_list(settings, chosen)
    if given["path"] is not None and len(names) != 1:
        raise BadSetting("--from", "name the one feed that the lines are of")
    return load_all(settings, chosen, given)


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


def check(manifests: Manifests) -> int:
    """Say what is wrong with the feeds' manifests, before anything runs."""
    code = ALL_DONE
    for name, manifest in manifests.items():
        wrong = str(manifest) if isinstance(manifest, BadManifest) else why_not(manifest)
        print(f"{'WRONG' if wrong else 'ok   '} {name}{': ' if wrong else ''}{wrong}")
        code = BAD_SETTINGS if wrong else code
    print(f"note  {NOT_ISOLATED}")
    return code


def why_not(manifest: Manifest) -> str:
    """Say why a feed's program could not be started; nothing when it could."""
    words = own_python(manifest)
    if shutil.which(words[0]) is None:
        return f"command: {words[0]} is not there"
    scripts = [word for word in words[1:] if word.endswith(".py") and not Path(word).exists()]
    return f"command: {scripts[0]} is not there" if scripts else ""


def show_list(settings: Settings, manifests: Manifests) -> int:
    """Print the feeds with their last loads."""
    with opened_existing(settings, ASK, "no feed was loaded") as engine:
        last = last_loads(engine)
    for name, manifest in manifests.items():
        if isinstance(manifest, BadManifest):
            print(f"{name}: {manifest}")
            continue
        when = f"daily at {manifest.at[0]:02}:{manifest.at[1]:02} UTC" if manifest.at else ""
        when = when or f"every {manifest.every} s"
        print(f"{name}: {when}; {last.get(name, 'never loaded')}")
    return ALL_DONE


def last_loads(engine: Engine) -> dict[str, str]:
    """Return what is to be said of each feed's last load."""
    c = load_history.c
    newest = select(func.max(c.Id)).group_by(c.feed)
    query = select(c.feed, c.state, c.starttime, c.changed, c.error).where(c.Id.in_(newest))
    with reading(engine).connect() as connection:
        rows = connection.execute(query).all()
    return {
        feed: f"{state} {shown(time)}, {changed or 0:,} rows changed" + (f": {why}" if why else "")
        for feed, state, time, changed, why in rows
    }


def shown(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC"


def load_all(settings: Settings, manifests: Manifests, given: Mapping[str, Any]) -> int:
    """Load feeds, each whatever the others do."""
    code = ALL_DONE
    with opened(settings, WORK) as engine:
        schema(engine, settings, install=False)
        for name, manifest in manifests.items():
            if isinstance(manifest, BadManifest):
                say(str(manifest), BAD_SETTINGS)
                code = BAD_SETTINGS
                continue
            code = max(code, load_one(name, load_of(engine, manifest, given)))
    return code


def load_of(engine: Engine, manifest: Manifest, given: Mapping[str, Any]) -> Callable[[], Ended]:
    """Return what loads a feed as the flags say."""
    if given["path"] is not None:
        path = Path(given["path"])
        load = runner.try_lines if given["dry_run"] else runner.load_lines
        return lambda: load(
            engine,
            manifest,
            output_files.read_from(path),
            lambda: output_files.exit_of(path),
            full=given["full"],
        )
    return lambda: runner.run_feed(
        engine, manifest, os.environ, full=given["full"], dry_run=given["dry_run"]
    )


def load_one(name: str, work: Callable[[], Ended]) -> int:
    """Load a feed and say how it went."""
    try:
        ended = work()
    except Busy as error:
        return say(str(error), ONE_FAILED)
    said = f"{ended.lines:,} lines, {ended.changed:,} rows changed, {ended.gone:,} gone"
    if not ended.error:
        print(f"{name}: {said}", flush=True)
        return ALL_DONE
    say(f"{name}: failed: {ended.error}; {said}", ONE_FAILED)
    for line in ended.logtail.splitlines()[-5:]:
        print(f"  {line}", file=sys.stderr)
    return ONE_FAILED
