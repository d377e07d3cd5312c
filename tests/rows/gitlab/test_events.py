"""Two doors to one record: a hook says what the API says, but for what it cannot know."""

from datetime import datetime
from typing import Any

import pytest

from rows import Mapped, Unmappable
from rows.sources import source_of
from tests.rows.gitlab import payloads
from tests.rows.gitlab.payloads import Json, job, pipeline

GITLAB = source_of("gitlab")
NOW = datetime(2021, 10, 7, 9, 0)
CANNOT_KNOW = {
    "repos": {"archived"},
    "workflowruns": {"title"},
    "runattempts": {"updatetime"},
    "jobs": {"labels"},
}
"""What one of the two doors does not say."""


def told(event: str, payload: Json) -> Mapped:
    return GITLAB.rows_for(event, payload, None, NOW)


def read(kind: str, payload: Json) -> Mapped:
    return GITLAB.rows_read(kind, payload, NOW)


def rows_of(mapped: Mapped, table: str) -> list[dict[str, Any]]:
    return [row.values for row in (mapped.repository, *mapped.rows) if row.table == table]


def known(table: str, values: dict[str, Any]) -> dict[str, Any]:
    left_out = CANNOT_KNOW[table] | {"version"}
    return {name: value for name, value in values.items() if name not in left_out}


HOOK = pipeline(
    job(377, "unit"),
    job(378, "lint", "failed", allow_failure=True),
    job(380, "deploy", "manual", started_at=None, finished_at=None, manual=True, runner=None,
        duration=None, queued_duration=None),
)  # fmt: skip


@pytest.mark.parametrize("table", CANNOT_KNOW)
def test_pipeline_of_a_hook_and_of_the_api_say_the_same(table: str):
    by_hook = rows_of(told("pipeline", HOOK), table)
    by_api = rows_of(read("pipeline", payloads.read_pipeline(HOOK)), table)
    assert len(by_hook) == len(by_api) > 0
    for hook, api in zip(by_hook, by_api, strict=True):
        assert known(table, hook) | {"gated": 0} == known(table, api) | {"gated": 0}


def test_job_of_its_own_hook_says_what_that_of_the_pipeline_says():
    by_name = {row["gitid"]: row for row in rows_of(told("pipeline", HOOK), "jobs")}
    for number in (377, 378):
        (row,) = rows_of(told("build", payloads.build(HOOK, number)), "jobs")
        assert row == {name: by_name[number][name] for name in row}


def test_failed_job_that_never_started_has_no_start_and_no_wait():
    refused = job(9, "unit", "failed", started_at=None, duration=None, queued_duration=3.5)
    (row,) = rows_of(told("pipeline", pipeline(refused)), "jobs")
    assert (row["starttime"], row["queuetime"], row["runtime"]) == (None, None, None)
    assert (row["conclusion"], row["failurereason"]) == ("failure", "script_failure")


@pytest.mark.parametrize(
    ("status", "reason", "words"),
    [
        ("created", None, ("requested", None)),
        ("waiting_for_resource", None, ("pending", None)),
        ("preparing", None, ("pending", None)),
        ("waiting_for_callback", None, ("pending", None)),
        ("pending", None, ("queued", None)),
        ("running", None, ("in_progress", None)),
        ("canceling", None, ("in_progress", None)),
        ("manual", None, ("waiting", None)),
        ("scheduled", None, ("waiting", None)),
        ("success", None, ("completed", "success")),
        ("failed", "script_failure", ("completed", "failure")),
        ("failed", "job_execution_timeout", ("completed", "timed_out")),
        ("canceled", None, ("completed", "cancelled")),
        ("skipped", None, ("completed", "skipped")),
    ],
)
def test_status_of_a_job_is_said_in_our_words(status: str, reason: object, words: tuple[str, str]):
    (row,) = rows_of(told("pipeline", pipeline(job(9, "a", status, failure_reason=reason))), "jobs")
    assert (row["status"], row["conclusion"]) == words


def test_wait_of_a_pending_job_is_not_known_yet():
    (row,) = rows_of(told("pipeline", pipeline(job(9, "a", "pending", started_at=None))), "jobs")
    assert row["queuetime"] is None


def test_pipeline_without_stages_failed_before_it_started():
    broken = pipeline(status="failed", stages=[])
    (row,) = rows_of(told("pipeline", broken), "runattempts")
    assert row["conclusion"] == "startup_failure"


def test_pipeline_of_a_list_alone_says_nothing_of_its_state():
    listed = payloads.read_pipeline(HOOK)
    del listed["pipeline"]["finished_at"]
    (row,) = rows_of(read("pipeline", listed), "runattempts")
    assert row == {"provider": "gitlab", "rungitid": 31, "attempt": 1, "version": b""}


def test_merge_request_of_the_api_names_no_branch():
    listed = payloads.read_pipeline(HOOK)
    listed["pipeline"]["ref"] = "refs/merge-requests/4/head"
    (row,) = rows_of(read("pipeline", listed), "workflowruns")
    assert row["branchname"] is None


def test_schedule_names_its_pipelines_and_a_hook_leaves_that_out():
    (hook,) = rows_of(told("pipeline", pipeline(source="schedule")), "workflowruns")
    assert "workflowname" not in hook
    listed = payloads.read_pipeline(pipeline(source="schedule"))
    (row,) = rows_of(
        read("pipeline", {**listed, "schedule": {"description": "Nightly"}}), "workflowruns"
    )
    assert row["workflowname"] == "Nightly"


