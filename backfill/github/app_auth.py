"""A GitHub App's own hook: its log wants a JWT, signed with the App's key, in a token's place.

https://docs.github.com/rest/apps/webhooks#list-deliveries-for-an-app-webhook
https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
"""

from __future__ import annotations

import time
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from backfill.http.client import Client
from backfill.http.rate_limit import RateLimit
from backfill.records import App, Webhook
from config.settings import BadSetting, Settings

APP_HOOK = Webhook(0, "/app/hook")
LEEWAY, LIFE = 60, 540
"""Seconds: GitHub's clock may be behind ours, and takes ten minutes at most."""


def read_app(settings: Settings) -> App | None:
    """Return the App that sends deliveries, if the settings name one."""
    number, pem = settings.source.app_id, settings.source.app_pem
    return App(number, pem) if number and pem else None


def open_app_client(app: App, other: Client) -> Client:
    """Return a client that is the App for nine minutes, as `other` is. Raises BadSetting."""
    try:
        key = load_pem_private_key(Path(app.pem).read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise BadSetting("GITHUB_APP_PEM", "is no private key without a password") from error
    if not isinstance(key, RSAPrivateKey):
        raise BadSetting("GITHUB_APP_PEM", "is no RSA key")
    token = make_token(app.id, key, int(time.time()))
    limits = RateLimit(other.rate_limit.tell, None, other.rate_limit.left)
    return Client(other.base, token, limits)


def make_token(issuer: str, key: RSAPrivateKey, now: int) -> str:
    """Return a JWT that says who we are until nine minutes after `now` (epoch seconds)."""
    claims = {"iat": now - LEEWAY, "exp": now + LIFE, "iss": issuer}
    return jwt.encode(claims, key, algorithm="RS256")
