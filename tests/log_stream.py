"""The log of this process, written where a test can read it."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO

from runtime.log import LOG, LineFormatter


@contextmanager
def logged_to(stream: IO[str], secrets: Iterable[str] = ()) -> Iterator[None]:
    """Write the log's lines to a stream, too, without these secrets."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(LineFormatter(secrets))
    level = LOG.level
    LOG.addHandler(handler)
    LOG.setLevel(logging.INFO)
    try:
        yield
    finally:
        LOG.removeHandler(handler)
        LOG.setLevel(level)
