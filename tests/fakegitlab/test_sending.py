"""The fake's webhook sends as GitLab does: once, with its version's headers, until it stops."""

import base64
import json
import random
from typing import Any

import pytest

from fakegitlab.director import Director
from fakegitlab.hooks import SECRET, Hook, hooks_of, in_test, pipeline_hook, push_hook
from fakegitlab.sending import MINUTE, NEWEST, Sender
from fakegitlab.world import START, Project, World

SIGNING = "whsec_" + base64.b64encode(b"thirty-two bytes of a signing tk").decode()
VERSIONS = [(15, 0), (16, 2), (17, 4), NEWEST]


def lived() -> tuple[Project, list[Hook]]:
    """Return a project, and the hooks of one of its pipelines."""
    world = World()
    project = world.add_project("group/sub/app")
    life = Director(world, project, random.Random(5)).live()
    hooks = [Hook(life.created, "push", push_hook(project)), *hooks_of(project, life)]
    return project, sorted(hooks, key=lambda hook: hook.time)


class Answers:
    """A receiver that answers as it is told."""

    def __init__(self) -> None:
        self.status = 200
        self.heads: list[dict[str, str]] = []

    def __call__(self, body: bytes, headers: dict[str, str]) -> int:
        self.heads.append(headers)
        return self.status


def sender(project: Project, post: Any, **more: Any) -> Sender:
    return Sender(project, "https://example.org/webhook", post, **more)


@pytest.mark.parametrize("version", VERSIONS)
def test_headers_are_those_of_the_version(version: tuple[int, int]):
    project, hooks = lived()
    answers = Answers()
    sender(project, answers, token="t", signing=SIGNING, version=version).send(hooks[0])
    (head,) = answers.heads
    assert ("X-Gitlab-Webhook-UUID" in head) == (version >= (16, 2))
    assert ("Idempotency-Key" in head) == (version >= (17, 4))
    assert ("webhook-signature" in head) == (version >= (19, 0))
    assert project.events[0]["request_headers"]["X-Gitlab-Token"] == "[REDACTED]"


def test_four_failures_in_a_row_stop_it_for_a_minute_without_a_note():
    project, hooks = lived()
    answers = Answers()
    answers.status = 503
    own, hook = sender(project, answers), hooks[0]
    assert [own.send(hook._replace(time=START)) for _ in range(6)] == [503] * 4 + [None] * 2
    later = START + MINUTE
    assert own.send(hook._replace(time=later - 1)) is None
    assert [own.send(hook._replace(time=later)) for _ in range(2)] == [503, None]
    assert own.send(hook._replace(time=later + 2 * MINUTE - 1)) is None
    assert len(project.events) == 5
    assert own.record["alert_status"] == "temporarily_disabled"
    answers.status = 200
    assert own.test(hook._replace(time=later)) == 200
    assert (own.failures, own.record["alert_status"]) == (0, "executable")


def test_client_errors_stop_an_older_one_for_good():
    project, hooks = lived()
    answers = Answers()
    answers.status = 401
    own = sender(project, answers, version=(17, 4))
    assert [own.send(hooks[0]) for _ in range(6)] == [401] * 4 + [None] * 2
    assert (own.record["alert_status"], own.record["disabled_until"]) == ("disabled", None)


def test_what_is_over_the_rate_is_left_out_without_a_note():
    project, hooks = lived()
    own = sender(project, Answers(), most_a_minute=2)
    assert [own.send(hooks[0]) for _ in range(3)] == [200, 200, None]
    assert len(project.events) == 2


def test_times_of_a_test_are_written_otherwise():
    project, _ = lived()
    (life,) = project.lives.values()
    hook = pipeline_hook(project, life, 1 << 50, in_test)
    assert hook["object_attributes"]["created_at"].endswith("Z")
    assert json.dumps(hook).count(SECRET) == 1
