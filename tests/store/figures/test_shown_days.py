"""What many days come to is the same however much of it is kept, and follows each change."""

import random
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import Engine, delete, insert, update

from schema.tables.rollups import rollparts, rollspans, rollups
from store.figures import rates, red_days, red_time, shown_days
from store.figures.end_counts import EndCounts
from store.figures.job_ends import JobPlaces, add_up_jobs, count_failed_jobs, sum_job_ends
from store.figures.rates import Ends
from store.figures.red_sums import Halves, seconds_of
from store.figures.red_time import RedSpan
from store.rollups.day_parts import ENDS_PART, TURNS_PART, name_part
from store.rollups.figures import ALL, DayFigures, JobTurns, as_text
from store.rollups.spans import REVISION
from tests.dashboard.conftest import engine as engine
from tests.store.figures import red_parts

DAY, FIRST = timedelta(days=1), datetime(2026, 3, 2)
FLOWS, JOBS, POOLS = (
    [f'[1,{n},""]' for n in range(5)],
    ["lint", "test", "docs"],
    ['["",["a"]]', "b"],
)
EVENTS = ["push", "schedule"]


def turns_of(rng: random.Random, begin: datetime, tags: int) -> list[int]:
    """What turned in a day; some ended a day or two later, as runs that wait do."""
    late = rng.choice((0, 0, 0, 0, 30, 60)) * 3600
    places = sorted(rng.sample(range(86_400), rng.randint(1, 4)))
    failed = rng.random() < 0.5
    numbers: list[int] = []
    for place in places:
        numbers += (seconds_of(begin) + place + late, rng.randrange(tags) if failed else -1)
        failed = not failed
    return numbers


def random_day(rng: random.Random, begin: datetime) -> DayFigures:
    flows = sorted(rng.sample(FLOWS, 4))
    red, green = list[Any](), [list[int](), list[int]()]
    jobs = JobTurns(list(POOLS), [], {})
    ends = list[Any]()
    for place, flow in enumerate(flows):
        if rng.random() < 0.4:
            red.append([place, turns_of(rng, begin, 2)])
        elif rng.random() < 0.7:
            green[0].append(place)
            green[1].append(seconds_of(begin) + rng.randrange(86_400))
        own: dict[str, Any] = {}
        for job in rng.sample(JOBS, 2):
            own[job] = rng.choice((rng.randint(0, 9), [rng.randint(0, 9), rng.randint(1, 9)]))
            if rng.random() < 0.4:
                jobs.red.append([flow, job, turns_of(rng, begin, 2)])
            else:
                jobs.green.setdefault(flow, {})[job] = seconds_of(begin) + rng.randrange(86_400)
        ends.append([flow, own])
    pools = [[pool, "Linux", 9, 5, 4, 60.5, 7, 2, ""] for pool in POOLS]
    return DayFigures(
        flows, [rng.randint(0, 9) for _ in flows], [rng.randint(0, 9) for _ in flows],
        {event: [rng.randint(0, 9), 1] for event in EVENTS}, pools,
        [[0, 1, 1], [0, 0, 1], [rng.randint(0, 9), 3, 5]], list(EVENTS), red, green,
        {}, ends, jobs,
    )  # fmt: skip


def write(engine: Engine, begin: datetime, day: DayFigures, revision: int) -> None:
    """Store a day's roll-up in place of the one that was there."""
    parts = {ENDS_PART: day.ends, TURNS_PART: day.turns}
    span = {"kind": "day", "endtime": begin + DAY, "rules": REVISION, "rolltime": begin}
    with engine.begin() as connection:
        for table in (rollspans, rollups, rollparts):
            connection.execute(delete(table).where(table.c.begintime == begin))
        connection.execute(insert(rollspans).values(begintime=begin, revision=revision, **span))
        connection.execute(
            insert(rollups).values(
                begintime=begin, repoid=ALL, runs=1, open=0, figures=as_text(day)
            )
        )
        for kind, part in parts.items():
            connection.execute(
                insert(rollparts).values(
                    begintime=begin, part=name_part(kind, ALL), detail=orjson.dumps(part).decode()
                )
            )


KEYS = {
    "all": lambda span: "all",
    "workflow": lambda span: span.key,
    "event": lambda span: span.tag,
    "job": lambda span: span.key,
    "pool": lambda span: span.tag,
}


def tell_red(spans: list[RedSpan], halves: Halves) -> list[tuple[int, float | None]]:
    """What pages told before anything was kept."""
    return [
        (
            red_parts.union_seconds(red_parts.within(spans, *half)),
            red_parts.median_fix(spans, *half),
        )
        for half in halves
    ]


