"""The receivers that `make bench` compares with the listener, under its flags `--host` and `-p`.

WEBHOOK_SECRET and DATABASE_URL are in the environment.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flask import Flask, Response, request
from sqlalchemy import make_url

from engines import kind_of
from listener import cli
from listener.intake import intake
from listener.uvicorn_worker import workers_for
from listener.vendors import github
from runtime import gunicorn, log
from runtime.port import listen
from store.deliveries.table import APPLIED
from store.doors.decide import Decision, Received

THREADS = 16
NODE = Path(__file__).resolve().parent / "node"


def main(argv: Sequence[str] | None = None) -> int:
    """Serve as one of the variants until a signal comes."""
    flags = argparse.ArgumentParser(prog="python -m benchmarks.variants", description=__doc__)
    flags.add_argument("variant", choices=VARIANTS)
    flags.add_argument("--host", default="127.0.0.1")
    flags.add_argument("-p", "--port", type=int, required=True)
    given = flags.parse_args(argv)
    VARIANTS[given.variant](given.host, given.port)
    return 0


def serve_bare(host: str, port: int) -> None:
    """Verify the signature and store nothing."""
    log.start(())
    options = {"worker_class": "gthread", "workers": workers_for(None), "threads": THREADS}
    gunicorn.run(listen(host, port), create_bare_app, {**options, "keepalive": 0})


def create_bare_app() -> Flask:
    app = Flask(__name__)
    secrets = [os.environ["WEBHOOK_SECRET"].encode()]

    @app.post("/webhook")
    def receive() -> tuple[dict[str, str], int]:
        given = request.headers.get("X-Hub-Signature-256")
        if github.signer(secrets, request.get_data(cache=False), given) is None:
            return {"status": "refused"}, 401
        return {"status": "applied"}, 200

    @app.get("/healthz")
    def is_alive() -> Response:
        return Response("ok")

    return app


def serve_wsgi(host: str, port: int) -> None:
    """Become gunicorn, with as many processes as `python3 listener.py` has."""
    workers = workers_for(kind_of(os.environ["DATABASE_URL"]).workers)
    options = ["-w", str(workers), "--threads", str(THREADS), "--keep-alive", "0"]
    options += ["-b", f"{host}:{port}", "--log-level", "warning"]
    command = [sys.executable, "-m", "gunicorn", *options, "listener.app:create_app()"]
    os.execv(sys.executable, command)  # noqa: S606 - no shell on purpose


def serve_raw(host: str, port: int) -> None:
    """Be the listener, storing each delivery as it came and no row of it."""

    def decide_no_rows(engine: Any, watch: Any, received: Received) -> Decision:
        return Decision(received.delivery, APPLIED)

    vars(intake)["decide"] = decide_no_rows
    cli.main(["--host", host, "-p", str(port)])


def serve_node(host: str, port: int) -> None:
    """Become the receiver in Node."""
    url = make_url(os.environ["DATABASE_URL"]).set(drivername="mysql")
    database = url.render_as_string(hide_password=False)
    receiver = str(NODE / "receiver.mjs")
    os.execvp("node", ["node", receiver, str(port), database])  # noqa: S606, S607


def has_node() -> bool:
    """Tell whether Node is there, after installing the receiver's packages if they are missing."""
    if not (shutil.which("node") and shutil.which("npm")):
        return False
    if not (NODE / "node_modules").is_dir():
        command = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--silent"]
        subprocess.run(command, cwd=NODE, check=True)  # noqa: S603 - our own words
    return True


VARIANTS = {"bare": serve_bare, "wsgi": serve_wsgi, "raw": serve_raw, "node": serve_node}


if __name__ == "__main__":
    sys.exit(main())
