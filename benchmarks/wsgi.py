"""The listener as a Flask app in gunicorn's threads, as any WSGI host runs it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from engines import kind_of
from listener.uvicorn_worker import workers_for

THREADS = 16


def main(argv: Sequence[str] | None = None) -> int:
    """Become gunicorn, with as many processes as `python listener.py` has."""
    flags = argparse.ArgumentParser(prog="python -m benchmarks.wsgi", description=__doc__)
    flags.add_argument("--host", default="127.0.0.1")
    flags.add_argument("-p", "--port", type=int, required=True)
    given = flags.parse_args(argv)
    workers = workers_for(kind_of(os.environ["DATABASE_URL"]).workers)
    options = ["-w", str(workers), "--threads", str(THREADS), "--keep-alive", "0"]
    options += ["-b", f"{given.host}:{given.port}", "--log-level", "warning"]
    command = [sys.executable, "-m", "gunicorn", *options, "listener.app:create_app()"]
    os.execv(sys.executable, command)  # noqa: S606 - no shell on purpose


if __name__ == "__main__":
    sys.exit(main())
