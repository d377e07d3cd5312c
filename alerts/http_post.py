"""Send JSON to an incoming webhook. Its address is a secret: no text of an error is passed on."""

import threading
from concurrent.futures import Future
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests

from alerts.outcome import AGAIN, ARRIVED, REFUSED, UNSURE, Outcome

CONNECT_SECONDS, READ_SECONDS = 5.0, 10.0
LONGEST_SECONDS = 60.0
"""For all of it: an answer may come bit by bit, and a name server be slow."""
LONGEST_WAIT = 86_400.0
NOT_YET = {408, 425, 429}
"""With all from 500 on, answers that say nothing was taken, and that it may be later."""
BEFORE_IT = ("NewConnectionError", "NameResolutionError", "Tunnel connection failed")
"""In what connections say that failed before anything was sent; the last is a proxy's refusal."""


def post(url: str, payload: dict[str, Any]) -> Outcome:
    """Send once, and wait no longer than others can."""
    sent = Future[Outcome]()

    def run() -> None:
        try:
            sent.set_result(post_once(url, payload))
        except BaseException as error:  # noqa: BLE001 - raised by whoever waits
            sent.set_exception(error)

    threading.Thread(target=run, name="alert", daemon=True).start()
    try:
        return sent.result(LONGEST_SECONDS)
    except TimeoutError:
        return Outcome(UNSURE, "its answer did not end")


def post_once(url: str, payload: dict[str, Any]) -> Outcome:
    """Send. No redirect is followed: it would carry the address elsewhere."""
    try:
        with requests.Session() as session:
            # Proxies and authorities of the environment hold; what ~/.netrc has is for no chat.
            reached = session.merge_environment_settings(url, {}, None, None, None)
            session.trust_env = False
            reached["stream"] = True  # whatever it says beyond its status is not read
            seconds = (CONNECT_SECONDS, READ_SECONDS)
            with session.post(
                url, json=payload, timeout=seconds, allow_redirects=False, **reached
            ) as answer:
                return outcome_of(answer)
    except (requests.ConnectTimeout, requests.exceptions.SSLError) as error:
        return Outcome(AGAIN, name_of(error))
    except requests.ConnectionError as error:
        # Refused before anything was said, or broken off after: only the first is sure.
        is_sure = any(word in repr(error) for word in BEFORE_IT)
        return Outcome(AGAIN if is_sure else UNSURE, name_of(error))
    except requests.RequestException as error:
        return Outcome(UNSURE, name_of(error))


def outcome_of(answer: requests.Response) -> Outcome:
    """Return what an answer means."""
    code = answer.status_code
    if 200 <= code < 300:
        return ARRIVED
    if code in NOT_YET or code >= 500:
        return Outcome(AGAIN, f"answered {code}", seconds_of(answer.headers.get("Retry-After")))
    return Outcome(REFUSED, f"answered {code}")


def seconds_of(text: str | None) -> float | None:
    """Return the seconds of Retry-After, a day at most, also of a date."""
    given = (text or "").strip()
    try:
        seconds = float(given) if given[:1].isdigit() else seconds_until(given)
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT)


def seconds_until(date: str) -> float:
    """Return how long it is until a date as HTTP writes it. Raises ValueError, TypeError."""
    time = parsedate_to_datetime(date)
    return (time.replace(tzinfo=time.tzinfo or UTC) - datetime.now(UTC)).total_seconds()


def name_of(error: Exception) -> str:
    """Return what kind of error it was: its text would repeat the address."""
    return type(error).__name__
