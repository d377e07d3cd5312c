"""The views of red branches go by the indexes that are named, whatever a server takes to be few."""

import sqlalchemy as sa

from tests.dashboard import stored
from tests.dashboard.conftest import NOW, engine

__all__ = ["engine"]


def test_runs_without_a_workflow_are_found_by_its_index(engine: sa.Engine):
    repoid = stored.repo(engine)
    for _ in range(3):
        stored.run(engine, repoid, NOW, conclusion="failure")
    with engine.connect() as connection:
        red = connection.exec_driver_sql("SELECT workflow, since FROM main_red").all()
        assert [(one[0], str(one[1])[:16]) for one in red] == [("Nightly", f"{NOW:%Y-%m-%d %H:%M}")]
        if engine.dialect.name != "mysql":  # the others do not read what is said to it
            return
        asked = "EXPLAIN FORMAT=TRADITIONAL SELECT * FROM main_red"
        plan = connection.exec_driver_sql(asked).mappings().all()
    keys = {row["table"]: row["key"] for row in plan}
    assert keys["named"] == "ix_workflowruns_workflow", plan
    assert keys["latest"] == "ix_workflowruns_repo", plan
