"""Turn the bytes of a signed body into its payload."""

from __future__ import annotations

from typing import Any

from listener.intake.answers import Refused
from rows import Unmappable
from store.deliveries import bodies


def payload(raw: bytes) -> dict[str, Any]:
    """Return the JSON object that `raw` holds, as JSON or as a form, or raise Refused (400).

    Strict: UTF-8 without a byte order mark, no NaN, no lone surrogates, at most 1,024 levels.
    """
    try:
        return bodies.payload(raw)
    except Unmappable as error:
        raise Refused(400, str(error)) from error
