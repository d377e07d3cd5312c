"""A CSV file that does not hold all is called so; a list finds what the sheet's reader types."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from tests.dashboard import stored
from tests.dashboard.conftest import NOW, text_of

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


def test_sheet_that_lacks_rows_is_called_so(
    client: FlaskClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
):
    repoid = stored.repo(engine)
    for number in range(4):
        said = {"message": f"E{number}", "fingerprint": f"5:{number}", "kind": "cause"}
        stored.failed(engine, repoid, NOW - timedelta(hours=number), **said)
        stored.delivery(engine, NOW - timedelta(hours=number))
    for most, ending in ((3, "-first-3"), (4, "")):
        for page in ("run_list", "error_list", "deliveries"):
            monkeypatch.setattr(f"dashboard.pages.{page}.CSV_MOST", most)
        for name in ("runs", "errors", "deliveries"):
            answer = client.get(f"/{name}.csv")
            assert len(answer.text.splitlines()) == 1 + most
            called = f'attachment; filename="{name}{ending}.csv"'
            assert answer.headers["Content-Disposition"] == called
    longest = client.get("/runs.csv?sort=runtime")
    assert longest.headers["Content-Disposition"] == 'attachment; filename="runs.csv"'


def test_commit_is_found_in_capitals_and_by_its_beginning(client: FlaskClient, engine: Engine):
    repoid = stored.repo(engine)
    short, long = "C0FFEE" * 6 + "C0FF", "ab12" * 16
    stored.run(engine, repoid, NOW, commithash=short.lower(), title="forty")
    stored.run(engine, repoid, NOW, commithash=long, title="sixty-four")
    for commit, title in ((short, "forty"), (long, "sixty-four"), (long[:50], "sixty-four")):
        page = text_of(client, f"/runs?commit={commit}")
        assert [one in page for one in ("forty", "sixty-four")] == [
            title == one for one in ("forty", "sixty-four")
        ]
