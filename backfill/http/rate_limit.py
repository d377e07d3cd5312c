"""Keep within what a vendor allows, and leave others their part."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from backfill.http.api_rules import ApiRules, Headers, read_count

MINUTE = 60.0
BURST = 20
"""Requests that may go out at once after a rest; the rules' minute leaves room for them."""
LEFT_TO_OTHERS = 0.2
SAME_HOUR = 2
"""Seconds that the end of one hour may differ by from answer to answer."""
LONGEST_HOUR = 7200
"""Seconds: an hour of a limit that ends later is none."""
SHOWN_SECONDS = 2.0
"""Shorter waits are not worth a word."""

Tell = Callable[[str, datetime], None]


class BudgetSpent(Exception):
    """As many requests were made as --max-requests allows."""


class RequestsStopped(Exception):
    """The command ends: no more requests."""


class Budget(NamedTuple):
    """What is left of the hour: requests, of how many, until when (our monotonic clock).

    `hour` is when it ends on the server's clock: it tells one hour from the next.
    """

    limit: int
    remaining: int
    reset: float
    hour: int = 0


def read_budget(headers: Headers, now: float, names: tuple[str, str, str]) -> Budget | None:
    """Return what an answer says of the limit in its headers `names`, None where it says nothing.

    The reset is on the server's clock: it counts from the answer's Date.
    """
    date = read_date(headers)
    limit, remaining, reset = (read_count(headers.get(name, "")) for name in names)
    if date is None or limit is None or remaining is None or reset is None:
        return None
    if reset - date > LONGEST_HOUR:
        return None
    return Budget(limit, remaining, now + max(0.0, reset - date), reset)


def read_date(headers: Headers) -> float | None:
    """Return the server's time of an answer in seconds since 1970, None where it tells none."""
    try:
        return parsedate_to_datetime(headers["date"]).timestamp()
    except (KeyError, ValueError, TypeError, OverflowError):
        return None


def count_available(budget: Budget, in_flight: int, left: float = LEFT_TO_OTHERS) -> int:
    """Return how many requests may still be made in this hour, when a part is left to others."""
    return budget.remaining - in_flight - int(budget.limit * left)


class RateLimit:
    """What all threads of this process share; `tell` is told of waits and when they end.

    `left` is the part of the hour that is never touched: whatever others use of it, no request
    goes out that would bring all use together above the rest.
    """

    def __init__(
        self, rules: ApiRules, tell: Tell, most: int | None = None, left: float = LEFT_TO_OTHERS
    ) -> None:
        self.rules = rules
        self.tell = tell
        self.most = most
        self.left = left
        self.sent = 0
        self.in_flight = 0
        self.budget: Budget | None = None
        self.expires: datetime | None = None
        self.ahead: float | None = None
        """By how many seconds this machine's clock was ahead of the server's at an answer."""
        self.limited = True
        self.tokens = float(BURST)
        self.filled = time.monotonic()
        self.paused_until = 0.0
        self.stopped = False
        self.told_until = 0.0
        self.changed = threading.Condition()

    def enter(self) -> None:
        """Count a request, once it may be made. Raises BudgetSpent and RequestsStopped."""
        with self.changed:
            while True:
                if self.stopped:
                    raise RequestsStopped
                if self.most is not None and self.sent >= self.most:
                    raise BudgetSpent
                seconds, why = self.wait_needed(time.monotonic())
                if seconds <= 0:
                    break
                self.announce(seconds, why)
                self.changed.wait(min(seconds, 1.0))
            self.sent += 1
            self.in_flight += 1
            self.tokens -= 1

    def wait_needed(self, now: float) -> tuple[float, str]:
        """Return how long the next request has to wait, and what for."""
        if now < self.paused_until:
            return self.paused_until - now, f"{self.rules.title} asked for a pause"
        if self.budget is not None and now >= self.budget.reset:
            self.budget = None
        if self.limited and self.budget is None and self.in_flight:
            return 1.0, ""  # the first answer of the hour says how many there are
        if self.budget is not None and count_available(self.budget, self.in_flight, self.left) <= 0:
            return self.budget.reset - now, "this hour's requests are used up"
        moment = time.monotonic()
        rate = self.rules.per_minute / MINUTE
        self.tokens = min(BURST, self.tokens + (moment - self.filled) * rate)
        self.filled = moment
        return (1 - self.tokens) / rate, ""

    def announce(self, seconds: float, why: str) -> None:
        """Tell people of a wait, once."""
        until = time.time() + seconds
        end = time.monotonic() + seconds
        if why and seconds > SHOWN_SECONDS and end > self.told_until + SHOWN_SECONDS:
            self.told_until = end
            self.tell(why, datetime.fromtimestamp(until, UTC).replace(tzinfo=None))

    def leave(self, headers: Headers | None) -> None:
        """Take note of an answer; None when there was none."""
        with self.changed:
            self.in_flight -= 1
            name, others = self.rules.other_limit
            if headers is not None and (date := read_date(headers)) is not None:
                self.ahead = time.time() - date
            if headers is not None and headers.get(name) not in others:
                self.learn(read_budget(headers, time.monotonic(), self.rules.limit_headers))
                self.expires = self.rules.expiry_of(headers) or self.expires
            self.changed.notify_all()

    def learn(self, budget: Budget | None) -> None:
        """Keep the least that is told of this hour; answers overtake one another."""
        self.limited = budget is not None or self.budget is not None
        if budget is None:
            return
        before = self.budget
        if before is None or budget.hour > before.hour + SAME_HOUR:
            self.budget = budget
        elif budget.hour >= before.hour - SAME_HOUR:
            # The server's Date has whole seconds: the earliest end is the nearest to the truth.
            least, end = min(before.remaining, budget.remaining), min(before.reset, budget.reset)
            self.budget = before._replace(remaining=least, reset=end)

    def pause(self, seconds: float) -> None:
        """Let no request out for a while."""
        with self.changed:
            self.paused_until = max(self.paused_until, time.monotonic() + seconds)

    def pause_until_reset(self) -> None:
        """Let no request out before the next hour begins."""
        with self.changed:
            if self.budget is not None:
                self.paused_until = max(self.paused_until, self.budget.reset)

    def is_used_up(self) -> bool:
        """Tell whether nothing is left of this hour."""
        with self.changed:
            return self.budget is not None and self.budget.remaining <= 0

    def rest(self, seconds: float) -> None:
        """Wait while others go on. Raises RequestsStopped when the command ends."""
        until = time.monotonic() + seconds
        with self.changed:
            while not self.stopped and (left := until - time.monotonic()) > 0:
                self.changed.wait(min(left, 1.0))
            if self.stopped:
                raise RequestsStopped

    def stop(self) -> None:
        """Let no request out any more, and wake those that wait."""
        with self.changed:
            self.stopped = True
            self.changed.notify_all()
