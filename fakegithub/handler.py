"""The HTTP side of a request: from its bytes to a call, from an answer to bytes, faults between.

Order as at GitHub's front: broken connections and 5xx first, then who asks, then the limits, then
the route, then whether the asker has that answer already (ETag).
"""

from __future__ import annotations

import hashlib
import json
import time
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from fakegithub.api import access, dispatch, lies
from fakegithub.api.access import Token
from fakegithub.api.answers import Answer, Call, Logged, error, not_found
from fakegithub.graphql.answer import points_of
from fakegithub.payloads.templates import API

if TYPE_CHECKING:
    from fakegithub.server import Server

FAILURES = {
    "500": Answer(500, '{"message":"Server Error"}'),
    "502": Answer(502, "<title>502 Bad Gateway</title>", {"Content-Type": "text/html"}),
    "403": error(403, "You have exceeded a secondary rate limit.")._replace(
        headers={"Retry-After": "1"}
    ),
    "429": error(429, "You have exceeded a secondary rate limit.")._replace(
        headers={"Retry-After": "1"}
    ),
}
FAILURES["timeout"] = FAILURES["502"]
FAILURES["404"] = not_found()
FAILURES["forbidden"] = error(403, "Resource not accessible by personal access token")
GRAPHQL = "/graphql"
UNREADABLE = object()


def parse(body: bytes) -> Any:
    """Return a body as JSON, None for an empty one, UNREADABLE for none."""
    try:
        return json.loads(body) if body else None
    except ValueError:
        return UNREADABLE


class QuietHandler(BaseHTTPRequestHandler):
    """Keeps connections open, writes each answer at once, prints nothing."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    # A client that keeps its connection open but idle must not hold its thread for ever.
    timeout = 60

    @property
    def github(self) -> Server:
        """Return the server whose world is served."""
        server: Any = self.server
        github: Server = server.github
        return github

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing: the request log is for tests to read."""

    def write(
        self, status: int, body: bytes, headers: dict[str, str], *, cut: bool = False
    ) -> None:
        """Send an answer; `cut` sends half the body and closes the connection."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[: len(body) // 2] if cut else body)
        if cut:
            self.close_connection = True

    def reset(self) -> None:
        """Break the connection so that the client sees a reset."""
        listener: Any = self.server
        listener.resets.add(self.connection)
        self.close_connection = True


class ApiHandler(QuietHandler):
    """Answers for api.github.com."""

    wbufsize = 65_536

    def do_GET(self) -> None:
        """Answer a request; the other methods are the same."""
        github = self.github
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        fault = github.faults.draw(self.command, self.path)
        if github.latency:
            time.sleep(github.latency)
        if fault in ("slow", "timeout"):
            time.sleep(github.faults.pause)
        if fault == "reset":
            self._log(0, counted=False, token=None, fault=fault)
            self.reset()
            return
        if fault in FAILURES:
            failure = FAILURES[fault]
            self._log(failure.status, counted=False, token=None, fault=fault)
            self.write(failure.status, failure.encode(), dict(failure.headers))
            return
        try:
            token = access.token_of(self.headers.get("Authorization"), github.tokens)
        except KeyError:
            self._finish(error(401, "Bad credentials"), None, counted=False, fault=fault)
            return
        self._limited(token, body, fault)

    do_POST = do_PATCH = do_DELETE = do_GET  # noqa: N815 - the base class calls these names

    def _limited(self, token: Token | None, body: bytes, fault: str | None) -> None:
        github = self.github
        free = urlsplit(self.path).path == "/rate_limit"
        if self.path == GRAPHQL:
            refusal = github.limits.enter_points(token, points_of(parse(body)))
        else:
            refusal = None if free else github.limits.enter(token, self.command)
        try:
            if refusal:
                self._finish(refusal, token, counted=False, fault=fault)
                return
            answer = self._answer(token, body)
            counted = not free and self.path != GRAPHQL
            self._finish(answer, token, counted=counted, fault=fault)
        finally:
            if not free:
                github.limits.leave(token)

    def _answer(self, token: Token | None, body: bytes) -> Answer:
        github = self.github
        if not self.headers.get("User-Agent"):
            return error(403, "Request forbidden by administrative rules.")
        version = self.headers.get("X-GitHub-Api-Version") or dispatch.VERSIONS[0]
        if version not in dispatch.VERSIONS:
            return error(400, f"{version!r} is not a supported version")
        parsed = parse(body)
        if parsed is UNREADABLE:
            return error(400, "Problems parsing JSON")
        parts = urlsplit(self.path)
        call = Call(
            method=self.command,
            path=parts.path,
            query=dict(parse_qsl(parts.query)),
            raw_query=parts.query,
            body=parsed,
            token=token,
            view=github.view(),
            base=github.url,
            blobs=github.blobs,
            hooks=github.hooks,
            depth=github.depth,
            annotations=github.annotations,
            lost_logs=github.lost_logs,
            issues=github.issues,
            version=version,
            lacking=github.lacking,
        )
        answer = lies.told(dispatch.respond(call, github.limits), call, github.lies)
        return github.change(self.path, answer)

    def _finish(
        self, answer: Answer, token: Token | None, *, counted: bool, fault: str | None
    ) -> None:
        github = self.github
        body = answer.encode()
        headers = dict(answer.headers)
        if answer.status == 200 and self.command == "GET" and self.path != "/rate_limit":
            etag = f'W/"{hashlib.sha256(body).hexdigest()}"'
            headers["ETag"] = etag
            if etag in self.headers.get("If-None-Match", ""):
                answer, body = Answer(304, None), b""
                if token is not None:
                    github.limits.give_back(token)
                    counted = False
        resource = "graphql" if self.path == GRAPHQL else "core"
        headers = {**headers, **github.limits.headers(token, resource), **answer.headers}
        wanted = self.headers.get("X-GitHub-Api-Version") or dispatch.VERSIONS[0]
        headers["X-GitHub-Api-Version-Selected"] = wanted
        headers["X-GitHub-Request-Id"] = f"FA4E:{len(github.requests):X}"
        if token is not None and token.expires is not None:
            stamp = f"{token.expires:%Y-%m-%d %H:%M:%S} UTC"
            headers["GitHub-Authentication-Token-Expiration"] = stamp
        if body:
            headers.setdefault("Content-Type", "application/json; charset=utf-8")
            body = body.replace(API.encode(), github.url.encode())
        self._log(answer.status, counted=counted, token=token, fault=fault)
        self.write(answer.status, body, headers, cut=fault == "truncated")

    def _log(self, status: int, *, counted: bool, token: Token | None, fault: str | None) -> None:
        name = None if token is None else token.name
        self.github.requests.append(
            Logged(self.command, self.path, status, time.time(), counted, name, fault)
        )
