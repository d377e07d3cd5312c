"""GitLab's webhooks: their headers, their tokens, and how they are set up.

https://docs.gitlab.com/user/project/integrations/webhooks/
"""

import base64
import hmac
from collections.abc import Mapping, Sequence
from hashlib import sha256

import orjson

from listener.vendors.head import (
    NAME,
    DeliveryName,
    Head,
    Headers,
    Payload,
    Signature,
    WebhookVendor,
    label,
)
from rows.sources import source_of

SOURCE = source_of("gitlab")
DELIVERY_HEADERS = ("idempotency-key", "x-gitlab-webhook-uuid")
"""What names a delivery: the first since 17.4, and kept when it is sent again; the other since
16.2. The UUID of an event is that of every hook which hears of it."""
TOKEN, SIGNATURE = "x-gitlab-token", "webhook-signature"
PROOFS = (TOKEN, SIGNATURE, "webhook-id", "webhook-timestamp")
SIGNING = b"whsec_"
EVENT_BY_HEADER = {
    "Pipeline Hook": "pipeline",
    "Job Hook": "build",
    "Push Hook": "push",
    "Tag Push Hook": "tag_push",
}
CUSTOM_TEMPLATE, SAMPLE = "custom_template", "sample"
NOTHING = b"{}"

# What GitLab's page calls the events, under "Trigger".
EVENT_TITLES = {
    "push": "Push events",
    "tag_push": "Tag push events",
    "build": "Job events",
    "pipeline": "Pipeline events",
}

SETUP_TEXT = """\
GitLab reaches it at a URL that it may call, with a key of a maintainer:
     python3 listener.py -r "gitlab:{repo}" -k KEY --register https://YOUR-HOST/webhook
   or by hand. Settings > Webhooks > Add new webhook, of a project or a group:
     URL           https://YOUR-HOST/webhook
     Secret token  {secret}
     Trigger       {titles}
"""


def read_head(headers: Headers, length: int | None) -> Head:
    """Return the head of a delivery; a body's hash may name it, and tells what it is of."""
    given = (headers.get(name, "") for name in DELIVERY_HEADERS)
    return Head(
        vendor=GITLAB,
        event=headers["x-gitlab-event"],
        guid=next(filter(NAME.fullmatch, given), ""),
        hookid=None,
        signature={name: headers[name] for name in PROOFS if name in headers},
        length=length,
    )


def signer(secrets: Sequence[bytes], body: bytes, signature: Signature) -> int | None:
    """Return which of the secrets (from 1) a delivery has proven, or None.

    Where signing tokens are configured a signature that is there must be right; without one a
    secret token that is configured, too, will do. Each is compared in constant time. A signature's
    time is not judged: what comes twice says the same.
    """
    proofs = signature if isinstance(signature, Mapping) else {}
    signing = any(secret.startswith(SIGNING) for secret in secrets)
    is_signed = signing and SIGNATURE in proofs
    matches = [
        number
        for number, secret in enumerate(secrets, start=1)
        if (
            has_signed(secret, proofs, body)
            if secret.startswith(SIGNING)
            else not is_signed and has_token(secret, proofs)
        )
    ]
    return matches[0] if matches else None


def has_token(secret: bytes, proofs: Headers) -> bool:
    """Tell whether a delivery has a secret token."""
    return hmac.compare_digest(sha256(secret).digest(), sha256(token_of(proofs)).digest())


def token_of(proofs: Headers) -> bytes:
    """Return the secret token of a delivery; a header is one character for each byte."""
    return proofs.get(TOKEN, "").encode("latin-1", "replace")


def has_signed(secret: bytes, proofs: Headers, body: bytes) -> bool:
    """Tell whether a signing token has signed a delivery.

    https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
    """
    key = base64.b64decode(secret.removeprefix(SIGNING))
    head = f"{proofs.get('webhook-id', '')}.{proofs.get('webhook-timestamp', '')}."
    signed = hmac.digest(key, head.encode("latin-1", "replace") + body, "sha256")
    right = b"v1," + base64.b64encode(signed)
    given = proofs.get(SIGNATURE, "").encode("latin-1", "replace").split(b" ")
    return any([hmac.compare_digest(right, each) for each in given])


def name_delivery(head: Head, payload: Payload, body: bytes) -> DeliveryName:
    """Return what the body calls the event; no header names the hook: its project stands there."""
    own = head.event.encode("utf-8", "replace") + b"\n"
    return DeliveryName(
        guid=head.guid or sha256(own + body).hexdigest(),
        hookid=project_of(payload),
        event=event_of(head, payload),
        action=label(SOURCE.action_of(payload)),
    )


def event_of(head: Head, payload: Payload) -> str:
    """Return the event that a body says it is of, of another type what its header says."""
    if SOURCE.is_sample(payload):
        return SAMPLE
    for key in ("object_kind", "event_name"):
        if (kind := payload.get(key)) is not None:
            if isinstance(kind, str):
                return kind if NAME.fullmatch(kind) else CUSTOM_TEMPLATE
            return EVENT_BY_HEADER.get(head.event, CUSTOM_TEMPLATE)
    return CUSTOM_TEMPLATE


def project_of(payload: Payload) -> int | None:
    """Return the id of the project that a body is about, None for what cannot be one."""
    project = payload.get("project")
    ids = (project.get("id") if isinstance(project, Mapping) else None, payload.get("project_id"))
    return next((one for one in ids if type(one) is int and 0 < one < 2**63), None)


def kept(payload: Payload, body: bytes) -> bytes:
    """Return a body without the values of variables; of one that nobody can tell, nothing.

    It is written anew, so that nothing of it is kept that was read past. Raises Unmappable.
    """
    if all(payload.get(key) is None for key in ("object_kind", "event_name")):
        return NOTHING
    return orjson.dumps(SOURCE.masked(payload))


GITLAB = WebhookVendor(
    provider="gitlab",
    title="GitLab",
    event_header="X-Gitlab-Event",
    read_head=read_head,
    signer=signer,
    name_delivery=name_delivery,
    kept=kept,
    unsigned="X-Gitlab-Token or webhook-signature is missing or wrong",
    misfit="the token is none of GITLAB_WEBHOOK_SECRET, or the signature does not fit the body",
    setup_text=SETUP_TEXT,
    setup_events=EVENT_TITLES,
    sends_again=False,
)
