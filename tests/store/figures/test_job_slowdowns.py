"""Jobs that got slower are those that a comparison of all finds, whatever is kept of their past."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine, delete, insert

from schema.tables.rollups import rollspans, rollups
from store.figures import shown_days
from store.figures.job_medians import list_series
from store.figures.job_slowdowns import list_job_slowdowns
from store.figures.shown_days import Figured, ShownFigures
from store.figures.slowdowns import Slowdown, list_slowdowns
from store.rollups.figures import ALL, DayFigures, as_text
from store.rollups.spans import REVISION
from tests.dashboard.conftest import engine as engine

DAY, FIRST = timedelta(days=1), datetime(2026, 3, 2)
COUNT = 45


def medians_of(rng: random.Random, place: int) -> dict[str, dict[str, float]]:
    """Jobs that are known on most days, some of which take longer since one or two weeks."""
    medians: dict[str, dict[str, float]] = {}
    for flow in range(6):
        for job in range(8):
            usual, since = 20.0 + 30 * job, COUNT - 7 * (flow % 3)
            if rng.random() < (0.9, 0.5)[flow == 5] and (flow, place > 20) != (4, False):
                longer = 1 + job / 10 if place >= since else 1
                own = round(usual * longer * rng.lognormvariate(0, 0.15), 3)
                medians.setdefault(f'[1,{flow},""]', {})[f"job {job}"] = own
    return medians


def write(
    engine: Engine, place: int, medians: dict[str, dict[str, float]], revision: int = 1
) -> None:
    begin = FIRST + DAY * place
    with engine.begin() as connection:
        for table in (rollspans, rollups):
            connection.execute(delete(table).where(table.c.begintime == begin))
        connection.execute(insert(rollspans).values(
            kind="day", begintime=begin, endtime=begin + DAY, rules=REVISION, rolltime=begin,
            revision=revision,
        ))  # fmt: skip
        connection.execute(insert(rollups).values(
            begintime=begin, repoid=ALL, runs=1, open=0,
            figures=as_text(replace(DayFigures(), medians=medians)),
        ))  # fmt: skip


def list_found(
    connection: Connection, days: Sequence[dict[str, dict[str, float]]], counted: int = COUNT
) -> list[Slowdown]:
    """What is found, once it is known to be what a comparison of all jobs finds."""
    borders = [FIRST + DAY * number for number in range(len(days) + 1)]
    shown = shown_days.read_shown(connection, borders)
    if counted < COUNT:
        of_rows = DayFigures(medians=days[counted])
        changed = Figured(shown.days[counted].begin, None, of_rows)
        parts = [*shown.days[:counted], changed, *shown.days[counted + 1 :]]
        shown = ShownFigures(connection, ALL, parts)
    series: dict[tuple[str, str], list[float | None]] = {}
    for place, day in enumerate(days):
        for flow, jobs in day.items():
            for job, median in jobs.items():
                series.setdefault((flow, job), [None] * len(days))[place] = median
    found = list_job_slowdowns(shown)
    assert found == list_slowdowns(series)
    assert list_series(shown.list_median_blocks()) == series
    return found


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_slow_jobs_are_those_that_a_comparison_of_all_finds(engine: Engine, seed: int):
    rng = random.Random(seed)
    days = [medians_of(rng, place) for place in range(COUNT)]
    for place, day in enumerate(days):
        write(engine, place, day)
    with engine.connect() as connection:
        found = list_found(connection, days)
        assert 3 < len(found) < 40
        assert list_found(connection, days) == found  # from what is kept
    # A day of the past, and the newest one, are made anew.
    changed = [(4, 3.0), (COUNT - 1, 0.1), (COUNT - 10, 9.0)]
    changed += [(COUNT - 3, 5.0), (COUNT - 1, 60.0), (COUNT - 2, 9.0)]
    for revision, (place, factor) in enumerate(changed, start=2):
        days[place] = {
            flow: {job: median * factor for job, median in jobs.items()}
            for flow, jobs in days[place].items()
        }
        write(engine, place, days[place], revision)
        with engine.connect() as connection:
            list_found(connection, days)
    with engine.connect() as connection:
        for counted in (3, COUNT - 1):  # a day without a roll-up
            list_found(connection, days, counted)


def test_past_that_says_too_little_asks_for_more_than_anything(engine: Engine):
    days = [{'[1,1,""]': {"test": 10.0}} if place < 6 or place >= 38 else {} for place in range(45)]
    days[38:] = [{'[1,1,""]': {"test": 500.0}}] * 7
    for place, day in enumerate(days):
        write(engine, place, day)
    with engine.connect() as connection:
        assert list_found(connection, days) == []
    write(engine, 6, {'[1,1,""]': {"test": 10.0}}, revision=2)
    days[6] = {'[1,1,""]': {"test": 10.0}}
    with engine.connect() as connection:
        assert [one.now for one in list_found(connection, days)] == [500.0]
