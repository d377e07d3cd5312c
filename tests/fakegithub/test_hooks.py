"""Webhooks of the fake GitHub: signed deliveries, the delivery log, redelivery."""

import hashlib
import hmac
import time
from typing import Any

import pytest
import requests

from fakegithub.api.access import Token
from fakegithub.api.delivering import deliver, message
from fakegithub.payloads import events
from fakegithub.server import serve
from fakegithub.world.world import World
from tests.fakegithub.receiver import receiving
from tests.fakegithub.samples import HOOKS, NOON, app_of, get, post, small_world


@pytest.fixture
def receiver():
    with receiving() as server:
        yield server


def signature(secret: bytes, body: bytes, name: str) -> str:
    return f"{name}={hmac.new(secret, body, name).hexdigest()}"


@pytest.mark.parametrize("content_type", ["json", "form"])
def test_delivery_is_signed_over_its_raw_body(receiver, content_type):
    payload = events.create_event(repository=events.repository(), ref="é")
    sent = message("create", payload, guid="7f0c9a2e-0000-4000-8000-000000000001")
    outcome = deliver(receiver.url, "It's a secret", sent, content_type, hook_id=42)
    assert (outcome.status, outcome.status_code, outcome.ok) == ("OK", 200, True)
    headers, body = receiver.got[0]
    assert headers["X-GitHub-Event"] == "create"
    assert headers["X-GitHub-Delivery"] == "7f0c9a2e-0000-4000-8000-000000000001"
    assert headers["X-GitHub-Hook-ID"] == "42"
    assert headers["User-Agent"].startswith("GitHub-Hookshot/")
    assert headers["X-Hub-Signature-256"] == signature(b"It's a secret", body, "sha256")
    assert headers["X-Hub-Signature"] == signature(b"It's a secret", body, "sha1")
    kinds = {"json": "application/json", "form": "application/x-www-form-urlencoded"}
    assert headers["Content-Type"] == kinds[content_type]
    assert body.startswith(b"{" if content_type == "json" else b"payload=%7B")


def test_signature_is_the_documented_one():
    """The example of GitHub's page on validating deliveries."""
    body, secret = b"Hello, World!", b"It's a Secret to Everybody"
    assert signature(secret, body, "sha256") == (
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    )
    assert hashlib.sha256(b"").hexdigest().startswith("e3b0c442")


def test_delivery_that_nobody_takes_is_told_without_a_status_code(receiver):
    closed = receiver.url.replace("/webhook", "")
    receiver.server_close()
    outcome = deliver(closed, None, message("ping", {}), timeout=2)
    assert (outcome.status, outcome.status_code) == ("failed to connect to host", 0)


def wait_for(condition: Any) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline, "it did not come within 5 s"
        time.sleep(0.01)


def test_new_hook_is_pinged_and_hides_its_secret(receiver):
    with serve(small_world()) as github:
        config = {"url": receiver.url, "content_type": "json", "secret": "0123456789abcdef"}
        made = post(github, HOOKS, {"config": config, "events": ["push", "workflow_job"]})
        assert made.status_code == 201
        assert made.json()["config"]["secret"] == "********"
        wait_for(lambda: receiver.got)
        headers, body = receiver.got[0]
        assert headers["X-GitHub-Event"] == "ping"
        assert headers["X-Hub-Signature-256"] == signature(b"0123456789abcdef", body, "sha256")
        again = post(github, HOOKS, {"config": config})
        assert again.status_code == 422
        assert again.json()["errors"][0]["message"] == "Hook already exists on this repository"
        assert post(github, HOOKS, {"config": {}}).status_code == 422


def test_hook_without_content_type_or_events_is_a_form_of_pushes():
    with serve(small_world()) as github:
        made = post(github, HOOKS, {"config": {"url": "http://127.0.0.1:9/"}}).json()
        assert (made["config"]["content_type"], made["events"]) == ("form", ["push"])
        path = f"{HOOKS}/{made['id']}"
        change = {"add_events": ["create"], "active": False}
        changed = post(github, path, change, method="PATCH").json()
        assert (changed["events"], changed["active"]) == (["push", "create"], False)
        config = post(github, f"{path}/config", {"content_type": "json"}, method="PATCH").json()
        assert config["content_type"] == "json"
        assert get(github, f"{path}/config").json()["url"] == "http://127.0.0.1:9/"
        assert post(github, path, method="DELETE").status_code == 204
        assert get(github, path).status_code == 404


