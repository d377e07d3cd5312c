"""The number of the merge request that a pipeline is of: the same by hooks, lists and jobs."""

from typing import Any

import pytest

from tests.rows.gitlab import payloads
from tests.rows.gitlab.payloads import Json, job, pipeline
from tests.rows.gitlab.test_events import read, rows_of, told

REQUEST = {"id": 90, "iid": 12, "source_branch": "topic", "target_project_id": 7}
"""That of the documentation, in short: of the project (7) that the pipeline runs in."""


def hook_of(request: object, source: str | None = "merge_request_event", ref: str = "topic") -> Any:
    """Return the number that a Pipeline Hook leaves."""
    hook = {**pipeline(job(9, "a"), source=source, ref=ref), "merge_request": request}
    (row,) = rows_of(told("pipeline", hook), "workflowruns")
    return row["pullrequest"]


def by_api(ref: str | None) -> set[Any]:
    """Return the numbers that the API leaves: one pipeline, one of a list, and a job alone."""
    one = payloads.read_pipeline(pipeline(job(9, "a"), ref=ref))
    listed: Json = {**one, "pipeline": {**one["pipeline"]}}
    del listed["pipeline"]["finished_at"]
    alone = {"project": one["project"], "job": {**one["jobs"][0], "pipeline": one["pipeline"]}}
    all_told = (read("pipeline", one), read("pipeline", listed), read("job", alone))
    return {row["pullrequest"] for told in all_told for row in rows_of(told, "workflowruns")}


def by_job_hook(ref: str) -> Any:
    hook = payloads.build(pipeline(job(9, "a"), ref=ref), 9)
    (row,) = rows_of(told("build", hook), "workflowruns")
    return row["pullrequest"]


@pytest.mark.parametrize("end", ["head", "merge", "train"])
def test_all_doors_tell_one_number(end: str):
    ref = f"refs/merge-requests/12/{end}"
    assert hook_of(REQUEST) == 12
    assert by_api(ref) == {12}
    assert by_job_hook(ref) == 12


def test_old_hook_has_it_in_its_ref():
    assert hook_of(None, ref="refs/merge-requests/12/head") == 12


def test_child_is_of_the_merge_request_of_its_parent():
    assert hook_of(REQUEST, "parent_pipeline") == 12


def test_pipeline_that_runs_in_the_fork_has_no_number_of_the_fork():
    assert hook_of({**REQUEST, "target_project_id": 3}) is None


@pytest.mark.parametrize("source", ["push", "web", "schedule", "external_pull_request_event", None])
def test_pipeline_of_a_branch_has_none_whatever_its_hook_carries(source: str | None):
    assert hook_of(REQUEST, source, "main") is None


@pytest.mark.parametrize(
    "ref",
    [
        "main",
        "refs/merge-requests/12",
        "refs/merge-requests/12/head/x",
        "refs/merge-requests/x/head",
        "refs/merge-requests/0/head",
        "refs/merge-requests/2147483648/head",
        "refs/pipelines/12",
        "merge-requests/12/head",
    ],
)
def test_ref_that_names_no_merge_request_gives_none(ref: str):
    assert by_api(ref) == {None}
    assert by_job_hook(ref) is None


@pytest.mark.parametrize("iid", ["12", 12.5, -1, 2**31, True])
def test_number_that_cannot_be_read_costs_nothing_else(iid: object):
    hook = {**pipeline(source="merge_request_event"), "merge_request": {**REQUEST, "iid": iid}}
    mapped = told("pipeline", hook)
    (row,) = rows_of(mapped, "workflowruns")
    assert (row["pullrequest"], row["runnumber"]) == (None, 3)
    assert [note.partition(":")[0] for note in mapped.notes] == ["merge_request.iid"]
