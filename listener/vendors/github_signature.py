"""Check that a delivery comes from who knows the secret.

https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence

SIGNATURE = re.compile(r"sha256=([0-9a-f]{64})", re.ASCII)


def signer(secrets: Sequence[bytes], body: bytes, header: str | None) -> int | None:
    """Return which secret (from 1) signed the body, or None.

    `body` is the request's, byte for byte. Every secret is tried, and compared in constant time,
    so that neither the number of secrets nor a right beginning can be felt from outside.
    """
    given = SIGNATURE.fullmatch(header or "")
    if given is None:
        return None
    claimed = bytes.fromhex(given[1])
    matches = [
        number
        for number, secret in enumerate(secrets, start=1)
        if hmac.compare_digest(hmac.digest(secret, body, "sha256"), claimed)
    ]
    return matches[0] if matches else None
