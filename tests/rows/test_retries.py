"""Jobs that are tried again: which one counts, and for how long a run was running."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rows.derive import Attempt
from rows.retries import InnerJob, Try, is_warned, number_tries, running_seconds, timing

NOON = datetime(2026, 3, 2, 12, 0)


def job(gitid: int, name: str | None = "unit", begin: float = 0, ran: float | None = 60.0,
        conclusion: str = "success", may_fail: bool = False) -> InnerJob:  # fmt: skip
    """Return a job that began `begin` seconds after noon; `ran` None: it never did."""
    if ran is None:
        return InnerJob(gitid, name, None, None, None, None, conclusion, may_fail)
    start = (NOON + timedelta(seconds=begin)).replace(microsecond=0)
    end = (NOON + timedelta(seconds=begin + ran)).replace(microsecond=0)
    return InnerJob(gitid, name, start, end, ran, "Linux", conclusion, may_fail)


def attempt(conclusion: str | None = "success") -> Attempt:
    status = "completed" if conclusion else "in_progress"
    return Attempt(1, True, status, conclusion, NOON, None, "ana", NOON + timedelta(hours=1))


def test_tries_are_numbered_by_id_within_a_name():
    jobs = [job(9), job(3), job(5, "lint"), job(7), job(1, None), job(2, None)]
    assert number_tries(jobs) == {
        3: Try(1, True),
        7: Try(2, True),
        9: Try(3, False),
        5: Try(1, False),
        1: Try(1, False),
        2: Try(1, False),
    }


@pytest.mark.parametrize(
    ("jobs", "seconds"),
    [
        ([], None),
        ([job(1, ran=None)], None),
        ([job(1, ran=0.0)], 0.0),
        ([job(1), job(2, "b", begin=30)], 90.0),
        ([job(1), job(2, "b", begin=10, ran=5.0)], 60.0),
        ([job(1), job(2, "b", begin=1000, ran=5.5)], 65.5),
    ],
)
def test_run_was_running_while_a_job_was(jobs: list[InnerJob], seconds: float | None):
    assert running_seconds(jobs) == seconds


@given(st.lists(st.tuples(st.integers(0, 90_000), st.integers(0, 40_000)), min_size=1, max_size=6))
def test_whole_seconds_of_starts_cost_less_than_a_second_a_gap(spans: list[tuple[int, int]]):
    """Spans are in milliseconds: what they cover is counted one by one."""
    covered = len({at for begin, ran in spans for at in range(begin, begin + ran)}) / 1000
    jobs = [job(number, str(number), begin / 1000, ran / 1000)
            for number, (begin, ran) in enumerate(spans)]  # fmt: skip
    counted = running_seconds(jobs)
    assert counted is not None
    assert abs(counted - covered) <= len(spans)
    if len(spans) == 1:
        assert counted == covered


def test_try_that_no_longer_counts_is_no_part_of_the_runtime_but_of_the_start():
    found = timing(attempt(), [job(1, conclusion="failure"), job(2, begin=7200, ran=30.5)])
    assert (found.starttime, found.queuetime, found.runtime) == (NOON, 0, 30.5)
    assert (found.endtime, found.os, found.warned) == (NOON + timedelta(hours=1), "Linux", True)


def test_run_that_goes_on_has_neither_end_nor_runtime():
    found = timing(attempt(None), [job(1)])
    assert (found.endtime, found.runtime, found.warned) == (None, None, None)


@pytest.mark.parametrize(
    ("conclusion", "jobs", "warned"),
    [
        ("success", [job(1)], False),
        ("success", [job(1, conclusion="failure", may_fail=True)], True),
        ("success", [job(1, conclusion="cancelled", may_fail=True)], True),
        ("success", [job(1, conclusion="skipped", may_fail=True)], False),
        ("success", [job(1, conclusion="failure"), job(2)], True),
        ("success", [job(1, conclusion="cancelled"), job(2)], False),
        ("failure", [job(1, conclusion="failure", may_fail=True)], False),
    ],
)
def test_run_is_warned_that_passed_though_a_job_failed(
    conclusion: str, jobs: list[InnerJob], warned: bool
):
    assert is_warned(attempt(conclusion), jobs, number_tries(jobs)) is warned


def test_run_whose_server_says_so_passed_with_warnings():
    said = attempt()._replace(haswarnings=True)  # of a job that no list has
    assert timing(said, [job(1)]).warned is True
    assert timing(said._replace(conclusion="failure"), [job(1)]).warned is None


@pytest.mark.parametrize(
    ("gated", "queued"),
    [((False, False), 60), ((True, False), 60), ((True, True), None), ((False, True), 60)],
)
def test_run_whose_first_jobs_were_let_go_waited_for_a_person(
    gated: tuple[bool, bool], queued: int | None
):
    first, second = (
        job(number, str(number), begin=60)._replace(gated=one)
        for number, one in enumerate(gated, 1)
    )
    later = job(3, "later", begin=500)
    told = timing(attempt(), [first, second, later])
    assert (told.queuetime, told.starttime) == (queued, NOON + timedelta(seconds=60))
