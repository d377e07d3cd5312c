"""What is gone at GitHub, on every page that shows it."""

from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy import Engine

from schema.tables.ci import workflows
from tests.dashboard import stored
from tests.dashboard.conftest import NOW, text_of

SINCE = NOW - timedelta(hours=5)
GONE = {"gonetime": SINCE, "gonereason": "deleted"}


def test_repository_that_is_gone_is_said_where_its_runs_are_shown(
    client: FlaskClient, engine: Engine
):
    repo = stored.repo(engine, "octo-org/ended", **GONE)
    other = stored.repo(engine, "octo-org/alive")
    run = stored.run(engine, repo, NOW - timedelta(hours=8), conclusion="abandoned")
    alive = stored.run(engine, other, NOW - timedelta(hours=8))
    for path in ("/runs", f"/runs/github/{run}", "/health"):
        page = text_of(client, path)
        assert "octo-org/ended is gone" in page.replace("<b>", "").replace("</b>", ""), path
        assert "deleted. What is stored of it stays." in page
    assert "is gone" not in text_of(client, f"/runs/github/{alive}")
    assert "abandoned" in text_of(client, f"/runs/github/{run}")
    metrics = text_of(client, "/metrics").splitlines()
    assert 'runledger_repository_gone_age_seconds{repo="octo-org/ended"} 18000' in metrics


def test_audit_of_a_repository_that_is_gone_no_longer_counts(client: FlaskClient, engine: Engine):
    repo = stored.repo(engine, "octo-org/ended", **GONE)
    stored.audit(engine, repo, NOW - timedelta(days=1), missing=3, stored=7)
    assert "3 missing" not in text_of(client, "/")


def test_run_of_a_deleted_workflow_says_so(client: FlaskClient, engine: Engine):
    repo = stored.repo(engine)
    run = stored.run(engine, repo, NOW - timedelta(hours=8), workflowgitid=77)
    row = {"provider": "github", "gitid": 77, "repoid": repo, "name": "CI", "state": "deleted"}
    stored.put(engine, workflows, **row)
    assert "Its workflow is deleted at GitHub." in text_of(client, f"/runs/github/{run}")
