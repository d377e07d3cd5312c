"""A GitHub App's own hook: its log wants a JWT, signed with the App's key, in a token's place.

https://docs.github.com/rest/apps/webhooks#list-deliveries-for-an-app-webhook
https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
"""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from backfill.github.delivery_log import Hook
from backfill.http.client import Client
from backfill.http.rate_limit import RateLimit
from config.settings import BadSetting

HOOK = Hook(0, "/app/hook", is_active=True)
LEEWAY, LIFE = 60, 540
"""Seconds: GitHub's clock may be behind ours, and takes ten minutes at most."""


class App(NamedTuple):
    """A GitHub App: its number or client id, and the file that holds its private key."""

    number: str
    pem: str


def client(app: App, base: str, limits: RateLimit) -> Client:
    """Return a client that is the App for nine minutes. Raises BadSetting."""
    try:
        key = load_pem_private_key(Path(app.pem).read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise BadSetting("GITHUB_APP_PEM", "is no private key without a password") from error
    if not isinstance(key, RSAPrivateKey):
        raise BadSetting("GITHUB_APP_PEM", "is no RSA key")
    return Client(base, jwt(app.number, key, int(time.time())), limits)


def jwt(issuer: str, key: RSAPrivateKey, now: int) -> str:
    """Return a token that says who we are until nine minutes after `now` (epoch seconds)."""
    claims = {"iat": now - LEEWAY, "exp": now + LIFE, "iss": issuer}
    signed = b".".join(encoded(json.dumps(part).encode()) for part in (HEADER, claims))
    return b".".join((signed, encoded(key.sign(signed, PKCS1v15(), SHA256())))).decode()


HEADER = {"alg": "RS256", "typ": "JWT"}


def encoded(raw: bytes) -> bytes:
    """Return bytes in base64 as URLs want them, without padding."""
    return urlsafe_b64encode(raw).rstrip(b"=")
