"""gunicorn, run from inside: `python listener.py` is the production server.

gunicorn keeps the processes; in each of them uvicorn answers all requests in one loop.
https://docs.gunicorn.org/en/stable/settings.html
https://www.uvicorn.org/settings/
"""

from __future__ import annotations

import logging
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger
from uvicorn_worker import UvicornWorker  # type: ignore[import-untyped]

from listener.uvicorn_connection import Connection
from runtime import log

BACKLOG = 2048
GRACE_SECONDS = 9
"""For what is coming in when we end: 8 s at most for a request; containers are killed after 10."""
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - gunicorn makes a private file in it


class Worker(UvicornWorker):  # type: ignore[misc] # it has no types
    """A process of gunicorn's that is one loop of uvicorn's."""

    CONFIG_KWARGS = {  # noqa: RUF012 - as uvicorn's worker has it
        "http": Connection,
        "ws": "none",
        "loop": "uvloop",
        "lifespan": "off",
        "access_log": False,
        "proxy_headers": False,
        "server_header": False,
        "timeout_notify": 1,
        "timeout_graceful_shutdown": GRACE_SECONDS,
    }

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        # It warns of each request that is none: whoever finds the port could fill the disk.
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)

    async def _serve(self) -> None:
        """Serve until a signal, which uvicorn raises again: it is no way to die of."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        await super()._serve()

    async def callback_notify(self) -> None:
        """Say that the loop turns, and end when the master has ended."""
        await super().callback_notify()
        if os.getppid() != self.ppid:
            os.kill(os.getpid(), signal.SIGTERM)


OPTIONS: dict[str, Any] = {
    "worker_class": Worker,
    "timeout": 30,  # of a whole process that has gone silent
    "graceful_timeout": GRACE_SECONDS,
    # A proxy that sends on a connection we are just closing would lose the delivery.
    "keepalive": 0,
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

    def __init__(self, options: dict[str, Any], make_app: Callable[[], Any]) -> None:
        self.options = options
        self.make_app = make_app
        super().__init__()

    def load_config(self) -> None:
        """Set the options; neither a configuration file nor GUNICORN_CMD_ARGS is read."""
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Make the app."""
        return self.make_app()


def run(listening: socket.socket, workers: int, make_app: Callable[[], Any], **others: Any) -> None:
    """Serve on a socket that listens already, until a signal; ends the process with SystemExit.

    `others` are options of gunicorn to set otherwise.
    """
    options = {
        **OPTIONS,
        **others,
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


def workers_for(most: int | None) -> int:
    """Return how many processes to start: one for each processor, but for those that suit."""
    return most or len(os.sched_getaffinity(0))


def say_stopped(master: Arbiter) -> None:
    """Log the end."""
    log.info("stopped")
