"""Let the world move while it is read: at a chosen request, before the next one is answered."""

import re
import threading
from collections.abc import Callable

from fakegithub.api.answers import Logged
from fakegithub.server import Server


class Watching(list[Logged]):
    """A log of requests that acts, once each, when a path that it waits for was answered."""

    def __init__(self) -> None:
        super().__init__()
        self.acts: list[tuple[re.Pattern[str], Callable[[], object]]] = []
        self.lock = threading.Lock()

    def append(self, request: Logged) -> None:
        """Note a request, and do what was to be done after it."""
        super().append(request)
        with self.lock:
            for place, (pattern, act) in enumerate(self.acts):
                if pattern.search(request.path):
                    del self.acts[place]
                    act()
                    return


def after(github: Server, pattern: str, act: Callable[[], object]) -> None:
    """Do something once a request whose path matches was answered."""
    if not isinstance(github.requests, Watching):
        github.requests = Watching()
    github.requests.acts.append((re.compile(pattern), act))
