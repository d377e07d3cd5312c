"""What goes wrong on the way: drawn from a seed, the same for the same requests."""

import hashlib
import re
import threading
from collections import Counter
from dataclasses import dataclass, field

KINDS = ("403", "429", "500", "502", "timeout", "truncated", "slow", "reset")


@dataclass
class Faults:
    """Draws a fault for a share of the requests.

    A fault depends on the seed, the request and how often that was made before, not on which thread
    came first. The same request fails at most `most` times in a row. `slow` answers take `pause`
    seconds, a `timeout` takes as long and then is a 502. `lasting` faults come first: pairs of a
    pattern for the path with its query and a kind, as long as they stand there; then those that are
    `planned`, each used once.
    """

    seed: int = 0
    rate: float = 0.0
    kinds: tuple[str, ...] = KINDS
    pause: float = 0.2
    most: int = 2
    lasting: list[tuple[str, str]] = field(default_factory=list)
    planned: list[tuple[str, str]] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    in_row: Counter[str] = field(default_factory=Counter)
    drawn: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def plan(self, pattern: str, *kinds: str) -> None:
        """Let the next requests whose path matches a pattern fail in these ways, in this order."""
        self.planned += [(pattern, kind) for kind in kinds]

    def draw(self, method: str, path: str) -> str | None:
        """Return the kind of fault this request meets, or None."""
        with self.lock:
            kind = self._lasting(path) or self._planned(path) or self._random(f"{method} {path}")
            if kind:
                self.drawn[kind] += 1
            return kind

    def _lasting(self, path: str) -> str | None:
        return next((kind for pattern, kind in self.lasting if re.search(pattern, path)), None)

    def _planned(self, path: str) -> str | None:
        for place, (pattern, kind) in enumerate(self.planned):
            if re.search(pattern, path):
                del self.planned[place]
                return kind
        return None

    def _random(self, request: str) -> str | None:
        if not self.rate:
            return None
        self.seen[request] += 1
        digest = hashlib.sha256(f"{self.seed} {request} {self.seen[request]}".encode()).digest()
        draw = int.from_bytes(digest[:6], "big") / 2**48
        if draw >= self.rate or self.in_row[request] >= self.most:
            self.in_row[request] = 0
            return None
        self.in_row[request] += 1
        return self.kinds[digest[6] % len(self.kinds)]
