"""The webhook of a project: what it sends, once, and when it stops sending.

GitLab sends each event once and never again; after failures in a row it sends nothing for a time,
and has no note of what it left out. https://docs.gitlab.com/user/project/integrations/webhooks/
"""

import base64
import hmac
import json
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from fakegitlab.hooks import Hook, as_of
from fakegitlab.world import Json, Project, api_time

Post = Callable[[bytes, dict[str, str]], int]
"""Sends a body with headers; returns the status of the answer, 0 for none in time."""
Version = tuple[int, int]

NAMES = {
    "pipeline": "Pipeline Hook",
    "build": "Job Hook",
    "push": "Push Hook",
    "tag_push": "Tag Push Hook",
}
EVENT_UUID, INSTANCE, UUID, KEY, SIGNED = (14, 8), (15, 5), (16, 2), (17, 4), (19, 0)
"""Since which version a header is sent."""
NEWEST: Version = (19, 0)
FOR_GOOD_BY_4XX = (17, 11)
"""Before this version four answers of 4xx disabled a hook for good."""
BORNE, LAST = 3, 40
"""So many failures in a row are borne; at the last one a hook is disabled for good."""
MINUTE, DAY = 60_000, 86_400_000
BODY_BYTES = 25 * 1024 * 1024


@dataclass(slots=True)
class Sender:
    """A webhook; its record and its log stand in the project, as the API tells them."""

    project: Project
    url: str
    post: Post
    token: str | None = None
    signing: str | None = None
    version: Version = NEWEST
    most_a_minute: int = 1 << 30
    """What is over that is left out, without a note."""
    is_system: bool = False
    failures: int = 0
    sent: dict[int, int] = field(default_factory=dict)
    record: Json = field(default_factory=dict)
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        """Put it into the project."""
        given = {"push_events": True, "tag_push_events": True, "job_events": True}
        state = {"alert_status": "executable", "disabled_until": None, "pipeline_events": True}
        self.record |= {"id": 100 + len(self.project.hooks), "url": self.url, **given, **state}
        self.project.hooks.append(self.record)
        self.chance = random.Random(f"{self.project.id} {self.record['id']}")  # noqa: S311 - no secret

    def send(self, hook: Hook) -> int | None:
        """Send an event, or leave it out; return the status of the answer."""
        minute = hook.time // MINUTE
        if self.is_disabled(hook.time) or self.sent.get(minute, 0) >= self.most_a_minute:
            return None
        self.sent[minute] = self.sent.get(minute, 0) + 1
        return self.deliver(hook, self.new_uuid())

    def test(self, hook: Hook) -> int:
        """Send what its Test button sends, though it be disabled; a 2xx enables it."""
        return self.deliver(hook, self.new_uuid())

    def resend(self, line: Json, time: int) -> int:
        """Send a line of the log again: under the same key, as another request."""
        kind = line["request_data"]["object_kind"]
        hook = Hook(time, kind, line["request_data"])
        return self.deliver(hook, line["request_headers"].get("Idempotency-Key", self.new_uuid()))

    def is_disabled(self, time: int) -> bool:
        """Tell whether nothing is sent."""
        if self.record["alert_status"] == "disabled":
            return True
        until = self.record["disabled_until"]
        return until is not None and str(api_time(time)) < until

    def deliver(self, hook: Hook, key: str) -> int:
        """Send a body, note it in the log, and judge the answer."""
        payload = as_of(self.version, hook.payload)
        body = json.dumps(payload).encode()
        headers = self.headers(hook, key, body)
        status = 0 if len(body) > BODY_BYTES else self.post(body, headers)
        kept = {name: "[REDACTED]" if "Token" in name else headers[name] for name in headers}
        self.project.events.append(
            {
                "id": len(self.project.events) + 1,
                "url": self.url,
                "trigger": f"{hook.kind}_hooks",
                "request_headers": kept,
                "request_data": payload,
                "response_status": str(status) if status else "internal error",
                "created_at": api_time(hook.time),
            }
        )
        self.judge(status, hook.time)
        return status

    def judge(self, status: int, time: int) -> None:
        """Count failures in a row; a success makes good all of them."""
        if 200 <= status < 400:
            self.failures = 0
            self.record.update(alert_status="executable", disabled_until=None)
            return
        self.failures += 1
        if self.failures <= BORNE or self.is_system:
            return
        is_hard = 400 <= status < 500 and self.version < FOR_GOOD_BY_4XX
        if is_hard or self.failures >= LAST:
            self.record.update(alert_status="disabled", disabled_until=None)
            return
        pause = min(DAY, MINUTE * 2 ** (self.failures - BORNE - 1))
        self.record["alert_status"] = "temporarily_disabled"
        self.record["disabled_until"] = api_time(time + pause)

    def headers(self, hook: Hook, key: str, body: bytes) -> dict[str, str]:
        """Return the headers that its version sends."""
        name = "System Hook" if self.is_system else NAMES.get(hook.kind, "Unknown Hook")
        version = ".".join(map(str, (*self.version, 0)))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"GitLab/{version}",
            "X-Gitlab-Event": name,
        }
        since = {
            EVENT_UUID: ("X-Gitlab-Event-UUID", self.new_uuid),
            INSTANCE: ("X-Gitlab-Instance", lambda: self.project.url),
            UUID: ("X-Gitlab-Webhook-UUID", self.new_uuid),
            KEY: ("Idempotency-Key", lambda: key),
        }
        headers |= {
            title: text() for least, (title, text) in since.items() if least <= self.version
        }
        if self.token:
            headers["X-Gitlab-Token"] = self.token
        if self.signing and self.version >= SIGNED:
            stamp = str(hook.time // 1000)
            secret = base64.b64decode(self.signing.removeprefix("whsec_"))
            mac = hmac.digest(secret, f"{key}.{stamp}.".encode() + body, "sha256")
            headers["webhook-id"], headers["webhook-timestamp"] = key, stamp
            headers["webhook-signature"] = f"v1,{base64.b64encode(mac).decode()}"
        return headers

    def new_uuid(self) -> str:
        """Return a UUID."""
        return str(uuid.UUID(int=self.chance.getrandbits(128), version=4))
