"""A run's page leads to the runs before and after it, to its night, and says what is usual."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from tests.dashboard import stored
from tests.dashboard.conftest import NOW, text_of
from tests.dashboard.pages.test_failures import told

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


def test_run_leads_to_its_neighbours_and_says_how_long_is_usual(
    client: FlaskClient, engine: Engine
):
    repoid = stored.repo(engine)
    runs = []
    for number, (seconds, conclusion) in enumerate(
        [(100, "success"), (120, "success"), (900, "failure"), (110, "success"), (165, "success")]
    ):
        created = NOW - timedelta(days=5 - number)
        values = {"runtime": seconds, "runnumber": number + 1, "conclusion": conclusion}
        runs.append(stored.run(engine, repoid, created, **values))
    stored.run(engine, repoid, NOW - timedelta(hours=30), branchname="other", runnumber=9)
    page = text_of(client, f"/runs/github/{runs[4]}")
    # The median of what passed before it: 100, 110 and 120 s.
    assert "usually 1 min 50 s, +50 %" in told(page)
    assert f'<a href="/runs/github/{runs[3]}">← #4 before</a>' in page
    assert "after →" not in page
    night = (NOW - timedelta(days=1)).date() + timedelta(days=NOW.hour >= 12)
    assert f'<a href="/nights/{repoid}/{night}">its night</a>' in page
    first = text_of(client, f"/runs/github/{runs[0]}")
    assert "usually" not in first
    assert f'<a href="/runs/github/{runs[1]}">#2 after →</a>' in first
