"""Pure: which night a run belongs to, and where nights and days begin in UTC.

A night is called by the date on which it ends. It ends at NIGHT_ENDS of NIGHT_ZONE, and the next
one begins at that moment, so every run belongs to exactly one.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

ONE = timedelta(days=1)
LAST = datetime(9999, 12, 1)
"""Nearly the last time that there is: days, nights and weeks begin and end before and after it. A
later one is taken for it.
"""


class Calendar(NamedTuple):
    """The zone that days are counted in, and the time of day at which nights end."""

    zone: ZoneInfo
    ends: time

    def local(self, moment: datetime) -> datetime:
        """Return a UTC time without zone as the zone's clock shows it."""
        return min(moment, LAST).replace(tzinfo=UTC).astimezone(self.zone)

    def night(self, moment: datetime) -> date:
        """Return the night that a UTC time without zone belongs to."""
        local = self.local(moment)
        # Compared in UTC: an hour that the clock shows twice ends the night at its first end.
        return local.date() if moment < self.end(local.date()) else local.date() + ONE

    def end(self, night: date) -> datetime:
        """Return when a night ends, in UTC without zone; it does not belong to the night."""
        return utc(datetime.combine(night, self.ends, self.zone))

    def begin(self, night: date) -> datetime:
        """Return when a night begins, in UTC without zone."""
        return self.end(night - ONE)

    def day_begin(self, day: date) -> datetime:
        """Return when a day of the zone begins, in UTC without zone."""
        return utc(datetime.combine(day, time(), self.zone))

    def borders(self, first: date, last: date) -> tuple[datetime, ...]:
        """Return the begin of each day from first to last, and the end of the last, in UTC."""
        return tuple(self.day_begin(day) for day in days(first, last + ONE))


def utc(moment: datetime) -> datetime:
    """Return an aware time as the store has it: UTC without zone."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def days(first: date, last: date) -> list[date]:
    """Return the dates from first to last, both included."""
    return [first + ONE * number for number in range((last - first).days + 1)]


def shown_nights(calendar: Calendar, now: datetime, count: int) -> list[date]:
    """Return the nights to show, newest first: `count` up to last night, and one that has begun.

    Last night is the one called by today's date, in the morning while it still goes on and all
    day after it has ended.
    """
    today = calendar.local(now).date()
    last = max(today, calendar.night(now))
    return days(today - ONE * (count - 1), last)[::-1]
