"""One webhook delivery over HTTP, signed as GitHub signs it.

https://docs.github.com/en/webhooks/webhook-events-and-payloads#delivery-headers
"""

import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Mapping
from typing import Literal, NamedTuple, Protocol
from urllib.parse import urlencode

import requests

from fakegithub.payloads.templates import Json

ContentType = Literal["json", "form"]
TYPES = {"json": "application/json", "form": "application/x-www-form-urlencoded"}


class Sendable(Protocol):
    """What can be delivered: a delivery of a world, or a `Message` made by hand."""

    @property
    def guid(self) -> str: ...

    @property
    def event(self) -> str: ...

    @property
    def payload(self) -> Json: ...


class Message(NamedTuple):
    """A delivery made by hand from an event and its payload."""

    guid: str
    event: str
    payload: Json

    @property
    def action(self) -> str | None:
        """Return the payload's action."""
        action: str | None = self.payload.get("action")
        return action

    @property
    def repository_id(self) -> int | None:
        """Return the id of the repository the payload is about."""
        number: int | None = self.payload.get("repository", {}).get("id")
        return number


class Outcome(NamedTuple):
    """How a delivery ended; `status_code` 0 means that no answer came."""

    status: str
    status_code: int
    duration: float
    request_headers: Mapping[str, str]
    headers: Mapping[str, str]
    text: str

    @property
    def ok(self) -> bool:
        """Tell whether the receiver took it (2xx)."""
        return 200 <= self.status_code < 300

    def json(self) -> Json:
        """Return the answer's JSON body."""
        body: Json = json.loads(self.text)
        return body


def message(event: str, payload: Json, *, guid: str | None = None) -> Message:
    """Return a delivery for a payload made by hand, with a new GUID if none is given."""
    return Message(guid or str(uuid.uuid4()), event, payload)


def encode(payload: Json, content_type: ContentType = "json") -> bytes:
    """Return the body of a delivery: compact JSON, or that in the form field `payload`."""
    text = json.dumps(payload, separators=(",", ":"), ensure_ascii=False)
    return text.encode() if content_type == "json" else urlencode({"payload": text}).encode()


def headers_of(
    delivery: Sendable,
    body: bytes,
    *,
    secret: str | None,
    content_type: ContentType = "json",
    hook_id: int = 109_948_940,
    target: tuple[str, int] = ("repository", 0),
) -> dict[str, str]:
    """Return the headers of a delivery; the signatures are there only with a secret."""
    headers = {
        "Accept": "*/*",
        "Content-Type": TYPES[content_type],
        "User-Agent": "GitHub-Hookshot/044aadd",
        "X-GitHub-Delivery": delivery.guid,
        "X-GitHub-Event": delivery.event,
        "X-GitHub-Hook-ID": str(hook_id),
        "X-GitHub-Hook-Installation-Target-Type": target[0],
        "X-GitHub-Hook-Installation-Target-ID": str(target[1]),
    }
    if secret:
        for name, hashing in (("X-Hub-Signature", "sha1"), ("X-Hub-Signature-256", "sha256")):
            digest = hmac.new(secret.encode(), body, getattr(hashlib, hashing)).hexdigest()
            headers[name] = f"{hashing}={digest}"
    return headers


def deliver(
    url: str,
    secret: str | None,
    delivery: Sendable,
    content_type: ContentType = "json",
    *,
    hook_id: int = 109_948_940,
    target: tuple[str, int] = ("repository", 0),
    timeout: float = 10.0,
    session: requests.Session | None = None,
) -> Outcome:
    """POST one delivery and return how it ended; like GitHub, never follow a redirect.

    `timeout` is in seconds: GitHub waits 10, and tries once only.
    """
    body = encode(delivery.payload, content_type)
    headers = headers_of(
        delivery, body, secret=secret, content_type=content_type, hook_id=hook_id, target=target
    )
    begin = time.monotonic()
    post = session.post if session else requests.post
    try:
        answer = post(url, data=body, headers=headers, timeout=timeout, allow_redirects=False)
    except requests.Timeout:
        return Outcome("timed out", 0, time.monotonic() - begin, headers, {}, "")
    except requests.RequestException:
        return Outcome("failed to connect to host", 0, time.monotonic() - begin, headers, {}, "")
    code = answer.status_code
    status = "OK" if 200 <= code < 300 else f"Invalid HTTP Response: {code}"
    spent = time.monotonic() - begin
    return Outcome(status, code, spent, headers, dict(answer.headers), answer.text)
