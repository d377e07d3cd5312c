"""Turn the bytes of a delivery's body, as received and as stored, into its payload."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_to_bytes

import orjson

from rows import Unmappable

FORM_FIELD = b"payload="


def payload(raw: bytes) -> dict[str, Any]:
    """Return the JSON object that a body holds. Raises Unmappable.

    A hook of content type `form` sends `payload=` and the same JSON, percent-encoded. The bytes
    tell which of the two they are, so a stored body needs no headers to be read again.
    https://docs.github.com/webhooks/using-webhooks/creating-webhooks
    """
    try:
        found = orjson.loads(form_field(raw) if raw.startswith(FORM_FIELD) else raw)
    except orjson.JSONDecodeError as error:
        raise Unmappable("payload", f"is not strict JSON: {error}") from error
    if not isinstance(found, dict):
        raise Unmappable("payload", "is not a JSON object")
    return found


def form_field(raw: bytes) -> bytes:
    """Return the decoded `payload` field of a form that begins with it."""
    field = raw.removeprefix(FORM_FIELD).partition(b"&")[0]
    return unquote_to_bytes(field.replace(b"+", b" "))
