"""What the API answers of a project's webhooks, which deliver over HTTP once they are made.

https://docs.gitlab.com/api/project_webhooks/
"""

import urllib.error
import urllib.request
from functools import partial

from fakegitlab.hooks import Hook, push_hook
from fakegitlab.sending import Sender, Version
from fakegitlab.world import Json, Project

SECRETS = ("token", "signing_token")
LOGGED: Version = (17, 3)
"""Since this version there is a log of what was sent."""
NO_URL = {"error": "url is missing"}
BAD_URL = {"message": {"url": ["is blocked: Only allowed schemes are http, https"]}}


def deliver(url: str, body: bytes, headers: dict[str, str]) -> int:
    """Send a body to an address; return the status of the answer, 0 for none."""
    request = urllib.request.Request(url, body, headers)  # noqa: S310 - BAD_URL says which
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        return refusal.code
    except OSError:
        return 0


def answer_of_hooks(
    project: Project, method: str, parts: list[str], body: Json | None, time: int
) -> tuple[int, Json]:
    """Return status and body for what changes hooks; `parts` stand after `hooks` in the path."""
    given = body or {}
    sender = project.senders.get(int(parts[0])) if parts else None
    if parts and sender is None:
        return 404, {"message": "404 Not found"}
    if sender is not None and "test" in parts:
        status = sender.test(Hook(time, "push", push_hook(project, 3)))
        is_well = 200 <= status < 300
        return (201, {"message": "201 Created"}) if is_well else (422, {"message": str(status)})
    url = given.get("url")
    if not url:
        return 400, NO_URL
    if not url.startswith(("http://", "https://")):
        return 422, BAD_URL
    if sender is None:
        sender = Sender(project, url, partial(deliver, url))
        sender.record |= dict.fromkeys(("job_events", "pipeline_events", "tag_push_events"), False)
        project.senders[sender.record["id"]] = sender
    sender.url, sender.post = url, partial(deliver, url)
    sender.token = given.get("token", sender.token)
    sender.signing = given.get("signing_token", sender.signing)
    sender.record |= {name: value for name, value in given.items() if name not in SECRETS}
    return 201 if method == "POST" else 200, sender.record
