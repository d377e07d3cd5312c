"""Runs -> workflowruns and runattempts, and their workflow -> workflows."""

from datetime import datetime
from typing import Any

import pytest

from rows import StoredName, Unmappable
from rows.github import events
from tests.rows.objects import (
    NOON,
    REPOSITORY,
    RUN,
    SHA,
    WORKFLOW,
    attempt,
    mapped,
    only,
    run,
    run_rows,
    tables,
    unread,
    without,
)

PATH = ".github/workflows/checks.yml"


def with_workflow(workflow: Any, **changes: Any) -> Any:
    return mapped("workflow_run", {"workflow_run": {**RUN, **changes}, "workflow": workflow})


def test_run_becomes_its_workflow_itself_and_its_attempt():
    assert tables(run_rows()) == ["workflows", "workflowruns", "runattempts"]


def test_run_row_has_what_does_not_change():
    assert {**run(), "version": b""} == {
        "provider": "github",
        "gitid": 2**40 + 1,
        "author": "mona",
        "createtime": NOON,
        "url": "https://github.com/octo-org/app/actions/runs/1099511627777",
        "branchname": "main",
        "commithash": SHA,
        "workflowname": "CI",
        "runnumber": 5,
        "event": "push",
        "title": "Add a thing",
        "workflowgitid": 30,
        "headrepo": None,
        "pullrequest": None,
        "version": b"",
    }


def test_attempt_row_has_what_changes():
    assert {**attempt(), "version": b""} == {
        "provider": "github",
        "rungitid": 2**40 + 1,
        "attempt": 1,
        "status": "completed",
        "conclusion": "success",
        "createtime": datetime(2026, 3, 2, 12, 0, 1),
        "triggeredby": "octocat",
        "updatetime": datetime(2026, 3, 2, 12, 5),
        **dict.fromkeys(("finishtime", "haswarnings")),
        "version": b"",
    }


def test_attempt_without_its_own_start_was_made_with_the_run():
    assert attempt(run_started_at=None)["createtime"] == NOON


@pytest.mark.parametrize("number", [None, 0, 1])
def test_run_without_an_attempt_is_in_its_first(number: int | None):
    assert attempt(run_attempt=number)["attempt"] == 1


def test_attempt_number_that_no_column_holds_is_refused():
    assert attempt(run_attempt=2**31 - 1)["attempt"] == 2**31 - 1
    with pytest.raises(Unmappable, match=r"^workflow_run\.run_attempt: wants a whole number"):
        run(run_attempt=2**31)


def test_status_is_the_runs_own_whatever_the_action():
    payload = {"action": "completed", "workflow_run": {**RUN, "status": "queued"}}
    assert only(mapped("workflow_run", payload), "runattempts")["status"] == "queued"


def test_run_without_people_has_no_author_and_nobody_who_started_it():
    assert run(actor=None, triggering_actor=None)["author"] is None
    assert attempt(actor=None, triggering_actor=None)["triggeredby"] is None
    payload = {"workflow_run": without(RUN, "actor", "triggering_actor")}
    assert only(mapped("workflow_run", payload), "workflowruns")["author"] is None


def test_run_without_a_triggering_actor_was_started_by_its_actor():
    assert attempt(triggering_actor=None)["triggeredby"] == "mona"


def test_rerun_keeps_its_author_and_names_who_started_it():
    assert run(run_attempt=2)["author"] == "mona"
    assert attempt(run_attempt=2)["triggeredby"] == "octocat"


@pytest.mark.parametrize("own", ["CI of the run", "", None])
def test_workflow_beside_the_run_names_it(own: str | None):
    assert run(name=own)["workflowname"] == "CI"


@pytest.mark.parametrize("workflow", [None, {**WORKFLOW, "name": ""}, {**WORKFLOW, "name": None}])
@pytest.mark.parametrize(("own", "otherwise"), [("Own", "Own"), ("", None), (None, None)])
def test_run_of_a_server_without_paths_takes_the_stored_name_else_its_own(
    workflow: Any, own: str | None, otherwise: str | None
):
    found = only(with_workflow(workflow, name=own), "workflowruns")
    assert found["workflowname"] == StoredName(30, otherwise)


@pytest.mark.parametrize("workflow", [None, {**WORKFLOW, "name": ""}])
@pytest.mark.parametrize("path", [PATH, f"{PATH}@main", f"{PATH}@refs/heads/x"])
def test_run_without_a_workflow_name_takes_the_stored_one_else_its_path(workflow: Any, path: str):
    titled = {"name": "Checks for change 7", "path": path}
    found = only(with_workflow(workflow, **titled), "workflowruns")
    assert found["workflowname"] == StoredName(30, PATH)
    unknown = only(with_workflow(workflow, **titled, workflow_id=None), "workflowruns")
    assert unknown["workflowname"] == PATH


