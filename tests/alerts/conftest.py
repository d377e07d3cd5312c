"""A store, chats that answer as they are told, and a sender between them."""

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from alerts.sending import Sender
from alerts.turn_text import Place
from config.alert_settings import AlertSettings, QuietHours
from config.calendar import Calendar
from engines import connect
from schema.tables.ci import workflows
from tests.dashboard import stored
from tests.store.writers import emptied

PLACE = Place("https://ci.example.org", Calendar(ZoneInfo("UTC"), time(12)))
NOW = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
MINUTE = timedelta(minutes=1)

MakeSender = Callable[..., Sender]


@pytest.fixture
def engine(store_url: str) -> Iterator[sa.Engine]:
    """Connect to a store without rows."""
    emptied(store_url)
    made = connect(store_url)
    yield made
    made.dispose()


class Chat(http.server.BaseHTTPRequestHandler):
    """Notes what is posted, and answers the first of `answers`, at last 200; 0 breaks off."""

    told: list[Any] = []  # noqa: RUF012 - the class is made anew for each test
    answers: list[int] = []  # noqa: RUF012

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.told.append(json.loads(body))
        code = self.answers.pop(0) if self.answers else 200
        if not code:
            self.close_connection = True
            return
        self.send_response(code)
        if code == 429:
            self.send_header("Retry-After", "120")
        if code == 302:
            self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def chat() -> Iterator[tuple[str, type[Chat]]]:
    """Run a chat; give its address, and what it was told and answers."""
    handler = type("OneChat", (Chat,), {"told": [], "answers": []})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/services/hunter22", handler
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def make_sender(engine: sa.Engine, chat: tuple[str, type[Chat]]) -> MakeSender:
    """Make senders to the chat, as `webhook` unless told otherwise."""

    def make(target: str = "webhook", quiet: QuietHours | None = None) -> Sender:
        return Sender(engine, AlertSettings({target: chat[0]}, (), None, None, quiet), PLACE)

    return make


def flow(engine: sa.Engine, name: str = "acme/shop") -> int:
    """Store a repository with a workflow of the same number, and return it."""
    repoid = stored.repo(engine, name)
    stored.put(engine, workflows, provider="github", repoid=repoid, gitid=repoid, name="CI")
    return repoid


def push(
    engine: sa.Engine, repoid: int, minutes: float, conclusion: str | None, **values: Any
) -> int:
    """Store a run of so many minutes ago; None: it goes on."""
    usual = {"workflowgitid": repoid, "workflowname": "CI", "event": "push", "author": "ana"}
    usual |= {"status": "completed" if conclusion else "in_progress"}
    created = NOW - minutes * MINUTE
    return stored.run(engine, repoid, created, **{**usual, "conclusion": conclusion, **values})
