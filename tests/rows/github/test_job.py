"""Jobs: what becomes a row, what does not, and on which system it ran."""

import json
from typing import Any

import pytest

from rows import Unmappable
from rows.words import systems_of
from tests.rows.objects import (
    JOB,
    NO_RUNNER,
    NULL_RUNNER,
    SHA,
    SKIPPED,
    at,
    job,
    job_rows,
    mapped,
    only,
    tables,
    unread,
    without,
)


def test_completed_job_becomes_a_row():
    assert {**job(), "version": b""} == {
        "provider": "github",
        "gitid": 2**41 + 1,
        "rungitid": 2**40 + 1,
        "attempt": 1,
        "name": "build (3.12)",
        "status": "completed",
        "conclusion": "success",
        "createtime": at("12:00:02"),
        "starttime": at("12:00:09"),
        "endtime": at("12:04:00"),
        "queuetime": 7,
        "runtime": 231.0,
        "os": "Linux",
        "labels": '["ubuntu-latest"]',
        "runnername": "GitHub Actions 12",
        "runnergroup": "GitHub Actions",
        "url": JOB["html_url"],
        "workflowname": "CI",
        "branchname": "main",
        "commithash": SHA,
        "inherited": False,
        "gated": False,
        "clockanomaly": False,
        "latestart": False,
        "failedstep": None,
        "steps": "[]",
        "allowfailure": None,
        "failurereason": None,
        "version": b"",
    }


def test_job_brings_stubs_of_its_run_and_attempt():
    found = job_rows(run_attempt=3)
    assert tables(found) == ["workflowruns", "runattempts", "jobs"]
    assert only(found, "workflowruns") == {
        "provider": "github",
        "gitid": 2**40 + 1,
        "workflowname": "CI",
        "branchname": "main",
        "commithash": SHA,
        "version": b"",
    }
    assert only(found, "runattempts") == {
        "provider": "github",
        "rungitid": 2**40 + 1,
        "attempt": 3,
        "version": b"",
    }


CHECK = "https://github.com/octo-org/app/runs/2199023255553"
runners = pytest.mark.parametrize("runner", [NO_RUNNER, NULL_RUNNER, {"steps": None}])


def unrun(runner: Any, **changes: Any) -> dict[str, Any]:
    """Return a completed job that nothing shows to have run."""
    return without({**JOB, **runner, **changes}, "labels", "runner_id", "runner_name")


@pytest.mark.parametrize("conclusion", ["success", "neutral", "action_required", None])
@runners
def test_completed_check_run_that_nothing_ran_is_no_job(conclusion: str | None, runner: Any):
    payload = {"workflow_job": unrun(runner, conclusion=conclusion)}
    assert tables(mapped("workflow_job", payload)) == []


@pytest.mark.parametrize("odd", [{"labels": "x"}, {"steps": "x"}, {"runner_id": "x"}])
def test_completed_job_whose_only_sign_of_having_run_is_unreadable_is_stored(odd: dict[str, Any]):
    payload = {"workflow_job": {**unrun({"steps": None}, conclusion="success"), **odd}}
    assert only(mapped("workflow_job", payload), "jobs")["conclusion"] == "success"


@pytest.mark.parametrize("page", [CHECK, "https://ci.example.org/build/7", "", None])
@runners
def test_failed_check_run_whose_page_is_not_under_its_run_is_no_job(page: Any, runner: Any):
    payload = {"workflow_job": unrun(runner, conclusion="failure", html_url=page)}
    assert tables(mapped("workflow_job", payload)) == []


@pytest.mark.parametrize("conclusion", ["failure", "timed_out", "startup_failure"])
@runners
def test_job_that_was_refused_is_one_that_never_started(conclusion: str, runner: Any):
    row = only(
        mapped("workflow_job", {"workflow_job": unrun(runner, conclusion=conclusion)}), "jobs"
    )
    assert row["conclusion"] == conclusion
    assert (row["createtime"], row["endtime"]) == (at("12:00:02"), at("12:04:00"))
    for name in ("starttime", "queuetime", "runtime", "os", "labels", "runnername", "failedstep"):
        assert row[name] is None
    assert (row["clockanomaly"], row["inherited"], row["latestart"]) == (False, False, False)


@pytest.mark.parametrize("conclusion", ["cancelled", "skipped"])
def test_cancelled_or_skipped_job_that_nothing_ran_is_a_job(conclusion: str):
    found = job_rows(**{**SKIPPED, "conclusion": conclusion})
    assert only(found, "jobs")["conclusion"] == conclusion


