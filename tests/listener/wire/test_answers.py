"""Every answer as it goes over the wire, and what bad input leaves behind: nothing."""

import socket

import pytest
import sqlalchemy as sa

from listener.vendors.head import BODY_BYTES
from tests.listener.process import Listener, Reply, reply, request
from tests.listener.sending import FORM, SECRET, as_form, headers, recorded, sign
from tests.listener.stored import counted
from tests.listener.wire.conftest import OLD

BODY = recorded("push__branch_created")


def rows(listener: Listener) -> dict[str, int]:
    return counted(sa.create_engine(listener.url, poolclass=sa.NullPool))


def refused(answer: Reply, code: int) -> bool:
    """Tell whether a request was refused with this code, in JSON that says why."""
    return (answer.code, answer.json["status"]) == (code, "refused") and answer.json["error"] != ""


def test_delivery_signed_by_either_secret_is_applied(listener: Listener):
    for secret in (SECRET, OLD):
        answer = listener.post(BODY, headers("push", BODY, X_Hub_Signature_256=sign(BODY, secret)))
        assert (answer.code, answer.json) == (200, {"status": "applied"})


def test_answer_is_json_that_nothing_caches_or_guesses_at(listener: Listener):
    answer = listener.post(BODY, headers("push", BODY))
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        sign(BODY, "a secret nobody has here"),
        sign(BODY + b" "),
        sign(BODY)[:-1],
        sign(BODY).upper(),
        "sha1=0b2ad2a07d1e2d8d6b0b1f1c2f4f0d9a6e9f0c1d",
        sign(BODY).replace("sha256=", ""),
        "sha256=" + "é" * 64,
        "ÿ" * 80,
    ],
    ids="no empty wrong old-body truncated upper sha1 bare non-ascii latin".split(),
)
def test_signature_missing_or_wrong_is_401_with_one_message(
    listener: Listener, signature: str | None
):
    answer = listener.post(BODY, headers("push", BODY, X_Hub_Signature_256=signature))
    assert answer.code == 401
    assert answer.json == {
        "status": "refused",
        "error": "X-Hub-Signature-256 is missing or wrong",
    }
    assert rows(listener) == {}


def test_signature_whose_digits_a_relay_wrote_in_upper_case_is_right(listener: Listener):
    signature = "sha256=" + sign(BODY)[7:].upper()
    assert listener.post(BODY, headers("push", BODY, X_Hub_Signature_256=signature)).code == 200


def test_signature_of_a_megabyte_is_refused_before_it_reaches_the_app(listener: Listener):
    head = request(headers("push", BODY, X_Hub_Signature_256="a" * 1_000_000), len(BODY))
    answer = listener.send(head[:1000], rest=head[1000:])
    assert answer.code == 431
    assert rows(listener) == {}


def test_signature_given_twice_is_401(listener: Listener):
    head = request(headers("push", BODY), len(BODY))
    twice = head.replace(b"\r\n\r\n", f"\r\nX-Hub-Signature-256: {sign(BODY)}\r\n\r\n".encode())
    assert refused(listener.send(twice + BODY), 401)
    assert rows(listener) == {}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b"null",
        b'"text"',
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": "\\ud800"}',
        b'{"a": "\xed\xa0\x80"}',
        b"[" * 1000 + b"]" * 1000,
        b'{"a":' * 100_000,
        '{"a": "é"}'.encode("latin-1"),
        "{}".encode("utf-16"),
    ],
    ids=lambda value: repr(value[:16]),
)
def test_signed_body_that_is_not_a_strict_json_object_is_400(listener: Listener, body: bytes):
    for event in ("push", "ping", "star"):
        assert refused(listener.post(body, headers(event, body)), 400)
    assert rows(listener) == {}


def test_signed_object_of_depth_1000_is_answered_without_a_fault(listener: Listener):
    deep = b'{"repository":' * 1000 + b"1" + b"}" * 1000
    assert listener.post(deep, headers("push", deep)).code in (202, 400)
    assert listener.post(deep, headers("star", deep)).code in (200, 400)
    assert set(rows(listener)) <= {"deliveries"}


