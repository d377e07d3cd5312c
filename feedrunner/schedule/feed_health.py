"""What is kept of a load beside its rows: the feed's health, and by what it was set up."""

from collections.abc import Collection, Mapping

from sqlalchemy import Engine

from engines import reading
from feedrunner.load_notes import note_next
from feedrunner.manifest import Manifest
from feedrunner.process import AGAIN, MISCONFIGURED
from feedrunner.runner import Ended
from feedrunner.schedule.due import due_time, setup_hash
from rows.counted import counted
from store.state import health
from store.state.health import BAD, GOOD, WARNING, HealthState

PREFIX = "feed:"


def put_outcome(
    engine: Engine, manifest: Manifest, environ: Mapping[str, str], ended: Ended
) -> None:
    """Keep how a feed's last load went and when the next is due.

    Where its program was not set up its settings are kept, to know when they change.
    """
    state = GOOD if not ended.error else WARNING if ended.exitcode == AGAIN else BAD
    brought = f"{counted(ended.lines, 'line')}, {counted(ended.changed, 'row')} changed"
    said = ended.error or brought
    health.put(engine, [HealthState("", PREFIX + manifest.name, state, said)])
    if ended.exitcode == MISCONFIGURED:
        note_next(engine, manifest.name, {"setup": setup_hash(manifest, environ)})
    with reading(engine).connect() as connection:
        due = due_time(connection, manifest, environ)
    note_next(engine, manifest.name, {"nexttime": due})


def forget_others(engine: Engine, feeds: Collection[str]) -> None:
    """Drop the rows of feeds that are no more."""
    with reading(engine).connect() as connection:
        watched = {row.name: row for row in health.rows(connection) if row.name.startswith(PREFIX)}
    gone = {name for name in watched if name.removeprefix(PREFIX) not in feeds}
    if gone:
        health.put(engine, [], gone)
