"""How often passwords are tried, whoever asks: behind a proxy all share one address.

Nothing but the password tells its owner from who guesses it. So nobody is locked out: while
wrong ones come, each try of a browser that is not known waits for a moment, and only so many wait
at once. A browser that was let in before is known by its cookie, and waits for nobody.
https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies
"""

import hashlib
import hmac
import secrets
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable

ALLOWED, SECONDS = 5, 60.0
"""So many wrong ones in this time are tried at once."""
PLACES, DELAY_SECONDS = 40, 1.0
"""Then each try takes one of these places for so long: at most 40 a second, 144,000 an hour."""
LINE, LINE_SECONDS = 12, 0.8
"""So many more wait so long for a place; together they leave threads for others."""
DAY_SECONDS = 24 * 3600
COOKIE_SECONDS = 365 * DAY_SECONDS
DEVICES = 10_000


class Crowded(Exception):
    """All places are taken: this password was not tried."""


class LoginAttempts:
    """The tries of one process; `clock` gives seconds that only grow."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.lock = threading.Lock()
        self.wrong: deque[float] = deque(maxlen=ALLOWED)
        self.places = threading.Semaphore(PLACES)
        self.line = threading.Semaphore(PLACES + LINE)

    def take_turn(self) -> None:
        """Wait until a password may be tried. Raises Crowded."""
        if self.is_calm():
            return
        if not self.line.acquire(blocking=False):
            raise Crowded
        try:
            if not self.places.acquire(timeout=LINE_SECONDS):
                raise Crowded
            try:
                time.sleep(DELAY_SECONDS)
            finally:
                self.places.release()
        finally:
            self.line.release()

    def is_calm(self) -> bool:
        """Tell whether so few were wrong of late that the next is tried at once."""
        with self.lock:
            return len(self.wrong) < ALLOWED or self.clock() - self.wrong[0] >= SECONDS

    def note(self) -> None:
        """Note a wrong password."""
        with self.lock:
            self.wrong.append(self.clock())


class KnownDevices:
    """Cookies of browsers that were let in; they end with the password, not with the process."""

    def __init__(self, password: str, clock: Callable[[], float]) -> None:
        # Slow, so that a cookie is no way to try passwords elsewhere.
        self.key = hashlib.scrypt(password.encode(), salt=b"runledger device", n=2**14, r=8, p=1)
        self.clock = clock
        self.lock = threading.Lock()
        self.wrong: OrderedDict[str, list[float]] = OrderedDict()

    def issue(self) -> str:
        """Return a cookie for a browser that is let in."""
        name = f"{int(time.time()) + COOKIE_SECONDS}.{secrets.token_hex(16)}"
        return f"{name}.{self.sign(name)}"

    def sign(self, name: str) -> str:
        return hmac.digest(self.key, name.encode(), "sha256").hex()

    def is_known(self, cookie: str) -> bool:
        """Tell whether a cookie is ours, not too old, and not of one that guesses itself."""
        name, _, signature = cookie.rpartition(".")
        if not hmac.compare_digest(self.sign(name).encode(), signature.encode()):
            return False
        left = int(name.partition(".")[0]) - time.time()
        if not 0 <= left <= COOKIE_SECONDS + DAY_SECONDS:  # further ahead: by a wrong clock
            return False
        with self.lock:
            recent = [at for at in self.wrong.get(name, ()) if self.clock() - at < SECONDS]
        return len(recent) < ALLOWED

    def note(self, cookie: str) -> None:
        """Note a wrong password that came with a cookie of ours."""
        name = cookie.rpartition(".")[0]
        with self.lock:
            recent = self.wrong.pop(name, [])
            self.wrong[name] = [*recent[1 - ALLOWED :], self.clock()]
            while len(self.wrong) > DEVICES:
                self.wrong.popitem(last=False)
