"""gunicorn, run from inside: the documented commands are the production servers.

https://docs.gunicorn.org/en/stable/settings.html
"""

import os
import signal
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
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


class TerminalMaster(Arbiter):
    """A master that ends with its terminal: closing that would only start its workers anew."""

    def handle_hup(self) -> None:
        """End as after SIGTERM."""
        self.handle_term()


class LastingMaster(Arbiter):
    """A master that outlives its terminal: it was started so (nohup)."""

    def handle_hup(self) -> None:
        """Go on."""


def master_class() -> type[Arbiter]:
    """Return what SIGHUP does: gunicorn's own, new workers, only where no terminal can send it."""
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        return LastingMaster
    return TerminalMaster if any(map(os.isatty, (0, 1, 2))) else Arbiter


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

    def run(self) -> None:
        """Be the master until a signal; ends the process with SystemExit."""
        master_class()(self).run()


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
