"""GitHub's webhooks: their headers, their signature, and how they are set up."""

import hmac
import re
from collections.abc import Sequence

from listener.vendors.head import (
    DeliveryName,
    Head,
    Headers,
    Payload,
    Signature,
    WebhookVendor,
    label,
    named,
)

HOOK_ID = re.compile(r"[0-9]{1,18}")
SIGNATURE = re.compile(r"sha256=([0-9a-fA-F]{64})", re.ASCII)

# What GitHub's page calls the events, under "Let me select individual events".
# https://docs.github.com/webhooks/webhook-events-and-payloads
EVENT_TITLES = {
    "push": "Pushes",
    "create": "Branch or tag creation",
    "delete": "Branch or tag deletion",
    "repository": "Repositories",
    "workflow_run": "Workflow runs",
    "workflow_job": "Workflow jobs",
}

SETUP_TEXT = """\
GitHub reaches it in one of two ways:

1. At a public URL, with a key that may manage webhooks:
     python3 listener.py -r "{repo}" -k KEY --register https://YOUR-HOST/webhook
   or by hand. Settings > Webhooks > Add webhook, of a repository or an organization:
     Payload URL   https://YOUR-HOST/webhook
     Content type  application/json
     Secret        {secret}
     Events        {titles}

2. Through a forwarder, when this machine has no public URL:
     gh webhook forward --repo={repo} --events={events} \\
       --url={local} --secret="{secret_shell}"
   or a tunnel, with its URL and /webhook as the Payload URL:
     cloudflared tunnel --url {origin}
   Not smee-client 5: it writes the JSON anew, so that some signatures no longer fit.
"""


def read_head(headers: Headers, length: int | None) -> Head:
    """Return the head of a delivery. Raises Refused: 400."""
    hookid = headers.get("x-github-hook-id", "")
    return Head(
        vendor=GITHUB,
        event=named(headers, "X-GitHub-Event"),
        guid=named(headers, "X-GitHub-Delivery"),
        hookid=int(hookid) if HOOK_ID.fullmatch(hookid) else None,
        signature=headers.get("x-hub-signature-256"),
        length=length,
    )


def signer(secrets: Sequence[bytes], body: bytes, signature: Signature) -> int | None:
    """Return which secret (from 1) signed the body, or None.

    `body` is the request's, byte for byte. Every secret is tried, and compared in constant time,
    so that neither the number of secrets nor a right beginning can be felt from outside. GitHub
    writes digits in lower case; a relay that signs anew may not, and it is the same digest.
    https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
    """
    given = SIGNATURE.fullmatch(signature) if isinstance(signature, str) else None
    if given is None:
        return None
    claimed = bytes.fromhex(given[1])
    matches = [
        number
        for number, secret in enumerate(secrets, start=1)
        if hmac.compare_digest(hmac.digest(secret, body, "sha256"), claimed)
    ]
    return matches[0] if matches else None


def name_delivery(head: Head, payload: Payload, body: bytes) -> DeliveryName:
    """Return what the headers call the delivery, and its action."""
    return DeliveryName(head.guid, head.hookid, head.event, label(payload.get("action")))


GITHUB = WebhookVendor(
    provider="github",
    title="GitHub",
    event_header="X-GitHub-Event",
    read_head=read_head,
    signer=signer,
    name_delivery=name_delivery,
    kept=lambda payload, body: body,
    unsigned="X-Hub-Signature-256 is missing or wrong",
    misfit="the signature does not fit the body: another secret, or a relay that rewrites JSON"
    " (smee)",
    setup_text=SETUP_TEXT,
    setup_events=EVENT_TITLES,
)
