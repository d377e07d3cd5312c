"""The token that a GitHub App signs, and keys that cannot sign one."""

from __future__ import annotations

from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from backfill.github.app_auth import make_token, open_app_client
from backfill.http.client import Client
from backfill.http.rate_limit import RateLimit
from backfill.records import App
from config.settings import BadSetting

NOW = 1_790_000_000


def test_token_is_signed_with_the_key_of_the_app_and_lasts_nine_minutes():
    key = rsa.generate_private_key(65_537, 2048)
    token = make_token("123456", key, NOW)
    claims = jwt.decode(
        token, key.public_key(), algorithms=["RS256"], options={"verify_exp": False}
    )
    assert claims == {"iat": NOW - 60, "exp": NOW + 540, "iss": "123456"}
    assert jwt.get_unverified_header(token) == {"alg": "RS256", "typ": "JWT"}


def test_key_that_is_not_rsa_is_refused(tmp_path: Path):
    pem = tmp_path / "app.pem"
    key = ec.generate_private_key(ec.SECP256R1())
    pem.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    other = Client("https://api.github.com", None, RateLimit(lambda why, until: None))
    with pytest.raises(BadSetting, match="GITHUB_APP_PEM: is no RSA key"):
        open_app_client(App("123456", str(pem)), other)
