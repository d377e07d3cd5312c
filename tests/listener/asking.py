"""Requests to the listener within this process, as either kind of server would hand them over."""

import asyncio
import json
from collections.abc import Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

from flask.testing import FlaskClient
from werkzeug.datastructures import Headers

from listener.asgi import AsgiApp
from listener.intake import answers
from listener.intake.answers import Answer
from listener.intake.intake import Intake, is_quick
from listener.webhook import PATH

Result = TypeVar("Result")


class Reply(NamedTuple):
    """An answer; its `headers` have no case."""

    status_code: int
    headers: Headers
    data: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.data)


class Public:
    """The public port over an intake, which a test may change: by ASGI, or by Flask's client."""

    def __init__(self, intake: Intake, client: FlaskClient | None = None) -> None:
        self.intake = intake
        self.client = client

    def ask(
        self,
        method: str,
        path: str,
        *,
        data: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Return the answer to one request."""
        given = {"Content-Length": str(len(data)), **(headers or {})}
        if self.client is None:
            is_whole = (method, path) == ("POST", PATH) and is_plain(given, data)
            return (ask_whole if is_whole else ask_asgi)(
                AsgiApp(self.intake), method, path, data, given
            )
        app = self.client.application
        app.extensions["intake"] = self.intake
        # One client per request: threads cannot share one.
        answer = app.test_client().open(path, method=method, data=data, headers=given)
        return Reply(answer.status_code, answer.headers, answer.data)

    def post(self, data: bytes, headers: Mapping[str, str]) -> Reply:
        """Return the answer to a delivery."""
        return self.ask("POST", "/webhook", data=data, headers=headers)

    def get(self, path: str) -> Reply:
        """Return the answer to a question."""
        return self.ask("GET", path)


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Return what a coroutine returns.

    It has a thread of its own: in this one a browser may have a loop that runs already.
    """
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def is_plain(headers: Mapping[str, str], data: bytes) -> bool:
    """Tell whether a delivery may come whole (listener/http/whole_requests.py)."""
    names = {name.lower(): value for name, value in headers.items()}
    is_told = names.get("content-length") == str(len(data)) and "transfer-encoding" not in names
    return is_told and is_quick(len(data))


def ask_whole(
    app: AsgiApp, method: str, path: str, data: bytes, headers: Mapping[str, str]
) -> Reply:
    """Return the answer to a delivery that came whole, which has a loop of its own."""

    async def ask() -> Answer:
        given = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        answer = asyncio.get_running_loop().create_future()
        app.answer_whole(given, data, answer.set_result)
        told: Answer = await answer
        return told

    answer = run(ask())
    lines = answers.headers(answer.code, len(answer.text))
    answered = Headers([(name.decode(), value.decode()) for name, value in lines])
    return Reply(answer.code, answered, answer.text)


def ask_asgi(
    app: AsgiApp, method: str, path: str, data: bytes, headers: Mapping[str, str]
) -> Reply:
    """Return the answer to one request, which has a loop of its own."""
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    }
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": data, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    run(app(scope, receive, send))
    start, body = sent
    answered = [(name.decode(), value.decode()) for name, value in start["headers"]]
    return Reply(start["status"], Headers(answered), body["body"])
