"""A webhook is made and repaired over real HTTP; the same command twice changes nothing."""

import json
from pathlib import Path

import pytest

from backfill.command.webhook import inspect_clock
from fakegithub.api.access import ALL, Token
from fakegithub.api.hooks import Hook
from fakegithub.server import TOKEN
from rows.github.events import EVENTS
from tests.backfill.hooking import SECRET, Done, Staged, staging
from tests.fakegithub.samples import app_of

ELSEWHERE = "https://old.example.org/webhook"


@pytest.mark.parametrize(
    ("ahead", "said"),
    [
        (0.4, "ok clock: agrees with GitHub's"),
        (-299, "ok clock: agrees with GitHub's to 299 s"),
        (93_600, "WRONG clock: is 1 d 2 h ahead of GitHub's: set it (timedatectl), or"),
        (-400 * 86_400, "WRONG clock: is 400 d behind GitHub's: set it (timedatectl), or"),
    ],
)
def test_clock_that_is_far_from_the_server_s_is_wrong(ahead: float, said: str):
    line = inspect_clock("GitHub", ahead)
    mark = "WRONG" if line.wrong else "ok"
    assert f"{mark} {line.name}: {line.wrong or line.state}".startswith(said)


@pytest.fixture
def staged(
    bare: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Staged:
    return staging(monkeypatch, capsys)


def state(hook: Hook) -> tuple[object, ...]:
    return hook.url, hook.active, hook.secret, hook.content_type, hook.insecure_ssl, hook.events


def wanted(url: str) -> tuple[object, ...]:
    return url, True, SECRET, "json", "0", tuple(EVENTS)


def test_hook_is_made_and_pinged(staged: Staged):
    with staged() as stage:
        done = stage.register()
        (hook,) = stage.hooks
        assert state(hook) == wanted(stage.receiver.url)
        assert hook.repo_id == app_of(stage.github.world)
        assert done == Done(
            0,
            [
                f"octo-org/app: webhook {hook.id} was made, it delivers to {stage.receiver.url}",
                "octo-org/app: the ping was answered with 200",
            ],
            [],
        )
        (headers, body) = stage.receiver.got[0]
    assert headers["X-GitHub-Event"] == "ping"
    assert json.loads(body)["hook_id"] == hook.id


def test_second_time_changes_nothing_and_pings_again(staged: Staged):
    with staged() as stage:
        stage.register()
        before = state(stage.hooks[0])
        done = stage.register()
        assert [state(hook) for hook in stage.hooks] == [before]
        number = stage.hooks[0].id
        assert done.out == [
            f"octo-org/app: webhook {number} is as it should be; its secret was set anew",
            "octo-org/app: the ping was answered with 200",
        ]
        assert len(stage.receiver.got) == 2


def test_hook_that_is_off_in_every_way_is_repaired(staged: Staged):
    with staged() as stage:
        hook = stage.github.hooks.create(
            stage.receiver.url,
            repo_id=app_of(stage.github.world),
            events=("push", "issues", "workflow_run"),
            secret="another",
            active=False,
        )
        hook.insecure_ssl = "1"
        done = stage.register()
        assert [one.id for one in stage.hooks] == [hook.id]
        # Events that somebody else may need are left.
        assert state(hook) == (*wanted(stage.receiver.url)[:-1], (*EVENTS, "issues"))
    assert done.out[0] == (
        f"octo-org/app: webhook {hook.id} was repaired: it is disabled, lacks the events create, "
        "delete, repository, workflow_job, does not verify the certificate, sends forms, not "
        "JSON; its secret was set anew"
    )


def test_hook_of_somebody_else_is_left_alone(staged: Staged):
    with staged() as stage:
        other = stage.github.hooks.create(ELSEWHERE, repo_id=app_of(stage.github.world))
        stage.register()
        assert len(stage.hooks) == 2
        assert (other.url, other.events, other.content_type) == (ELSEWHERE, ("push",), "form")


def test_organisation_gets_one_hook_for_all_its_repositories(staged: Staged):
    with staged(repos="octo-org/*,octo-org/app") as stage:
        done = stage.register()
        (hook,) = stage.hooks
        assert (hook.owner, hook.repo_id) == ("octo-org", None)
        assert state(hook) == wanted(stage.receiver.url)
    assert done.out[1] == "octo-org: the ping was answered with 200"


def test_each_repository_gets_its_hook_and_one_that_fails_stops_none(staged: Staged):
    with staged(repos="octo-org/nowhere,octo-org/app,octo-org/core") as stage:
        stage.github.world.create_repo("octo-org/core")
        done = stage.register()
        assert len({hook.repo_id for hook in stage.hooks}) == 2
    assert (done.code, done.err) == (
        1,
        ["octo-org/nowhere: not found, or the key may not see it"],
    )


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (401, "the ping was answered with 401: the listener there has another secret"),
        (502, "the ping was answered with 502: that is not a listener, or it is not well"),
    ],
)
def test_ping_that_is_not_taken_is_told(staged: Staged, code: int, told: str):
    with staged() as stage:
        stage.receiver.code = code
        done = stage.register()
    assert (done.code, done.out[-1]) == (0, f"octo-org/app: {told}")


