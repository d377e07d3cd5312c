"""The pages' app over a real store, at a fixed time."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from dashboard.app import create_app
from dashboard.history import job_history, pool_history, runner_history
from dashboard.pages import error_list, flakes, run_list
from dashboard.pages import time as time_page
from dashboard.web import request
from engines import connect
from store.history import packages_at_stake
from store.open import open_engine
from store.reads import connection
from tests.dashboard.browsing import PATIENT
from tests.dashboard.browsing import complaints as complaints
from tests.dashboard.browsing import place as place
from tests.dashboard.settings import settings_for as settings_for
from tests.store.writers import emptied

NOW = datetime(2026, 3, 10, 9, 30)  # a Tuesday morning, while its night still goes on

PAGES = ("/", "/runs", "/errors", "/time", "/flakes", "/health")

MakeClient = Callable[..., FlaskClient]

LIMITS = (
    (request, "STATEMENT_SECONDS"),
    (connection, "STATEMENT_SECONDS"),
    (error_list, "SECONDS"),
    (flakes, "LIVE_SECONDS"),
    (time_page, "LIVE_SECONDS"),
    (run_list, "SECONDS"),
    (run_list, "COUNT_SECONDS"),
    (run_list, "SORT_SECONDS"),
    (job_history, "SECONDS"),
    (pool_history, "SECONDS"),
    (runner_history, "SECONDS"),
    (packages_at_stake, "WALK_SECONDS"),
)


@pytest.fixture(scope="session", autouse=True)
def patience() -> Iterator[None]:
    """Let pages take their time on a busy machine: what a limit does is tested by a short one."""
    with pytest.MonkeyPatch.context() as patch:
        for module, name in LIMITS:
            patch.setattr(module, name, PATIENT.seconds)
        yield


@pytest.fixture
def engine(store_url: str) -> Iterator[sa.Engine]:
    """Connect to a store without rows, as its writers do."""
    emptied(store_url)
    made = connect(store_url)
    yield made
    made.dispose()


@pytest.fixture
def make_client(tmp_path: Path) -> Iterator[MakeClient]:
    """Make clients: `make_client(url, now=..., NIGHT_ZONE="Asia/Tokyo")`."""
    opened: list[sa.Engine] = []

    def make(url: str, now: datetime = NOW, **others: str) -> FlaskClient:
        settings = settings_for(url, tmp_path, **others)
        opened.append(open_engine(settings, PATIENT))
        return create_app(settings, opened[-1], clock=lambda: now).test_client()

    yield make
    for one in opened:
        one.dispose()


@pytest.fixture
def client(engine: sa.Engine, store_url: str, make_client: MakeClient) -> FlaskClient:
    """Look at a store without rows."""
    return make_client(store_url)


def text_of(client: FlaskClient, path: str, code: int = 200) -> str:
    """Return a page."""
    answer = client.get(path)
    assert answer.status_code == code, answer.text
    return answer.text
