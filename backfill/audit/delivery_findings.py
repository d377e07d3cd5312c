"""What the stored deliveries of a repository tell an audit: those without rows, and pushes."""

from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from backfill.audit.findings import QUARANTINED, SPOOLED, Finding
from rows import Unmappable
from rows.source_record import Push
from rows.sources import source_of
from store.deliveries import body, received
from store.deliveries.spool import FILE, Spool

ONCE = 500
"""Entries of a spool that are read at a time."""


def find_waiting(
    connection: Connection, vendor: str, names: set[str], since: datetime, spool: Path | None
) -> list[Finding]:
    """Return the deliveries that are stored raw and have no rows yet. Raises SpoolError."""
    held = find_quarantined(connection, vendor, names, since)
    return held + find_spooled(spool, vendor, names)


def find_quarantined(
    connection: Connection, vendor: str, names: set[str], since: datetime
) -> list[Finding]:
    """Return the deliveries whose rows could not be made."""
    return [
        Finding(QUARANTINED, held.guid, f"{held.event}: {held.error}", day=held.receivetime.date())
        for held in received.list_quarantined(connection, vendor, names, since)
    ]


def find_spooled(folder: Path | None, vendor: str, names: set[str]) -> list[Finding]:
    """Return the deliveries that wait on this machine for the database. Raises SpoolError."""
    if folder is None or not (folder / FILE).exists():
        return []
    spool, after, spooled = Spool(folder), 0, list[Finding]()
    try:
        while entries := spool.take(ONCE, after):
            after = entries[-1].number
            for delivery in (entry.delivery for entry in entries):
                if source_of(delivery.provider).name != vendor:
                    continue
                if delivery.repo is None or delivery.repo.lower() in names:
                    why, day = f"{delivery.event}: in {folder}", delivery.receivetime.date()
                    spooled.append(Finding(SPOOLED, delivery.guid, why, day=day))
    finally:
        spool.close()
    return spooled


def read_pushes(
    connection: Connection, vendor: str, names: set[str], since: datetime
) -> list[Push]:
    """Return the pushes to branches that were delivered, in the order they came."""
    pushes = []
    for delivery in received.list_pushes(connection, names, since):
        if source_of(delivery.provider).name != vendor:
            continue
        try:
            push = source_of(delivery.provider).push_of(body.read_payload(delivery.body))
        except Unmappable:
            continue
        if push is not None:
            pushes.append(push)
    return pushes