def test_hooks_need_the_webhooks_permission():
    tokens = {"weak": Token(permissions=frozenset({"metadata", "actions"}))}
    with serve(small_world(), tokens=tokens) as github:
        assert get(github, HOOKS).status_code == 403


def test_failed_delivery_is_logged_and_sent_again_with_the_same_guid(receiver):
    world = small_world()
    repo = app_of(world)
    with serve(world) as github:
        hook = github.hooks.create(
            receiver.url, repo_id=repo, events=("push",), secret="s" * 16, content_type="json"
        )
        receiver.code = 503
        world.push(repo, "Second", after=60)
        github.hooks.send_due()
        log = get(github, f"{HOOKS}/{hook.id}/deliveries").json()
        # The hook is as old as the first push (12:00:00), so that one is sent too.
        assert [one["status_code"] for one in log] == [503, 503]
        assert log[0]["status"] == "Invalid HTTP Response: 503"
        assert (log[0]["event"], log[0]["redelivery"]) == ("push", False)
        one = get(github, f"{HOOKS}/{hook.id}/deliveries/{log[0]['id']}").json()
        assert one["request"]["payload"]["commits"][0]["message"] == "Second"
        assert one["request"]["headers"]["X-GitHub-Delivery"] == log[0]["guid"]

        receiver.code = 200
        path = f"{HOOKS}/{hook.id}/deliveries/{log[0]['id']}/attempts"
        assert post(github, path).status_code == 202
        wait_for(lambda: len(hook.log) == 3)
        newest = get(github, f"{HOOKS}/{hook.id}/deliveries").json()[0]
        assert (newest["guid"], newest["redelivery"]) == (log[0]["guid"], True)
        assert newest["status"] == "OK"
        assert newest["id"] != log[0]["id"]
        failures = get(github, f"{HOOKS}/{hook.id}/deliveries?status=failure").json()
        assert len(failures) == 2


def test_delivery_log_is_paged_by_cursor_and_kept_three_days():
    world = small_world()
    repo = app_of(world)
    with serve(world) as github:
        hook = github.hooks.create("http://127.0.0.1:9/", repo_id=repo)
        (first, *_) = world.deliveries(events={"push"})
        for _ in range(5):
            github.hooks.lose(hook, first)
        seen: list[list[int]] = []
        url: str | None = f"{github.url}{HOOKS}/{hook.id}/deliveries?per_page=2"
        while url:
            answer = requests.get(url, headers=github.headers, timeout=10)
            seen.append([one["id"] for one in answer.json()])
            url = answer.links.get("next", {}).get("url")
        assert [len(page) for page in seen] == [2, 2, 1]
        assert [number for page in seen for number in page] == sorted(
            (one.id for one in hook.log), reverse=True
        )
        world.advance(3 * 86_400 + 1)
        assert get(github, f"{HOOKS}/{hook.id}/deliveries").json() == []


def test_deliveries_meet_their_fates(receiver):
    world = World(seed=2, start=NOON)
    repo = world.create_repo("octo-org/app")
    with serve(world) as github:
        hook = github.hooks.create(
            receiver.url, owner="octo-org", events=("push",), content_type="json"
        )
        for number in range(5):
            world.push(repo, f"Push {number}", after=1)
        fates = iter([None, "never", "lost", "twice", "late"])
        sent = github.hooks.send_due(mishap=lambda delivery, hook: next(fates))
        assert sent == 3
        assert len(receiver.got) == 3
        assert [record.outcome.status_code for record in hook.log] == [200, 503, 200, 200]
        assert github.hooks.send_due() == 1
        assert len(receiver.got) == 4


def test_deleted_repository_is_told_to_the_organisations_hook_only(receiver):
    world = World(seed=2, start=NOON)
    repo = world.create_repo("octo-org/app")
    with serve(world) as github:
        events = ("repository",)
        of_repo = github.hooks.create(receiver.url, repo_id=repo, events=events)
        of_org = github.hooks.create(receiver.url, owner="octo-org", events=events)
        world.delete_repo(repo, after=60)
        github.hooks.send_due()
        assert [record.delivery.action for record in of_repo.log] == ["created"]
        assert [record.delivery.action for record in of_org.log] == ["created", "deleted"]
