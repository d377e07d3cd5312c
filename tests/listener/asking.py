"""Requests to the listener's app within this process, as a server would hand them over."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

from werkzeug.datastructures import Headers

from listener.asgi_app import App

Result = TypeVar("Result")


class Told(NamedTuple):
    """An answer; its `headers` have no case."""

    status_code: int
    headers: Headers
    data: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.data)


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Return what a coroutine returns.

    It has a thread of its own: in this one a browser may have a loop that runs already.
    """
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def ask(
    app: App, method: str, path: str, *, data: bytes = b"", headers: Mapping[str, str] | None = None
) -> Told:
    """Return the answer to one request, which has a loop of its own."""
    given = {"Content-Length": str(len(data)), **(headers or {})}
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "headers": [(name.lower().encode(), value.encode()) for name, value in given.items()],
    }
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": data, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    run(app(scope, receive, send))
    start, body = sent
    found = [(name.decode(), value.decode()) for name, value in start["headers"]]
    return Told(start["status"], Headers(found), body["body"])


def post(app: App, data: bytes, headers: Mapping[str, str]) -> Told:
    """Return the answer to a delivery."""
    return ask(app, "POST", "/webhook", data=data, headers=headers)


def get(app: App, path: str) -> Told:
    """Return the answer to a question."""
    return ask(app, "GET", path)
