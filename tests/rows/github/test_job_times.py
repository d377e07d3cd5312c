"""When a job waited and ran, in which attempt, and which record of it is newer."""

from typing import Any

import pytest

from tests.rows.objects import (
    COPIED,
    JOB,
    NO_RUNNER,
    NULL_RUNNER,
    QUEUED,
    RUNNING,
    SKIPPED,
    at,
    job,
    mapped,
    only,
)

CREATED, STARTED, ENDED = JOB["created_at"], JOB["started_at"], JOB["completed_at"]
SPANS = ("starttime", "endtime", "queuetime", "runtime", "clockanomaly")


def spans(**changes: Any) -> tuple[Any, ...]:
    """Return start, end, wait, runtime and whether a clock went wrong."""
    row = job(**changes)
    return tuple(row[name] for name in SPANS)


@pytest.mark.parametrize("status", ["queued", "waiting", "pending", "requested", None])
def test_start_of_a_job_that_has_not_started_is_a_placeholder(status: str | None):
    assert spans(**{**QUEUED, "status": status}) == (None, None, None, None, False)


def test_job_in_progress_has_waited_and_not_ended():
    assert spans(**RUNNING) == (at("12:00:09"), None, 7, None, False)


def test_end_of_a_job_that_is_not_completed_is_not_known():
    assert spans(**{**RUNNING, "completed_at": ENDED}) == (at("12:00:09"), None, 7, None, False)


def step(start: str | None, **changes: Any) -> dict[str, Any]:
    """Return a step that began at a time of the day."""
    begun = start and f"2026-03-02T{start}Z"
    usual = {"number": 1, "name": "Set up job", "status": "completed", "conclusion": "success"}
    return {**usual, "started_at": begun, "completed_at": begun, **changes}


def test_job_whose_first_step_began_in_the_second_it_was_created_waited_zero():
    found = spans(started_at=CREATED, steps=[step("12:00:02")])
    assert found == (at("12:00:02"), at("12:04:00"), 0, 238.0, False)


@pytest.mark.parametrize("state", [{}, RUNNING])
def test_job_that_seems_to_start_as_it_is_created_may_have_waited_if_no_step_tells(state: Any):
    skipped = step("12:00:02", conclusion="skipped")
    for steps in ([], [step(None)], [skipped]):
        assert spans(**{**state, "started_at": CREATED, "steps": steps})[2] is None


@pytest.mark.parametrize("started", [CREATED, "2026-03-02T12:00:01Z"])
def test_job_whose_first_step_begins_a_minute_later_waited_as_long_as_the_steps_say(started: str):
    late = {"started_at": started, "steps": [step("12:03:50"), step("12:03:30"), step(None)]}
    assert spans(**late) == (at("12:03:30"), at("12:04:00"), 208, 30.0, False)
    assert job(**late)["latestart"]


def test_job_that_runs_is_seen_to_be_late_by_its_steps():
    late = {**RUNNING, "started_at": CREATED, "steps": [step("12:03:30")]}
    assert spans(**late) == (at("12:03:30"), None, 208, None, False)
    assert job(**late)["latestart"]


@pytest.mark.parametrize("first", ["12:01:08", "12:00:09", "12:00:01", "12:04:01"])
def test_steps_do_not_move_a_start_that_is_near_them_or_that_they_contradict(first: str):
    steps = [step(first)]
    assert spans(steps=steps) == (at("12:00:09"), at("12:04:00"), 7, 231.0, False)
    assert not job(steps=steps)["latestart"]


def test_steps_of_a_runner_whose_clock_is_ahead_do_not_move_the_start():
    steps = [
        step("12:01:39", completed_at="2026-03-02T12:01:40Z"),
        step("12:01:40", completed_at="2026-03-02T12:05:30Z"),
    ]
    ahead = {"started_at": STARTED, "steps": steps}
    assert spans(**ahead) == (at("12:00:09"), at("12:04:00"), 7, 231.0, False)
    assert not job(**ahead)["latestart"]
    steps[1]["completed_at"] = "2026-03-02T12:04:59Z"  # less than a minute: it may have ended late
    assert spans(**ahead)[:3] == (at("12:01:39"), at("12:04:00"), 97)


def test_copy_of_a_job_that_started_late_ran_as_long_as_it_did():
    copy = {**COPIED, "started_at": CREATED, "steps": [step("12:03:30")]}
    assert spans(**copy) == (at("12:03:30"), at("12:04:00"), None, 30.0, False)


def test_job_whose_creation_is_unknown_has_no_wait():
    assert spans(created_at=None) == (at("12:00:09"), at("12:04:00"), None, 231.0, False)


