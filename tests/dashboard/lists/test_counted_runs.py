"""How many runs a list is of: those that stand in it."""

import sqlalchemy as sa
from flask.testing import FlaskClient

from schema.tables.ci import workflowruns
from tests.dashboard import stored
from tests.dashboard.conftest import NOW, text_of
from tests.dashboard.pages.test_failures import told


def test_run_of_which_only_a_job_is_known_is_neither_listed_nor_counted(
    client: FlaskClient, engine: sa.Engine
):
    repoid = stored.repo(engine, "octo-org/app")
    stored.run(engine, repoid, NOW)
    about = {"provider": "github", "gitid": 5, "repoid": repoid, "repo": "octo-org/app"}
    stored.put(engine, workflowruns, **about)
    for path in ("/runs", "/runs?repo=octo-org/app"):
        assert "1 run " in told(text_of(client, path))
