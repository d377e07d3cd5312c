"""In the first seconds of a store its pages say that runs are to be counted, not that none is."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from schema import migrate
from store.write import changed_runs
from tests.dashboard import stored
from tests.dashboard.conftest import NOW, text_of
from tests.dashboard.pages.test_failures import told

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


@pytest.mark.parametrize("page", ["/", "/time", "/figures"])
@pytest.mark.parametrize(
    ("runs", "said"), [(1, "and 1 is not in the statistics yet"), (3, "and 3 are not in the")]
)
def test_page_of_runs_that_are_not_counted_yet_says_so(
    client: FlaskClient, engine: sa.Engine, page: str, runs: int, said: str
):
    migrate.upgrade(engine)
    repoid = stored.repo(engine, "acme/shop", defaultbranch="main")
    topic = {"event": "pull_request", "branchname": "topic"}
    made = [
        stored.run(engine, repoid, NOW - timedelta(days=200), **topic, gitid=number)
        for number in range(1, runs + 1)
    ]
    with engine.begin() as connection:
        changed_runs.note_changes(connection, [("github", gitid) for gitid in made])
    assert f"Runs are stored, {said}" in told(text_of(client, page))
    with engine.begin() as connection:
        changed_runs.acknowledge(connection, changed_runs.read_changes(connection, 9))
    after = told(text_of(client, page))
    assert "Runs are stored, but none that" in after
    assert "in the statistics yet" not in after
