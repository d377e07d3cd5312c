"""Jobs as GraphQL tells them."""

from datetime import datetime
from typing import Any

import pytest

from rows import Row, version
from rows.sources import source_of

REPOSITORY = {
    "id": 7,
    "full_name": "octo-org/app",
    "html_url": "https://github.com/octo-org/app",
    "owner": {"login": "octo-org"},
}
RUN = {
    "id": 28_150_463_320,
    "run_attempt": 1,
    "run_started_at": "2026-03-02T10:00:00Z",
    "head_branch": "main",
    "head_sha": "a" * 40,
}
STEP = {
    "number": 2,
    "name": "Run tests",
    "status": "COMPLETED",
    "conclusion": "FAILURE",
    "startedAt": "2026-03-02T10:00:12Z",
    "completedAt": "2026-03-02T10:03:00Z",
}
CHECK = {
    "id": "CR_x",
    "name": "build (3.11)",
    "status": "COMPLETED",
    "conclusion": "FAILURE",
    "startedAt": "2026-03-02T10:00:10Z",
    "completedAt": "2026-03-02T10:03:10Z",
    "detailsUrl": "https://github.com/octo-org/app/actions/runs/28150463320/job/83456000001?pr=3",
    "steps": {"nodes": [STEP]},
}
NOW = datetime(2026, 3, 3)


def rows_of(check: dict[str, Any], run: dict[str, Any] = RUN) -> list[Row]:
    payload = {"check_run": check, "workflow_run": run, "repository": REPOSITORY}
    mapped = source_of("github").rows_read("check_run", payload, NOW)
    return [row for row in mapped.rows if row.table != "repoaliases"]


def job_of(check: dict[str, Any], run: dict[str, Any] = RUN) -> dict[str, Any]:
    return rows_of(check, run)[-1].values


def test_job_has_what_graphql_knows_and_nothing_else():
    job = job_of(CHECK)
    known = ("gitid", "rungitid", "attempt", "name", "status", "conclusion", "branchname", "url")
    assert [job[name] for name in known] == [
        83_456_000_001, 28_150_463_320, 1, "build (3.11)", "completed", "failure", "main",
        "https://github.com/octo-org/app/actions/runs/28150463320/job/83456000001",
    ]  # fmt: skip
    assert job["starttime"] == datetime(2026, 3, 2, 10, 0, 10)
    assert (job["runtime"], job["failedstep"]) == (180.0, "Run tests")
    unknown = ("createtime", "queuetime", "labels", "os", "runnername", "runnergroup")
    assert [job[name] for name in unknown] == [None] * 6
    assert [row.table for row in rows_of(CHECK)] == ["workflowruns", "runattempts", "jobs"]


def test_queued_record_of_rest_outdoes_an_ended_one_of_graphql():
    job = {"id": 83_456_000_001, "run_id": RUN["id"], "status": "queued"}
    payload = {
        "workflow_job": {**job, "created_at": "2026-03-02T10:00:01Z"},
        "repository": REPOSITORY,
    }
    queued = source_of("github").rows_read("workflow_job", payload, NOW).rows[-1].values["version"]
    assert version.STUB < job_of(CHECK)["version"] < queued


def test_of_graphqls_own_records_the_ended_one_wins():
    going = {**CHECK, "status": "IN_PROGRESS", "conclusion": None, "completedAt": None}
    later = {**CHECK, "completedAt": "2026-03-02T10:03:11Z"}
    assert job_of(going)["version"] < job_of(CHECK)["version"] < job_of(later)["version"]


@pytest.mark.parametrize(
    "page",
    [
        None,
        "https://ci.example.org/28150463320",
        "https://github.com/octo-org/app/runs/83456000001",
        "https://github.com/octo-org/app/actions/runs/28150463321/job/83456000001",
    ],
)
def test_check_of_another_run_or_nobodys_is_no_job(page: str | None):
    assert rows_of({**CHECK, "detailsUrl": page}) == []


def test_copy_in_a_rerun_is_left_to_rest_and_what_ran_in_it_is_not():
    again = {**RUN, "run_attempt": 2, "run_started_at": "2026-03-02T10:00:11Z"}
    assert rows_of(CHECK, again) == []
    own = {**CHECK, "startedAt": "2026-03-02T10:00:11Z"}
    assert job_of(own, again)["attempt"] == 2


def test_job_that_was_skipped_never_started():
    skipped = {**CHECK, "conclusion": "SKIPPED", "steps": {"nodes": []}}
    assert (job_of(skipped)["starttime"], job_of(skipped)["runtime"]) == (None, None)
