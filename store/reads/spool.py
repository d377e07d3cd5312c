"""Look into the listener's spool without touching it; it may be of another machine, or not be."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from store.deliveries.spool import FILE

QUERY = "SELECT COUNT(*), MIN(receivetime) FROM entries"


class SpoolStatus(NamedTuple):
    """Deliveries that wait in the spool; `number` is None when it cannot be seen from here."""

    number: int | None
    oldest: datetime | None


def read_spool_status(folder: Path) -> SpoolStatus:
    """Return how many deliveries wait in a spool, and since when."""
    file = (folder / FILE).absolute()
    if not file.exists():
        return SpoolStatus(None, None)
    try:
        address = f"file:{quote(str(file))}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=1)) as connection:
            count, oldest = connection.execute(QUERY).fetchone()
    except sqlite3.Error:
        return SpoolStatus(None, None)
    return SpoolStatus(count, datetime.fromisoformat(oldest) if oldest else None)
