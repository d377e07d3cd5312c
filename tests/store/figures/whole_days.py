"""All figures of days at once: from roll-ups where they are made, else counted."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from store.figures import figure_days, shown_days
from store.rollups.day_parts import ENDS_PART, TURNS_PART
from store.rollups.figures import DayFigures, from_text


def read_days(
    connection: Connection, borders: Sequence[datetime], repoid: int | None = None
) -> list[DayFigures]:
    """The days between borders, of a repository or of all."""
    shown = shown_days.read_shown(connection, borders, repoid)
    begins = [day.begin for day in shown.days]
    stored, ends, turns = (
        dict(texts)
        for texts in (
            figure_days.list_figure_texts(connection, begins, shown.number),
            *(
                figure_days.list_part_texts(connection, begins, kind, shown.number)
                for kind in (ENDS_PART, TURNS_PART)
            ),
        )
    )
    return [
        day.counted
        or replace(
            from_text(stored[day.begin], with_medians=True),
            ends=figure_days.decode_ends(ends[day.begin]),
            turns=figure_days.decode_turns(turns[day.begin]),
        )
        for day in shown.days
    ]
