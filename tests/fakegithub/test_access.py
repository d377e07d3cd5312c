"""Who may ask the fake GitHub, and how much: tokens, permissions, limits, ETags."""

from datetime import UTC, datetime

import requests

from fakegithub.api.access import Token
from fakegithub.api.limits import Limits
from fakegithub.server import serve
from tests.fakegithub.samples import REPO, RUNS, flow_of, get, small_world


def test_wrong_token_is_401_bad_credentials():
    with serve(small_world()) as github:
        answer = get(github, "/repos/octo-org/app", Authorization="Bearer wrong")
        assert (answer.status_code, answer.json()["message"]) == (401, "Bad credentials")
        assert get(github, "/repos/octo-org/app", Authorization="").status_code == 401


def test_anonymous_sees_public_repositories_only_and_60_an_hour():
    world = small_world()
    world.create_repo("octo-org/secret", private=True)
    with serve(world) as github:
        anonymous = {"User-Agent": "me"}

        def ask(name: str) -> requests.Response:
            return requests.get(f"{github.url}/repos/{name}", headers=anonymous, timeout=10)

        assert ask("octo-org/app").headers["X-RateLimit-Limit"] == "60"
        assert ask("octo-org/secret").status_code == 404
        assert get(github, "/repos/octo-org/secret").status_code == 200


def test_token_without_actions_permission_is_403():
    tokens = {"weak": Token(permissions=frozenset({"metadata", "contents"}))}
    with serve(small_world(), tokens=tokens) as github:
        answer = get(github, RUNS)
        assert answer.status_code == 403
        assert answer.json()["message"] == "Resource not accessible by personal access token"
        assert answer.headers["X-Accepted-GitHub-Permissions"] == "actions=read"
        assert get(github, f"{REPO}/branches").status_code == 200


def test_organisation_with_saml_is_403_with_the_way_to_sign_in():
    tokens = {"outside": Token(saml=frozenset({"octo-org"}))}
    with serve(small_world(), tokens=tokens) as github:
        answer = get(github, "/repos/octo-org/app")
        assert answer.status_code == 403
        assert answer.headers["X-GitHub-SSO"].startswith("required; url=https://github.com/orgs/")


def test_token_tells_when_it_expires():
    tokens = {"short": Token(expires=datetime(2026, 12, 1, tzinfo=UTC))}
    with serve(small_world(), tokens=tokens) as github:
        header = get(github, "/meta").headers["GitHub-Authentication-Token-Expiration"]
        assert header == "2026-12-01 00:00:00 UTC"


def test_version_that_does_not_exist_is_400_and_the_new_one_drops_rate():
    with serve(small_world()) as github:
        wrong = get(github, "/meta", **{"X-GitHub-Api-Version": "2020-01-01"})
        assert wrong.status_code == 400
        assert "rate" in get(github, "/rate_limit").json()
        new = get(github, "/rate_limit", **{"X-GitHub-Api-Version": "2026-03-10"})
        assert set(new.json()) == {"resources"}


def test_304_does_not_count_against_the_primary_limit():
    with serve(small_world(runs=1)) as github:
        first = get(github, RUNS)
        assert first.headers["X-RateLimit-Used"] == "1"
        second = get(github, RUNS, **{"If-None-Match": first.headers["ETag"]})
        assert (second.status_code, second.content) == (304, b"")
        assert second.headers["X-RateLimit-Used"] == "1"
        assert [one.counted for one in github.requests] == [True, False]
        github.world.advance(1)
        github.world.trigger(flow_of(github.world))
        third = get(github, RUNS, **{"If-None-Match": first.headers["ETag"]})
        assert (third.status_code, third.json()["total_count"]) == (200, 2)


class Clock:
    """Seconds since 1970 that a test moves on."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def test_primary_limit_refuses_until_its_reset_and_rate_limit_is_free():
    clock = Clock()
    tokens = {"t": Token(limit=3)}
    with serve(small_world(), tokens=tokens, limits=Limits(clock=clock)) as github:
        assert [get(github, "/meta").status_code for _ in range(3)] == [200, 200, 200]
        refused = get(github, "/meta")
        assert refused.status_code in (403, 429)
        assert refused.headers["X-RateLimit-Remaining"] == "0"
        assert refused.headers["X-RateLimit-Reset"] == "1003600"
        assert "Retry-After" not in refused.headers
        core = get(github, "/rate_limit").json()["resources"]["core"]
        assert (core["used"], core["remaining"], core["limit"]) == (3, 0, 3)
        clock.now += 3600
        assert get(github, "/meta").status_code == 200


def test_secondary_limit_refuses_with_retry_after():
    clock = Clock()
    limits = Limits(clock=clock, points_per_minute=5)
    with serve(small_world(), limits=limits) as github:
        assert [get(github, "/meta").status_code for _ in range(5)] == [200] * 5
        clock.now += 20
        refused = get(github, "/meta")
        assert refused.status_code in (403, 429)
        assert refused.headers["Retry-After"] == "40"
        assert refused.headers["X-RateLimit-Remaining"] == "4995"
        assert "secondary rate limit" in refused.json()["message"]
        clock.now += 40
        assert get(github, "/meta").status_code == 200


def test_limits_scaled_100_times_have_an_hour_of_36_seconds():
    clock = Clock()
    with serve(small_world(), limits=Limits(clock=clock, scale=100)) as github:
        assert get(github, "/meta").headers["X-RateLimit-Reset"] == "1000036"
