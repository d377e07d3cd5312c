"""What failed jobs say, masked again where an older revision of the masking did it.

A few rows at a time, each time in a transaction of its own, so that a process that is killed
loses nothing: rows that are done are of this revision. Those of a newer one, which another
process writes, are left alone.
"""

import time
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Engine, bindparam, select, update

from engines import reading
from engines.transaction import transact
from rows import fingerprint
from rows.words import RunKey
from schema.tables.failures import failures, formerfingerprints
from store.write import changed_runs
from store.write.upsert import put_rows

BATCH = 200
MOST_FORMER = 3
"""Of each older revision, what became one error."""


class OlderRow(NamedTuple):
    """A row whose fingerprints are of an older revision."""

    Id: int
    provider: str
    rungitid: int | None
    message: str | None
    fingerprint: str

    @property
    def run(self) -> RunKey | None:
        """Return its run."""
        return None if self.rungitid is None else (self.provider, self.rungitid)


def renew_fingerprints(engine: Engine, seconds: float) -> bool:
    """Mask older rows again for some seconds; tell whether none is left. Raises DBAPIError."""
    until = time.monotonic() + seconds
    while rows := list_older(engine):
        renew(engine, rows)
        if time.monotonic() > until:
            return False
    return True


def list_older(engine: Engine, most: int = BATCH) -> list[OlderRow]:
    """Return rows of the newest of the older revisions, by the index of fingerprints."""
    column = failures.c.fingerprint
    query = select(*(failures.c[name] for name in OlderRow._fields)).limit(most)
    with reading(engine).connect() as connection:
        for revision in range(fingerprint.REVISION - 1, 0, -1):
            # The letter after the colon ends those that begin with the revision.
            of_revision = query.where(column >= f"{revision}:", column < f"{revision};")
            if rows := [OlderRow(*row) for row in connection.execute(of_revision)]:
                return rows
    return []


def renew(engine: Engine, rows: Sequence[OlderRow]) -> None:
    """Write the fingerprints of rows anew, unless another process did so meanwhile."""
    values = [
        {
            "row": row.Id,
            "old": row.fingerprint,
            **fingerprint.fingerprints_of(row.message or "")._asdict(),
        }
        for row in rows
    ]
    statement = (
        update(failures)
        .where(failures.c.Id == bindparam("row"), failures.c.fingerprint == bindparam("old"))
        .values({name: bindparam(name) for name in fingerprint.Fingerprints._fields})
    )

    newer = {value["old"]: value["fingerprint"] for value in values}
    former = [{"former": old, "fingerprint": newer[old]} for old in sorted(newer)]

    def work(connection: Connection) -> None:
        connection.execute(statement, values)
        put_rows(connection, formerfingerprints, former)
        # Roll-ups of nights carry fingerprints.
        changed_runs.note_changes(connection, (row.run for row in rows if row.run))

    transact(engine, work)


def renewed(connection: Connection, former: str) -> str | None:
    """Return the fingerprint that an older one became, None when it is not known as one.

    Messages that were one and are several now lead to the one that was masked again last.
    """
    column, steps = formerfingerprints.c, select(formerfingerprints.c.fingerprint)
    newer: str | None = None
    for _ in range(fingerprint.REVISION):
        following = connection.scalar(steps.where(column.former == (newer or former)))
        if following is None:
            break
        newer = following
    return newer


def former_fingerprints(connection: Connection, newer: str) -> list[str]:
    """Return what a fingerprint was by older revisions, the newest of them first."""
    column, steps = formerfingerprints.c, select(formerfingerprints.c.former)
    former, last = list[str](), [newer]
    for _ in range(fingerprint.REVISION):
        query = steps.where(column.fingerprint.in_(last)).order_by(column.former).limit(MOST_FORMER)
        last = list(connection.scalars(query))
        if not last:
            break
        former += last
    return former
