"""A workflow whose runs have no id, as GitLab's schedules, turns red: it is told once."""

import pytest
import sqlalchemy as sa

from alerts import sending
from schema.tables.ci import workflowruns
from tests.alerts.conftest import Chat, MakeSender, push
from tests.dashboard import stored

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
GivenChat = tuple[str, type[Chat]]


def test_workflow_without_an_id_is_told_once_also_when_its_runs_get_one(
    engine: sa.Engine, chat: GivenChat, make_sender: MakeSender
):
    sender, nightly = make_sender(), {"workflowgitid": None, "workflowname": "Nightly"}
    repoid = stored.repo(engine, "shop/api")
    push(engine, repoid, 60, "success", **nightly)
    push(engine, repoid, 50, "failure", **nightly)
    assert [sending.run_pass(sender) for _ in range(2)] == [1, 0]
    with engine.begin() as connection:
        connection.execute(sa.update(workflowruns).values(workflowgitid=7))
    assert sending.run_pass(sender) == 0
    push(engine, repoid, 40, "success", workflowgitid=7, workflowname="Nightly")
    assert [sending.run_pass(sender) for _ in range(2)] == [1, 0]
    said = [(each["title"], each["turns"][0]["workflow_id"]) for each in chat[1].told]
    assert said == [
        ("shop/api: Nightly is red on main", None),
        ("shop/api: Nightly is green again on main", None),
    ]


def test_schedule_that_gets_its_name_while_it_is_red_is_told_to_be_green_again(
    engine: sa.Engine, chat: GivenChat, make_sender: MakeSender
):
    sender, repoid = make_sender(), stored.repo(engine, "shop/api")
    unnamed = {"workflowgitid": None, "workflowname": None, "event": "schedule"}
    push(engine, repoid, 50, "failure", **unnamed)
    assert sending.run_pass(sender) == 1
    with engine.begin() as connection:  # a hook does not say it, the API does
        connection.execute(sa.update(workflowruns).values(workflowname="Nightly"))
    assert sending.run_pass(sender) == 0
    push(engine, repoid, 40, "success", **{**unnamed, "workflowname": "Nightly"})
    assert [sending.run_pass(sender) for _ in range(2)] == [1, 0]
    assert [each["title"] for each in chat[1].told] == [
        "shop/api: schedule on main is red on main",
        "shop/api: Nightly is green again on main",
    ]
