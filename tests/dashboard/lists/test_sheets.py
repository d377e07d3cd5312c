"""A CSV file that does not hold all is called so; lists find what people paste and type."""

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


@pytest.mark.parametrize("words", ['"permission denied"', "100%", "_x_", "a/b\\c", "'it'"])
def test_words_are_looked_for_as_they_are_pasted(client: FlaskClient, engine: Engine, words: str):
    repoid = stored.repo(engine)
    said = {"message": f"E1: {words} at 7", "fingerprint": "5:1", "kind": "cause"}
    stored.failed(engine, repoid, NOW, **said)
    other = "another: permission denied 1000 axe a/bc it"
    stored.run(engine, repoid, NOW, title=other, event="push")
    for path in ("/runs", "/errors", "/"):
        page = client.get(path, query_string={"q": words}).text
        assert "E1: " in page
        assert "another: " not in page
    run = stored.run(engine, repoid, NOW, commithash="f" * 40)
    for attempt, end in enumerate(("failure", "success"), 1):
        own = {"name": f"job {words} x", "commithash": "f" * 40, "conclusion": end}
        stored.job(engine, repoid, run, NOW, attempt=attempt, **own)
    lines = client.get("/flakes.csv", query_string={"q": words}).text.splitlines()
    assert len(lines) == 2


def test_days_that_are_none_are_refused_and_a_night_to_come_is_not_there(
    client: FlaskClient, engine: Engine
):
    repoid = stored.repo(engine)
    for path in ("/runs", "/time", "/errors"):
        said = text_of(client, f"{path}?since=2026-03-09&until=2026-03-08", 400)
        assert "From (since) is after To (until)." in said
    assert "has not begun" in text_of(client, f"/nights/{repoid}/2026-03-12", 404)
    assert "nothing ran" in text_of(client, f"/nights/{repoid}/2026-03-10")
    stored.run(engine, repoid, NOW + timedelta(days=2))
    assert "passed" not in text_of(client, f"/nights/{repoid}/2026-03-11", 404)
    assert "Nightly" in text_of(client, f"/nights/{repoid}/2026-03-12")
