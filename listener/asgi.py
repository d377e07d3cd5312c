"""What the server hands over of a request, and takes of an answer.

This is all that we use of ASGI: https://asgi.readthedocs.io/en/latest/specs/www.html
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from listener.intake import answers
from listener.intake.answers import Answer, Refused

MOST_FIELDS = 100
HEAD_BYTES = 16 * 1024

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


def fields(scope: Scope) -> Mapping[str, str]:
    """Return a request's headers by their names in lower case; one given twice is joined.

    Raises Refused: 431.
    """
    given = scope["headers"]
    if (
        len(given) > MOST_FIELDS
        or sum(len(name) + len(value) for name, value in given) > HEAD_BYTES
    ):
        raise Refused(431, f"the headers are over {MOST_FIELDS} or {HEAD_BYTES} bytes")
    found: dict[str, str] = {}
    for name, value in given:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        found[key] = f"{found[key]},{text}" if key in found else text
    return found


async def read(receive: Receive, length: int) -> bytes:
    """Return a request's body. Raises Refused (400) where it ends before its length."""
    pieces, more = [], True
    while more:
        message = await receive()
        pieces.append(message.get("body", b""))
        more = message.get("more_body", False)
    raw = b"".join(pieces)
    if len(raw) < length:
        raise Refused(400, "the body is shorter than its Content-Length")
    return raw


async def tell(send: Send, given: Answer, *more: tuple[bytes, bytes]) -> None:
    """Send an answer, with more headers."""
    text = given.text
    headers = [*answers.headers(given, len(text)), (b"connection", b"close"), *more]
    await send({"type": "http.response.start", "status": given.code, "headers": headers})
    await send({"type": "http.response.body", "body": text})
