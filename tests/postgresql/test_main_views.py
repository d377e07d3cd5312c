"""The views of default branches find each workflow's newest run without reading all runs."""

from typing import Any

import pytest
from sqlalchemy import create_engine, text

pytestmark = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
MADE = (
    "INSERT INTO repos (provider, gitid, name, defaultbranch, version)"
    " VALUES ('github', 1, 'o/r', 'main', '')",
    "INSERT INTO workflows (provider, gitid, name, repoid, state, version)"
    " SELECT 'github', n, 'w', (SELECT id FROM repos), 'active', '' FROM generate_series(1, 200) n",
    "INSERT INTO workflowruns (provider, gitid, repoid, workflowgitid, branchname, status,"
    " conclusion, createtime, version) SELECT 'github', n, (SELECT id FROM repos), 1 + n % 200,"
    " 'main', 'completed', CASE WHEN n % 7 = 0 THEN 'failure' ELSE 'success' END,"
    " TIMESTAMP '2026-01-01' + n * INTERVAL '1 minute', '' FROM generate_series(1, 20000) n",
    "ANALYZE",
)


@pytest.mark.parametrize("view", ["main_red", "main_now"])
def test_newest_run_of_each_workflow_is_found_by_an_index(store_url: str, view: str):
    engine = create_engine(store_url)
    with engine.connect() as connection:  # taken back at its end
        for statement in MADE:
            connection.execute(text(statement))
        (plan,) = connection.execute(text(f"EXPLAIN (FORMAT JSON) SELECT * FROM {view}")).one()  # noqa: S608
        rows = connection.execute(text(f"SELECT rungitid FROM {view} ORDER BY rungitid"))  # noqa: S608
        found = [number for (number,) in rows]
    engine.dispose()
    # The last 200 runs are one of each workflow.
    newest = list(range(19_801, 20_001))
    assert found == ([n for n in newest if n % 7 == 0] if view == "main_red" else newest)
    assert [node["Node Type"] for node in nodes(plan[0]["Plan"]) if is_of_all_runs(node)] == []


def nodes(node: dict[str, Any]) -> list[dict[str, Any]]:
    return [node, *(inner for part in node.get("Plans", ()) for inner in nodes(part))]


def is_of_all_runs(node: dict[str, Any]) -> bool:
    return node["Node Type"] == "Seq Scan" and node["Relation Name"] == "workflowruns"
