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
from schema.tables.failures import failures
from store.write import changed_runs

BATCH = 200


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

    def work(connection: Connection) -> None:
        connection.execute(statement, values)
        # Roll-ups of nights carry fingerprints.
        changed_runs.note_changes(connection, (row.run for row in rows if row.run))

    transact(engine, work)
