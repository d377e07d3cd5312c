"""gunicorn, run from inside, with what pages need: one process and a few threads.

The pages wait for the database, not for Python; a second process would double its connections.
https://docs.gunicorn.org/en/stable/settings.html
"""

from __future__ import annotations

import gc
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - gunicorn makes a private file in it

OPTIONS: dict[str, Any] = {
    "worker_class": "gthread",
    "workers": 1,
    "threads": 8,
    "timeout": 60,
    "graceful_timeout": 5,
    "keepalive": 5,
    "limit_request_line": 8190,
    "limit_request_fields": 100,
    "limit_request_field_size": 8190,
    "control_socket_disable": True,
    "accesslog": None,
    "errorlog": "-",
    "loglevel": "warning",
}


class Server(BaseApplication):
    """gunicorn with our options; `make_app` is called in the worker, after the fork."""

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
        app = self.make_app()
        settle()
        return app


def settle() -> None:
    """Let the collector pass over all that is there now: libraries, which stay to the end.

    Looking through them took as long as a page, again and again in the middle of one:
    https://docs.python.org/3/library/gc.html#gc.freeze
    """
    gc.collect()
    gc.freeze()


def run(listening: socket.socket, make_app: Callable[[], Flask]) -> None:
    """Serve on a socket that listens already, until a signal; ends the process with SystemExit."""
    options = {
        **OPTIONS,
        # gunicorn duplicates the descriptor and closes the one it is given.
        "bind": f"fd://{listening.detach()}",
        "worker_tmp_dir": str(SHARED_MEMORY) if os.access(SHARED_MEMORY, os.W_OK) else None,
    }
    Server(options, make_app).run()


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens at host and port. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, _, _, _, address = found[0]
    return socket.create_server(address[:2], family=family)
