"""Bodies in chunks, as tunnels and proxies that do not buffer send them, by raw sockets.

https://www.rfc-editor.org/rfc/rfc9112#section-7.1
"""

import random
import socket
import time

import pytest
import sqlalchemy as sa

from listener.vendors.head import BODY_BYTES
from tests.listener.process import Listener, Reply, reply, request
from tests.listener.sending import headers, recorded, sign
from tests.listener.stored import counted

BODY = recorded("push__branch_created")
CHUNKED = {"Transfer-Encoding": "chunked"}


def head(body: bytes = BODY, **others: str | None) -> bytes:
    """Return the head of a signed delivery in chunks."""
    return request({**headers("push", body, **others), **CHUNKED}, None)


def chunks(body: bytes, size: int, more: bytes = b"") -> bytes:
    """Return a body cut into chunks of a size, each with an extension, without the last one."""
    pieces = (body[start : start + size] for start in range(0, len(body), size))
    return b"".join(b"%x%s\r\n%s\r\n" % (len(piece), more, piece) for piece in pieces)


def delivered(answer: Reply) -> bool:
    return (answer.code, answer.json) == (200, {"status": "applied"})


def is_empty(listener: Listener) -> bool:
    return counted(sa.create_engine(listener.url, poolclass=sa.NullPool)) == {}


@pytest.mark.parametrize("size", [1, 100, 8192, len(BODY)])
def test_body_in_chunks_is_applied(listener: Listener, size: int):
    assert delivered(listener.send(head() + chunks(BODY, size) + b"0\r\n\r\n"))


@pytest.mark.parametrize("more", [b";name=value", b';a="b;c"', b";x" * 500])
def test_extensions_of_chunks_are_passed_over(listener: Listener, more: bytes):
    assert delivered(listener.send(head() + chunks(BODY, 4000, more) + b"0;last\r\n\r\n"))


def test_chunk_size_may_have_zeros_before_it_and_letters_of_either_case(listener: Listener):
    start = b"0000%X\r\n%s\r\n" % (0xABC, BODY[:0xABC])
    assert delivered(listener.send(head() + start + chunks(BODY[0xABC:], 4000) + b"000\r\n\r\n"))


def test_trailers_are_no_headers(listener: Listener):
    trailers = b"X-GitHub-Event: pong\r\nX-Hub-Signature-256: sha256=00\r\nContent-Type: a/b\r\n"
    assert delivered(listener.send(head() + chunks(BODY, 4000) + b"0\r\n" + trailers + b"\r\n"))
    unsigned = head(X_Hub_Signature_256=None) + chunks(BODY, 4000) + b"0\r\n"
    late = b"X-Hub-Signature-256: " + sign(BODY).encode() + b"\r\n\r\n"
    assert listener.send(unsigned + late).code == 401


def test_body_in_chunks_is_cut_anywhere_on_its_way(listener: Listener):
    """Property: wherever packets end, chunks are read alike."""
    raw = head() + chunks(BODY, 700, b";x=y") + b"0\r\nX-Sum: 1\r\n\r\n"
    cuts = sorted(random.Random(7).sample(range(1, len(raw)), 60))
    with socket.create_connection(("127.0.0.1", listener.port), timeout=30) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for start, end in zip([0, *cuts], [*cuts, len(raw)], strict=True):
            connection.sendall(raw[start:end])
        assert delivered(reply(connection))


def test_expected_100_is_sent_before_a_body_in_chunks(listener: Listener):
    with socket.create_connection(("127.0.0.1", listener.port), timeout=30) as connection:
        connection.sendall(head(Expect="100-continue"))
        assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(chunks(BODY, 4000) + b"0\r\n\r\n")
        assert delivered(reply(connection))


@pytest.mark.parametrize(("spaces", "code"), [(0, 200), (1, 413)])
def test_body_in_chunks_of_25_mib_is_the_largest_that_is_read(
    listener: Listener, spaces: int, code: int
):
    body = BODY + b" " * (BODY_BYTES - len(BODY) + spaces)
    answer = listener.send(head(body), rest=chunks(body, 1_000_000) + b"0\r\n\r\n")
    assert answer.code == code


def test_body_in_chunks_without_end_is_413_once_it_is_too_long(listener: Listener):
    more = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    assert listener.send(head(), rest=more * 500).code == 413
    assert listener.send(head(), rest=b"fffffff\r\n" + b"x" * (BODY_BYTES + 100_000)).code == 413
    assert is_empty(listener)


