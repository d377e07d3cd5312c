"""Let this process's clock, and its database's, show another time."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from unittest import mock

from engines.kind import KINDS
from store.deliveries import table

SERVERS = ("sqlite", "mysql", "mariadb")


@contextmanager
def showing(clock: Callable[[], datetime]) -> Iterator[None]:
    """Let all of our modules ask this clock (UTC without zone), and each database, too."""
    usual = table.now
    with ExitStack() as stack:
        kinds = {name: replace(KINDS[name], now=lambda _: clock()) for name in SERVERS}
        stack.enter_context(mock.patch.dict(KINDS, kinds))
        for module in list(sys.modules.values()):
            for name in ("now", "clock"):
                if getattr(module, "__dict__", {}).get(name) is usual:
                    stack.enter_context(mock.patch.object(module, name, clock))
        yield