def test_signed_form_without_payload_is_400(listener: Listener):
    body = b"other=1"
    assert refused(listener.post(body, headers("push", body, Content_Type=FORM)), 400)
    assert rows(listener) == {}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"X-GitHub-Event": None}, 400),
        ({"X-GitHub-Event": "x" * 65}, 400),
        ({"X-GitHub-Delivery": None}, 400),
        ({"X-GitHub-Delivery": "x" * 65}, 400),
        ({"X-GitHub-Delivery": "é"}, 400),
        ({"Content-Type": None}, 415),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/xml"}, 415),
    ],
)
def test_header_missing_or_malformed_is_refused(
    listener: Listener, changes: dict[str, str | None], code: int
):
    assert refused(listener.post(BODY, headers("push", BODY, **changes)), code)
    assert rows(listener) == {}


def test_body_without_length_is_411(listener: Listener):
    assert refused(listener.send(request(headers("push", BODY), None) + BODY), 411)
    assert rows(listener) == {}


def test_body_of_26_mib_is_413_before_it_is_read(listener: Listener):
    length = 26 * 1024 * 1024
    # Not a byte of the body was sent when the answer comes.
    assert refused(listener.send(request(headers("push", BODY), length)), 413)
    assert refused(listener.send(request(headers("push", BODY), length), rest=b"x" * length), 413)
    assert rows(listener) == {}


@pytest.mark.parametrize("spaces", [0, 1])
def test_body_of_25_mib_is_the_largest_that_is_read(listener: Listener, spaces: int):
    body = BODY + b" " * (BODY_BYTES - len(BODY) + spaces)
    answer = listener.send(request(headers("push", body), len(body)), rest=body)
    assert answer.code == (200, 413)[spaces]


def test_body_cut_off_is_400(listener: Listener):
    with socket.create_connection(("127.0.0.1", listener.port), timeout=30) as connection:
        connection.sendall(request(headers("push", BODY), len(BODY)) + BODY[:100])
        connection.shutdown(socket.SHUT_WR)
        assert reply(connection).code == 400
    assert rows(listener) == {}


@pytest.mark.parametrize(
    "framing",
    [
        "Content-Length: 4\r\nContent-Length: 5",
        "Content-Length: 4\r\nTransfer-Encoding: chunked",
        "Content-Length: -1",
        "Content-Length: x",
        "Content-Length : 4",
        "Transfer-Encoding: chunked, chunked",
    ],
)
def test_body_whose_end_is_ambiguous_is_400(listener: Listener, framing: str):
    head = request(headers("push", BODY), None).removesuffix(b"\r\n")
    assert listener.send(head + framing.encode() + b"\r\n\r\n" + b"{} }").code == 400
    assert rows(listener) == {}


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_method_other_than_post_is_405(listener: Listener, method: str):
    answer = listener.send(request(headers("push", BODY), len(BODY), method=method) + BODY)
    assert (answer.code, answer.headers["allow"]) == (405, "POST")
    assert rows(listener) == {}


@pytest.mark.parametrize(
    "path",
    ["/", "/webhook/", "/webhook//", "/webhook/x", "/WEBHOOK", "/metrics", "/static/x", "/%2e%2e"],
)
def test_path_other_than_ours_is_404(listener: Listener, path: str):
    answer = listener.post(BODY, headers("push", BODY), path)
    assert refused(answer, 404)
    assert rows(listener) == {}


def test_form_that_is_not_signed_over_its_own_bytes_is_401(listener: Listener):
    form = as_form(BODY)
    assert refused(listener.post(form, headers("push", BODY, Content_Type=FORM)), 401)
    assert listener.post(form, headers("push", form, Content_Type=FORM)).code == 200


def test_log_of_refused_requests_shows_neither_signature_nor_body_nor_secret(listener: Listener):
    body = b'{"ref": "a body nobody may log"}'
    listener.post(body, headers("push", body, X_Hub_Signature_256=sign(body, "some other secret")))
    listener.post(body, headers("push", body))
    listener.post(body, headers("x\x1b[31m", body))
    log = listener.log()
    assert "msg=refused" in log  # the server itself refuses the third
    for hidden in ("nobody may log", "sha256", sign(body)[7:], SECRET, OLD, "\x1b"):
        assert hidden not in log
