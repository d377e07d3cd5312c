"""Redirects of what a feed asks: a token goes along at its server, and to no other one."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.feeds.shipped import Silent, load, serving
from tests.feeds.test_github import watch

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
Asked = list[tuple[str, str | None]]


@contextmanager
def moved(asked: Asked, to: str = "") -> Iterator[str]:
    """Give the address of a server that leads from each path to the same one below /new."""

    class Handler(Silent, BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers["Authorization"]))
            self.send_response(404 if self.path.startswith("/new") else 301)
            self.send_header("Location", f"{to}/new{self.path}")
            self.send_header("Content-Length", "0")
            self.end_headers()

    with serving(Handler) as address:
        yield address


@pytest.mark.parametrize("stays", [True, False])
@pytest.mark.parametrize(
    ("feed", "source"), [("npm", "NPM"), ("sbom", "GITHUB"), ("collect_ci_metrics", "GITHUB")]
)
def test_token_goes_along_at_its_server_alone(
    engine: Engine, tmp_path: Path, feed: str, source: str, stays: bool
):
    lock = tmp_path / "package-lock.json"
    lock.write_text(json.dumps({"packages": {"node_modules/left-pad": {}}}), "utf-8")
    watch(engine, 1, "octo-org/app")
    here, there = Asked(), Asked()
    with moved(there) as other, moved(here, "" if stays else other) as url:
        given = {f"SOURCE_{source}_URL": url, f"SOURCE_{source}_TOKEN": "t"}
        load(engine, feed, given, NPM_LOCK=str(lock), REPOSITORIES="octo-org/app")
    (path, _), *_ = here
    led = (f"/new{path}", "Bearer t" if stays else None)
    assert [*here, *there] == [(path, "Bearer t"), led]
    assert bool(there) != stays
