"""The body of an answer, read within bounds: so many bytes, and so long."""

import json
import re
import time
from typing import Any

import orjson
import requests

MOST_BYTES, PIECE = 64 * 1024 * 1024, 65_536
"""Bytes of a body once it is unpacked, and of what is unpacked at a time."""
LONGEST = 60.0
"""Seconds that a body may take: one that comes byte by byte never runs into a timeout."""


HALF_LETTER = re.compile(rb"\\u[dD][89a-fA-F]")


class TooMuch(Exception):
    """A body has more bytes than are read of one, or takes longer than is waited for one."""


def read_body(response: requests.Response) -> bytes:
    """Return a body, unpacked. Raises TooMuch, RequestException, urllib3's HTTPError."""
    pieces, received, until = list[bytes](), 0, time.monotonic() + LONGEST
    # What is there, and no more is waited for: `iter_content` waits for a whole piece.
    while piece := response.raw.read1(PIECE, decode_content=True):
        pieces.append(piece)
        received += len(piece)
        if received > MOST_BYTES:
            response.close()
            raise TooMuch(f"is longer than {MOST_BYTES >> 20} MiB")
        if time.monotonic() > until:
            response.close()
            raise TooMuch(f"takes longer than {LONGEST:.0f} s")
    return b"".join(pieces)


def parse_json(content: bytes) -> Any:
    """Return a body as JSON; None for what is none: a proxy may put a page of its own there.

    Half of a letter, as of a text that was cut, is U+FFFD: it costs no page.
    """
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        if not HALF_LETTER.search(content):
            return None
    try:
        text = json.dumps(json.loads(content), ensure_ascii=False)
        return orjson.loads(
            text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        )
    except (ValueError, RecursionError):
        return None
