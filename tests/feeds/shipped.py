"""Load a feed that comes along into a store, from a source on this machine."""

import importlib.util
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import sqlalchemy as sa

from engines import reading
from feedrunner.manifest import read_manifest
from feedrunner.runner import Ended, run_feed
from schema.tables import packages as tables

FEEDS = Path(__file__).resolve().parent.parent.parent / "feeds"
SAMPLES = Path(__file__).resolve().parent / "samples"


def sample(name: str) -> Any:
    """Return what was recorded."""
    return json.loads((SAMPLES / name).read_text("utf-8"))


class Silent:
    """Beside a server's handler: requests are not logged."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Give the address of a server that answers so."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def source(answers: Mapping[str, tuple[int, Any]]) -> Iterator[str]:
    """Give the address of a server that answers paths with a status and JSON."""

    class Handler(Silent, BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, answer = answers.get(self.path, (404, {}))
            body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

    with serving(Handler) as address:
        yield address


@contextmanager
def limited(answers: Mapping[str, Any], most: int) -> Iterator[tuple[str, list[str]]]:
    """Give the address of a server that refuses each request behind so many, and what it answered.

    With a refusal the time begins anew for which the limit holds.
    """
    answered, of_now = list[str](), list[str]()

    class Handler(Silent, BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_refused = len(of_now) == most
            body = json.dumps({} if is_refused else answers[self.path]).encode()
            self.send_response(429 if is_refused else 200)
            if is_refused:
                self.send_header("Retry-After", "60")
                of_now.clear()
            else:
                of_now.append(self.path)
                answered.append(self.path)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with serving(Handler) as address:
        yield address, answered


@contextmanager
def cutting(head: bytes) -> Iterator[str]:
    """Give the address of a server that sends these bytes and hangs up."""

    class Handler(Silent, BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.wfile.write(head)

        def do_POST(self) -> None:
            self.do_GET()

    with serving(Handler) as address:
        yield address


def load(
    engine: sa.Engine,
    name: str,
    environ: Mapping[str, str] = {},
    *,
    full: bool = False,
    dry_run: bool = False,
    **env: str,
) -> Ended:
    """Run a feed as the runner does: `environ` is the runner's, `env` the manifest's."""
    manifest = read_manifest(FEEDS / name / "feed.toml")
    manifest = manifest._replace(env={**manifest.env, **env})
    seen = {"PATH": "/usr/bin:/bin", **environ}
    return run_feed(engine, manifest, seen, full=full, dry_run=dry_run)


def module(name: str, file: str = "") -> Any:
    """Return a feed's program as a module."""
    path = FEEDS / name / f"{file or name}.py"
    spec = importlib.util.spec_from_file_location(f"feed_{name}_{path.stem}", path)
    assert spec
    assert spec.loader
    made = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.parent))
    try:
        spec.loader.exec_module(made)
    finally:
        sys.path.remove(str(path.parent))
    return made


def rows(engine: sa.Engine, query: sa.Select[Any]) -> list[tuple]:
    """Return rows as tuples."""
    with reading(engine).connect() as connection:
        return [tuple(row) for row in connection.execute(query)]


def needs(engine: sa.Engine, package: str) -> list[tuple]:
    """Return what a package needs: name, range, kind, onlyif."""
    d, v, p = tables.dependencies, tables.versions, tables.packages
    joined = sa.join(d, v, v.c.Id == d.c.version_id).join(p, p.c.Id == v.c.package_id)
    query = sa.select(d.c.name, d.c.semver_range, d.c.kind, d.c.onlyif).select_from(joined)
    return rows(engine, query.where(p.c.name == package).order_by(d.c.position, d.c.alternative))


def addresses(engine: sa.Engine, package: str) -> list[tuple]:
    """Return the addresses of a package with their types."""
    u, t, w, p = tables.urls, tables.url_types, tables.package_urls, tables.packages
    joined = sa.join(w, u, u.c.Id == w.c.url_id).join(t, t.c.Id == u.c.url_type_id)
    joined = joined.join(p, p.c.Id == w.c.package_id)
    query = sa.select(t.c.name, u.c.url).select_from(joined).where(p.c.name == package)
    return rows(engine, query.order_by(t.c.name, u.c.url))
