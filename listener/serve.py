"""gunicorn, run from inside: `python listener.py` is the production server.

It expects a proxy in front that buffers slow clients, see deploy/.
https://docs.gunicorn.org/en/stable/settings.html
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger

from listener import log

THREADS = 16
BACKLOG = 2048
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - gunicorn makes a private file in it

OPTIONS: dict[str, Any] = {
    "worker_class": "gthread",
    "threads": THREADS,
    "timeout": 30,  # of a whole process that has gone silent
    "graceful_timeout": 9,  # one request takes 8 s at most; containers are killed after 10
    # A proxy that sends on a connection we are just closing would lose the delivery.
    "keepalive": 0,
    "limit_request_line": 4094,
    "limit_request_fields": 100,
    "limit_request_field_size": 8190,
    "control_socket_disable": True,
    "accesslog": None,
    "errorlog": "-",
    "loglevel": "warning",
}


class GunicornLog(Logger):
    """gunicorn's own messages, in the form of our log."""

    def setup(self, cfg: Any) -> None:
        """Set gunicorn's handlers up, then give them our formatter."""
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(log.formatter())


class Server(BaseApplication):
    """gunicorn with our options; `make_app` is called in each worker, after the fork."""

    def __init__(self, options: dict[str, Any], make_app: Callable[[], Flask]) -> None:
        self.options = options
        self.make_app = make_app
        super().__init__()

    def load_config(self) -> None:
        """Set the options; neither a configuration file nor GUNICORN_CMD_ARGS is read."""
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:  # gunicorn's stub wants a narrower start_response than Flask has
        """Make the app."""
        return self.make_app()


def run(listening: socket.socket, workers: int, make_app: Callable[[], Flask]) -> None:
    """Serve on a socket that listens already, until a signal; ends the process with SystemExit."""
    options = {
        **OPTIONS,
        # gunicorn duplicates the descriptor and closes the one it is given.
        "bind": f"fd://{listening.detach()}",
        "workers": workers,
        "logger_class": GunicornLog,
        "worker_tmp_dir": str(SHARED_MEMORY) if os.access(SHARED_MEMORY, os.W_OK) else None,
        "on_exit": say_stopped,
    }
    Server(options, make_app).run()


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens at host and port. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, _, _, _, address = found[0]
    return socket.create_server(address[:2], family=family, backlog=BACKLOG)


def workers_for(backend: str) -> int:
    """Return how many processes suit an engine: SQLite has one writer at a time."""
    return 1 if backend == "sqlite" else len(os.sched_getaffinity(0))


def say_stopped(master: Arbiter) -> None:
    """Log the end."""
    log.info("stopped")
