"""Deliveries as GitHub sends them: recorded payloads, headers, signatures."""

import hashlib
import hmac
import json
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
GUID = "4a0f1b7c-0c1d-11ef-8d2a-3e1f2a6b9c00"
SECRET = "what only GitHub and we know"
JSON, FORM = "application/json", "application/x-www-form-urlencoded"


def recorded(name: str) -> bytes:
    """Return a recorded payload of tests/fixtures/github: `<event>__<case>`."""
    return (FIXTURES / "github" / f"{name}.json").read_bytes()


def changed(name: str, **changes: Any) -> bytes:
    """Return a recorded payload with other values: `workflow_run__id=7` reaches into objects."""
    payload = json.loads(recorded(name))
    for path, value in changes.items():
        *outer, last = path.split("__")
        place = payload
        for key in outer:
            place = place[key]
        place[last] = value
    return json.dumps(payload).encode()


def as_form(body: bytes) -> bytes:
    """Return a payload as a hook of content type `form` sends it."""
    return b"payload=" + quote_plus(body).encode()


def sign(body: bytes, secret: str = SECRET) -> str:
    """Return the value of X-Hub-Signature-256."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def headers(event: str, body: bytes, **others: str | None) -> dict[str, str]:
    """Return a delivery's headers; `X_GitHub_Event=None` leaves one out."""
    found: dict[str, str | None] = {
        "Content-Type": JSON,
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": str(uuid.uuid4()),
        "X-GitHub-Hook-ID": "487",
        "X-Hub-Signature-256": sign(body),
        **{name.replace("_", "-"): value for name, value in others.items()},
    }
    return {name: value for name, value in found.items() if value is not None}