def test_ping_that_nothing_answers_is_told(staged: Staged):
    with staged() as stage:
        done = stage.run("--register", "http://127.0.0.1:9/webhook")
    assert done.out[-1] == (
        "octo-org/app: the ping was not answered: nothing listens there yet, or GitHub cannot "
        "reach it"
    )


def test_key_without_rights_is_told_what_it_needs(staged: Staged):
    with staged(tokens={TOKEN: Token(permissions=ALL - {"webhooks"})}) as stage:
        done = stage.register()
    assert done == Done(
        1,
        [],
        [
            "octo-org/app: the key may not manage its webhooks: it needs admin rights to the "
            "repository and, for a classic key, the scope admin:repo_hook, for a fine-grained one "
            "the permission Webhooks (read and write)"
        ],
    )


def test_key_without_rights_to_an_organisation_is_told_what_it_needs(staged: Staged):
    tokens = {TOKEN: Token(permissions=ALL - {"webhooks"})}
    with staged(repos="octo-org", tokens=tokens) as stage:
        (line,) = stage.register().err
    assert line.startswith("octo-org: the key may not manage its webhooks: it needs to own the ")
    assert "admin:org_hook" in line


def test_person_is_no_organisation(staged: Staged):
    with staged(repos="mona") as stage:
        stage.github.world.create_repo("mona/app", owner_type="User")
        done = stage.register()
    assert done.err == ["mona: is a person, not an organisation: name repositories, org/repo"]


def test_wrong_key_is_told_and_ends_with_2(staged: Staged, monkeypatch: pytest.MonkeyPatch):
    with staged() as stage:
        monkeypatch.setenv("GITHUB_TOKEN", "wrong")
        done = stage.register()
    assert done == Done(2, [], ["GitHub does not accept the key: it is wrong, expired or revoked"])


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://ci.example.org/webhook", "deliveries would come in clear: https is needed"),
        ("https://ci.example.org", "has no path: the listener answers at /webhook"),
        ("ci.example.org/webhook", "is not an address like https://HOST/webhook"),
        ("https://me:pw@ci.example.org/webhook", "is not an address like https://HOST/webhook"),
        ("https://ci.example.org:x/webhook", "is not an address like https://HOST/webhook"),
    ],
)
def test_address_that_cannot_be_meant_is_refused(staged: Staged, url: str, why: str):
    with staged() as stage:
        assert stage.run("--register", url) == Done(2, [], [f"--register: {why}"])
        assert stage.github.requests == []


@pytest.mark.parametrize(
    ("missing", "line"),
    [
        ("REPOS", "-r: say whose webhook is meant: org/repo, or org for all of its repositories"),
        ("GITHUB_TOKEN", "GITHUB_TOKEN: is needed to manage webhooks (-k)"),
    ],
)
def test_what_is_missing_is_named(
    staged: Staged, monkeypatch: pytest.MonkeyPatch, missing: str, line: str
):
    with staged() as stage:
        monkeypatch.delenv(missing)
        assert stage.register() == Done(2, [], [line])


def test_secret_is_never_printed(staged: Staged):
    with staged() as stage:
        done = stage.register()
        seen = stage.run("--check")
    assert SECRET not in str((done, seen))
    assert TOKEN not in str((done, seen))
