"""The fake GitLab over HTTP; `lies` and `failing` change what it answers as it goes.

with serve(world) as gitlab:
    requests.get(f"{gitlab.url}/api/v4/version", headers={"PRIVATE-TOKEN": TOKEN})
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from fakegitlab.answers import Answered, below_project, graphql, page_of
from fakegitlab.sending import Version
from fakegitlab.webhook_routes import LOGGED, answer_of_hooks
from fakegitlab.world import Project, World

TOKEN = "glpat-token-of-ada"  # noqa: S105 - of nobody


class Server(ThreadingHTTPServer):
    """What the handlers share: the world, the requests, and the lies that are told."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, world: World, host: str, port: int) -> None:
        super().__init__((host, port), Handler)
        self.world = world
        self.requests: list[str] = []
        self.has_graphql = True
        self.retry_after: str | None = "1"
        self.busy = 0
        """So many requests are answered 429 first."""
        self.failing: dict[str, int] = {}
        """The status that paths with this text in them are answered with: 200 with a page that is
        no JSON."""
        self.unknown = ""
        """A field that GraphQL does not have."""
        self.has_links = True
        self.may_manage_hooks = True
        """Whether the key is a maintainer's."""
        self.version: Version = (18, 3)
        self.url = f"http://{host}:{self.server_port}"
        world.url = self.url
        for project in world.projects.values():
            project.url = self.url


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Server
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet: a second one would wait until the first is acknowledged

    def answer(self) -> None:
        """Answer it."""
        length = int(self.headers.get("content-length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        self.server.requests.append(f"{self.command} {self.path}")
        code, told, headers = self.result(body)
        content = told.encode() if isinstance(told, str) else json.dumps(told).encode()
        self.send_response(code)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = answer  # noqa: N815 - the names that the server calls

    def result(self, body: Any) -> Answered:
        """Return status, body and headers."""
        server = self.server
        if self.headers.get("PRIVATE-TOKEN") != TOKEN:
            return 401, {"message": "401 Unauthorized"}, {}
        if server.busy:
            server.busy -= 1
            headers = {"Retry-After": server.retry_after} if server.retry_after else {}
            return 429, {"message": "Retry later"}, headers
        for text, code in server.failing.items():
            if text in self.path and code == 200:
                return 200, "<html>Sign in</html>", {"Content-Type": "text/html"}
            if text in self.path:
                return code, {"message": f"{code} as it was told"}, {}
        url = urlsplit(self.path)
        query = dict(parse_qsl(url.query))
        if url.path == "/api/graphql":
            if not server.has_graphql:
                return 404, {"message": "404 Not Found"}, {}
            if server.unknown and server.unknown in body["query"]:
                return 200, {"errors": [{"message": f"Field '{server.unknown}' doesn't exist"}]}, {}
            return graphql(server.world, body["query"])
        if self.command != "GET" or "/hooks" in url.path:
            return self.hooks(url.path.removeprefix("/api/v4/").split("/"), body, query)
        answered = self.rest(url.path.removeprefix("/api/v4"), query, f"{server.url}{url.path}")
        if not server.has_links:
            answered[2].pop("Link", None)
        return answered

    def hooks(self, parts: list[str], body: Any, query: dict[str, str]) -> Answered:
        """Return what is answered of webhooks: to a maintainer, and of those of projects alone."""
        name, rest = unquote(parts[1]), parts[3:]
        found = [one for one in self.projects() if name in (str(one.id), one.path)]
        if parts[0] != "projects" or not found:
            return 404, {"message": "404 Not Found"}, {}
        if not self.server.may_manage_hooks:
            return 403, {"message": "403 Forbidden"}, {}
        if "events" in rest and self.server.version < LOGGED:
            return 404, {"error": "404 Not Found"}, {}
        if self.command == "GET":
            url = f"{self.server.url}/api/v4/{'/'.join(parts)}"
            return below_project(found[0], "/".join(parts[2:]), query, url)
        return *answer_of_hooks(found[0], self.command, rest, body, self.server.world.now), {}

    def rest(self, path: str, query: dict[str, str], url: str) -> Answered:
        """Return what REST answers."""
        if path == "/version":
            return 200, {"version": f"{'.'.join(map(str, self.server.version))}.0"}, {}
        kind, _, rest = path.lstrip("/").partition("/")
        key, _, below = rest.partition("/")
        name = unquote(key)
        if kind == "groups" and below == "projects":
            inside = [one for one in self.projects() if one.path.startswith(f"{name}/")]
            if inside:
                return page_of([one.record() for one in inside], query, url)
        if kind == "projects":
            for project in self.projects():
                if name in (str(project.id), project.path):
                    if not below:
                        return 200, project.record(), {}
                    return below_project(project, below, query, url)
                if name in project.former:
                    return 301, {}, {"Location": url.replace(key, str(project.id))}
        return 404, {"message": "404 Not Found"}, {}

    def projects(self) -> list[Project]:
        """Return the projects."""
        return list(self.server.world.projects.values())

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def serve(world: World, *, host: str = "127.0.0.1", port: int = 0) -> Iterator[Server]:
    """Serve a world in threads until the block ends."""
    server = Server(world, host, port)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
