"""Read the headers of a delivery, before a byte of its body."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from listener.intake.answers import Refused

# GitHub sends no payload over 25 MB.
# https://docs.github.com/webhooks/webhook-events-and-payloads#payload-cap
BODY_BYTES = 25 * 1024 * 1024
LENGTH_DIGITS = 18  # Python refuses to read a number of thousands of digits
CONTENT_TYPES = ("application/json", "application/x-www-form-urlencoded")
NAME = re.compile(r"[!-~]{1,64}")
HOOK_ID = re.compile(r"[0-9]{1,18}")


class Head(NamedTuple):
    """What the headers say. Only the body is signed: none of this is proven."""

    event: str
    guid: str
    hookid: int | None
    signature: str | None
    length: int


def read(headers: Mapping[str, str]) -> Head:
    """Return the head of a delivery, or raise Refused: 411, 413, 415 or 400, in this order.

    `headers` have names in lower case.
    """
    length = headers.get("content-length", "")
    # A chunked body has no end that could be checked before it is read.
    if "transfer-encoding" in headers or not (length.isascii() and length.isdigit()):
        raise Refused(411, "Content-Length is needed, a chunked body is not accepted")
    if len(length) > LENGTH_DIGITS or int(length) > BODY_BYTES:
        raise Refused(413, f"the body is over {BODY_BYTES} bytes")
    content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type not in CONTENT_TYPES:
        raise Refused(415, f"Content-Type must be {' or '.join(CONTENT_TYPES)}")
    hookid = headers.get("x-github-hook-id", "")
    return Head(
        event=named(headers, "X-GitHub-Event"),
        guid=named(headers, "X-GitHub-Delivery"),
        hookid=int(hookid) if HOOK_ID.fullmatch(hookid) else None,
        signature=headers.get("x-hub-signature-256"),
        length=int(length),
    )


def named(headers: Mapping[str, str], header: str) -> str:
    """Return a header that must be 1 to 64 printable ASCII characters, or raise Refused (400)."""
    value = headers.get(header.lower(), "")
    if not NAME.fullmatch(value):
        raise Refused(400, f"{header} is missing or malformed")
    return value
