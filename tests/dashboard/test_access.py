"""Who may come in, and what a browser is told about every answer."""

from __future__ import annotations

import base64

import pytest
from flask.testing import FlaskClient

from dashboard.access import is_local
from tests.dashboard.conftest import MakeClient

PASSWORD = "correct horse é"
ANSWERS = ("/", "/runs.csv", "/metrics", "/nowhere", "/static/base.css", "/runs?conclusion=odd")

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


def login(password: str, user: str = "any") -> dict[str, str]:
    """Return the header of HTTP Basic."""
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


@on_sqlite
@pytest.mark.parametrize("path", ANSWERS)
def test_every_answer_forbids_what_pages_do_not_need(client: FlaskClient, path: str):
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"].split("; ")
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


@on_sqlite
def test_pages_are_stored_nowhere(client: FlaskClient):
    assert client.get("/").headers["Cache-Control"] == "no-store"
    assert client.get("/runs.csv").headers["Cache-Control"] == "no-store"


@on_sqlite
@pytest.mark.parametrize("path", ["/", "/runs.csv", "/metrics", "/static/base.css", "/nowhere"])
def test_password_is_demanded_everywhere(make_client: MakeClient, engine, store_url, path: str):
    client = make_client(store_url, DASHBOARD_PASSWORD=PASSWORD)
    refused = client.get(path)
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"].startswith('Basic realm="Runledger"')
    assert client.get(path, headers=login(PASSWORD)).status_code in (200, 404)


@on_sqlite
@pytest.mark.parametrize(
    "headers",
    [
        login("wrong horse bad"),
        login(""),
        login(PASSWORD + " "),
        {"Authorization": f"Bearer {PASSWORD}"},
        {"Authorization": "Basic !!!"},
        {"Authorization": "Basic "},
    ],
)
def test_wrong_password_is_refused(make_client: MakeClient, engine, store_url, headers):
    client = make_client(store_url, DASHBOARD_PASSWORD=PASSWORD)
    assert client.get("/", headers=headers).status_code == 401


@on_sqlite
def test_host_of_somebody_else_is_refused_without_a_password(client: FlaskClient):
    assert client.get("/", headers={"Host": "evil.example:5001"}).status_code == 421
    assert client.get("/", headers={"Host": "localhost:5001"}).status_code == 200


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("localhost", True),
        ("127.0.0.1:5001", True),
        ("[::1]:5001", True),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example", False),
        ("10.0.0.1", False),
        ("[::1", False),
        ("", False),
    ],
)
def test_only_names_of_this_machine_are_local(host: str, local: bool):
    assert is_local(host) is local


@on_sqlite
@pytest.mark.parametrize("method", ["post", "put", "delete", "patch", "options"])
def test_nothing_but_reading_is_answered(client: FlaskClient, method: str):
    assert getattr(client, method)("/").status_code == 405
