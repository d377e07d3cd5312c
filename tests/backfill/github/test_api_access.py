"""What GitHub's answers mean, and the token that a GitHub App signs."""

from datetime import datetime
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from backfill.github.api_access import RULES, expiry_of, judge, make_token, open_app_client
from backfill.http.api_rules import Action
from backfill.http.client import Client
from backfill.http.rate_limit import RateLimit
from backfill.records import App
from config.settings import BadSetting

NOW = 1_790_000_000


@pytest.mark.parametrize(
    ("status", "headers", "message", "action", "seconds"),
    [
        (200, {}, "", Action.TAKE, None),
        (304, {}, "", Action.TAKE, None),
        (301, {}, "Moved Permanently", Action.FOLLOW, None),
        (429, {"retry-after": "7"}, "", Action.WAIT, 7),
        (403, {"retry-after": "60"}, "", Action.WAIT, 60),
        (403, {"x-ratelimit-remaining": "0"}, "API rate limit exceeded", Action.WAIT, None),
        (403, {}, "You have exceeded a secondary rate limit.", Action.WAIT, None),
        (403, {"x-ratelimit-remaining": "10"}, "Resource not accessible", Action.REFUSE, None),
        (500, {}, "", Action.AGAIN, None),
        (502, {}, "", Action.AGAIN, None),
        (503, {"retry-after": "3"}, "", Action.AGAIN, 3),
        (504, {}, "", Action.AGAIN, None),
        (401, {}, "Bad credentials", Action.REFUSE, None),
        (404, {}, "Not Found", Action.REFUSE, None),
        (422, {}, "Validation Failed", Action.REFUSE, None),
    ],
)
def test_answer_is_taken_followed_waited_for_tried_again_or_refused(
    status, headers, message, action, seconds
):
    judgement = judge(status, headers, message)
    assert (judgement.action, judgement.seconds) == (action, seconds)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        (None, None),
        ("2026-03-20 12:00:00 UTC", datetime(2026, 3, 20, 12)),
        ("2026-03-05 13:30:00 +0200", datetime(2026, 3, 5, 11, 30)),
        ("soon", None),
    ],
)
def test_time_at_which_the_key_expires_is_read(text, time):
    headers = {} if text is None else {"github-authentication-token-expiration": text}
    assert expiry_of(headers) == time


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
    other = Client("https://api.github.com", None, RateLimit(RULES, lambda why, until: None))
    with pytest.raises(BadSetting, match="GITHUB_APP_PEM: is no RSA key"):
        open_app_client(App("123456", str(pem)), other)
