"""What the headers of a delivery say, before a byte of its body, whichever vendor sent it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

MOST_FIELDS = 100
HEAD_BYTES = 16 * 1024
# GitHub sends no payload over 25 MB.
# https://docs.github.com/webhooks/webhook-events-and-payloads#payload-cap
BODY_BYTES = 25 * 1024 * 1024
LENGTH_DIGITS = 18  # Python refuses to read a number of thousands of digits
TOO_LONG = (413, f"the body is over {BODY_BYTES} bytes")
CONTENT_TYPES = ("application/json", "application/x-www-form-urlencoded")
NAME = re.compile(r"[!-~]{1,64}")

Headers = Mapping[str, str]
"""A request's headers by their names in lower case."""
Signature = str | Headers | None
"""What proves who sent a delivery: a header, or several."""
Payload = Mapping[str, Any]


class Refused(Exception):
    """A request that is answered with a code and an error, and forgotten."""

    def __init__(self, code: int, error: str) -> None:
        super().__init__(error)
        self.code, self.error = code, error


GZIP = b"\x1f\x8b"
"""What packed bodies begin with, as some relays send them; no JSON and no form does."""


def refuse(body: bytes, error: str) -> Refused:
    """Return why a signed body is refused: for what it holds (400), or as packed (415)."""
    if body.startswith(GZIP):
        return Refused(415, "the body is packed (gzip): it is taken as it was signed, unpacked")
    return Refused(400, error)


class Head(NamedTuple):
    """What the headers say. Only the body is signed: none of this is proven."""

    vendor: WebhookVendor
    event: str
    guid: str
    hookid: int | None
    signature: Signature
    length: int | None
    """Of the body; None where it comes in chunks."""


class DeliveryName(NamedTuple):
    """What a delivery is kept as: its id, its hook, and what it tells of."""

    guid: str
    hookid: int | None
    event: str
    action: str | None


class WebhookVendor(NamedTuple):
    """Who sends webhooks, and how they are told, read, verified and set up."""

    provider: str
    """Of its public server; a payload may name another one."""
    title: str
    """The name that people read."""
    event_header: str
    """Is in each of its deliveries, and in nobody else's."""
    read_head: Callable[[Headers, int | None], Head]
    """Takes the body's length as well. Raises Refused: 400."""
    signer: Callable[[Sequence[bytes], bytes, Signature], int | None]
    """Which of the secrets (from 1) signed a body with this signature, None where none did."""
    name_delivery: Callable[[Head, Payload, bytes], DeliveryName]
    """Takes the body as well."""
    kept: Callable[[Payload, bytes], bytes]
    """The body as it may be kept. Raises Unmappable."""
    unsigned: str
    """What the sender is told then."""
    misfit: str
    """What the log adds where there is a signature: who sees the log may mend it."""
    setup_text: str
    """How its deliveries find a listener."""
    setup_events: Mapping[str, str]
    """What its page calls the events."""
    sends_again: bool = True
    """Whether a delivery that was refused can be had again from its page."""


def label(value: object) -> str | None:
    """Return a short text as it is; anything else is not what it claims to be."""
    return value if isinstance(value, str) and len(value) <= 255 else None


def join_headers(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return headers by their names in lower case; one given twice is joined. Raises Refused: 431.

    Names and values are one character for each byte.
    """
    if (
        len(pairs) > MOST_FIELDS
        or sum(len(name) + len(value) for name, value in pairs) > HEAD_BYTES
    ):
        raise Refused(431, f"the headers are over {MOST_FIELDS} or {HEAD_BYTES} bytes")
    headers: dict[str, str] = {}
    for name, value in pairs:
        key = name.lower()
        headers[key] = f"{headers[key]},{value}" if key in headers else value
    return headers


def read_length(headers: Headers) -> int | None:
    """Return the length of a body that may be read, None of one in chunks.

    Raises Refused: 400, 501, 411, 413 or 415. https://www.rfc-editor.org/rfc/rfc9112#section-6
    """
    length, coding = headers.get("content-length", ""), headers.get("transfer-encoding")
    if coding is not None:
        # Two servers that believe different ones of the two take parts of a body for requests.
        if "content-length" in headers:
            raise Refused(400, "Content-Length and Transfer-Encoding exclude each other")
        if coding.strip().lower() != "chunked":
            raise Refused(501, "Transfer-Encoding can only be chunked")
    elif not (length.isascii() and length.isdigit()):
        raise Refused(411, "Content-Length is needed, or a body in chunks")
    elif len(length) > LENGTH_DIGITS or int(length) > BODY_BYTES:
        raise Refused(*TOO_LONG)
    content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type not in CONTENT_TYPES:
        raise Refused(415, f"Content-Type must be {' or '.join(CONTENT_TYPES)}")
    return None if coding is not None else int(length)


def named(headers: Headers, header: str) -> str:
    """Return a header that must be 1 to 64 printable ASCII characters. Raises Refused: 400."""
    value = headers.get(header.lower(), "")
    if not NAME.fullmatch(value):
        raise Refused(400, f"{header} is missing or malformed")
    return value
