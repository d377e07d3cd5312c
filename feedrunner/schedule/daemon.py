"""Load feeds when they are due, one after the other, until the process is told to end."""

import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from engines import database_time, faults, reading
from feedrunner.feed_lease import Busy
from feedrunner.manifest import BadManifest, Manifest, read_manifests
from feedrunner.runner import why
from feedrunner.schedule.due import due_time

LONGEST_SECONDS = 60.0
"""Between two looks at the manifests, which may be changed meanwhile."""
OUTAGE_SECONDS = 30.0


class Daemon(NamedTuple):
    """What loads feeds: their folder, the names of those that count (all where there are none),
    what loads one, and what tells people a sentence."""

    engine: Engine
    folder: Path
    names: tuple[str, ...]
    environ: Mapping[str, str]
    load: Callable[[Manifest], object]
    tell: Callable[[str], object]


def work(daemon: Daemon, end: threading.Event) -> None:
    """Work until `end` is set; what is wrong is told once, until something else is."""
    told = ""
    while not end.is_set():
        try:
            pause, wrong = step(daemon)
        except SQLAlchemyError as error:
            pause, wrong = OUTAGE_SECONDS, f"the database failed: {faults.cause(error)}"
        except OSError as error:
            pause, wrong = OUTAGE_SECONDS, why(error)
        if wrong and wrong != told:
            daemon.tell(wrong)
        told = wrong
        end.wait(pause)


def step(daemon: Daemon) -> tuple[float, str]:
    """Load what is due; return the seconds until the next look, and what is wrong with feeds.

    Raises SQLAlchemyError, OSError.
    """
    manifests = read_manifests(daemon.folder)
    if daemon.names:
        manifests = {name: manifests[name] for name in daemon.names if name in manifests}
    pause, loaded, wrong = timedelta(seconds=LONGEST_SECONDS), False, list[str]()
    for manifest in manifests.values():
        if isinstance(manifest, BadManifest):
            wrong.append(str(manifest))
            continue
        with reading(daemon.engine).connect() as connection:
            due = due_time(connection, manifest, daemon.environ)
            now = database_time(connection)
        if due is None:
            continue
        if due <= now:
            try:
                daemon.load(manifest)
                loaded = True
            except Busy:
                continue  # it has longer than to its next time: looked at again in a while
            except Exception as error:  # noqa: BLE001 - whatever is wrong with it, others are loaded
                wrong.append(f"{manifest.name}: {why(error)}")
                pause = min(pause, timedelta(seconds=OUTAGE_SECONDS))
        else:
            pause = min(pause, due - now)
    if not manifests:
        wrong = [f"FEEDS_DIR: {daemon.folder} holds no feed"]
    return 0.0 if loaded else max(pause.total_seconds(), 0.1), "; ".join(wrong)
