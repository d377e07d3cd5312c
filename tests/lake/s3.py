"""A bucket on moto's S3 server in a thread, which answers with errors when it is told to."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import requests
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

BUCKET = "lake"
KEY, SECRET = "AKIAOFTHELAKE", "s3cr3t-of-the-lake"
ANSWER = "<?xml version='1.0'?><Error><Code>{0}</Code><Message>{1}</Message></Error>"


class QuietHandler(WSGIRequestHandler):
    """Logs no request: another test's log may be closed by then."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Leave it."""


class S3Server:
    """A WSGI application: moto's, but for requests that `refuse` has an answer for."""

    def __init__(self) -> None:
        self.moto = DomainDispatcherApplication(create_backend_app)
        self.refused: dict[str, tuple[str, str, str]] = {}
        self.url = ""

    def refuse(self, method: str, status: str, code: str, message: str) -> None:
        """Answer requests of a method with an error of S3's from now on."""
        self.refused[method] = (status, code, message)

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        answer = self.refused.get(environ["REQUEST_METHOD"])
        if answer is None:
            return self.moto(environ, start)
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start(answer[0], [("Content-Type", "application/xml")])
        return [ANSWER.format(*answer[1:]).encode()]

    @property
    def settings(self) -> dict[str, str]:
        return {
            "LAKE_DATA": f"s3://{BUCKET}/years/",
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_ENDPOINT_URL": self.url,
        }


@contextmanager
def started() -> Iterator[S3Server]:
    """Give a server with an empty bucket."""
    application = S3Server()
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=QuietHandler)
    Thread(target=server.serve_forever, daemon=True).start()
    application.url = f"http://127.0.0.1:{server.port}"
    requests.post(f"{application.url}/moto-api/reset", timeout=10).raise_for_status()
    requests.put(f"{application.url}/{BUCKET}", timeout=10).raise_for_status()
    try:
        yield application
    finally:
        server.shutdown()
