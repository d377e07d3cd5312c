"""The least a receiver can do: verify the signature and store nothing. Flask in gunicorn's threads.

WEBHOOK_SECRET is in the environment; `--host` and `-p` are those of the listener.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from flask import Flask, Response, request

from listener.uvicorn_worker import workers_for
from listener.vendors import github
from runtime import gunicorn, log
from runtime.port import listen


def create_app() -> Flask:
    """Return the app."""
    app = Flask(__name__)
    secrets = [os.environ["WEBHOOK_SECRET"].encode()]

    @app.post("/webhook")
    def receive() -> tuple[dict[str, str], int]:
        given = request.headers.get("X-Hub-Signature-256")
        if github.signer(secrets, request.get_data(cache=False), given) is None:
            return {"status": "refused"}, 401
        return {"status": "applied"}, 200

    @app.get("/healthz")
    def healthz() -> Response:
        return Response("ok")

    return app


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until a signal comes."""
    flags = argparse.ArgumentParser(prog="python -m benchmarks.bare", description=__doc__)
    flags.add_argument("--host", default="127.0.0.1")
    flags.add_argument("-p", "--port", type=int, required=True)
    given = flags.parse_args(argv)
    log.start(())
    options = {"worker_class": "gthread", "workers": workers_for(None), "threads": 16}
    gunicorn.run(listen(given.host, given.port), create_app, {**options, "keepalive": 0})
    return 0


if __name__ == "__main__":
    sys.exit(main())
