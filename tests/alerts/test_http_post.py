"""What an incoming webhook answers, and how long it is waited for."""

import contextlib
import http.server
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
import requests

from alerts import http_post
from alerts.outcome import ARRIVED
from tests.feeds.shipped import Silent, serving


@pytest.mark.parametrize("code", [408, 425, 429, 500, 501, 503, 507, 520, 522, 526, 530])
def test_answer_by_which_nothing_was_taken_is_waited_for(code: int):
    answer = requests.Response()
    answer.status_code = code
    assert http_post.outcome_of(answer) == ("again", f"answered {code}", None)


def test_time_after_which_a_chat_wants_to_be_asked_is_seconds_or_a_date():
    def ahead(seconds: float) -> str:
        return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)

    told = ["0", "1.5", " 120 ", "7200", "99999999", "1e999"]
    assert [*map(http_post.seconds_of, told)] == [0, 1.5, 120, 7200, 86400, 86400]
    assert 7000 < (http_post.seconds_of(ahead(7200)) or 0) <= 7200
    assert http_post.seconds_of(ahead(-60)) == 0
    odd = [None, "", "soon", "-5", "nan", "Wed, 99 Oct 2015 07:28:00 GMT"]
    assert [*map(http_post.seconds_of, odd)] == [None] * len(odd)


@pytest.mark.parametrize("code", [403, 407, 502, 503])
def test_proxy_that_leads_nowhere_is_tried_again(monkeypatch: pytest.MonkeyPatch, code: int):
    class Proxy(Silent, http.server.BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            self.send_response(code)
            self.end_headers()

    with serving(Proxy) as address:
        for name in ("HTTPS_PROXY", "https_proxy"):
            monkeypatch.setenv(name, address)
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        outcome = http_post.post("https://hooks.example.org/hunter22", {})
    assert outcome == ("again", "ProxyError", None)


def test_login_of_another_server_is_sent_to_no_chat(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "netrc").write_text("default login somebody password hunter22\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    given = list[str | None]()

    class Chat(Silent, http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            given.append(self.headers["Authorization"])
            self.send_response(200)
            self.end_headers()

    with serving(Chat) as address:
        assert http_post.post(f"{address}/hook", {"text": "red"}) == ARRIVED
    assert given == [None]


@pytest.mark.parametrize("code", [307, 308])
def test_redirect_carries_nothing_elsewhere(code: int):
    asked = list[str]()

    class Chat(Silent, http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.path)
            self.send_response(code)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

    with serving(Chat) as address:
        assert http_post.post(f"{address}/hook", {}) == ("refused", f"answered {code}", None)
    assert asked == ["/hook"]


def test_chat_whose_answer_never_ends_holds_no_other(monkeypatch: pytest.MonkeyPatch):
    over = threading.Event()

    class Slow(Silent, http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n")
            with contextlib.suppress(OSError):
                while not over.wait(0.05):
                    self.wfile.write(b"X: 1\r\n")

    monkeypatch.setattr(http_post, "LONGEST_SECONDS", 0.3)
    with serving(Slow) as address:
        outcome = http_post.post(f"{address}/hunter22", {})
        over.set()
    assert outcome == ("unsure", "its answer did not end", None)
