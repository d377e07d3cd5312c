"""GitLab's merge requests are `!7` on the pages, where GitHub's pull requests are `#7`."""

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from tests.dashboard import stored
from tests.dashboard.conftest import NOW, text_of
from tests.dashboard.pages.test_histories import runs_on, told

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
NAME = "group/sub/app"
PAGE = f"https://gitlab.com/{NAME}"


def propose(engine: Engine, repo: int, **values: object) -> int:
    return stored.run(
        engine, repo, NOW, provider="gitlab", pullrequest=7, event="merge_request_event", **values
    )


def test_merge_request_is_called_so_and_a_run_leads_to_it(client: FlaskClient, engine: Engine):
    repo = stored.repo(engine, NAME, provider="gitlab", url=PAGE)
    run = propose(engine, repo, branchname="topic")
    page = text_of(client, f"/runs/gitlab/{run}")
    (path, name) = re.findall(r'href="(/pr/7[^"]*)">([^<]+)<', page)[0]
    assert name == "merge request !7"
    words = told(client, path.replace("&amp;", "&"))
    assert "!7 Merge request" in words
    assert "branch topic" in words
    assert "#7 Pull request" not in words


def test_pipelines_whose_branch_nobody_knows_lead_to_none(client: FlaskClient, engine: Engine):
    repo = stored.repo(engine, NAME, provider="gitlab", url=PAGE)
    listed = propose(engine, repo, branchname=None)
    page = text_of(client, "/pr/7")
    assert f'href="/runs/gitlab/{listed}"' in page
    assert "/branch?" not in page
    assert "None" not in told(client, "/pr/7")
    propose(engine, repo, branchname="topic")
    assert "branch=topic" in text_of(client, "/pr/7")


def test_one_number_of_both_vendors_is_asked_for(client: FlaskClient, engine: Engine):
    theirs = propose(engine, stored.repo(engine, NAME, provider="gitlab", url=PAGE))
    ours = stored.run(engine, stored.repo(engine), NOW, pullrequest=7)
    page, words = text_of(client, "/pr/7"), told(client, "/pr/7")
    assert "Merge requests !7 and pull requests #7" in words
    assert f"{NAME} !7" in words
    assert "octo-org/app #7" in words
    links = [path.replace("&amp;", "&") for path in re.findall(r'href="(/pr/7[^"]+)"', page)]
    found = {told(client, path).partition(" Runs shown")[0].count("!7") > 0 for path in links}
    assert found == {True, False}
    assert runs_on(text_of(client, "/pr/7?repo=octo-org/app")) == [ours]
    assert f'href="/runs/gitlab/{theirs}"' in text_of(client, f"/pr/7?repo={NAME}")
