"""What is kept of days: of one making of a roll-up alone, and no more than there is room for."""

from datetime import datetime, timedelta

from sqlalchemy import create_engine

from store.reads.months import RolledDay
from store.rollups.kept_spans import ENTRY, KEPT, PART, KeptSpans, Said, add_up_kept, read_kept

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
