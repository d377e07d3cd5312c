"""What pages and messages read of red workflows in two steps is what the view main_red says."""

import random
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from schema.tables.ci import repos, runattempts, workflowruns, workflows
from store.history.red_now import RedWorkflow, as_time, goodtime_of, list_red, list_red_in_two_steps
from tests.dashboard import stored
from tests.dashboard.conftest import NOW, engine

__all__ = ["engine"]
ENDS = ("success", "failure", "failure", "timed_out", "startup_failure", "cancelled", None)
EVENTS = ("push", "push", "push", "schedule", "pull_request", None)


def fill(engine: sa.Engine, chance: random.Random) -> None:
    """Store runs of all kinds: some of one moment, of no id, of forks, of no known branch."""
    runs: list[dict[str, Any]] = []
    for place in range(12):
        branch = chance.choice(("main", "trunk", None))
        repoid = stored.repo(engine, f"org/app-{chance.random()}", defaultbranch=branch)
        flows: list[tuple[int | None, str | None]] = []
        for _ in range(4):
            gitid, name = next(stored.numbers), chance.choice(("CI", "ci", "Docs", None))
            flows.append((chance.choice((gitid, gitid, None)), name))
            if chance.random() < 0.6:
                state = chance.choice(("active", "active", "disabled_manually", None))
                own = {"provider": "github", "gitid": gitid, "repoid": repoid, "state": state}
                stored.put(engine, workflows, **own, name=name)
        if place % 6 == 5:
            with engine.begin() as connection:
                gone = sa.update(repos).where(repos.c.Id == repoid).values(archived=True)
                connection.execute(gone)
        for _ in range(60):
            flow, name = chance.choice(flows)
            end = chance.choice(ENDS)
            # Few moments, so that runs are of one; some so long ago that they count no more.
            created = NOW - timedelta(hours=chance.choice((*range(12), *range(300, 900, 60))))
            runs.append({
                "provider": "github", "gitid": next(stored.numbers), "repoid": repoid,
                "repo": "org/app", "workflowgitid": flow, "workflowname": name,
                "branchname": chance.choice(("main", "main", "trunk", "master", "topic", None)),
                "event": chance.choice(EVENTS), "conclusion": end, "createtime": created,
                "status": "completed" if end else "in_progress", "author": "ana",
                "headrepo": chance.choice((None, None, None, "fork/app")), "commithash": "c0ffee",
                "url": chance.choice((None, "https://github.com/org/app")),
                "attempt": chance.choice((None, 1, 1, 2, 3)),
            })  # fmt: skip
    attempts = [
        {"provider": "github", "repoid": run["repoid"], "rungitid": run["gitid"],
         "attempt": number, "status": "completed", "conclusion": chance.choice(ENDS)}
        for run in runs for number in range(1, run["attempt"] or 1)
    ]  # fmt: skip
    with engine.begin() as connection:
        connection.execute(workflowruns.insert(), runs)
        connection.execute(runattempts.insert(), attempts)


@pytest.mark.parametrize("seed", range(8))
def test_two_steps_say_what_the_view_says(engine: sa.Engine, seed: int):
    fill(engine, random.Random(seed))
    view = sa.table("main_red", *map(sa.column, RedWorkflow._fields))
    with engine.connect() as connection:
        rows = connection.execute(sa.select(view)).all()
        red = list_red_in_two_steps(connection)
        assert sorted(map(repr, list_red(connection, 1000))) == sorted(map(repr, red))
        assert [one.since for one in list_red(connection, 5)] == [one.since for one in red[:5]]
    expected = [
        RedWorkflow(*row)._replace(since=as_time(row.since), goodtime=goodtime_of(row.goodtime))
        for row in rows
    ]
    assert sorted(map(repr, red)) == sorted(map(repr, expected))
    assert len(red) > 8
    assert any(workflow.workflowgitid is None for workflow in red)
    assert any(workflow.goodtime is None for workflow in red)
    assert [one.since for one in red] == sorted((one.since for one in red), reverse=True)
