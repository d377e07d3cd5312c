"""GitLab's part of the configuration: its settings, and what `-r` may name there."""

import base64
import binascii
import re
from urllib.parse import urlsplit

from config import values
from config.sources import Setting, SourceForm
from engines.reaching.loopback import is_loopback

SIGNING = "whsec_"
"""Begins a signing token; any other text is a secret token.

https://docs.gitlab.com/user/project/integrations/webhooks/
"""


def server_url(text: str) -> str:
    """Return the address of a GitLab server: https, or http on this machine only."""
    url = urlsplit(text)
    if url.scheme not in ("http", "https") or not url.hostname or url.query or url.username:
        raise ValueError("is not an address like https://gitlab.com or https://example.org/gitlab")
    if url.scheme == "http" and not is_loopback(url.hostname):
        raise ValueError("would send the token in clear: https is needed")
    whole = url._replace(netloc=url.netloc.lower()).geturl()  # as links have it
    return whole.rstrip("/").removesuffix("/api/v4")


def webhook_secrets(text: str) -> tuple[bytes, ...]:
    """Return one secret, or two while they are rotated, each a secret token or a signing token."""
    secrets = values.webhook_secret(text)
    for secret in secrets:
        if secret.startswith(SIGNING.encode()):
            try:
                base64.b64decode(secret.removeprefix(SIGNING.encode()), validate=True)
            except binascii.Error:
                raise ValueError(f"what follows {SIGNING} in a signing token is base64") from None
    return secrets


def name_in(path: str, server: str) -> str:
    """Return the project or group whose page is at a path of a server."""
    prefix = urlsplit(server).path.strip("/")
    name = path.strip("/").partition("/-")[0]
    if prefix and f"{name}/".startswith(f"{prefix}/"):
        name = name[len(prefix) :].strip("/")
    return name.removeprefix("groups/").removesuffix(".git")


PART = r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?"

FORM = SourceForm(
    settings={
        "url": ("GITLAB_URL", Setting("https://gitlab.com", server_url)),
        "token": ("GITLAB_TOKEN", Setting(None, values.secret_text)),
        "secrets": ("GITLAB_WEBHOOK_SECRET", Setting(None, webhook_secrets)),
    },
    pattern=re.compile(rf"{PART}(?:/{PART}){{0,20}}(?:/\*)?"),
    examples="group/project, group/sub/project, group or group/*",
    name_in=name_in,
    is_anywhere=True,
)
