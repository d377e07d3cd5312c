"""gunicorn, run from inside: the documented commands are the production servers.

https://docs.gunicorn.org/en/stable/settings.html
"""

import os
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from runtime import log

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - gunicorn makes a private file in it

OPTIONS: dict[str, Any] = {
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

    def __init__(self, options: Mapping[str, object], make_app: Callable[[], Any]) -> None:
        self.options = options
        self.make_app = make_app
        super().__init__()

    def load_config(self) -> None:
        """Set the options; neither a configuration file nor GUNICORN_CMD_ARGS is read."""
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        return self.make_app()


def run(
    listening: socket.socket, make_app: Callable[[], Any], options: Mapping[str, object]
) -> None:
    """Serve on a socket that listens already, until a signal; ends the process with SystemExit.

    `options` are gunicorn's, the class of its workers among them.
    """
    given = {
        **OPTIONS,
        # gunicorn duplicates the descriptor and closes the one it is given.
        "bind": f"fd://{listening.detach()}",
        "worker_tmp_dir": str(SHARED_MEMORY) if os.access(SHARED_MEMORY, os.W_OK) else None,
        **options,
    }
    Server(given, make_app).run()