@pytest.mark.parametrize(
    "rest",
    [
        b"zz\r\n{}\r\n0\r\n\r\n",
        b"-2\r\n{}\r\n0\r\n\r\n",
        b"+2\r\n{}\r\n0\r\n\r\n",
        b"0x2\r\n{}\r\n0\r\n\r\n",
        b"\r\n{}\r\n0\r\n\r\n",
        b"2 2\r\n{}\r\n0\r\n\r\n",
        b"2\n{}\n0\n\n",
        b"2\r\n{}0\r\n\r\n",
        b"1\r\n{}\r\n0\r\n\r\n",
        b"3\r\n{}\r\n0\r\n\r\n",
        b"ffffffffffffffffffff\r\n{}\r\n0\r\n\r\n",
        b"2\r\n{}\r\n0\r\nno trailer\r\n\r\n",
    ],
)
def test_malformed_chunks_are_400(listener: Listener, rest: bytes):
    assert sent_whole(listener, head(b"{}") + rest).code == 400
    assert is_empty(listener)


def sent_whole(listener: Listener, raw: bytes) -> Reply:
    """Send bytes, say that no more come, and return the answer."""
    with socket.create_connection(("127.0.0.1", listener.port), timeout=30) as connection:
        connection.sendall(raw)
        connection.shutdown(socket.SHUT_WR)
        return reply(connection)


@pytest.mark.parametrize("sent", [b"", b"ff", b"2\r\n{", b"2\r\n{}\r\n", b"2\r\n{}\r\n0\r\n"])
def test_chunks_that_are_cut_off_are_400(listener: Listener, sent: bytes):
    assert sent_whole(listener, head(b"{}") + sent).code == 400
    assert is_empty(listener)


@pytest.mark.parametrize(
    ("framing", "codes"),
    [
        ("Content-Length: 2\r\nTransfer-Encoding: chunked", {400}),
        ("Transfer-Encoding: chunked\r\nContent-Length: 2", {400}),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", {400}),
        ("Transfer-Encoding: gzip, chunked", {400, 501}),
        ("Transfer-Encoding: chunked, gzip", {400, 501}),
        ("Transfer-Encoding: gzip", {400, 501}),
        ("Transfer-Encoding: identity", {400, 501}),
        ("Transfer-Encoding: xchunked", {400, 501}),
        ("Transfer-Encoding:\x0bchunked", {400, 501}),
        ("Transfer-Encoding : chunked", {400}),
        ("Transfer-Encoding:", {400, 501}),
    ],
)
def test_framing_that_two_servers_may_read_apart_is_refused(
    listener: Listener, framing: str, codes: set[int]
):
    raw = request(headers("push", b"{}"), None).removesuffix(b"\r\n") + framing.encode()
    assert listener.send(raw + b"\r\n\r\n", rest=b"2\r\n{}\r\n0\r\n\r\n").code in codes
    assert is_empty(listener)


def test_chunks_of_http_1_0_are_refused(listener: Listener):
    raw = head().replace(b" HTTP/1.1\r\n", b" HTTP/1.0\r\n")
    assert listener.send(raw, rest=chunks(BODY, 4000) + b"0\r\n\r\n").code == 400
    assert is_empty(listener)


def test_trailers_or_an_extension_without_end_are_400(listener: Listener):
    for start in (b"0\r\nX-Long: ", b"2;"):
        assert listener.send(head(), rest=start + b"a" * 1_000_000).code == 400
    assert is_empty(listener)


def test_request_hidden_behind_a_body_in_chunks_is_not_answered(listener: Listener):
    hidden = request(headers("ping", b"{}"), 2) + b"{}"
    with socket.create_connection(("127.0.0.1", listener.port), timeout=30) as connection:
        connection.sendall(head() + chunks(BODY, 4000) + b"0\r\n\r\n" + hidden)
        received = b""
        while piece := connection.recv(65536):
            received += piece
    assert received.count(b"HTTP/1.1 ") == 1


def test_body_in_the_shortest_chunks_is_applied_in_time(listener: Listener):
    body = BODY + b" " * (20_000 - len(BODY))
    began = time.monotonic()
    assert delivered(sent_whole(listener, head(body) + chunks(body, 1) + b"0\r\n\r\n"))
    assert time.monotonic() - began < 5  # 0.3 s of it are its pace


def test_short_chunks_that_are_cut_off_while_they_wait_are_400(listener: Listener):
    assert sent_whole(listener, head(BODY * 4) + chunks(BODY * 3, 1)).code == 400
    assert is_empty(listener)
