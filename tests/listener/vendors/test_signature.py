"""Who signed a body."""

import pytest

from listener.vendors.github import signer

# The example of https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
SECRET, BODY = b"It's a Secret to Everybody", b"Hello, World!"
DIGEST = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
OTHER = b"another secret, a long one"


def test_signature_of_githubs_own_example_is_accepted():
    assert signer([SECRET], BODY, f"sha256={DIGEST}") == 1


def test_signature_while_rotating_is_accepted_from_either_secret():
    assert signer([SECRET, OTHER], BODY, f"sha256={DIGEST}") == 1
    assert signer([OTHER, SECRET], BODY, f"sha256={DIGEST}") == 2


def test_signature_whose_digits_are_in_upper_case_is_the_same():
    assert signer([OTHER, SECRET], BODY, f"sha256={DIGEST.upper()}") == 2


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "sha256=",
        DIGEST,
        f"sha256={DIGEST[:-1]}",
        f"sha256={DIGEST}0",
        f"sha256={DIGEST}\n",
        f" sha256={DIGEST}",
        f"SHA256={DIGEST}",
        f"sha1={DIGEST[:40]}",
        f"sha256={DIGEST}, sha256={DIGEST}",
        "sha256=" + "é" * 64,
        "sha256=" + "\uff21" * 64,  # full-width letters
        "sha256=" + "\uff11" * 64,  # full-width digits
        "sha256=" + "\udcff" * 64,
        f"sha256={DIGEST[:-1]}8",
        "sha256=" + "0" * 64,
        "a" * 1_000_000,
    ],
)
def test_signature_that_is_not_exactly_the_one_is_refused(header: str | None):
    assert signer([SECRET, OTHER], BODY, header) is None


def test_signature_of_another_body_is_refused():
    assert signer([SECRET], BODY + b"\n", f"sha256={DIGEST}") is None


def test_signature_with_no_secret_at_all_is_refused():
    assert signer([], BODY, f"sha256={DIGEST}") is None


def test_signature_is_compared_with_every_secret_in_constant_time(monkeypatch: pytest.MonkeyPatch):
    compared = []

    def compare(ours: bytes, theirs: bytes) -> bool:
        compared.append((type(ours), len(ours), len(theirs)))
        return ours == theirs

    monkeypatch.setattr("listener.vendors.github.hmac.compare_digest", compare)
    assert signer([SECRET, OTHER], BODY, f"sha256={DIGEST}") == 1
    assert compared == [(bytes, 32, 32)] * 2
