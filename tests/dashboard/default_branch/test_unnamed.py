"""What has no name has one in all places: views, pages, and what turned."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from store.history.main_now import list_main
from store.history.red_now import list_red, number_workflow
from tests.dashboard import stored
from tests.dashboard.conftest import NOW, engine, text_of
from tests.dashboard.web.test_links import find_dead

__all__ = ["engine"]
LAST_NIGHT = NOW - timedelta(hours=7)


@pytest.mark.parametrize(
    ("event", "branch", "called"),
    [
        ("schedule", "main", "schedule on main"),
        ("schedule", "deploy?", "schedule on deploy?"),
        ("push", "main", "(no name)"),
    ],
)
def test_it_is_called_the_same_in_views_and_on_pages(
    client: FlaskClient,
    engine: sa.Engine,
    event: str,
    branch: str,
    called: str,
):
    repoid = stored.repo(engine, defaultbranch=branch)
    told = {"event": event, "branchname": branch, "conclusion": "failure"}
    gitid = stored.run(engine, repoid, LAST_NIGHT, workflowname=None, **told)
    stored.job(engine, repoid, gitid, LAST_NIGHT, workflowname=None, conclusion="failure")
    with engine.connect() as connection:
        (red,), (now,) = list_red(connection), list_main(connection)
        view = connection.execute(sa.text("SELECT workflow, workflowname FROM main_red")).all()
    assert (red.workflow, now.workflow, [*map(tuple, view)]) == (called, called, [(called, None)])
    # What a red time is known by stays.
    assert red.number == number_workflow(None, None)
    first = text_of(client, "/")
    assert f'class="what" href="/runs?repo=octo-org%2Fapp">{called}</a>' in first
    assert f"{called} / test" in first
    assert f"<bdi>{called}</bdi>" in text_of(client, f"/runs/github/{gitid}")
    assert f"<b>{called}</b>" in text_of(client, "/runs")
    assert find_dead(client) == {}
