"""Objects of a vendor's API in a feed -> rows of CI, by the door that a backfill uses."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine

from engines import reading
from feedrunner.messages import BadLine, Record
from feedrunner.writing.batch import Loading
from rows import Mapped, Unmappable
from rows.sources import source_of
from store import apply
from store.doors.api import Counts, Read, sift
from store.doors.dry_run import copy_touched
from store.doors.outcomes import UNCHANGED
from store.write.version_cache import VersionCache

COUNTED = {
    "repository": frozenset({"repos"}),
    "workflow": frozenset({"workflows"}),
    "workflow_run": frozenset({"workflowruns", "runattempts"}),
    "workflow_job": frozenset({"jobs"}),
}
"""Kinds of objects, and the tables whose rows they are counted in."""


FIRST = ("repository", "workflow")
"""What runs take names from, so that it is stored before them."""


def write_objects(connection: Connection, load: Loading, records: Sequence[Record]) -> int:
    """Write what objects say; return how many rows are new or changed. Raises BadLine."""
    cache, changed = VersionCache(), 0
    for is_first in (True, False):
        chosen = [each for each in records if (each.values["kind"] in FIRST) is is_first]
        reads = [read_object(each, load.now) for each in chosen]
        if load.tried_for is not None:
            copy_met(load.tried_for, connection, [read.mapped for read in reads])
        try:
            counts = write_reads(connection, reads, cache)
        except Unmappable as error:
            raise BadLine(
                line_of(connection, chosen, reads, str(error)), f"objects: {error}"
            ) from None
        changed += sum(number for (_, outcome), number in counts.items() if outcome != UNCHANGED)
    return changed


def write_reads(connection: Connection, reads: Sequence[Read], cache: VersionCache) -> Counts:
    """Write what objects change; count their rows by outcome. Raises Unmappable."""
    changing, counts = sift(connection, reads, cache)
    if changing:
        apply.apply(connection, changing, cache, told=False)
    return counts


def line_of(
    connection: Connection, records: Sequence[Record], reads: Sequence[Read], why: str
) -> int:
    """Return the line whose object is refused by what is stored, as of another repository's id.

    What is written to find it is taken back with all of the batch.
    """
    for record, read in zip(records, reads, strict=True):
        try:
            write_reads(connection, [read], VersionCache())
        except Unmappable as error:
            if str(error) == why:
                return record.number
    return records[-1].number


def copy_met(store: Engine, connection: Connection, batch: Sequence[Mapped]) -> None:
    """Copy the stored rows that objects change to where that is tried."""
    with reading(store).connect() as stored:
        copy_touched(stored, connection, batch)


def read_object(record: Record, now: datetime) -> Read:
    """Return an object as rows. Raises BadLine."""
    values = record.values
    payload = {values["kind"]: values["object"], "repository": values["repository"]}
    try:
        mapped = source_of(values["vendor"]).rows_read(values["kind"], payload, now)
    except Unmappable as error:
        raise BadLine(record.number, f"objects: {error}") from None
    return Read(mapped, COUNTED[values["kind"]])
