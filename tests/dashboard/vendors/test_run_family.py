"""A pipeline's children stand under it, and *warned* means the same for both vendors."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from tests.dashboard import stored
from tests.dashboard.conftest import NOW, text_of

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
SERVER = "gitlab:gitlab.example.org:8443/ci"
NAME = "group/sub/deep/app"
PAGE = f"https://gitlab.example.org:8443/ci/{NAME}"
NIGHT = NOW.replace(hour=2, minute=30)


def project(engine: Engine) -> int:
    return stored.repo(engine, NAME, provider=SERVER, url=PAGE)


def test_child_stands_under_its_parent_and_leads_to_it(client: FlaskClient, engine: Engine):
    repo = project(engine)
    about = {"provider": SERVER, "url": f"{PAGE}/-/pipelines/9"}
    parent = stored.run(engine, repo, NIGHT, runnumber=41, **about)
    other = stored.run(engine, repo, NIGHT + timedelta(minutes=5), runnumber=43, **about)
    more = {"event": "parent_pipeline", "parentgitid": parent, "workflowname": "checks"}
    child = stored.run(engine, repo, NIGHT + timedelta(minutes=1), runnumber=42, **more, **about)
    night = text_of(client, f"/nights/{repo}/{NIGHT:%Y-%m-%d}")
    places = [night.index(f"#{number}</a>") for number in (41, 42, 43)]
    assert places[0] < places[1]
    assert not places[0] < places[2] < places[1]
    assert "made by #41" in night
    assert f'href="/runs/{SERVER}/{child}"' in text_of(client, f"/runs/{SERVER}/{parent}")
    page = text_of(client, f"/runs/{SERVER}/{child}")
    assert f'href="/runs/{SERVER}/{parent}">made by <bdi>Nightly</bdi> #41</a>' in page
    assert "on GitLab" in page
    assert "GitHub" not in page
    assert "made by" not in text_of(client, f"/runs/{SERVER}/{other}")


@pytest.mark.parametrize(
    ("provider", "values", "is_warned"),
    [
        (SERVER, {"warned": True}, True),
        (SERVER, {}, False),
        ("github", {"warned": True}, True),
        ("github", {"attempt": 2}, True),
        ("github", {}, False),
        ("github", {"attempt": 2, "conclusion": "failure"}, False),
    ],
)
def test_warned_means_the_same_of_both_vendors(
    client: FlaskClient,
    engine: Engine,
    provider: str,
    values: dict[str, object],
    is_warned: bool,
):
    repo = stored.repo(engine, NAME, provider=provider, url=PAGE)
    run = stored.run(engine, repo, NIGHT, provider=provider, **values)
    pages = (f"/runs/{provider}/{run}", f"/nights/{repo}/{NIGHT:%Y-%m-%d}")
    for path in pages:
        assert ('<span class="badge warned">' in text_of(client, path)) == is_warned, path
