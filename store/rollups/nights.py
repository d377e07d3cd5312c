"""What each repository's nightly runs did in one night, for every way that makes runs nightly."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from config.calendar import Calendar
from config.groups import Group
from store.rollups import night_summary, nightly_runs

Values = dict[str, Any]


def summarize_night(
    connection: Connection,
    calendar: Calendar,
    groups: Sequence[Group],
    begin: datetime,
    end: datetime,
) -> dict[tuple[int, str], Values]:
    """Return the roll-up of a night by repository and way, without `begintime`."""
    return {
        (night.repoid, night.way): {
            "state": night.content.state,
            "runs": night.content.runs,
            "detail": night_summary.as_text(night.content),
        }
        for night in nightly_runs.read_nights(connection, calendar, begin, end, groups)
    }
