"""A process of gunicorn's in which uvicorn answers all requests in one loop.

https://www.uvicorn.org/settings/
"""

import logging
import os
import signal
from typing import Any

from gunicorn.arbiter import Arbiter
from uvicorn_worker import UvicornWorker  # type: ignore[import-untyped]

from engines import kind_of
from listener.http import connection_shares
from listener.http.connection_shares import ConnectionShares
from listener.unfinished import UNFINISHED, connections_for_files
from listener.uvicorn_connection import Connection
from runtime import log
from runtime.gunicorn import GunicornLog

IDLE_SECONDS = 75
"""For the next request on a connection. A proxy that sends on one we are just closing would lose
the delivery: nginx and balancers close theirs after 60 seconds, before us."""
GRACE_SECONDS = 9
"""For what is coming in when we end: 8 s at most for a request; containers are killed after 10."""


class LoopWorker(UvicornWorker):  # type: ignore[misc] # it has no types
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
        UNFINISHED.most = connections_for_files()
        await super()._serve()

    def handle_exit(self, *_: Any) -> None:
        """End as by SIGTERM.

        A master that gets SIGINT sends SIGQUIT, which uvicorn's worker only notes: where it came to
        the master alone, the process was killed in the end.
        https://github.com/Kludex/uvicorn-worker/issues/2
        """
        os.kill(os.getpid(), signal.SIGTERM)

    async def callback_notify(self) -> None:
        """Say that the loop turns, and end when the master has ended."""
        await super().callback_notify()
        if os.getppid() != self.ppid:
            os.kill(os.getpid(), signal.SIGTERM)


def options_for(database_url: str) -> dict[str, Any]:
    """Return gunicorn's options for a listener on a database."""
    workers = workers_for(kind_of(database_url).workers)
    shares = connection_shares.SHARES = ConnectionShares(4 * workers)
    return {
        "worker_class": LoopWorker,
        "workers": workers,
        "pre_fork": shares.claim,
        "child_exit": shares.give_back,
        "timeout": 30,  # of a whole process that has gone silent
        "graceful_timeout": GRACE_SECONDS,
        "keepalive": IDLE_SECONDS,
        "logger_class": GunicornLog,
        "on_exit": say_stopped,
    }


def workers_for(most: int | None) -> int:
    """Return how many processes to start: one for each processor, but for those that suit."""
    return most or len(os.sched_getaffinity(0))


def say_stopped(master: Arbiter) -> None:
    """Log the end."""
    log.info("stopped")
