"""Who may come in, and what a browser is told about every answer."""

import base64

import pytest
from flask.testing import FlaskClient

from dashboard.web.access import is_local
from dashboard.web.login_attempts import LoginAttempts
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


def by_proxy(address: str = "10.1.2.3", **headers: str) -> dict[str, object]:
    """Return what a request from an address looks like."""
    return {"environ_overrides": {"REMOTE_ADDR": address}, "headers": headers}


@on_sqlite
def test_person_whom_a_listed_proxy_names_needs_no_password(
    make_client: MakeClient, engine, store_url
):
    client = make_client(store_url, DASHBOARD_PROXIES="10.1.0.0/16", DASHBOARD_PASSWORD=PASSWORD)
    assert client.get("/", **by_proxy(**{"X-User": "ada"})).status_code == 401
    named = {"X-Forwarded-User": "ada"}
    assert client.get("/", **by_proxy(**named)).status_code == 200
    assert client.get("/", **by_proxy(**{"X-Forwarded-User": " "})).status_code == 401
    assert client.get("/", **by_proxy("10.2.0.1", **named)).status_code == 401
    assert client.get("/", **by_proxy("10.2.0.1", **login(PASSWORD))).status_code == 200


@on_sqlite
def test_listed_proxy_alone_lets_nobody_in_beside_it(make_client: MakeClient, engine, store_url):
    client = make_client(store_url, DASHBOARD_PROXIES="127.0.0.1", DASHBOARD_LOGIN_HEADER="X-User")
    assert client.get("/").status_code == 401
    assert client.get("/", headers={"X-Forwarded-User": "ada"}).status_code == 401
    assert client.get("/", headers={"X-User": "ada"}).status_code == 200
    assert client.get("/", headers=login("")).status_code == 401


@on_sqlite
def test_address_with_too_many_wrong_passwords_waits(make_client: MakeClient, engine, store_url):
    client = make_client(store_url, DASHBOARD_PASSWORD=PASSWORD)
    for _ in range(5):
        assert client.get("/", **by_proxy(**login("wrong horse bad"))).status_code == 401
    refused = client.get("/", **by_proxy(**login(PASSWORD)))
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert client.get("/", **by_proxy("10.9.9.9", **login(PASSWORD))).status_code == 200


def test_wrong_passwords_are_forgotten_after_a_minute():
    now = [100.0]
    tries = LoginAttempts(lambda: now[0])
    for _ in range(5):
        assert tries.wait("a") == 0
        tries.note("a")
        now[0] += 1
    assert tries.wait("a") == 55
    now[0] += 55
    assert tries.wait("a") == 0
