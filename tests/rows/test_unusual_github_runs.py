"""Runs that say less than others do: who, how it ended, of which workflow."""

from typing import Any

import pytest

from tests.rows.objects import RUN, WORKFLOW, attempt, mapped, only, run, without


def of_run(workflow: Any, **changes: Any) -> Any:
    return mapped("workflow_run", {"workflow_run": {**RUN, **changes}, "workflow": workflow})


def test_rerun_of_which_nobody_knows_who_started_it_is_not_said_to_be_its_actors():
    assert attempt(run_attempt=2, triggering_actor=None)["triggeredby"] is None
    older = {"workflow_run": without({**RUN, "run_attempt": 2}, "triggering_actor")}
    assert only(mapped("workflow_run", older), "runattempts")["triggeredby"] == "mona"


def test_empty_words_of_a_run_are_unknown():
    assert attempt(conclusion="")["conclusion"] is None
    assert run(head_branch="")["branchname"] is None


@pytest.mark.parametrize(
    ("path", "told"),
    [("dynamic/dependabot/dependabot-updates", ["dynamic/dependabot/dependabot-updates"]),
     ("dynamic/github-code-scanning/codeql", []), (".github/workflows/ci.yml", [])],
)  # fmt: skip
def test_run_tells_the_path_of_a_workflow_for_errands_that_no_list_has(path: str, told: Any):
    rows = of_run(None, path=path).rows
    flows = [row.values for row in rows if row.table == "workflows"]
    assert [(one["gitid"], one["path"]) for one in flows] == [(30, one) for one in told]
    listed = only(of_run(WORKFLOW), "workflows")
    assert all(one["version"] < listed["version"] for one in flows)


@pytest.mark.parametrize(
    ("branch", "number"),
    [("refs/pull/7/merge", 7), ("refs/pull/8/head", 8), ("refs/pull/8/other", None)],
)
def test_run_on_what_stands_for_a_pull_request_is_of_it(branch: str, number: int | None):
    assert run(pull_requests=[], head_branch=branch)["pullrequest"] == number
