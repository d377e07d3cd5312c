"""One state, told by a webhook and by the REST API, is one record: same columns, same version."""

from typing import Any

import hypothesis
from hypothesis import given

from fakegithub.api import rest
from fakegithub.payloads.templates import Json
from fakegithub.world import shapes
from fakegithub.world.entities import Change, Push, Repo
from fakegithub.world.view import View
from fakegithub.world.world import Delivery, World
from rows import StoredName
from rows.github import events
from rows.github.events import rows_read
from tests import counts
from tests.fakegithub.strategies import play, worlds
from tests.rows.objects import of_table, only, without


def read(kind: str, value: Any, repo: Repo, **parts: Any) -> Any:
    """Return what an object read from the API says, its repository read before it."""
    payload = {**parts, kind: value, "repository": rest.full_repository(repo)}
    return rows_read(kind, payload)


def compare(world: World, delivery: Delivery) -> str | None:
    """Compare a delivery with what the API answers at that moment; return its event, if it does."""
    change = world.log[delivery.place]
    view = View(world, delivery.place + 1)
    repo = view.repo(delivery.repository_id)
    if repo is None or delivery.event not in COMPARE:
        return None
    compared = COMPARE[delivery.event](view, repo, change, delivery.payload)
    return delivery.event if compared else None


def compare_run(view: View, repo: Repo, change: Change, payload: Json) -> bool:
    state: Any = change.state
    told = events.rows_for("workflow_run", payload)
    flow = shapes.workflow(view.world.state("workflow", state.workflow_id, view.seq), repo)
    with_flow = read("workflow_run", rest.run(view, state), repo, workflow=flow)
    assert with_flow.rows == told.rows
    # The API's runs have no workflow beside them: its name is the stored one.
    alone = read("workflow_run", rest.run(view, state, pull_requests=False), repo)
    name = StoredName(state.workflow_id, flow["path"])
    unsaid = {"workflowname": name, "pullrequest": None}  # asked for without pull requests
    expected = {**only(told, "workflowruns"), **unsaid}
    assert only(alone, "workflowruns") == expected
    assert only(alone, "runattempts") == only(told, "runattempts")
    return True


def compare_job(view: View, repo: Repo, change: Change, payload: Json) -> bool:
    state: Any = change.state
    run = view.run(state.run_id)
    if run is None or view.job(state.id) is None:
        return False  # a third party's check run: the API does not list it
    answer = rest.job(view, state, run=run, repo=repo)
    shared = without(payload, "deployment")  # the API does not show it
    assert read("workflow_job", answer, repo).rows == events.rows_for("workflow_job", shared).rows
    return True


def compare_push(view: View, repo: Repo, change: Change, payload: Json) -> bool:
    assert isinstance(change.detail, Push)
    told = events.rows_for("push", payload)
    for row in of_table(told, "commits"):
        commit = view.commit(row["hash"])
        assert commit is not None
        assert only(read("commit", rest.commit(commit, repo), repo), "commits") == row
    if not of_table(told, "branches"):
        return True
    name = change.detail.ref.removeprefix("refs/heads/")
    branch = view.branch(repo.id, name)
    kind = "branch_gone" if branch is None else "branch"
    answer: Json = {"name": name} if branch is None else rest.listed_branch(branch, repo)
    listed = rows_read(kind, {"branch": answer, "repository": rest.full_repository(repo)})
    one, two = only(told, "branches"), only(listed, "branches")
    assert without(two, "version") == without(one, "version")
    assert one["version"] < two["version"]  # within one second what was read is the truth
    return True


COMPARE = {"workflow_run": compare_run, "workflow_job": compare_job, "push": compare_push}


def test_usual_day_says_the_same_at_both_doors():
    world = play([])
    app = world.members[("repo", None)][0]
    flow = world.members[("workflow", app)][0]
    world.create_branch(app, "topic")
    world.push(app, "Fix a thing", branch="topic", after=5)
    run = world.trigger(flow, branch="topic", after=2)
    held = world.queue_job(run, "deploy", environment="production", after=1)
    world.hold_job(held, after=1)
    for number, verdict in enumerate(("success", "failure")):
        job = world.queue_job(run, f"build {number}", after=1)
        world.start_job(job, after=4)
        world.finish_job(job, verdict, after=60)
    world.skip_job(run, "publish", after=1)
    world.attach_check(run, "third party", after=1)
    world.finish_job(world.queue_job(run, "refused", labels=(), after=1), "failure", after=2)
    world.cancel_job(held, after=1)
    world.finish_run(run, after=1)
    world.rerun_failed(run, after=600)
    world.cancel(run, after=5)
    world.delete_branch(app, "topic", after=5)
    compared = [compare(world, delivery) for delivery in world.deliveries()]
    assert {"workflow_run", "workflow_job", "push"} <= set(compared)


@hypothesis.settings(max_examples=counts.count(25, 500))
@given(world=worlds())
def test_any_history_says_the_same_at_both_doors(world: World):
    for delivery in world.deliveries():
        compare(world, delivery)
