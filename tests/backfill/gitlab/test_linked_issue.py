"""An issue that is opened by a form of ours is found over HTTP, linked by the pages, and kept."""

from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from backfill.reconcile import loop
from backfill.reconcile.__main__ import main as reconcile
from dashboard.app import create_app
from fakegithub.server import Server as GitHub
from fakegithub.server import serve
from fakegitlab.server import Server as GitLab
from rows.fingerprint import fingerprints_of
from schema.tables.ci import repos
from store.open import READ, open_engine
from tests.backfill.gitlab.conftest import NAME
from tests.dashboard import stored
from tests.dashboard.settings import settings_for
from tests.fakegithub.samples import NOON, small_world

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
NOW = NOON.replace(tzinfo=None)
MORNING = NOW - timedelta(hours=6)
SAID = "KeyError: 'currency' (prices.py)"
WORD = fingerprints_of(SAID).fingerprint.partition(":")[2]
BOTH = {"github": "octo-org/app", "gitlab": NAME}


@pytest.fixture
def github(served: GitLab, monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHub]:
    """Serve a repository beside the project."""
    monkeypatch.setattr(loop, "now", lambda: NOW)
    with serve(small_world(runs=2)) as server:
        monkeypatch.setenv("GITHUB_API_URL", server.url)
        monkeypatch.setenv("GITHUB_TOKEN", server.token)
        monkeypatch.setenv("REPOS", f"octo-org/app,gitlab:{NAME}")
        yield server


@pytest.fixture
def pages(store_url: str, tmp_path: Path) -> Iterator[FlaskClient]:
    """Serve the pages as they are in the morning."""
    settings = settings_for(store_url, tmp_path)
    reader = open_engine(settings, READ)
    yield create_app(settings, reader, clock=lambda: MORNING).test_client()
    reader.dispose()


def break_nightly(engine: sa.Engine, name: str) -> tuple[int, str]:
    """Store that a repository's nightly failed last night; return its Id and provider."""
    with engine.begin() as connection:
        query = sa.select(repos.c.Id, repos.c.provider).where(repos.c.name == name)
        repoid, provider = connection.execute(query).one()
        home = f"https://{provider.partition(':')[2] or 'github.com'}/{name}"
        connection.execute(sa.update(repos).where(repos.c.Id == repoid).values(url=home))
    created = NOW - timedelta(hours=10)
    own = {"provider": provider, "conclusion": "failure"}
    run = stored.run(engine, repoid, created, workflowname="Nightly", **own)
    job = stored.job(engine, repoid, run, created, workflowname="Nightly", **own)
    said = {"message": SAID, "kind": "cause", **fingerprints_of(SAID)._asdict()}
    stored.reason(engine, repoid, run, job, time=created, provider=provider, **said)
    return repoid, provider


def filled_in(page: str) -> dict[str, str]:
    """Return what the form of a new issue that a page links holds."""
    links = [part.partition('"')[0] for part in page.split('href="')[1:]]
    forms = {unescape(link) for link in links if "/issues/new?" in link}
    (fields,) = (parse_qs(urlsplit(form).query) for form in forms if "currency" in form)
    return {name.removeprefix("issue[").rstrip("]"): values[0] for name, values in fields.items()}


def searches(github: GitHub, gitlab: GitLab) -> list[str]:
    """Return what was asked of both servers about issues."""
    paths = [one.path for one in github.requests] + gitlab.requests
    return [path for path in paths if WORD in path and "issues" in path]


@pytest.mark.parametrize("vendor", ["github", "gitlab"])
@pytest.mark.parametrize("form", ["first page", "night", "error"])
def test_issue_of_our_form_is_found_linked_and_kept(
    github: GitHub, served: GitLab, engine: sa.Engine, pages: FlaskClient, vendor: str, form: str
):
    assert reconcile(["--once"]) == 0
    repoid, _ = break_nightly(engine, BOTH[vendor])
    fingerprint = fingerprints_of(SAID).fingerprint
    paths = {
        "first page": "/",
        "night": f"/nights/{repoid}/{NOW:%Y-%m-%d}",
        "error": f"/errors/{fingerprint}",
    }
    opened = filled_in(pages.get(paths[form]).text)
    if vendor == "github":
        github.issues.append({"repo": BOTH[vendor], **opened})
        number, link = 1, f"https://github.com/{BOTH[vendor]}/issues/1"
    else:
        project = next(one for one in served.world.projects.values() if one.path == NAME)
        project.issues += [{"title": "Another", "description": "5:abc"}, opened]
        number, link = 2, f"{served.url}/{NAME}/-/issues/2"
    assert reconcile(["--once"]) == 0
    asked = searches(github, served)
    assert len(asked) == 1
    told: Any = pages.get("/").text
    # A link that is not https is told without one: the fake is not.
    assert f"#{number} open" in told
    assert (link in told) is (vendor == "github")
    assert "currency" not in "".join(part[:900] for part in told.split("/issues/new?")[1:])
    assert f"#{number}" in pages.get(paths["error"]).text
    assert reconcile(["--once"]) == 0
    assert searches(github, served) == asked


def test_error_without_an_issue_is_looked_for_within_the_hour(
    github: GitHub, served: GitLab, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
):
    assert reconcile(["--once"]) == 0
    break_nightly(engine, BOTH["github"])
    times = []
    for minutes in range(0, 26 * 60, 10):
        monkeypatch.setattr(loop, "now", lambda: NOW + timedelta(minutes=minutes))  # noqa: B023
        before = len(searches(github, served))
        assert reconcile(["--once"]) == 0
        times += [minutes] * (len(searches(github, served)) - before)
        if minutes > 120:
            break
    assert times == [0, 40, 80, 120]
