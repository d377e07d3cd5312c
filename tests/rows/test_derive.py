"""Columns that follow from stored attempts and jobs."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rows import derive
from rows.derive import Attempt, Job, Timing

NOON = datetime(2026, 3, 2, 12)


def at(seconds: float) -> datetime:
    """Return the time so many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def attempt(**changes: Any) -> Attempt:
    """Return a completed first attempt, made at noon, last updated at 12:10."""
    values: dict[str, Any] = {
        "attempt": 1,
        "known": True,
        "status": "completed",
        "conclusion": "success",
        "createtime": NOON,
        "updatetime": at(600),
        "triggeredby": "octocat",
    }
    return Attempt(**{**values, **changes})


def job(start: float | None = 10, end: float | None = 60, **changes: Any) -> Job:
    """Return a job of the first attempt that started and ended so many seconds after noon."""
    values: dict[str, Any] = {
        "attempt": 1,
        "starttime": None if start is None else at(start),
        "endtime": None if end is None else at(end),
        "os": "Linux",
        "inherited": False,
    }
    return Job(**{**values, **changes})


def test_attempt_spans_from_its_first_start_to_its_last_end():
    jobs = [job(30, 90), job(10, 60), job(20, 120)]
    assert derive.timing(attempt(), jobs) == Timing(at(10), at(120), 10, 110.0, "Linux")


def test_attempt_without_a_job_starts_when_it_was_made_and_its_wait_is_unknown():
    assert derive.timing(attempt(), []) == Timing(NOON, at(600), None, 600.0, None)


def test_attempt_without_a_started_job_has_no_wait_and_no_system():
    jobs = [job(None, None), job(None, None, os="Windows")]
    found = derive.timing(attempt(status="queued", conclusion=None), jobs)
    assert found == Timing(None, None, None, None, None)


@pytest.mark.parametrize("conclusion", ["cancelled", "failure", "success", "skipped"])
def test_attempt_none_of_whose_jobs_started_ends_with_them_and_never_started(conclusion: str):
    jobs = [job(None, 45), job(None, 44)]
    found = derive.timing(attempt(conclusion=conclusion), jobs)
    assert found == Timing(None, at(45), None, None, None)


@pytest.mark.parametrize(
    "conclusion", ["cancelled", "skipped", "startup_failure", "action_required", "stale"]
)
def test_attempt_that_may_end_without_running_is_not_taken_to_have_run(conclusion: str):
    found = derive.timing(attempt(conclusion=conclusion), [])
    assert found == Timing(None, at(600), None, None, None)


@pytest.mark.parametrize("status", ["requested", "queued", "pending", "waiting"])
def test_attempt_that_has_not_begun_has_no_start(status: str):
    found = derive.timing(attempt(status=status, conclusion=None), [])
    assert found == Timing(None, None, None, None, None)


def test_attempt_with_a_job_that_may_have_run_starts_when_it_was_made():
    jobs = [job(None, 45), job(None, None, is_open=True)]
    found = derive.timing(attempt(conclusion="cancelled"), jobs)
    assert found == Timing(NOON, at(45), None, 45.0, None)


def test_job_that_started_in_the_second_of_the_attempt_waited_zero():
    assert derive.timing(attempt(), [job(0, 60)]).queuetime == 0


def test_system_of_a_job_that_never_started_does_not_count():
    jobs = [job(10, 60), job(None, 60, os="Windows")]
    assert derive.timing(attempt(), jobs).os == "Linux"


def test_systems_of_several_jobs_are_named_once_and_sorted():
    systems = ["macOS", "Linux", None, "Windows", "Linux", "Linux,macOS"]
    jobs = [job(10, 60, os=system) for system in systems]
    assert derive.timing(attempt(), jobs).os == "Linux,Windows,macOS"


@pytest.mark.parametrize("systems", [[], [None], [""], [None, ""]])
def test_no_system_is_none_and_no_empty_text(systems: list[str | None]):
    assert derive.systems(systems) is None


def test_inherited_job_counts_for_nothing():
    copy = job(-5000, -4000, inherited=True, os="Windows")
    assert derive.timing(attempt(), [copy, job(10, 60)]) == derive.timing(attempt(), [job(10, 60)])
    assert derive.timing(attempt(), [copy]) == derive.timing(attempt(), [])