@pytest.mark.parametrize(
    "shown",
    [
        {"labels": ["ubuntu-latest"]},
        {"runner_id": 12},
        {"runner_name": "mine"},
        {"steps": [{"name": "Set up job"}]},
        {"status": "queued"},
    ],
)
def test_anything_that_runs_jobs_makes_it_a_job(shown: Any):
    assert "jobs" in tables(job_rows(**{**NULL_RUNNER, "labels": [], **shown}))


@pytest.mark.parametrize("number", [None, 0, 1])
def test_job_without_an_attempt_is_of_the_first(number: int | None):
    assert job(run_attempt=number)["attempt"] == 1


def test_job_without_runner_names_or_workflow_has_none():
    found = job(**NO_RUNNER, workflow_name="", head_branch=None)
    names = ("runnername", "runnergroup", "workflowname", "branchname")
    assert [found[name] for name in names] == [None] * 4


def test_labels_are_kept_in_order_and_as_they_are():
    labels = ["self-hosted", "größe XL", "a,b", 'c"d', "😀"]
    text = job(labels=labels)["labels"]
    assert json.loads(text) == labels
    assert "größe" in text


@pytest.mark.parametrize(
    ("labels", "found"),
    [
        (["ubuntu-latest"], "Linux"),
        (["ubuntu-24.04-arm"], "Linux"),
        (["ubuntu22.04-16core"], "Linux"),
        (["self-hosted", "Linux", "X64"], "Linux"),
        (["debian-12"], "Linux"),
        (["rhel8"], "Linux"),
        (["alpine_3"], "Linux"),
        (["runs-on=1/runner=2cpu-linux-x64"], "Linux"),
        (["windows-latest"], "Windows"),
        (["windows-2025"], "Windows"),
        (["self-hosted", "Windows"], "Windows"),
        (["win11"], "Windows"),
        (["macos-14-xlarge"], "macOS"),
        (["self-hosted", "macOS", "ARM64"], "macOS"),
        (["mac-mini"], "macOS"),
        (["osx"], "macOS"),
        (["darwin-arm64"], "macOS"),
        (["windows", "linux"], "Linux,Windows"),
        (["macOS", "Windows", "ubuntu"], "Linux,Windows,macOS"),
        (["self-hosted"], None),
        (["self-hosted", "k8s"], None),
        (["gpu", "db-app", "dc-03"], None),
        (["${{ matrix.os }}"], None),
        (["swindon", "macro", "twin", "machine"], None),
        ([""], None),
        ([], None),
    ],
)
def test_system_is_read_from_the_words_of_the_labels(labels: list[str], found: str | None):
    assert systems_of(tuple(labels)) == found
    assert job(labels=labels)["os"] == found


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"id": None}, "workflow_job.id"),
        ({"run_id": None}, "workflow_job.run_id"),
        ({"run_id": 2**63}, "workflow_job.run_id"),
        ({"run_attempt": 2**31}, "workflow_job.run_attempt"),
        ({"status": ["queued"]}, "workflow_job.status"),
        ({"conclusion": []}, "workflow_job.conclusion"),
        ({"conclusion": {}, "labels": []}, "workflow_job.conclusion"),
        ({"labels": "ubuntu"}, "workflow_job.labels"),
        ({"labels": [["ubuntu"]]}, "workflow_job.labels"),
        ({"labels": None, "runner_id": "12"}, "workflow_job.runner_id"),
        ({**NULL_RUNNER, "steps": 0}, "workflow_job.steps"),
        ({"steps": "none"}, "workflow_job.steps"),
        ({"steps": [1]}, "workflow_job.steps"),
        ({"steps": [{"number": "1"}]}, "workflow_job.steps.number"),
        ({"steps": [{"started_at": True}]}, "workflow_job.steps.started_at"),
        ({"head_sha": "0"}, "workflow_job.head_sha"),
        ({"name": "\udead"}, "workflow_job.name"),
        ({"runner_group_name": 7}, "workflow_job.runner_group_name"),
        ({"created_at": "yesterday"}, "workflow_job.created_at"),
    ],
)
def test_job_of_the_wrong_shape_names_its_field(changes: Any, field: str):
    assert field in unread(lambda: job_rows(**changes))


@pytest.mark.parametrize("value", [None, [], "x"])
def test_event_without_its_job_is_refused(value: Any):
    with pytest.raises(Unmappable, match=r"^payload\.workflow_job: "):
        mapped("workflow_job", {"workflow_job": value})
