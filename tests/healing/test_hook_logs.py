"""Logs of hooks: an App's own is read with a signed JWT, and one that breaks off is read again."""

import json
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from backfill.records import App
from fakegithub.api.access import Token
from fakegithub.server import TOKEN
from schema.tables.deliveries import deliveries
from tests.fakegithub.samples import app_of, small_world
from tests.healing.equal import check_equals_world
from tests.healing.installation import installed, stored

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)

NUMBER = "123456"


class Tokens(dict[str, Token]):
    """The tokens that GitHub knows, and those that an App has signed."""

    def __init__(self, key: RSAPrivateKey) -> None:
        super().__init__({TOKEN: Token(permissions=frozenset({"metadata", "actions", "contents"}))})
        self.public = key.public_key()
        self.claims: list[dict[str, Any]] = []

    def __missing__(self, secret: str) -> Token:
        """Return the App that signed a JWT. Raises KeyError."""
        signed, _, signature = secret.rpartition(".")
        try:
            self.public.verify(decoded(signature), signed.encode(), PKCS1v15(), SHA256())
        except InvalidSignature:
            raise KeyError(secret) from None
        header, claims = (json.loads(decoded(part)) for part in signed.split("."))
        assert header == {"alg": "RS256", "typ": "JWT"}
        self.claims.append(claims)
        return Token(name="app", permissions=frozenset({"app"}))


def decoded(text: str) -> bytes:
    """Return what base64 without padding holds."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def saved(key: RSAPrivateKey, folder: Path) -> App:
    """Write a key as GitHub's page gives it; return the App."""
    pem = folder / "app.pem"
    pem.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    )
    return App(NUMBER, str(pem))


@pytest.fixture(scope="module")
def key() -> RSAPrivateKey:
    """Make the App's key."""
    return generate_private_key(65_537, 2048)


def test_deliveries_are_taken_from_the_log_of_the_app_s_hook(engine, key, tmp_path):
    world = small_world()
    tokens = Tokens(key)
    with installed(world, engine, tokens=tokens) as here:
        hook = here.hook(0)
        hook.repo_id = None
        here.receiver.is_down = True
        here.github.hooks.send_due()
        here.receiver.is_down = False
        outcome = here.heal(app=saved(key, tmp_path))
        assert (outcome.recovered, outcome.troubles) == (3, ())
        assert len(stored(engine, deliveries.c.guid)) == 3
        check_equals_world(engine, world, app_of(world))
        assert here.heal(app=saved(key, tmp_path)).recovered == 0
    claims = tokens.claims[0]
    assert claims["iss"] == NUMBER
    assert claims["exp"] - claims["iat"] == 600
    assert "may not read the webhooks" not in here.said.getvalue()


def test_key_of_another_app_is_told_and_the_lists_heal(engine, key, tmp_path):
    world = small_world()
    other = generate_private_key(65_537, 2048)
    with installed(world, engine, tokens=Tokens(key)) as here:
        here.hook(0).repo_id = None
        outcome = here.heal(app=saved(other, tmp_path))
        assert outcome.troubles == ("/app/hook: GitHub does not accept the App's number or key",)
        check_equals_world(engine, world, app_of(world))


@pytest.mark.parametrize("content", ["", "no key", "-----BEGIN RSA PRIVATE KEY-----\nAA==\n"])
def test_file_that_holds_no_key_is_told(engine, key, tmp_path, content):
    pem = tmp_path / "app.pem"
    pem.write_text(content)
    with installed(small_world(), engine, tokens=Tokens(key)) as here:
        outcome = here.heal(app=App(NUMBER, str(pem)))
        assert outcome.troubles == ("GITHUB_APP_PEM: is no private key without a password",)


def test_log_whose_full_page_lost_its_link_is_read_again_to_its_end(engine):
    """That the newest are stored says nothing of those before them."""
    world = small_world()
    with installed(world, engine) as here:
        here.hook(app_of(world))
        here.receiver.is_down = True
        lost = [world.push(app_of(world), "Lost", after=60) for _ in range(3)]
        here.github.hooks.send_due()
        here.receiver.is_down = False
        for _ in range(101):
            world.push(app_of(world), "More", after=60)
        here.github.hooks.send_due()
        here.github.change = lambda path, usual: (
            usual._replace(headers={}) if "/deliveries?" in path else usual
        )
        assert here.heal().recovered == 0
        here.github.change = lambda path, usual: usual
        world.push(app_of(world), "Newest", after=60)
        here.github.hooks.send_due()
        assert here.heal().recovered >= len(lost)
        sent = sorted(one.guid for one in world.deliveries(repo_id=app_of(world)))
        assert stored(engine, deliveries.c.guid) == sent
