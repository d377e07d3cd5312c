"""Each panel leads to a page of Runledger's that there is, with words that it knows."""

import re

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from deploy.grafana.boards import BOARDS
from deploy.grafana.metrics import METRICS
from tests.dashboard.conftest import MakeClient
from tests.dashboard.conftest import make_client as make_client
from tests.deploy.grafana.conftest import SHOWN, source_of

PANELS = [panel for board in (*BOARDS, METRICS) for panel in board.panels]
PAGES = sorted({panel.page for panel in PANELS})
VALUES = {
    "provider": "github",
    "rungitid": "302",
    "repository": "o/app",
    "runnername": "r-1",
    "fingerprint": "1:f",
    "guid": "guid-1500",
}
pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


@pytest.fixture
def client(store_url: str, engine: sa.Engine, make_client: MakeClient) -> FlaskClient:
    """Look at the store at the end of the range."""
    return make_client(store_url, now=SHOWN.end)


def test_pages_of_panels_are_there(client: FlaskClient):
    answers = {page: client.get(page).status_code for page in PAGES}
    assert {page: code for page, code in answers.items() if code != 200} == {}


def test_pages_of_rows_are_there(client: FlaskClient):
    for path in {path for panel in PANELS for path in panel.links.values()}:
        filled = re.sub(r"\$\{__data\.fields\.(\w+)\}", lambda match: VALUES[match[1]], path)
        assert client.get(filled).status_code == 200, filled


def test_links_of_rows_name_columns_of_their_rows(engine: sa.Engine):
    for panel in PANELS:
        spelled = source_of(engine).spell(panel.sql)
        for column, path in panel.links.items():
            named = {column, *re.findall(r"\$\{__data\.fields\.(\w+)\}", path)}
            assert named <= set(re.findall(r"\w+", spelled.split("\nFROM")[0])), panel.title
