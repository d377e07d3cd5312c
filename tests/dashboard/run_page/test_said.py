"""A failed run's page says what its jobs say first, and leads to who looks after it."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from schema.tables.acknowledgements import acknowledgements
from schema.tables.failures import errorissues
from tests.dashboard import stored
from tests.dashboard.conftest import NOW, MakeClient, text_of
from tests.dashboard.pages.test_failures import told

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
ISSUE = '[{"number": 7, "title": "No", "state": "open", "url": "https://example.org/7"}]'


@pytest.fixture
def run(engine: Engine) -> int:
    """Store a run whose first attempt failed otherwise than its second, of two jobs and one."""
    repoid = stored.repo(engine)
    run = stored.run(engine, repoid, NOW, conclusion="failure", attempt=2)
    for attempt, message in ((1, "old"), (2, "boom"), (2, "boom"), (2, "lost")):
        own = {"conclusion": "failure", "attempt": attempt}
        job = stored.job(engine, repoid, run, NOW, **own)
        said = {"message": message, "fingerprint": f"5:{message}", "kind": "cause"}
        stored.reason(engine, repoid, run, job, time=NOW, **said)
    issue = {"fingerprint": "5:lost", "issues": ISSUE, "searchtime": NOW}
    stored.put(engine, errorissues, repoid=repoid, **issue)
    return run


def test_run_leads_to_its_errors_and_who_looks_after_them(
    engine: Engine, store_url: str, make_client: MakeClient, run: int
):
    client = make_client(store_url, ACKNOWLEDGE_TOKEN="twelve letters")

    def section() -> str:
        page = text_of(client, f"/runs/github/{run}")
        return page.partition('id="said"')[2].partition("</section>")[0]

    said = "boom 2 jobs, acknowledge lost 1 job, issue #7 open , acknowledge"
    assert said in told(section())
    assert 'href="/errors/5:boom#acknowledge"' in section()
    assert "old" not in section()
    until = {"time": NOW, "untiltime": NOW + timedelta(days=2)}
    known = {"number": 1, "action": "acknowledged", "person": "Ada", **until}
    stored.put(engine, acknowledgements, fingerprint="5:boom", **known)
    assert "boom 2 jobs, acknowledged by Ada until" in told(section())


def test_run_that_passed_says_nothing_of_errors(client: FlaskClient, engine: Engine):
    gitid = stored.run(engine, stored.repo(engine), NOW)
    assert "What failed jobs say" not in text_of(client, f"/runs/github/{gitid}")
