"""What is kept of days: of one making of a roll-up alone, and no more than there is room for."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import create_engine

from store.reads.months import RolledDay
from store.rollups.kept_spans import (
    ENTRY,
    KEPT,
    PART,
    KeptSpans,
    Made,
    Said,
    add_up_kept,
    read_kept,
)

DAY = timedelta(days=1)
MONDAY = datetime(2026, 3, 9)
DAYS = [
    RolledDay(MONDAY + DAY * number, MONDAY + DAY * (number + 1), 1, MONDAY + DAY * 9)
    for number in range(4)
]


def test_another_making_of_a_day_is_not_what_is_kept():
    kept = KeptSpans()
    kept.keep("ends", DAYS[0], Said("value", 5))
    assert kept.find("ends", DAYS) == {MONDAY: "value"}
    assert kept.find("turns", DAYS) == {}
    assert kept.find("ends", [DAYS[0]._replace(revision=2)]) == {}
    # Counted from 1 anew, after all roll-ups were deleted.
    assert kept.find("ends", [DAYS[0]._replace(rolltime=MONDAY + DAY * 10)]) == {}


def test_what_was_asked_for_longest_ago_makes_room():
    kept = KeptSpans(most=10)
    for day in DAYS[:2]:
        kept.keep("ends", day, Said(day.begin, 5))
    kept.find("ends", DAYS[:1])
    kept.keep("ends", DAYS[2], Said("third", 5))
    assert list(kept.find("ends", DAYS)) == [DAYS[0].begin, DAYS[2].begin]
    kept.keep("ends", DAYS[2], Said("third again", 3))  # in place of the other
    kept.keep("ends", DAYS[3], Said("fourth", 2))
    assert list(kept.find("ends", DAYS)) == [DAYS[0].begin, DAYS[2].begin, DAYS[3].begin]
    assert kept.size == 10
    kept.keep("ends", DAYS[1], Said("too long", 11))
    assert (kept.find("ends", DAYS), kept.size) == ({}, 0)


def test_days_that_say_nothing_count_too():
    with create_engine("sqlite://").connect() as connection:
        said = {day.begin: Said(None, 0) for day in DAYS}
        assert read_kept(connection, DAYS, "ends", lambda _: said) == dict.fromkeys(said)
        assert KEPT[connection.engine].size == 4 * ENTRY


def test_blocks_of_days_that_say_nothing_count_too():
    with create_engine("sqlite://").connect() as connection:
        for number in range(3):
            add_up_kept(connection, DAYS, number, lambda _: Said(None, 0))
        assert KEPT[connection.engine].size == 3 * (ENTRY + 4 * PART)


def test_day_that_goes_on_is_a_block_of_its_own():
    with create_engine("sqlite://").connect() as connection:
        asked: list[list[int]] = []

        def add_up(days: Sequence[Made]) -> Said:
            asked.append([day.begin.day for day in days])
            return Said(len(days), 0)

        today = DAYS[3]._replace(rolltime=DAYS[3].end - DAY / 4)
        for revision in (1, 2):  # as a delivery lets it be made anew
            days = [*DAYS[:3], today._replace(revision=revision)]
            assert add_up_kept(connection, days, "ends", add_up) == [3, 1]
        assert asked == [[9, 10, 11], [12], [12]]
        # The day has ended, and the next one goes on; what began before others did not.
        days = [*DAYS[:2], today, DAYS[3]._replace(begin=MONDAY + 4 * DAY)]
        assert add_up_kept(connection, days, "ends", add_up) == [4]