def check(engine: Engine, days: list[DayFigures], now: datetime) -> None:
    """Compare all figures of days with what follows from them directly."""
    borders = [FIRST + DAY * n for n in range(len(days) + 1)]
    half = len(days) // 2
    middle, end = seconds_of(borders[half]), seconds_of(min(borders[-1], now))
    halves = ((seconds_of(FIRST), middle), (middle, end))
    with engine.connect() as connection:
        shown = shown_days.read_shown(connection, borders)
        for by, key_of in KEYS.items():
            of_jobs = by in ("job", "pool")
            keys = {
                by: KEYS[by]
                for by in (("job", "pool") if of_jobs else ("all", "workflow", "event"))
            }
            found = red_days.sum_red(shown, halves, keys, of_jobs=of_jobs).sum_table(by)
            list_spans = red_time.list_red_jobs if of_jobs else red_time.list_red_spans
            groups: dict[Any, list[RedSpan]] = {}
            for span in list_spans(days, end):
                groups.setdefault(key_of(span), []).append(span)
            for key, own in groups.items():
                told = found.find(key)
                assert told is not None
                assert [(one.seconds, one.fix) for one in told] == tell_red(own, halves), (by, key)
            assert found.find("another") is None
        short = shown.read_short()
        assert [day.events for day in short] == [day.events for day in days]
        assert [day.pools for day in short] == [day.pools for day in days]
        counts = EndCounts(shown, short, "job")
        now_ends, before_ends = (count_jobs(part) for part in (days[half:], days[:half]))
        assert counts.now() == now_ends
        assert counts.before() == before_ends
        jobs = [('[1,1,""]', "lint"), ('[1,2,""]', "test"), ("nothing", "lint")]
        assert counts.before(jobs) == {key: before_ends[key] for key in jobs if key in before_ends}
        assert counts.failed(jobs) == {
            key: [count_jobs([day]).get(key, Ends()).failed for day in days[half:]] for key in jobs
        }
        for by in ("workflow", "repository"):
            counts = EndCounts(shown, short, by)
            assert counts.now() == rates.sum_ends(days[half:], by)
            assert counts.before() == rates.sum_ends(days[:half], by)
        part = shown.part(half, len(days))
        assert part.sum_costs() == shown_days.add_costs(days[half:])


def count_jobs(days: list[DayFigures]) -> dict[Any, Ends]:
    passed, failed = Counter[Any](), Counter[Any]()
    for day in days:
        for flow, ends in day.ends:
            for name, own in ends.items():
                both = own if isinstance(own, list) else (own, 0)
                passed[flow, name] += both[0]
                failed[flow, name] += both[1]
    return {key: Ends(number, failed[key]) for key, number in passed.items()}


@pytest.mark.parametrize("seed", range(3))
def test_days_come_to_the_same_whatever_is_kept_of_them(engine: Engine, seed: int):
    rng = random.Random(seed)
    days = [random_day(rng, FIRST + DAY * n) for n in range(50)]
    for number, day in enumerate(days):
        write(engine, FIRST + DAY * number, day, 1)
    now = FIRST + DAY * 49 + timedelta(hours=5)
    for revision in range(2, 8):
        check(engine, days, now)
        check(engine, days[:-6], now)  # other days, the last of which the clock is past
        check(engine, days, now - DAY * 4)  # a clock that is behind the newest roll-ups
        # An old day, one of the last, and one in which nothing turned otherwise are made anew.
        for place in (rng.randrange(40), rng.randrange(46, 50), rng.randrange(40)):
            begin = FIRST + DAY * place
            new = random_day(rng, begin)
            if place < 40 and rng.random() < 0.5:
                new = replace(days[place], ends=new.ends, costs=new.costs)
            days[place] = new
            write(engine, begin, new, revision)


def test_days_whose_turns_are_kept_in_part_are_walked_through(engine: Engine):
    rng = random.Random(6)
    days = [random_day(rng, FIRST + DAY * n) for n in range(60)]
    for number, day in enumerate(days):
        write(engine, FIRST + DAY * number, day, 1)
    check(engine, days[:20], FIRST + DAY * 20)
    check(engine, days, FIRST + DAY * 60)


def test_end_before_the_day_it_was_created_in_counts_all_the_same(engine: Engine):
    rng = random.Random(9)
    days = [random_day(rng, FIRST + DAY * n) for n in range(30)]
    early = seconds_of(FIRST + DAY * 20)
    turns = JobTurns(list(POOLS), [[FLOWS[0], "lint", [early, 0, early + 9, -1]]], {})
    days[29] = replace(days[29], red=[[0, [early, 0, early + 5, -1]]], turns=turns)
    for number, day in enumerate(days):
        write(engine, FIRST + DAY * number, day, 1)
    check(engine, days, FIRST + DAY * 30)


def test_day_that_is_made_for_the_first_time_is_no_longer_counted(engine: Engine):
    rng = random.Random(4)
    days = [random_day(rng, FIRST + DAY * n) for n in range(24)]
    for number, day in enumerate(days):
        write(engine, FIRST + DAY * number, day, 1)
    with engine.begin() as connection:
        connection.execute(
            update(rollspans).where(rollspans.c.begintime == FIRST + DAY * 12).values(rules="old")
        )
    check(engine, [*days[:12], DayFigures(), *days[13:]], FIRST + DAY * 24)
    write(engine, FIRST + DAY * 12, days[12], 2)
    check(engine, days, FIRST + DAY * 24)


def test_jobs_keep_their_places_however_often_they_fail_and_whenever_they_come():
    places = JobPlaces()
    places.find("other", "first")
    first = add_up_jobs([[["ci", {"a": [1, 300]}]], [["ci", {"a": 2, "b": [0, 70_000]}]]], places)
    second = add_up_jobs([[["ci", {"c": 0}]]], places)
    a, b, c, unknown = ("ci", "a"), ("ci", "b"), ("ci", "c"), ("ci", "d")
    ended = {a: Ends(3, 300), b: Ends(0, 70_000), c: Ends(0, 0)}
    assert sum_job_ends([first, second]) == sum_job_ends([second, first]) == ended
    assert sum_job_ends([first, second], [b, unknown]) == {b: ended[b]}
    assert sum_job_ends([first], [c]) == sum_job_ends([]) == {}
    failed = {a: [300, 0, 0], b: [0, 70_000, 0], c: [0, 0, 0], unknown: [0, 0, 0]}
    assert count_failed_jobs([first, second], failed) == failed
    # Three jobs seen, two numbers of four bytes each, a day of two jobs, and one of three.
    assert first.size == (3 + 2 * 12 + 2 * 2 + 3 * 4) // 4
