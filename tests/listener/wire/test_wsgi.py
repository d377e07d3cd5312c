"""The Flask app on real WSGI servers: what it needs of them, and what it loses when they fail."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from wsgiref.validate import validator

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import run_wsgi_app

from engines import connect
from schema.tables.ci import workflowruns
from schema.tables.deliveries import deliveries
from store.deliveries.spool import Spool
from tests.listener import sending
from tests.listener.process import (
    ROOT,
    WSGI_APP,
    Listener,
    environment,
    request,
    running_on_gunicorn,
)
from tests.listener.sending import SECRET, changed, headers, recorded
from tests.runtime.test_gunicorn import children

RUN = "workflow_run__completed_success"
BODY = recorded("push__branch_created")
SENDERS = 8
DELIVERIES = 240
WORKERS = ("-w", "2", "--threads", "4")

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


@on_sqlite
def test_delivery_by_the_client_of_flask_is_applied_once(client: FlaskClient):
    sent = sending.headers("push", BODY)
    answers = [client.post("/webhook", data=BODY, headers=sent) for _ in range(2)]
    assert [(answer.status_code, answer.json) for answer in answers] == [
        (200, {"status": "applied"}),
        (200, {"status": "duplicate"}),
    ]


@on_sqlite
def test_app_keeps_to_the_rules_for_wsgi(app: Flask):
    environ = app.test_request_context("/readyz").request.environ
    body, status, _ = run_wsgi_app(validator(app.wsgi_app), environ, buffered=True)
    assert (status, b"".join(body)) == ("200 OK", b'{"status": "ready"}')


@pytest.mark.parametrize("engine_name", ["sqlite", "mariadb"], indirect=True)
def test_worker_killed_under_load_loses_nothing_that_was_answered(
    tmp_path: Path, database_url: str
):
    with running_on_gunicorn(tmp_path, *WORKERS, DATABASE_URL=database_url) as listener:
        workers = children(listener)
        assert len(workers) == 2
        done = count(1)
        killed = threading.Event()

        def deliver(number: int) -> tuple[int, str]:
            body = changed(RUN, workflow_run__id=1000 + number)
            sent = headers("workflow_run", body, X_GitHub_Delivery=f"guid-{number}")
            tries = until_answered(listener, body, sent)
            if next(done) == DELIVERIES // 3:
                os.kill(workers[0], signal.SIGKILL)
                killed.set()
            return tries

        with ThreadPoolExecutor(SENDERS) as pool:
            answers = list(pool.map(deliver, range(DELIVERIES)))
        assert killed.is_set()
        assert {code for code, _ in answers} <= {200, 202}
        wait_until_drained(listener)
        engine = connect(database_url)
        with engine.connect() as connection:
            rows = connection.execute(sa.select(deliveries.c.guid, deliveries.c.state))
            states: dict[str, str] = {guid: state for guid, state in rows}
            runs = set(connection.scalars(sa.select(workflowruns.c.gitid)))
        engine.dispose()
        assert states == {f"guid-{number}": "applied" for number in range(DELIVERIES)}
        assert runs == {1000 + number for number in range(DELIVERIES)}
        assert len(children(listener)) == 2
        assert workers[0] not in children(listener)


def until_answered(listener: Listener, body: bytes, sent: dict[str, str]) -> tuple[int, str]:
    """Send a delivery until it is answered with 2xx, as a sender does who repeats."""
    ends = time.monotonic() + 60
    while True:
        with contextlib.suppress(OSError, IndexError):
            answer = listener.post(body, {**sent, "Connection": "close"})
            # A killed worker may leave half an answer, which no sender takes for one.
            if 200 <= answer.code < 300 and answer.json is not None:
                return answer.code, str(answer.json["status"])
        assert time.monotonic() < ends, "nobody answers"
        time.sleep(0.05)


def wait_until_drained(listener: Listener) -> None:
    """Wait until nothing is in the spool."""
    spool, ends = Spool(listener.folder / "data/spool"), time.monotonic() + 60
    while spool.count():
        assert time.monotonic() < ends, "it stays in the spool"
        time.sleep(0.1)
    spool.close()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Listener]:
    with running_on_gunicorn(tmp_path, *WORKERS) as listener:
        yield listener


def test_worker_takes_the_upkeep_over_from_one_that_was_killed(served: Listener):
    lock = served.folder / "data/spool/upkeep.lock"
    first = holder_of(lock)
    os.kill(first, signal.SIGKILL)
    os.kill(holder_of(lock, but=first), signal.SIGKILL)
    answer = served.send(request({"Connection": "close"}, None, method="GET", path="/readyz"))
    assert answer.code == 200


def holder_of(lock: Path, but: int | None = None) -> int:
    """Return the process that has a lock, once that is not `but`."""
    ends = time.monotonic() + 60
    inode = f":{lock.stat().st_ino}"
    while True:
        for line in Path("/proc/locks").read_text().splitlines():
            fields = line.split()
            if fields[1] == "->" or not fields[5].endswith(inode):
                continue
            holder = int(fields[4])
            if holder != but and is_alive(holder):
                return holder
        assert time.monotonic() < ends, "nobody has it"
        time.sleep(0.05)


def is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists() and " Z " not in Path(f"/proc/{pid}/stat").read_text()


@pytest.mark.parametrize(
    ("options", "variables", "words"),
    [
        (["--preload"], {}, "create_app() was called before the fork"),
        ([], {"FLASK_DEBUG": "1"}, "FLASK_DEBUG: must not be set"),
        ([], {"WEBHOOK_SECRET": "short"}, "WEBHOOK_SECRET: a secret of 5 bytes is too short"),
    ],
)
def test_server_that_cannot_serve_it_ends_with_words(
    tmp_path: Path, options: list[str], variables: dict[str, str], words: str
):
    command = [sys.executable, "-m", "gunicorn", *options, "-b", "127.0.0.1:0", WSGI_APP]
    given = environment(**{"WEBHOOK_SECRET": SECRET, "PYTHONPATH": str(ROOT), **variables})
    done = subprocess.run(
        command, cwd=tmp_path, env=given, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode in (3, 4)
    assert words in done.stderr
