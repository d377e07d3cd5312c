"""What ended days say, read before somebody waits for it: the first ask of a process takes long.

In a store of ten million runs the first page takes a second of the processor, Figures two; each
later one is of what is kept (docs/decisions/0073, 0085, 0092 and 0101).
"""

import logging
import threading
import time

from flask import Flask
from flask import request as asked
from sqlalchemy.exc import SQLAlchemyError

from dashboard.web import filters, request
from engines import faults
from engines.deadline import Late

LOG = logging.getLogger("dashboard")
PATHS = ("/", "/time", "/figures", "/slower", "/pools", "/flakes", "/errors", "/errors?branch=main")
TRIES = 3
"""One that is stopped by its time has kept what it came to."""


PAUSES = 5.0, 300.0
"""Seconds until a store that cannot be read yet is looked at again: at first, and at most."""


def start(app: Flask) -> threading.Thread:
    """Ask for the pages in a thread of its own, which ends by itself; call it after the fork."""
    thread = threading.Thread(target=work, args=(app,), name="warm-up", daemon=True)
    thread.start()
    return thread


def work(app: Flask) -> None:
    """Ask for each page once it can be made: a store may be upgraded, copied or away until then."""
    told, pause = "", PAUSES[0]
    for path in PATHS:
        while why := try_page(app, path):
            if why != told:
                LOG.info("pages are made ahead once they can be: %s", why)
            told = why
            time.sleep(pause)
            pause = min(2 * pause, PAUSES[1])


def try_page(app: Flask, path: str) -> str:
    """Make a page, rest as long as it took: visitors come first. Return why it is to be later."""
    try:
        for _ in range(TRIES):
            began = time.monotonic()
            is_made = make_page(app, path)
            time.sleep(time.monotonic() - began)
            if is_made:
                break
    except request.NotReady as error:
        return str(error)
    except SQLAlchemyError as error:
        return faults.cause(error)
    except Exception:
        LOG.exception("%s is not made ahead", path)  # whoever asks is told
    return ""


def make_page(app: Flask, path: str) -> bool:
    """Make a page for nobody; False where its time did not suffice. Raises what making it does."""
    with app.test_request_context(path):
        try:
            request.open_store()
            assert asked.endpoint is not None  # noqa: S101 - it is one of PATHS
            app.view_functions[asked.endpoint]()
        except SQLAlchemyError as error:
            if isinstance(error, Late) or faults.fault(error) == faults.CUT:
                return False
            raise
        except filters.BadFilter:  # a page that says by itself that its time did not suffice
            return False
    return True
