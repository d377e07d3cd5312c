"""Send JSON to an incoming webhook. Its address is a secret: no text of an error is passed on."""

from typing import Any

import requests

from alerts.outcome import AGAIN, ARRIVED, REFUSED, UNSURE, Outcome

CONNECT_SECONDS, READ_SECONDS = 5.0, 10.0
LONGEST_WAIT = 3600.0
NOT_YET = {408, 425, 429, 500, 502, 503, 504}
"""Answers that say nothing was taken, and that it may be later."""


def post(url: str, payload: dict[str, Any]) -> Outcome:
    """Send once. No redirect is followed: it would carry the address elsewhere."""
    try:
        with requests.post(
            url,
            json=payload,
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            allow_redirects=False,
            stream=True,  # whatever it says beyond its status is not read
        ) as answer:
            return outcome_of(answer)
    except (requests.ConnectTimeout, requests.exceptions.SSLError) as error:
        return Outcome(AGAIN, name_of(error))
    except requests.ConnectionError as error:
        # Refused before anything was said, or broken off after: only the first is sure.
        is_sure = "NewConnectionError" in repr(error) or "NameResolutionError" in repr(error)
        return Outcome(AGAIN if is_sure else UNSURE, name_of(error))
    except requests.RequestException as error:
        return Outcome(UNSURE, name_of(error))


def outcome_of(answer: requests.Response) -> Outcome:
    """Return what an answer means."""
    code = answer.status_code
    if 200 <= code < 300:
        return ARRIVED
    if code in NOT_YET:
        return Outcome(AGAIN, f"answered {code}", seconds_of(answer.headers.get("Retry-After")))
    return Outcome(REFUSED, f"answered {code}")


def seconds_of(text: str | None) -> float | None:
    """Return the seconds of Retry-After; a date is not looked at."""
    try:
        seconds = float(text or "")
    except ValueError:
        return None
    return seconds if 0 <= seconds <= LONGEST_WAIT else None


def name_of(error: Exception) -> str:
    """Return what kind of error it was: its text would repeat the address."""
    return type(error).__name__
