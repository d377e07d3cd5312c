"""What `--check` says of webhooks: one line each, and what keeps one from delivering."""

import json
import time
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from fakegithub.api.access import ALL, Token
from fakegithub.api.delivering import message
from fakegithub.api.hooks import Hook
from fakegithub.server import TOKEN
from rows.github.events import EVENTS
from store.deliveries import table
from store.deliveries.table import Delivery
from store.state import notes
from tests.backfill.hooking import SECRET, Done, Stage, Staged, staging
from tests.fakegithub.samples import app_of

NAME = "webhook of octo-org/app"
ACCEPTED = ("GITHUB_TOKEN", "is accepted by GitHub", "")
CLOCK = ("clock", "agrees with GitHub's", "")

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


@pytest.fixture
def staged(
    bare: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Staged:
    return staging(monkeypatch, capsys)


def lines(done: Done) -> list[tuple[str, str, str]]:
    """Return what was said but that of the clock, which follows a key that is accepted."""
    told = [json.loads(line) for line in done.out]
    said = [(line["name"], line["state"], line["wrong"]) for line in told]
    assert said.index(CLOCK) == said.index(ACCEPTED) + 1 if ACCEPTED in said else CLOCK not in said
    return [one for one in said if one != CLOCK]


def made(stage: Stage, **options: object) -> Hook:
    """Make a hook that is as it should be, but for `options`."""
    usual = {"events": tuple(EVENTS), "secret": SECRET, "content_type": "json"}
    place = {"repo_id": app_of(stage.github.world)}
    hook = stage.github.hooks.create(stage.receiver.url, **{**usual, **place, **options})
    stage.github.hooks.ping(hook)
    return hook


def test_hook_that_is_well_is_one_line_with_its_last_answers(staged: Staged):
    with staged() as stage:
        hook = made(stage)
        stage.receiver.code = 202
        stage.github.hooks.ping(hook)
        done = stage.run("--check")
    assert done.code == 0
    told = f"{hook.id} delivers to {stage.receiver.url}; last answers: 202, 200"
    assert lines(done) == [ACCEPTED, (NAME, told, "")]


def test_no_hook_is_no_fault(staged: Staged):
    with staged() as stage:
        done = stage.run("--check")
    assert done.code == 0
    assert lines(done)[1] == (NAME, "there is none: what happens is found by asking GitHub", "")


def test_what_is_wrong_with_a_hook_is_told(staged: Staged):
    with staged() as stage:
        hook = made(stage, events=("push", "create", "delete", "repository", "workflow_run"))
        stage.receiver.code = 502
        stage.github.hooks.ping(hook)
        hook.active = False
        done = stage.run("--check")
    assert done.code == 1
    assert lines(done)[1][2] == (
        f"{hook.id} is disabled, lacks the events workflow_job, was not answered as it should; "
        "last answers: 502, 200"
    )


def test_hook_that_should_point_here_is_told_apart(staged: Staged):
    with staged() as stage:
        made(stage)
        here = "https://ci.example.org/webhook"
        done = stage.run("--check", "--register", here)
        assert lines(done)[1][1].startswith("there is none")


def test_hook_of_the_organisation_is_looked_at_too(staged: Staged):
    with staged() as stage:
        hook = made(stage, repo_id=None, owner="octo-org")
        done = stage.run("--check")
    assert lines(done)[1][1].startswith(f"{hook.id} delivers to ")


def test_key_that_may_not_see_hooks_is_no_fault(staged: Staged):
    with staged(tokens={TOKEN: Token(permissions=ALL - {"webhooks"})}) as stage:
        done = stage.run("--check")
    ((name, found, wrong),) = lines(done)[1:]
    assert (done.code, name, wrong) == (0, "webhook", "")
    assert json.loads(done.out[-1])["warning"]
    assert found.startswith("not looked at: octo-org/app: the key may not manage its webhooks")


def test_repository_that_is_not_found_is_wrong(staged: Staged):
    with staged(repos="octo-org/ap") as stage:
        done = stage.run("--check")
    ((name, found, wrong),) = lines(done)[1:]
    assert (done.code, name, found) == (1, "webhook", "")
    assert wrong == "octo-org/ap: not found, or the key may not see it: is it spelled so?"


def test_hour_that_is_used_up_is_said_and_not_waited_for(staged: Staged):
    with staged(tokens={TOKEN: Token(limit=1)}) as stage:
        began = time.monotonic()
        done = stage.run("--check")
        assert time.monotonic() - began < 20
    ((name, found, wrong),) = lines(done)[-1:]
    assert (done.code, name, found) == (1, "GITHUB_TOKEN", "")
    assert wrong.startswith("this hour's requests are used up: nothing can be asked until ")


def test_wrong_key_is_wrong(staged: Staged, monkeypatch: pytest.MonkeyPatch):
    with staged() as stage:
        monkeypatch.setenv("GITHUB_TOKEN", "wrong")
        done = stage.run("--check")
    why = "GitHub does not accept the key: it is wrong, expired or revoked"
    assert (done.code, lines(done)) == (1, [("GITHUB_TOKEN", "", why)])


def heard(engine: sa.Engine, hook: int) -> None:
    """Note that a hook delivered for octo-org/app."""
    sent = message("push", {})
    time = datetime(2026, 3, 2, 12)
    one = Delivery("github", sent.guid, hook, "push", None, "octo-org/app", time, b"{}")
    with engine.begin() as connection:
        table.save_all(connection, [(one, "applied", None)])


@on_sqlite
def test_hook_that_was_registered_elsewhere_is_told(
    engine: sa.Engine, engine_name: str, staged: Staged
):
    with staged() as stage:
        stage.register()
        (hook,) = stage.hooks
        with engine.begin() as connection:
            assert notes.text(connection, f"hook {hook.id}", "url") == stage.receiver.url
        assert stage.run("--check").code == 0
        hook.url = "https://old.example.org/webhook"
        done = stage.run("--check")
    assert done.code == 1
    assert lines(done)[1][2] == (
        f"{hook.id} points to https://old.example.org/webhook, not to {stage.receiver.url}; "
        "last answers: 200"
    )


@on_sqlite
def test_hook_that_delivered_and_is_gone_is_told(
    engine: sa.Engine, engine_name: str, staged: Staged
):
    with staged() as stage:
        heard(engine, 7)
        done = stage.run("--check")
    assert (done.code, lines(done)[1]) == (
        1,
        (NAME, "", "none is listed, though one delivered: make it with --register URL"),
    )


@on_sqlite
def test_hook_that_delivered_is_moved_rather_than_doubled(
    engine: sa.Engine, engine_name: str, staged: Staged
):
    with staged() as stage:
        hook = made(stage)
        hook.url = "https://old.example.org/webhook"
        heard(engine, hook.id)
        done = stage.register()
        assert [(one.id, one.url) for one in stage.hooks] == [(hook.id, stage.receiver.url)]
    assert done.out[0] == (
        f"octo-org/app: webhook {hook.id} was repaired: it points to "
        f"https://old.example.org/webhook, not to {stage.receiver.url}; its secret was set anew"
    )
