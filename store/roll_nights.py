"""What each repository's nightly runs did in one night, for every way that makes runs nightly."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from store import cells, nightly
from store.calendar import Calendar
from store.groups import Group

Values = dict[str, Any]


def rows_of(
    connection: Connection,
    calendar: Calendar,
    groups: Sequence[Group],
    begin: datetime,
    end: datetime,
) -> dict[tuple[int, str], Values]:
    """Return the roll-up of a night by repository and way, without `begintime`."""
    return {
        (one.repoid, one.way): {
            "state": one.content.state,
            "runs": one.content.runs,
            "detail": cells.as_text(one.content),
        }
        for one in nightly.nights_of(connection, calendar, begin, end, groups)
    }