@pytest.mark.parametrize("source", ["external", "ondemand_dast_scan", "container_registry_push"])
def test_what_another_ci_says_or_gitlab_runs_aside_is_no_workflow_of_the_file(source: str):
    for rows in (
        told("pipeline", pipeline(source=source)),
        read("pipeline", payloads.read_pipeline(pipeline(source=source))),
    ):
        (row,) = rows_of(rows, "workflowruns")
        assert (row["workflowname"], row.get("workflowgitid")) == (source, None)


def test_child_pipeline_knows_its_parent_at_both_doors():
    hook = pipeline(source="parent_pipeline")
    hook["source_pipeline"] = {"pipeline_id": 30, "job_id": 12, "project": {}}
    (row,) = rows_of(told("pipeline", hook), "workflowruns")
    assert (row["parentgitid"], row["parentjobgitid"]) == (30, 12)
    parent = payloads.read_pipeline(pipeline(id=30))
    bridge = {"id": 12, "name": "child", "downstream_pipeline": {"id": 31, "project_id": 7}}
    rows = rows_of(read("pipeline", {**parent, "bridges": [bridge]}), "workflowruns")
    assert rows[1] == {
        "provider": "gitlab",
        "gitid": 31,
        "parentgitid": 30,
        "parentjobgitid": 12,
        "workflowname": "child",
        "version": b"",
    }


@pytest.mark.parametrize(
    ("page", "path", "provider"),
    [
        ("https://gitlab.com/group/app", "group/app", "gitlab"),
        ("https://gitlab.example.org/group/app", "group/app", "gitlab:gitlab.example.org"),
        ("http://ci.example:8080/group/app", "group/app", "gitlab:ci.example:8080"),
        ("https://example.org/git/group/app", "group/app", "gitlab:example.org/git"),
    ],
)
def test_provider_is_the_page_without_the_path(page: str, path: str, provider: str):
    hook = {**HOOK, "project": payloads.project(web_url=page, path_with_namespace=path)}
    mapped = told("pipeline", hook)
    assert (mapped.provider, mapped.repository.values["name"]) == (provider, path)


def test_job_of_gitlab_15_has_its_project_from_the_homepage():
    hook = payloads.build(HOOK, 377)
    del hook["project"], hook["pipeline_id"]
    mapped = told("build", hook)
    assert mapped.repository.values["name"] == "group/sub/app"
    assert rows_of(mapped, "jobs")[0]["rungitid"] == 31


def test_project_is_named_by_an_old_hook_of_a_job_and_told_better_by_any_other():
    hook = payloads.build(HOOK, 377)
    del hook["project"]
    bare, whole = told("build", hook).repository, told("pipeline", HOOK).repository
    page = "https://gitlab.com/group/sub/app"
    named = {"provider": "gitlab", "gitid": 7, "name": "group/sub/app", "url": page}
    assert {**bare.values, "version": b""} == {**named, "version": b""}
    assert b"" < bare.values["version"] < whole.values["version"]


def test_project_that_was_cut_down_is_named_by_its_page():
    hook = {**HOOK, "project": {"id": 7, "name": "App", "web_url": payloads.PAGE}}
    assert told("pipeline", hook).repository.values["name"] == "group/sub/app"


def test_job_of_a_server_that_says_no_span_ran_from_its_start_to_its_end():
    job = payloads.job(377, "unit")
    del job["duration"], job["queued_duration"]
    (row,) = rows_of(told("pipeline", pipeline(job)), "jobs")
    assert (row["runtime"], row["queuetime"]) == (65.0, None)


def test_renamed_project_brings_both_of_its_names():
    event = {
        "event_name": "project_rename",
        "project_id": 7,
        "path_with_namespace": "group/new",
        "old_path_with_namespace": "group/sub/app",
        "updated_at": "2021-10-07T08:30:00Z",
        "project_visibility": "private",
    }
    about = GITLAB.repository_of(event, "gitlab:gitlab.example.org")
    mapped = GITLAB.rows_for("project_rename", event, about, NOW)
    assert mapped.provider == "gitlab:gitlab.example.org"
    assert mapped.repository.values["url"] == "https://gitlab.example.org/group/new"
    names = [row["name"] for row in rows_of(mapped, "repoaliases")]
    assert names == ["group/new", "group/sub/app"]
    # It says nothing of the default branch, which an earlier hook told.
    told_of = {"provider", "gitid", "name", "url", "private", "version"}
    assert set(mapped.repository.values) == told_of


@pytest.mark.parametrize(
    ("odd", "field"),
    [
        ({**HOOK, "object_attributes": []}, r"payload\.object_attributes"),
        (pipeline(id="31"), r"object_attributes\.id"),
        ({**HOOK, "project": payloads.project(id="7")}, r"project\.id"),
        ({**HOOK, "project": payloads.project(web_url=7)}, r"project\.web_url"),
        ({**HOOK, "object_kind": 5}, r"payload\.object_kind"),
    ],
)
def test_key_of_another_type_is_named(odd: Json, field: str):
    with pytest.raises(Unmappable, match=field):
        told("pipeline", odd)


def test_field_of_another_type_is_noted_and_the_rest_is_stored():
    mapped = told("pipeline", pipeline(job(9, "a", created_at=5), status="odd"))
    assert "builds.created_at: wants a time, got 5" in mapped.notes
    assert "object_attributes.status: wants a status, got 'odd'" in mapped.notes


def test_skipped_job_never_started_whatever_its_times_say():
    (row,) = rows_of(told("pipeline", pipeline(job(9, "a", "skipped"))), "jobs")
    assert (row["starttime"], row["queuetime"], row["runtime"]) == (None, None, None)
