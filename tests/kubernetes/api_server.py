"""An API server of Kubernetes, as far as helm and kubectl need one: a cluster over HTTP."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml

from tests.kubernetes.cluster import Cluster, Refused
from tests.kubernetes.discovery import Place, discovery, place_of
from tests.kubernetes.rendering import Object


class Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    protocol_version = "HTTP/1.1"
    cluster: Cluster

    def answer(self) -> None:
        """Answer a request of any method."""
        url = urlsplit(self.path)
        self.cluster.requests.append(f"{self.command} {url.path}")
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            if (said := discovery(url.path)) is not None:
                return self.send(200, said)
            place = place_of(url.path)
            if place is None:
                raise Refused(404, "NotFound", f"{url.path} is nothing")
            if query.get("watch") in ("1", "true"):
                return self.stream(self.cluster.watch(place, query))
            return self.send(*WAYS[self.command](self.cluster, place, query, body))
        except Refused as error:
            code, reason, message = error.args
            status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code}
            return self.send(code, {**status, "reason": reason, "message": message})

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer  # noqa: N815 - as http.server wants it

    def send(self, code: int, body: Object) -> None:
        text = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def stream(self, events: Iterator[Object]) -> None:
        """Send events until the client is gone, which only a write tells."""
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Connection", "close")
        self.close_connection = True
        self.end_headers()
        try:
            for event in events:
                self.wfile.write(json.dumps(event).encode() + b"\n" if event else b"\n")
        except OSError:
            return

    def log_message(self, *_: object) -> None:
        """Say nothing."""


Answer = tuple[int, Object]


def read(cluster: Cluster, place: Place, query: dict[str, str], _: bytes) -> Answer:
    if place.name is not None:
        return 200, cluster.get(place)
    items = cluster.listed(place, query)
    meta = {"resourceVersion": str(len(cluster.events))}
    head = {"apiVersion": place.version, "kind": f"{place.kind}List", "metadata": meta}
    return 200, {**head, "items": items}


def create(cluster: Cluster, place: Place, _: dict[str, str], body: bytes) -> Answer:
    return 201, cluster.put(place, json.loads(body), is_new=True)


def apply(cluster: Cluster, place: Place, query: dict[str, str], body: bytes) -> Answer:
    """Take what is applied for the whole: nobody else manages a field of it."""
    given = yaml.safe_load(body)
    if "kind" not in given or "spec" not in {**given, "spec": 0}:
        raise Refused(415, "UnsupportedMediaType", "patches are applied on the server only")
    return 200, cluster.put(place, given)


def delete(cluster: Cluster, place: Place, _: dict[str, str], __: bytes) -> Answer:
    return 200, cluster.delete(place)


WAYS: dict[str, Callable[[Cluster, Place, dict[str, str], bytes], Answer]] = {
    "GET": read,
    "POST": create,
    "PATCH": apply,
    "PUT": apply,
    "DELETE": delete,
}


class Server:
    """A running API server; `kubeconfig` is how it is reached."""

    def __init__(self, folder: Path) -> None:
        self.cluster = Cluster()
        handler = type("Own", (Handler,), {"cluster": self.cluster})
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.http.daemon_threads = True
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.kubeconfig = folder / "kubeconfig"
        server = {"server": f"http://127.0.0.1:{self.http.server_port}"}
        config: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "fake", "cluster": server}],
            "users": [{"name": "fake", "user": {}}],
            "contexts": [
                {"name": "fake", "context": {"cluster": "fake", "user": "fake", "namespace": "ci"}}
            ],
            "current-context": "fake",
        }
        self.kubeconfig.write_text(json.dumps(config), "utf-8")

    def stop(self) -> None:
        """End it."""
        self.http.shutdown()
        self.http.server_close()
