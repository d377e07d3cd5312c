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
