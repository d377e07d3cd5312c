"""The steps of a completed job, and the one that failed."""

import json

import pytest

from tests.rows.objects import job

T = "2026-03-02T12:00:09Z"
STEPS = [
    {
        "name": "Set up job",
        "number": 1,
        "status": "completed",
        "conclusion": "success",
        "started_at": "2026-03-02T07:00:09.000-05:00",
        "completed_at": "2026-03-02T12:00:10Z",
    },
    {"name": "Tests \N{PILE OF POO}", "number": 2, "status": "completed", "conclusion": "failure"},
    {
        "name": "Post",
        "number": 4,
        "status": "completed",
        "conclusion": "timed_out",
        "started_at": None,
        "completed_at": "0001-01-01T00:00:00Z",
    },
]


def test_steps_have_one_form_of_time_whatever_their_offset():
    assert json.loads(job(steps=STEPS)["steps"]) == [
        {
            "number": 1,
            "name": "Set up job",
            "status": "completed",
            "conclusion": "success",
            "starttime": "2026-03-02 12:00:09.000000",
            "endtime": "2026-03-02 12:00:10.000000",
        },
        {
            "number": 2,
            "name": "Tests \N{PILE OF POO}",
            "status": "completed",
            "conclusion": "failure",
            "starttime": None,
            "endtime": None,
        },
        {
            "number": 4,
            "name": "Post",
            "status": "completed",
            "conclusion": "timed_out",
            "starttime": None,
            "endtime": None,
        },
    ]


def test_first_step_that_failed_or_timed_out_is_named():
    assert job(steps=STEPS)["failedstep"] == "Tests \N{PILE OF POO}"
    assert job(steps=STEPS[2:])["failedstep"] == "Post"
    assert job(steps=STEPS[:1])["failedstep"] is None


@pytest.mark.parametrize("status", ["queued", "waiting", "in_progress"])
def test_steps_of_a_job_that_is_not_completed_are_not_kept(status: str):
    found = job(status=status, steps=STEPS)
    assert (found["steps"], found["failedstep"]) == (None, None)


def test_offset_of_a_time_changes_neither_the_row_nor_its_version():
    moved = [{**STEPS[0], "started_at": "2026-03-02T12:00:09Z"}, *STEPS[1:]]
    assert job(completed_at="2026-03-02T14:04:00.000+02:00", steps=moved) == job(steps=STEPS)


@pytest.mark.parametrize(
    ("steps", "name"),
    [
        ([("Set up", "completed", "success", T), ("Test", "in_progress", None, T)], "Test"),
        ([("Set up", "completed", "success", T), ("Test", None, None, T)], "Test"),
        (
            [
                ("Test", "in_progress", None, T),
                ("Upload", "completed", "failure", T),
                ("Post", "pending", None, None),
            ],
            "Upload",
        ),
        ([("Set up", "queued", None, None), ("Test", "pending", None, None)], None),
        ([("Test", "completed", "cancelled", T)], None),
    ],
    ids=["lost", "lost, no status", "another failed", "never began", "cancelled"],
)
def test_step_in_which_the_runner_was_lost_is_the_failed_one(
    steps: list[tuple[str, str | None, str | None, str | None]], name: str | None
):
    keys = ("name", "status", "conclusion", "started_at")
    said = [dict(zip(keys, step, strict=True)) for step in steps]
    assert job(conclusion="failure", steps=said)["failedstep"] == name
    assert job(conclusion="cancelled", steps=said)["failedstep"] == name
    of_success = job(conclusion="success", steps=said)["failedstep"]
    assert of_success == (name if name == "Upload" else None)
