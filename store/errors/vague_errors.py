"""Which of some errors tell no cause: nothing has it in common with another failure but them."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, select

from engines.chunks import chunks
from schema.tables.failures import failures
from store.errors.error_filter import END, EXIT_CODES, VAGUE


def list_vague(
    connection: Connection, fingerprints: Collection[str], since: datetime
) -> frozenset[str]:
    """Return those of fingerprints that stand for an exit code, a vague message or an end."""
    f = failures.c
    query = select(f.fingerprint).distinct().where(f.time >= since, f.kind.in_((END, VAGUE)))
    told = {
        fingerprint
        for part in chunks(sorted(fingerprints))
        for fingerprint in connection.scalars(query.where(f.fingerprint.in_(part)))
    }
    return frozenset(told | (set(fingerprints) & set(EXIT_CODES)))
