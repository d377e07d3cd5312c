"""Objects of a vendor's API in a feed -> rows of CI, by the door that a backfill uses."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from feedrunner.messages import BadLine, Record
from rows import Unmappable
from rows.sources import source_of
from store import apply
from store.doors.api import Read, sift
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


def write_objects(connection: Connection, now: datetime, records: Sequence[Record]) -> int:
    """Write what objects say; return how many rows are new or changed. Raises BadLine."""
    cache, changed = VersionCache(), 0
    for is_first in (True, False):
        chosen = [each for each in records if (each.values["kind"] in FIRST) is is_first]
        changing, counts = sift(connection, [read_object(each, now) for each in chosen], cache)
        if changing:
            apply.apply(connection, changing, cache, told=False)
        changed += sum(number for (_, outcome), number in counts.items() if outcome != UNCHANGED)
    return changed


def read_object(record: Record, now: datetime) -> Read:
    """Return an object as rows. Raises BadLine."""
    values = record.values
    payload = {values["kind"]: values["object"], "repository": values["repository"]}
    try:
        mapped = source_of(values["vendor"]).rows_read(values["kind"], payload, now)
    except Unmappable as error:
        raise BadLine(record.number, f"objects: {error}") from None
    return Read(mapped, COUNTED[values["kind"]])
