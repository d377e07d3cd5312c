"""Absurd headers and endless bodies: read within bounds, told in a sentence."""

import gzip
import itertools
import json
import re
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from backfill.github.api_access import RULES
from backfill.http import answer_body
from backfill.http.api_rules import read_count, retry_after
from backfill.http.client import Client
from backfill.http.errors import ApiError
from backfill.http.list_course import Course
from backfill.http.pagination import fetch_pages, know_nothing
from backfill.http.rate_limit import RateLimit, read_budget


@contextmanager
def answering(
    body: bytes, status: int = 200, pause: float = 0.0, **headers: str
) -> Iterator[Client]:
    """Give a client of a server that answers everything alike; `{url}` in a header is its own.

    `{next}` is the number of the page after the one that is asked for. With a pause after each
    byte.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:
            """Print nothing."""

        def do_GET(self) -> None:
            self.send_response(status)
            for name, value in headers.items():
                asked = re.search(r"[?&]page=(\d+)", self.path)
                after = str(int(asked[1] if asked else 1) + 1)
                text = value.replace("{url}", url).replace("{next}", after)
                self.send_header(name.replace("_", "-"), text)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            for piece in (body[at : at + 1] for at in range(len(body))) if pause else [body]:
                with suppress(OSError):
                    self.wfile.write(piece)
                    time.sleep(pause)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield Client(url, None, RateLimit(RULES, lambda why, until: None))
    finally:
        server.shutdown()
        server.server_close()


def test_body_that_is_too_long_once_unpacked_is_refused(monkeypatch):
    monkeypatch.setattr(answer_body, "MOST_BYTES", 1 << 20)
    bomb = gzip.compress(json.dumps(["x" * (2 << 20)]).encode())
    assert len(bomb) < 10_000
    with (
        answering(bomb, Content_Encoding="gzip") as client,
        pytest.raises(ApiError, match="GitHub's answer is longer than 1 MiB"),
    ):
        client.get("/things", tries=1)


def test_body_of_the_greatest_length_is_read(monkeypatch):
    body = json.dumps(["x" * 1000]).encode()
    monkeypatch.setattr(answer_body, "MOST_BYTES", len(body))
    with answering(gzip.compress(body), Content_Encoding="gzip") as client:
        assert client.get("/things", tries=1).body == ["x" * 1000]


@pytest.mark.parametrize("chunked", [False, True])
def test_body_that_comes_byte_by_byte_is_not_waited_for(monkeypatch, chunked: bool):
    monkeypatch.setattr(answer_body, "LONGEST", 0.3)
    body = b"[" + b" " * 200 + b"]"
    if chunked:
        body = b"".join(b"1\r\n%c\r\n" % letter for letter in body) + b"0\r\n\r\n"
    headers = {"Transfer_Encoding": "chunked"} if chunked else {}
    began = time.monotonic()
    with (
        answering(body, pause=0.02, **headers) as client,
        pytest.raises(ApiError, match="GitHub's answer takes longer than 0 s"),
    ):
        client.get("/things")
    assert time.monotonic() - began < 2


def test_connection_of_answers_that_were_read_is_used_again():
    body = json.dumps(["x" * 300_000]).encode()
    with answering(gzip.compress(body), Content_Encoding="gzip") as client:
        assert [client.get("/things").body for _ in range(3)] == [json.loads(body)] * 3
        (pool,) = (
            client.open_session().get_adapter(client.base).poolmanager.pools._container.values()
        )
        assert (pool.num_connections, pool.num_requests) == (1, 3)


def test_pages_that_follow_themselves_end_with_a_sentence():
    with answering(b"[]", Link='<{url}/things?page=2>; rel="next"') as client:
        with pytest.raises(ApiError, match="its pages repeat"):
            list(fetch_pages(client, "/things", know_nothing))
        assert client.rate_limit.sent == 2


@pytest.mark.parametrize(
    "link",
    [
        '<{url}/things?page=9>; rel="last"',
        '<{url}/things?page=x>; rel="last"',
        '<{url}/things?page=99999999999999999999>; rel="last"',
        "<<>>;;rel=",
        '<>; rel="next"',
        "\x01\x02",
    ],
)
def test_odd_link_leads_nowhere(link: str):
    with answering(b"[]", Link=link) as client:
        answer = client.get("/things", tries=1)
    assert answer.nextpage is None
    assert answer.pages in (1, 9)


@pytest.mark.parametrize("link", ['<http://[::1>; rel="next"', '<//evil.example/>; rel="next"'])
def test_link_to_no_address_or_another_host_is_told(link: str):
    with answering(b"[]", Link=link) as client, pytest.raises(ApiError):
        client.get("/things", tries=1)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7),
        ("31536000000", 3600),
        ("9" * 5000, None),
        ("-1", None),
        ("²", None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_an_hour_at_most(text: str, seconds: int | None):
    assert retry_after({"retry-after": text}) == seconds


@pytest.mark.parametrize("text", ["", "1e3", "0x10", "-5", "9" * 400, "१"])
def test_count_is_of_ascii_digits_only(text: str):
    assert read_count(text) is None


@pytest.mark.parametrize(
    ("reset", "date"),
    [
        ("99999999999", "Mon, 02 Mar 2026 12:00:00 GMT"),
        ("9" * 400, "Mon, 02 Mar 2026 12:00:00 GMT"),
        ("1772456400", "yesterday"),
        ("1772456400", "Mon, 02 Mar 99999 12:00:00 GMT"),
        ("-1", "Mon, 02 Mar 2026 12:00:00 GMT"),
    ],
)
def test_limit_that_ends_at_no_sensible_time_says_nothing(reset: str, date: str):
    names = ("limit", "left", "reset")
    headers = {"limit": "5000", "left": "0", "reset": reset, "date": date}
    assert read_budget(headers, 0.0, names) is None


def test_answer_tells_how_far_this_clock_is_from_the_server_s():
    limit = RateLimit(RULES, lambda why, until: None)
    for date, is_told in (("yesterday", False), ("Mon, 02 Mar 2026 12:00:00 GMT", True)):
        limit.leave({"date": date})
        assert (limit.ahead is not None) == is_told
    assert limit.ahead == pytest.approx(time.time() - 1772452800, abs=5)


def test_wait_for_a_server_that_fails_is_told(monkeypatch):
    told = list[str]()
    monkeypatch.setattr(RateLimit, "rest", lambda self, seconds: None)  # its time is not tested
    with answering(b"{}", 500) as client:
        client.rate_limit.tell = lambda why, until: told.append(why)
        with pytest.raises(ApiError, match="GitHub answers 500"):
            client.get("/things", tries=4)
    assert told == ["GitHub answers 500"]


EMPTY: dict[str, object] = {"jobs": []}
FULL = {"jobs": [{"id": 1}]}


def follow_all(bodies: Iterable[object]) -> int | None:
    """Return how many pages are taken of a list without end, None for all."""
    course = Course()
    with answering(b"[]") as client:
        for taken, body in enumerate(bodies):
            try:
                course.follow(client, body, "/things?page=2")
            except ApiError:
                return taken
    return None


@pytest.mark.parametrize(
    ("circle", "taken"),
    [
        ([EMPTY], 2),
        ([[]], 2),
        ([FULL], 1),
        ([[{"id": number}] for number in range(2)], 3),
        ([[{"id": number}] for number in range(3)], 6),
        ([[{"id": number}] for number in range(40)], 103),
        ([FULL, EMPTY], 2),
    ],
)
def test_list_without_an_end_is_told_after_a_few_pages(circle: list[object], taken: int):
    assert follow_all(itertools.cycle(circle)) == taken


def test_list_that_begins_with_others_and_then_goes_round_is_told():
    others = [[{"id": number}] for number in range(10)]
    assert follow_all([*others, *[[{"id": 99}]] * 20]) == 16


def test_pages_that_differ_are_all_taken():
    bodies = [[{"id": number}] for number in range(500)]
    more = [[{"id": -number}] for number in range(1, 9)]
    assert follow_all([*bodies, [], [], *more]) is None


@pytest.mark.parametrize("body", [b"[]", b'[{"id": 1}]', b'{"total_count": 9, "runs": []}'])
@pytest.mark.parametrize("query", ["", "?per_page=100"])
@pytest.mark.parametrize("broken", [None, []])
def test_pages_whose_links_count_on_for_ever_end_with_a_sentence(
    body: bytes, query: str, broken: list[ApiError] | None
):
    link = query.replace("?", "&")
    with answering(body, Link=f'<{{url}}/things?page={{next}}{link}>; rel="next"') as client:
        with pytest.raises(ApiError, match="its pages repeat"):
            list(fetch_pages(client, f"/things{query}", know_nothing, broken))
        assert client.rate_limit.sent <= 3
    assert not broken