def test_job_of_another_attempt_counts_for_nothing():
    others = [job(-100, 9000, attempt=2), job(-100, 9000, attempt=3)]
    assert derive.timing(attempt(), [*others, job(10, 60)]) == Timing(
        at(10), at(60), 10, 50.0, "Linux"
    )


def test_attempt_in_progress_has_no_end_though_jobs_of_it_have_ended():
    found = derive.timing(attempt(status="in_progress", conclusion=None), [job(10, 60)])
    assert found == Timing(at(10), None, 10, None, "Linux")


def test_completed_attempt_whose_jobs_have_not_ended_yet_ends_when_it_was_updated():
    assert derive.timing(attempt(), [job(10, None)]) == Timing(at(10), at(600), 10, 590.0, "Linux")


def test_end_of_a_skipped_job_counts_as_an_end():
    assert derive.timing(attempt(), [job(10, 60), job(None, 70, os=None)]).endtime == at(70)


def test_job_that_started_before_its_attempt_leaves_the_wait_unknown():
    assert derive.timing(attempt(), [job(-1, 60)]) == Timing(at(-1), at(60), None, 61.0, "Linux")


def test_attempt_that_ends_before_it_starts_has_no_runtime():
    assert derive.timing(attempt(), [job(10, 5)]) == Timing(at(10), at(5), 10, None, "Linux")


def test_stub_of_an_attempt_knows_the_start_of_its_jobs_only():
    stub = Attempt(1, False, None, None, None, None, None)
    assert derive.timing(stub, [job(10, 60)]) == Timing(at(10), None, None, None, "Linux")
    assert derive.timing(stub, []) == Timing(None, None, None, None, None)


def test_wait_is_in_whole_seconds_and_runtime_is_exact():
    found = derive.timing(attempt(), [job(9.9, 60.25)])
    assert (found.queuetime, found.runtime) == (9, 50.35)


@pytest.mark.parametrize(
    ("begin", "end", "span"),
    [
        (NOON, at(90), 90.0),
        (NOON, NOON, 0.0),
        (at(1), NOON, None),
        (None, NOON, None),
        (NOON, None, None),
        (None, None, None),
    ],
)
def test_span_that_is_unknown_or_reversed_is_none(
    begin: datetime | None, end: datetime | None, span: float | None
):
    assert derive.seconds(begin, end) == span


def test_run_mirrors_its_highest_known_attempt():
    second = attempt(attempt=2)
    assert derive.highest([second, attempt(), attempt(attempt=3, known=False)]) is second


def test_run_of_which_only_jobs_are_known_mirrors_nothing():
    assert derive.highest([attempt(known=False), attempt(attempt=2, known=False)]) is None
    assert derive.highest([]) is None


TIMES = st.none() | st.integers(-3600, 86_400)
JOBS = st.builds(
    job,
    TIMES,
    TIMES,
    attempt=st.integers(1, 2),
    os=st.sampled_from([None, "Linux", "Windows", "macOS", "Linux,Windows"]),
    inherited=st.booleans(),
)
ATTEMPTS = st.builds(
    attempt,
    status=st.sampled_from([None, "queued", "in_progress", "completed"]),
    createtime=st.none() | st.just(NOON),
    updatetime=st.none() | st.just(at(600)),
)


@given(one=ATTEMPTS, jobs=st.lists(JOBS, max_size=6), data=st.data())
def test_order_of_the_jobs_changes_nothing(one: Attempt, jobs: list[Job], data: st.DataObject):
    assert derive.timing(one, data.draw(st.permutations(jobs))) == derive.timing(one, jobs)


@given(one=ATTEMPTS, jobs=st.lists(JOBS, max_size=6))
def test_spans_are_never_negative_and_a_wait_needs_a_started_job(one: Attempt, jobs: list[Job]):
    found = derive.timing(one, jobs)
    own = [each for each in jobs if each.attempt == 1 and not each.inherited and each.starttime]
    assert found.queuetime is None or (found.queuetime >= 0 and own)
    assert found.runtime is None or (found.runtime >= 0 and one.status == "completed")
    assert found.os is None or own