@pytest.mark.parametrize("runner", [NO_RUNNER, NULL_RUNNER])
@pytest.mark.parametrize("started", [CREATED, None, STARTED])
def test_job_cancelled_while_queued_never_started(runner: Any, started: str | None):
    found = spans(**{**runner, "conclusion": "cancelled", "started_at": started})
    assert found == (None, at("12:04:00"), None, None, False)


@pytest.mark.parametrize("runner", [NO_RUNNER, NULL_RUNNER])
def test_job_that_no_runner_ever_took_fails_without_a_start(runner: Any):
    assert spans(**runner, conclusion="failure")[:4] == (None, at("12:04:00"), None, None)


def test_job_cancelled_while_running_has_both_spans():
    assert spans(conclusion="cancelled") == (at("12:00:09"), at("12:04:00"), 7, 231.0, False)


def test_job_with_steps_has_run_though_its_runner_is_not_named():
    steps = [{"name": "Set up job", "number": 1, "status": "completed", "conclusion": "success"}]
    assert spans(**{**NULL_RUNNER, "steps": steps})[2:4] == (7, 231.0)


def test_skipped_job_never_started():
    assert spans(**SKIPPED) == (None, at("12:00:02"), None, None, False)
    assert job(**SKIPPED)["labels"] is None


def test_start_before_creation_is_an_anomaly_and_no_wait():
    found = spans(started_at="2026-03-02T12:00:01Z")
    assert found == (at("12:00:01"), at("12:04:00"), None, 239.0, True)


def test_end_before_start_is_an_anomaly_and_no_runtime():
    found = spans(completed_at="2026-03-02T12:00:08Z")
    assert found == (at("12:00:09"), at("12:00:08"), 7, None, True)


def test_anomaly_shows_as_soon_as_the_job_starts():
    assert spans(**RUNNING, started_at="2026-03-02T12:00:01Z")[2:] == (None, None, True)


def test_copy_in_a_rerun_is_inherited_and_has_no_wait_and_no_anomaly():
    assert job(**COPIED)["inherited"] is True
    assert spans(**COPIED) == (at("12:00:09"), at("12:04:00"), None, 231.0, False)


@pytest.mark.parametrize("runner", [{"runner_id": 12}, {"runner_name": "GitHub Actions 12"}])
def test_copy_that_names_the_runner_of_old_is_told_by_its_end(runner: Any):
    copy = {**COPIED, **runner}
    assert (job(**copy)["inherited"], job(**copy)["clockanomaly"]) == (True, False)
    assert spans(**copy) == (at("12:00:09"), at("12:04:00"), None, 231.0, False)


def test_copy_of_a_skipped_job_never_started():
    copy = {**COPIED, "conclusion": "skipped", "labels": []}
    assert job(**copy)["inherited"] is True
    assert spans(**copy) == (None, at("12:04:00"), None, None, False)


@pytest.mark.parametrize(
    "changes",
    [
        {"run_attempt": 1},
        {"runner_id": 12, "completed_at": "2026-03-02T14:00:05Z"},
        {"runner_name": "GitHub Actions 12", "completed_at": "2026-03-02T14:00:05Z"},
        {"runner_id": 12, "completed_at": None},
        {"created_at": STARTED},
        {"created_at": None},
        {"started_at": None},
        {"status": "queued", "conclusion": None, "completed_at": None},
    ],
)
def test_job_that_only_resembles_a_copy_is_its_attempts_own(changes: Any):
    assert job(**{**COPIED, **changes})["inherited"] is False


def test_start_before_creation_on_a_runner_of_a_rerun_is_an_anomaly():
    found = job(run_attempt=2, started_at="2026-03-02T12:00:01Z")
    assert [found[name] for name in ("inherited", "clockanomaly")] == [False, True]


def test_waiting_job_is_gated_whatever_the_action():
    assert job(**{**QUEUED, "status": "waiting"})["gated"] is True
    payload = {"action": "waiting", "workflow_job": {**JOB, **QUEUED}}
    assert only(mapped("workflow_job", payload), "jobs")["gated"] is False


def order(**changes: Any) -> bytes:
    version = job(**changes)["version"]
    assert isinstance(version, bytes)
    return version


def test_versions_of_a_job_rise_over_its_life():
    lives = [
        order(**QUEUED),
        order(**RUNNING, started_at=CREATED),
        order(**RUNNING),
        order(completed_at=CREATED),
        order(),
    ]
    assert lives == sorted(lives)
    assert len(set(lives)) == len(lives)