@pytest.mark.parametrize(
    ("head", "shown"),
    [
        ({"id": 7, "full_name": "octo-org/app"}, None),
        ({"id": 7, "full_name": "octo-org/former-name"}, None),
        ({"full_name": "octo-org/app"}, None),
        ({"id": 8, "full_name": "mona/app"}, "mona/app"),
        ({"id": 8, "full_name": "octo-org/app"}, "octo-org/app"),  # another one had its name
        ({"id": 8}, "unknown"),
        (None, None),
    ],
)
def test_run_names_the_repository_its_commit_is_from_unless_it_is_its_own(head: Any, shown: Any):
    assert run(head_repository=head)["headrepo"] == shown


@pytest.mark.parametrize("event", ["pull_request", "pull_request_target"])
def test_fork_of_a_proposal_that_is_gone_is_not_taken_for_ours(event: str):
    assert run(head_repository=None, event=event)["headrepo"] == "unknown"


@pytest.mark.parametrize(("own", "name"), [("Own", "Own"), ("", None), (None, None)])
def test_run_of_an_unknown_workflow_takes_its_own_name(own: str | None, name: str | None):
    found = only(with_workflow(None, name=own, workflow_id=None), "workflowruns")
    assert found["workflowname"] == name


def test_run_without_a_workflow_brings_none():
    assert tables(with_workflow(None)) == ["workflowruns", "runattempts"]


def test_run_without_head_branch_title_or_commit_is_a_run():
    found = run(head_branch=None, display_title=None, head_sha=None)
    assert [found[name] for name in ("branchname", "title", "commithash")] == [None] * 3


def test_workflow_becomes_a_row():
    assert {**only(run_rows(), "workflows"), "version": b""} == {
        "provider": "github",
        "gitid": 30,
        "name": "CI",
        "path": ".github/workflows/ci.yml",
        "state": "active",
        "url": "https://github.com/octo-org/app/blob/main/.github/workflows/ci.yml",
        "version": b"",
    }


def test_listed_workflow_says_the_same_as_the_one_beside_a_run():
    read = events.rows_read("workflow", {"workflow": WORKFLOW, "repository": REPOSITORY})
    assert only(read, "workflows") == only(run_rows(), "workflows")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"id": None}, "workflow_run.id"),
        ({"id": "7"}, "workflow_run.id"),
        ({"status": ["completed"]}, "workflow_run.status"),
        ({"conclusion": {}}, "workflow_run.conclusion"),
        ({"actor": "mona"}, "workflow_run.actor"),
        ({"actor": {"login": 7}}, "workflow_run.actor.login"),
        ({"triggering_actor": []}, "workflow_run.triggering_actor"),
        ({"head_sha": "main"}, "workflow_run.head_sha"),
        ({"updated_at": []}, "workflow_run.updated_at"),
        ({"workflow_id": True}, "workflow_run.workflow_id"),
    ],
)
def test_run_of_the_wrong_shape_names_its_field(changes: Any, field: str):
    assert field in unread(lambda: run_rows(**changes))


@pytest.mark.parametrize(
    ("workflow", "field"),
    [
        ([], "payload.workflow"),
        ({**WORKFLOW, "id": None}, "workflow.id"),
        ({**WORKFLOW, "name": 7}, "workflow.name"),
        ({**WORKFLOW, "state": False}, "workflow.state"),
        ({**WORKFLOW, "updated_at": "?"}, "workflow.updated_at"),
    ],
)
def test_workflow_of_the_wrong_shape_names_its_field(workflow: Any, field: str):
    assert field in unread(lambda: with_workflow(workflow))


def pull(number: Any, base: Any = 7) -> dict[str, Any]:
    return {"number": number, "base": {"repo": {"id": base}}}


@pytest.mark.parametrize(
    ("pulls", "branch", "number"),
    [
        ([pull(12)], "topic", 12),
        ([pull(12), pull(5)], "topic", 5),
        ([pull(3, base=8), pull(12)], "topic", 12),  # 3 is of the repository that 7 is a fork of
        ([pull(3, base=8)], "topic", None),
        ([{"number": 12}], "topic", 12),
        ([], "gh-readonly-queue/main/pr-104-0a1b2c", 104),
        ([], "gh-readonly-queue/release/1.2/pr-7-0a1b2c", 7),
        ([], "pr-104-0a1b2c", None),
        (None, "topic", None),
    ],
)
def test_run_has_the_least_pull_request_of_its_own_repository(
    pulls: Any, branch: str, number: int | None
):
    assert run(pull_requests=pulls, head_branch=branch)["pullrequest"] == number


def test_pull_request_that_cannot_be_read_costs_nothing_else():
    odd = run(pull_requests=[7, pull("x"), pull(9), pull(2**31)])
    assert (odd["pullrequest"], odd["event"]) == (9, "push")


@pytest.mark.parametrize("value", [None, 7])
def test_event_without_its_run_is_refused(value: Any):
    with pytest.raises(Unmappable, match=r"^payload\.workflow_run: "):
        mapped("workflow_run", {"workflow_run": value})
