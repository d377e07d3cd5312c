"""Who looks after an error: the form, what it refuses, what is kept of it, and when it ends."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from dashboard.digest import make_digest
from dashboard.pages import acknowledgement
from dashboard.web.login_attempts import LoginAttempts
from schema.tables.failures import formerfingerprints
from store.state import acknowledgements
from tests.dashboard import stored
from tests.dashboard.conftest import NOW, MakeClient, text_of

LAST_NIGHT = datetime(2026, 3, 10, 2)
TOKEN = "look after it well"
FORM = {"fingerprint": "1:f", "person": "Ada", "days": "2", "note": "mirror is down"}
ALL = "SELECT * FROM acknowledgements"

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def calm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each test begin without wrong tokens."""
    monkeypatch.setattr(acknowledgement, "ATTEMPTS", LoginAttempts(lambda: 0.0))


@pytest.fixture
def writer(engine: Engine, store_url: str, make_client: MakeClient) -> FlaskClient:
    """Look at a store with one failure, with a token for notes."""
    stored.failed(engine, stored.repo(engine), LAST_NIGHT)
    return make_client(store_url, ACKNOWLEDGE_TOKEN=TOKEN)


def send(client: FlaskClient, headers: dict[str, str] | None = None, **fields: str) -> TestResponse:
    """Send the form."""
    form = {**FORM, "token": TOKEN, **fields}
    return client.post("/acknowledgements", data=form, headers=headers)


def test_acknowledgement_is_written_shown_and_withdrawn(
    writer: FlaskClient, engine: Engine, store_url: str, make_client: MakeClient
):
    assert "#acknowledge" in text_of(writer, "/")
    answer = send(writer)
    assert (answer.status_code, answer.location) == (303, "/errors/1:f#acknowledge")
    assert "acknowledged by Ada until Thu 12 Mar" in text_of(writer, "/")
    assert "Acknowledged by Ada until Thu 12 Mar: mirror is down." in text_of(writer, "/errors/1:f")
    later = NOW + timedelta(minutes=5)
    assert (
        send(make_client(store_url, later, ACKNOWLEDGE_TOKEN=TOKEN), action="withdrawn", note="")
    ).status_code == 303
    assert "acknowledged by" not in text_of(writer, "/")
    with engine.connect() as connection:
        written = acknowledgements.list_written(connection, "1:f", 9)
    end, said = datetime(2026, 3, 13), "mirror is down"
    assert written == [
        ("1:f", "withdrawn", "Ada", None, None, later, later),
        ("1:f", "acknowledged", "Ada", None, said, NOW, end),
    ]


@on_sqlite
def test_acknowledgement_ends_by_itself_and_its_history_stays(
    writer: FlaskClient, store_url: str, make_client: MakeClient
):
    send(writer, days="1")
    after = make_client(store_url, datetime(2026, 3, 12), ACKNOWLEDGE_TOKEN=TOKEN)
    page = text_of(after, "/errors/1:f")
    assert "Acknowledged by Ada" not in page
    assert "mirror is down" in page


@on_sqlite
def test_digest_says_who_looks_after_an_error(writer: FlaskClient):
    send(writer)
    assert "boom (never seen before); acknowledged by Ada until Thu 12 Mar [/errors/1:f]" in (
        make_digest(writer.application).text
    )


@on_sqlite
def test_store_that_only_readers_know_takes_no_note(
    engine: Engine, store_url: str, make_client: MakeClient, tmp_path: Path
):
    stored.failed(engine, stored.repo(engine), LAST_NIGHT)
    nowhere = tmp_path / "none.db"
    settings = {"ACKNOWLEDGE_TOKEN": TOKEN, "DATABASE_READ_URL": store_url}
    answer = send(make_client(f"sqlite:///{nowhere}", **settings))
    assert (answer.status_code, "DATABASE_URL" in answer.text) == (503, True)
    assert not nowhere.exists()


@on_sqlite
def test_acknowledgement_outlives_another_masking(writer: FlaskClient, engine: Engine):
    send(writer)
    stored.put(engine, formerfingerprints, former="1:f", fingerprint="2:g")
    with engine.connect() as connection:
        current = acknowledgements.list_current(connection, ["2:g"], NOW)
    assert current["2:g"].person == "Ada"


@on_sqlite
def test_without_a_token_nothing_can_be_written_and_no_form_is_shown(
    engine: Engine, store_url: str, make_client: MakeClient
):
    stored.failed(engine, stored.repo(engine), LAST_NIGHT)
    client = make_client(store_url)
    assert send(client, token="").status_code == 404
    assert "acknowledge" not in text_of(client, "/").lower()
    assert "acknowledge" not in text_of(client, "/errors/1:f").lower()
    assert stored.ask(engine, ALL) == []


@on_sqlite
@pytest.mark.parametrize(
    ("fields", "code", "told"),
    [
        ({"token": ""}, 403, "The token is not right"),
        ({"token": TOKEN + "x"}, 403, "The token is not right"),
        ({"person": " "}, 400, "person is empty"),
        ({"person": "x" * 101}, 400, "person has at most 100 characters"),
        ({"note": "x" * 501}, 400, "note has at most 500 characters"),
        ({"days": "0"}, 400, "days is a number from 1 to 90"),
        ({"days": "91"}, 400, "days is a number from 1 to 90"),
        ({"days": "soon"}, 400, "days is a number from 1 to 90"),
        ({"action": "deleted"}, 400, "action is one of acknowledged, withdrawn"),
        ({"fingerprint": "1:none"}, 404, "No failure has this fingerprint"),
        ({"note": "x" * 20_000}, 413, "Too Large"),
    ],
)
def test_what_does_not_fit_is_refused_and_named(
    writer: FlaskClient, engine: Engine, fields: dict[str, str], code: int, told: str
):
    answer = send(writer, **fields)
    assert (answer.status_code, told in answer.text) == (code, True), answer.text
    assert stored.ask(engine, ALL) == []


@on_sqlite
@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Origin": "http://localhost"}, 403),
        ({"Origin": "http://localhost"}, 303),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://behind.a.proxy"}, 303),
    ],
)
def test_form_of_another_site_is_refused_even_with_the_token(
    writer: FlaskClient, headers: dict[str, str], code: int
):
    assert send(writer, headers).status_code == code


@on_sqlite
def test_proxy_says_who_it_is(engine: Engine, store_url: str, make_client: MakeClient):
    stored.failed(engine, stored.repo(engine), LAST_NIGHT)
    settings = {"ACKNOWLEDGE_TOKEN": TOKEN, "DASHBOARD_PROXIES": "127.0.0.1"}
    client = make_client(store_url, **settings)
    assert send(client, {"X-Forwarded-User": "grace"}, person="Ada").status_code == 303
    assert stored.ask(engine, "SELECT person, login FROM acknowledgements") == [("grace", "grace")]


@on_sqlite
def test_hostile_words_are_shown_as_words(writer: FlaskClient):
    send(writer, person="<b>Ada</b>", note="<script>alert(1)</script>")
    for path in ("/", "/errors/1:f"):
        page = text_of(writer, path)
        assert "&lt;b&gt;Ada" in page
        assert "<script>alert" not in page
        assert "<b>Ada" not in page
