"""What `--list` and `--check` say of feeds."""

import os
import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from config.layers import read_dotenv
from config.settings import Settings
from engines import database_time, reading
from feedrunner.manifest import SECONDS, BadManifest, Manifest
from feedrunner.process import argv_of
from feedrunner.schedule.due import due_time
from rows.counted import counted
from store.feeds.load_history import list_feeds
from store.open import ASK, opened_if_there

Manifests = Mapping[str, Manifest | BadManifest]
NOT_ISOLATED = (
    "feeds run as this user: they are code that you trust, and could read what you can read; "
    "run them as another user, or in a container, if you do not"
)


def check(manifests: Manifests) -> bool:
    """Say what is wrong with the feeds' manifests before anything runs; tell whether any is."""
    is_wrong = False
    for name, manifest in manifests.items():
        wrong = str(manifest) if isinstance(manifest, BadManifest) else why_not(manifest)
        print(f"{'WRONG' if wrong else 'ok   '} {name}{': ' if wrong else ''}{wrong}")
        is_wrong = is_wrong or bool(wrong)
    print(f"note  {NOT_ISOLATED}")
    return is_wrong


def why_not(manifest: Manifest) -> str:
    """Say why a feed's program could not be started; nothing when it could."""
    words = argv_of(manifest)
    if shutil.which(words[0]) is None:
        is_there = Path(words[0]).is_file()
        why = "may not be run: chmod +x" if is_there else "is not there"
        return f"command: {words[0]} {why}"
    scripts = [word for word in words[1:] if word.endswith(".py") and not Path(word).exists()]
    return f"command: {scripts[0]} is not there" if scripts else ""


def show(settings: Settings, manifests: Manifests) -> None:
    """Print the feeds with their last loads and the next."""
    with opened_if_there(settings, ASK) as engine:
        last = {} if engine is None else last_loads(engine)
        for name, manifest in manifests.items():
            if isinstance(manifest, BadManifest):
                print(f"{name}: {manifest}")
                continue
            then = "due now" if engine is None else next_load(engine, manifest)
            print(f"{name}: {usual(manifest)}, {then}; {last.get(name, 'never loaded')}")


def next_load(engine: Engine, manifest: Manifest) -> str:
    """Return when a feed is loaded next, by what loads feeds when they are due."""
    with reading(engine).connect() as connection:
        now = database_time(connection)
        due = due_time(connection, manifest, feed_environment())
    if due is None:
        return "waits to be set up"
    return "due now" if due <= now else f"next {shown(due)}"


def usual(manifest: Manifest) -> str:
    """Return how often a feed is loaded."""
    if manifest.at:
        return f"daily at {manifest.at[0]:02}:{manifest.at[1]:02} UTC"
    seconds = manifest.every or SECONDS["d"]
    unit = next(unit for unit in "dhms" if seconds % SECONDS[unit] == 0)
    return f"every {seconds // SECONDS[unit]}{unit}"


def last_loads(engine: Engine) -> dict[str, str]:
    """Return what is to be said of each feed's last load."""
    with reading(engine).connect() as connection:
        loads = [feed.last for feed in list_feeds(connection)]
    return {
        load.feed: f"{load.state} {shown(load.starttime)},"
        f" {counted(load.changed or 0, 'row')} changed" + (f": {load.error}" if load.error else "")
        for load in loads
    }


def shown(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC"


def feed_environment() -> dict[str, str]:
    """Return what feeds may be given some of: this process's environment, and sources of `.env`."""
    dotenv = read_dotenv(Path(".env")).items()
    return {name: text for name, text in dotenv if name.startswith("SOURCE_")} | {**os.environ}
