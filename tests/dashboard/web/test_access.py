"""Who may come in, and what a browser is told about every answer."""

import base64
import time

import pytest
from flask.testing import FlaskClient

from dashboard.web import login_attempts
from dashboard.web.access import is_local
from dashboard.web.login_attempts import KnownDevices, LoginAttempts
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
def test_browser_that_was_let_in_waits_for_nobody(
    make_client: MakeClient, engine, store_url, monkeypatch: pytest.MonkeyPatch
):
    client = make_client(store_url, DASHBOARD_PASSWORD=PASSWORD)
    let_in = client.get("/", headers=login(PASSWORD))
    assert "HttpOnly" in let_in.headers["Set-Cookie"]
    monkeypatch.setattr(login_attempts, "DELAY_SECONDS", 3600)
    stranger = client.application.test_client()
    for _ in range(5):
        assert stranger.get("/", headers=login("wrong horse bad")).status_code == 401
    assert client.get("/", headers=login(PASSWORD)).status_code == 200
    assert client.get("/").status_code == 401


@on_sqlite
def test_tries_that_find_no_place_are_429_right_or_wrong(
    make_client: MakeClient, engine, store_url, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(login_attempts, "PLACES", 0)
    monkeypatch.setattr(login_attempts, "LINE_SECONDS", 0.01)
    client = make_client(store_url, DASHBOARD_PASSWORD=PASSWORD)
    for _ in range(5):
        assert client.get("/", headers=login("wrong horse bad")).status_code == 401
    for password in (PASSWORD, "wrong horse bad"):
        refused = client.get("/", headers=login(password))
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
        assert "Set-Cookie" not in refused.headers


def test_wrong_passwords_are_forgotten_after_a_minute():
    now = [100.0]
    tries = LoginAttempts(lambda: now[0])
    for _ in range(5):
        assert tries.is_calm()
        tries.note()
        now[0] += 1
    assert not tries.is_calm()
    now[0] += 55
    assert tries.is_calm()


def test_cookie_is_known_by_each_process_with_the_password_until_it_ends(
    monkeypatch: pytest.MonkeyPatch,
):
    cookie = KnownDevices(PASSWORD, time.monotonic).issue()
    other = KnownDevices(PASSWORD, time.monotonic)
    assert other.is_known(cookie)
    assert not KnownDevices("another password", time.monotonic).is_known(cookie)
    late = time.time() + login_attempts.COOKIE_SECONDS + 1
    monkeypatch.setattr("dashboard.web.login_attempts.time.time", lambda: late)
    assert not other.is_known(cookie)


@pytest.mark.parametrize("cookie", ["", ".", "a.b", "9999999999.aa.", "é", "9" * 5000])
def test_cookie_that_we_did_not_sign_is_not_known(cookie: str):
    assert not KnownDevices(PASSWORD, time.monotonic).is_known(cookie)


def test_known_device_that_guesses_itself_is_known_no_more_for_a_minute():
    now = [100.0]
    devices = KnownDevices(PASSWORD, lambda: now[0])
    cookie, other = devices.issue(), devices.issue()
    for _ in range(5):
        assert devices.is_known(cookie)
        devices.note(cookie)
    assert not devices.is_known(cookie)
    assert devices.is_known(other)
    now[0] += 60
    assert devices.is_known(cookie)
