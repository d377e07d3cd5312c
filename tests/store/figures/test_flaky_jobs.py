"""Flaky jobs of any days are those that the rows of these days say, whenever each was rolled up."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete

from rows.words import FAILED
from schema.tables.ci import jobs, workflowruns
from schema.tables.rollups import rollflakedays, rollspans, rollups
from store.figures.flaky_jobs import list_flakes
from store.rollups import make
from store.rollups.spans import DAY, RollupPlan, RollupSpan
from tests.counts import count
from tests.dashboard import stored
from tests.store.rollups.test_make import CALENDAR

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)

PLAN, ONE = RollupPlan(CALENDAR), timedelta(days=1)
DAYS = 5
FIRST = CALENDAR.day_begin(datetime(2026, 3, 2).date())


class JobEnd(NamedTuple):
    """A job of a run of its own: on which day, of which commit, and how it ended."""

    day: int
    commit: int
    name: str
    conclusion: str


class RunEnds(NamedTuple):
    """A run: its first attempt's job, and that of a re-run so many days later."""

    end: JobEnd
    again: int | None


ENDS = st.builds(
    JobEnd,
    st.integers(0, DAYS - 1),
    st.integers(0, 2),
    st.sampled_from(("test", "lint", "Test")),
    st.sampled_from(("success", "failure", "timed_out", "cancelled")),
)
SPLIT = [
    RunEnds(JobEnd(1, 0, "test", "timed_out"), 2),
    RunEnds(JobEnd(1, 1, "test", "success"), None),
    RunEnds(JobEnd(2, 0, "test", "failure"), None),
]
"""The third comes between two days that were linked before."""
RUNS = st.lists(st.builds(RunEnds, ENDS, st.sampled_from((None, None, 0, 1, 2))), max_size=14)


def write(engine: Engine, repoid: int, number: int, run: RunEnds) -> list[tuple[int, JobEnd]]:
    """Write a run and its jobs; return them with the minute of the day at which each began."""
    ends = [run.end]
    if run.again is not None:
        day = min(run.end.day + run.again, DAYS - 1)
        ends.append(run.end._replace(day=day, conclusion="success"))
    sha = f"{run.end.commit:040x}"
    times = [FIRST + end.day * ONE + timedelta(minutes=number + 20 * place)
             for place, end in enumerate(ends)]  # fmt: skip
    gitid = stored.run(
        engine, repoid, times[0], commithash=sha, workflowgitid=501, updatetime=times[-1]
    )
    for place, (end, time) in enumerate(zip(ends, times, strict=True)):
        own = {"commithash": sha, "name": end.name, "conclusion": end.conclusion}
        stored.job(engine, repoid, gitid, time, attempt=place + 1, runtime=60.0, **own)
    return [(number + 20 * place, end) for place, end in enumerate(ends)]


def roll(engine: Engine, days: set[int]) -> None:
    """Make the roll-ups of days anew."""
    for day in sorted(days):
        begin = FIRST + day * ONE
        assert make.make_span(engine, PLAN, RollupSpan(DAY, begin, begin + ONE))


def expect(ends: list[tuple[int, JobEnd]], first: int, last: int) -> dict[str, tuple[Any, ...]]:
    """Return commits, flaky ones, failures and the end seen last of each flaky job, by name."""
    told: defaultdict[str, defaultdict[int, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for minute, end in ends:
        if first <= end.day <= last and end.conclusion != "cancelled":
            told[end.name][end.commit].append((end.day, minute, end.conclusion in FAILED))
    flaky = {}
    for name, commits in told.items():
        both = [own for own in commits.values() if len({failed for *_, failed in own}) == 2]
        if both:
            bad = sum(failed for own in both for *_, failed in own)
            last_end = max((day, minute) for own in both for day, minute, _ in own)
            flaky[name] = (len(commits), len(both), bad, 60.0 * bad, last_end)
    return flaky


def test_flakes_are_those_of_the_rows_however_the_days_were_rolled_up(engine: Engine):
    repoid = stored.repo(engine)

    @settings(
        max_examples=count(12, 400),
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(RUNS, st.integers(1, 5), st.booleans())
    @example(SPLIT, 1, True)
    def check(runs: list[RunEnds], at_once: int, is_rolled: bool) -> None:
        with engine.begin() as connection:
            for table in (workflowruns, jobs, rollspans, rollups, rollflakedays):
                connection.execute(delete(table))
        ends: list[tuple[int, JobEnd]] = []
        for number in range(0, len(runs), at_once):  # as they come: what is rolled up goes stale
            written = [
                write(engine, repoid, place, run)
                for place, run in enumerate(runs[number : number + at_once], number)
            ]
            ends += [end for own in written for end in own]
            if is_rolled:
                roll(engine, {end.day for own in written for _, end in own})
        with engine.connect() as connection:
            for first in range(DAYS):
                for last in range(first, DAYS):
                    borders = [FIRST + day * ONE for day in range(first, last + 2)]
                    shown = {
                        flake.name: (
                            flake.commits, flake.flaky, flake.failures, flake.seconds,
                            divmod((flake.lastseen - FIRST) // timedelta(minutes=1), 1440),
                        )
                        for flake, *_ in list_flakes(connection, borders)
                    }  # fmt: skip
                    assert shown == expect(ends, first, last)

    check()


@pytest.mark.parametrize(
    ("ends", "flaky"),
    [
        ([(1, "failure"), (1, "success")], False),  # `Test (${{ matrix.os }})` of two versions
        ([(1, "failure"), (1, "success"), (2, "failure"), (2, "success")], False),
        ([(1, "failure"), (1, "success"), (2, "success")], True),
        ([(1, "failure"), (1, "failure"), (2, "success"), (2, "failure")], False),
    ],
)
def test_jobs_of_one_name_in_an_attempt_failed_together(
    engine: Engine, ends: list[tuple[int, str]], flaky: bool
):
    repoid = stored.repo(engine)
    run = stored.run(engine, repoid, FIRST, commithash="a" * 40, workflowgitid=501)
    for place, (attempt, conclusion) in enumerate(ends):
        time = FIRST + timedelta(minutes=place)
        own = {"commithash": "a" * 40, "name": "Test (ubuntu)", "conclusion": conclusion}
        stored.job(engine, repoid, run, time, attempt=attempt, runtime=60.0, **own)
    with engine.connect() as connection:
        shown = list_flakes(connection, [FIRST, FIRST + ONE])
    assert [one.flake.name for one in shown] == ["Test (ubuntu)"] * flaky
    for one in shown:
        assert one.failed
        assert one.passed
        assert one.failed.attempt != one.passed.attempt
