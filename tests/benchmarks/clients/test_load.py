"""The client of the benchmarks hides neither a stall nor an answer."""

import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.clients import load

APPLIED = b'HTTP/1.1 200 OK\r\n\r\n{"status": "applied"}'
BUSY = b"HTTP/1.1 503 Service Unavailable\r\n\r\n"
PAUSE = 0.5


@contextmanager
def answering(stalls: int = -1, answer: bytes = APPLIED) -> Iterator[tuple[int, list[float]]]:
    """Serve one request after the other, with a pause before number `stalls`.

    Gives the port, and the moments at which connections were accepted.
    """
    moments: list[float] = []
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    moments.append(time.perf_counter())
                    connection.recv(1 << 16)
                    if len(moments) == stalls:
                        time.sleep(PAUSE)
                    connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1], moments
        listening.shutdown(socket.SHUT_RDWR)


def test_stall_delays_every_answer_that_was_due_meanwhile():
    with answering(stalls=10) as (port, _):
        found = load.send_evenly(port, [b"POST"] * 60, rate=100)
    # Due every 10 ms: those of the first 0.25 s of the pause waited for its second half and more.
    assert sum(one > PAUSE / 2 for one in found.answers) >= 20
    assert max(found.answers) >= PAUSE * 0.98
    assert found.percentile(0.99) >= PAUSE * 0.8
    assert found.said == Counter({b"applied": 60})


def test_requests_are_sent_at_the_rate_however_slow_the_answers_are():
    with answering() as (port, moments):
        found = load.send_evenly(port, [b"POST"] * 50, rate=100)
    assert found.seconds >= 0.49
    assert moments[-1] - moments[0] >= 0.4
    assert len(found.answers) == 50


def test_request_without_an_answer_is_counted():
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    found = load.send_evenly(port, [b"POST"] * 2, rate=100)
    assert len(found.answers) == 2
    assert [what.startswith(b"no answer") for what in found.said] == [True]
    assert found.said.total() == 2


def test_each_port_gets_its_share_of_the_connections():
    with answering() as (one, first), answering(answer=BUSY) as (other, second):
        found = load.send([one, other], [b"POST"] * 200, connections=4)
    assert len(found.answers) == len(first) + len(second) == 200
    assert len(first) > 20
    assert len(second) > 20
    assert found.said == Counter(
        {b"applied": len(first), b"HTTP/1.1 503 Service Unavailable": len(second)}
    )


def test_percentile_is_the_time_that_such_a_part_took_at_most():
    answers = [number / 100 for number in range(100, 0, -1)]
    found = load.Load(1.0, answers, Counter())
    assert (found.percentile(0.5), found.percentile(0.99), found.percentile(1)) == (0.51, 1.0, 1.0)
