"""A nightly pipeline that failed by the pipelines that it made is told by their jobs."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask.testing import FlaskClient

from dashboard import digest
from tests.dashboard import stored
from tests.dashboard.conftest import NOW, text_of
from tests.dashboard.pages.test_failures import told


def failed(engine: sa.Engine, repoid: int, hours: float, jobs: str = "", **values: Any) -> int:
    """Store a failed pipeline so long before now, with failed jobs; return its gitid."""
    at = NOW - timedelta(hours=hours)
    own = {"provider": "gitlab", "conclusion": "failure", "workflowname": None, **values}
    gitid = stored.run(engine, repoid, at, **own)
    for name in jobs.split():
        number = stored.job(
            engine, repoid, gitid, at, provider="gitlab", name=name, conclusion="failure"
        )
        more = {"provider": "gitlab", "message": f"{name} is wrong", "time": at}
        stored.reason(engine, repoid, gitid, number, fingerprint=f"1:{name}", **more)
    return gitid


def test_night_names_the_jobs_of_children_and_of_theirs(client: FlaskClient, engine: sa.Engine):
    app, other = (stored.repo(engine, f"grp/{name}", provider="gitlab") for name in ("app", "two"))
    child: dict[str, Any] = {"event": "parent_pipeline"}
    top = failed(engine, app, 6)
    middle = failed(engine, app, 5.9, parentgitid=top, **child)
    failed(engine, app, 5.8, "unit lint", parentgitid=middle, **child)
    passed = failed(engine, app, 5.7, parentgitid=top, conclusion="success", **child)
    failed(engine, app, 5.6, "unseen", parentgitid=passed, **child)
    own = failed(engine, other, 6, "build")
    failed(engine, other, 5.9, "below", parentgitid=own, **child)
    page = told(text_of(client, "/"))
    assert "the run itself" not in page
    for name in ("unit is wrong", "lint is wrong", "build is wrong"):
        assert name in page
    assert "below is wrong" not in page
    assert "unseen is wrong" not in page
    text = digest.make_digest(client.application).text
    assert "grp/app: schedule on main / unit" in text


def test_child_that_a_night_judges_itself_is_told_once(client: FlaskClient, engine: sa.Engine):
    app = stored.repo(engine, "grp/app", provider="gitlab")
    top = failed(engine, app, 6, event="push", workflowname=".gitlab-ci.yml")
    failed(engine, app, 5.9, "unit", parentgitid=top, event="parent_pipeline", workflowname="kids")
    text = digest.make_digest(client.application).text
    assert "grp/app: .gitlab-ci.yml / the run itself" in text
    assert text.count("/ unit") == 1


def test_child_in_the_place_of_which_its_job_made_another_is_told_no_more(
    client: FlaskClient, engine: sa.Engine
):
    app = stored.repo(engine, "grp/app", provider="gitlab")
    top = failed(engine, app, 6)
    child: dict[str, Any] = {"event": "parent_pipeline", "parentgitid": top}
    failed(engine, app, 5.9, "old", workflowname="kids", parentjobgitid=1, **child)
    failed(engine, app, 5.8, "new", workflowname="kids", parentjobgitid=2, **child)
    failed(engine, app, 5.7, "lost", workflowname="docs", parentjobgitid=3, **child)
    good = {"workflowname": "docs", "parentjobgitid": 4, "conclusion": "success"}
    failed(engine, app, 5.6, **child, **good)
    text = digest.make_digest(client.application).text
    assert "grp/app: schedule on main / new" in text
    assert ("/ old" in text, "/ lost" in text) == (False, False)
