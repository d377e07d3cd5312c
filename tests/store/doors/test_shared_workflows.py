"""A workflow that a ruleset requires: one repository's, with one id in all in which it runs.

https://github.com/cli/cli/issues/9228
"""

from itertools import permutations

import pytest
from sqlalchemy import Engine, select, text

from engines import reading
from fakegithub.payloads.templates import Json
from schema.tables.ci import repos, workflowruns, workflows
from store.doors import api, webhook
from store.doors.api import Read
from tests.rows import objects
from tests.store import production_doors
from tests.store.production_doors import Sent, raise_bug, sent

RULES: Json = {**objects.REPOSITORY, "id": 9, "full_name": "octo-org/rules"}
RULES["html_url"] = "https://github.com/octo-org/rules"
FLOW: Json = {**objects.WORKFLOW, "id": 777, "name": "Rules"}
FLOW["html_url"] = f"{RULES['html_url']}/blob/main/.github/workflows/rules.yml"


def run_in(number: int, flow: Json = FLOW, conclusion: str = "failure") -> Sent:
    """Return the delivery of a run in one of two repositories, or in that of the workflow."""
    repository = RULES
    if number < 9:
        repository = {**objects.REPOSITORY, "id": number, "full_name": f"octo-org/app{number}"}
        repository["html_url"] = f"https://github.com/octo-org/app{number}"
    run = {**objects.RUN, "id": 100 + number, "workflow_id": flow["id"], "conclusion": conclusion}
    payload = {"action": "completed", "workflow_run": run, "workflow": flow}
    return sent("workflow_run", {**payload, "repository": repository}, f"run {number}")


def stored(engine: Engine) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """Return runs with their repository and workflow, and workflows with their repository."""
    run, flow, repo = workflowruns.c, workflows.c, repos.c
    with reading(engine).connect() as connection:
        runs = connection.execute(
            select(run.gitid, repo.name, run.repo, run.workflowgitid, run.workflowname)
            .join(repos, repo.Id == run.repoid)
            .order_by(run.gitid)
        )
        flows = connection.execute(
            select(flow.gitid, flow.name, repo.name, flow.repo).outerjoin(
                repos, repo.Id == flow.repoid
            )
        )
        return [tuple(row) for row in runs], [tuple(row) for row in flows]


RUNS = [
    (102, "octo-org/app2", "octo-org/app2", 777, "Rules"),
    (103, "octo-org/app3", "octo-org/app3", 777, "Rules"),
    (109, "octo-org/rules", "octo-org/rules", 777, "Rules"),
]


@pytest.mark.parametrize("order", list(permutations((2, 3, 9))), ids=str)
@pytest.mark.parametrize("at_once", [True, False])
def test_runs_of_all_repositories_are_stored_and_the_workflow_is_its_own_ones(
    engine: Engine, order: tuple[int, ...], at_once: bool
):
    deliveries = [run_in(number) for number in order]
    for batch in [deliveries] if at_once else [[one] for one in deliveries]:
        outcomes = webhook.store_each(engine, batch, raise_bug)
        assert {outcome.state for outcome in outcomes} == {"applied"}
    assert stored(engine) == (RUNS, [(777, "Rules", "octo-org/rules", "octo-org/rules")])


def test_default_branches_of_all_are_red_by_it(engine: Engine):
    production_doors.deliver(engine, [run_in(2), run_in(3), run_in(9)])
    with reading(engine).connect() as connection:
        red = connection.execute(text("SELECT rungitid FROM main_red ORDER BY rungitid"))
        assert list(red.scalars()) == [102, 103, 109]


def test_its_new_name_is_told_by_any_of_them(engine: Engine):
    later = {**FLOW, "name": "House rules", "updated_at": "2026-03-05T12:00:00Z"}
    production_doors.deliver(engine, [run_in(9), run_in(2, later)])
    assert stored(engine)[1] == [(777, "House rules", "octo-org/rules", "octo-org/rules")]


def page_of(number: int) -> Json:
    """Return the workflow as if it were of a repository itself."""
    return {**FLOW, "html_url": f"https://github.com/octo-org/app{number}/blob/main/rules.yml"}


@pytest.mark.parametrize("at_once", [True, False])
def test_two_that_call_it_theirs_keep_their_runs(engine: Engine, at_once: bool):
    first, second = (
        run_in(2, page_of(2)),
        run_in(3, {**page_of(3), "updated_at": "2026-04-01T00:00:00Z"}),
    )
    for batch in [[first, second]] if at_once else [[first], [second]]:
        outcomes = webhook.store_each(engine, batch, raise_bug)
        assert {outcome.state for outcome in outcomes} == {"applied"}
    runs, flows = stored(engine)
    assert runs == RUNS[:2]
    ((gitid, _, owner, place),) = flows
    assert (gitid, owner) == (777, place)
    if not at_once:
        assert owner == "octo-org/app2"
    with reading(engine).connect() as connection:
        red = connection.execute(text("SELECT rungitid FROM main_red ORDER BY rungitid"))
        assert list(red.scalars()) == [102, 103]


def test_lists_of_the_api_store_them_as_well(engine: Engine):
    for number in (2, 3):
        api.write(engine, [Read(run_in(number, page_of(number)).rows)])
    assert stored(engine)[0] == RUNS[:2]


def test_replay_applies_what_an_older_release_refused(engine: Engine):
    production_doors.deliver(engine, [run_in(2, page_of(2))])
    production_doors.quarantine(engine, run_in(3, page_of(2)).delivery)
    production_doors.replay_all(engine)
    assert stored(engine)[0] == RUNS[:2]
