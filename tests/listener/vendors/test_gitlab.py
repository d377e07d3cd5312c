"""GitLab's deliveries at the same address: who sent them, what they are called, what is kept."""

import base64
import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from config.settings import read
from engines import reading
from listener.intake.intake import Intake
from listener.worker import list_refused
from schema.tables.ci import jobs, workflowruns
from schema.tables.deliveries import deliveries
from store.deliveries import table
from store.deliveries.spool import Spool
from tests.listener import sending
from tests.listener.conftest import Public, intake_for
from tests.rows.gitlab.payloads import build, job, pipeline

pytestmark = [
    pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True),
    pytest.mark.parametrize("way", ["asgi"], indirect=True),
]

# What the Test button of a group's hook and of a system hook sends as a push.
SAMPLE = {
    "object_kind": "push",
    "event_name": "push",
    "after": "da1560886d4f094c3e6c9ef40349f7d38b5d27d7",
    "ref": "refs/heads/master",
    "project_id": 15,
    "project": {
        "id": 15,
        "web_url": "http://test.example.com/gitlab/gitlab",
        "path_with_namespace": "gitlab/gitlab",
    },
}
TOKEN = "what only GitLab and we know"
KEY = b"thirty-two bytes of a signing tk"
SIGNING = "whsec_" + base64.b64encode(KEY).decode()
CANARY = "canary-1f6a"
HOOK = pipeline(job(377, "unit"))
Post = Callable[..., Any]


def with_secrets(intake: Intake, *secrets: str) -> Intake:
    own = tuple(secret.encode() for secret in secrets)
    return intake._replace(secrets={**intake.secrets, "gitlab": own})


@pytest.fixture
def post(public: Public, intake: Intake) -> Post:
    """Post a hook with headers to change or leave out: `post(HOOK, X_Gitlab_Token=None)`."""
    public.intake = with_secrets(intake, TOKEN)

    def send(payload: object, **others: str | None) -> Any:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        given = {
            "Content-Type": "application/json",
            "User-Agent": "GitLab/18.3.0",
            "X-Gitlab-Event": "Pipeline Hook",
            "X-Gitlab-Token": TOKEN,
            **{name.replace("_", "-"): value for name, value in others.items()},
        }
        return public.post(body, {name: value for name, value in given.items() if value})

    return send


def rows(engine: sa.Engine, *columns: Any) -> list[tuple[Any, ...]]:
    with reading(engine).connect() as connection:
        return [tuple(row) for row in connection.execute(sa.select(*columns))]


def test_hook_with_the_token_becomes_rows(post: Post, engine: sa.Engine):
    reply = post(HOOK, Idempotency_Key="k1")
    assert (reply.status_code, reply.json) == (200, {"status": "applied"})
    c = deliveries.c
    kept = rows(engine, c.provider, c.guid, c.hookid, c.event, c.action, c.repo)
    assert kept == [("gitlab", "k1", 7, "pipeline", "success", "group/sub/app")]
    assert rows(engine, workflowruns.c.gitid, workflowruns.c.conclusion) == [(31, "success")]
    assert post(HOOK, Idempotency_Key="k1").json == {"status": "duplicate"}


@pytest.mark.parametrize("token", [None, "another", TOKEN[:-1], TOKEN + " ", sending.SECRET])
def test_hook_without_the_token_is_refused(post: Post, engine: sa.Engine, token: str | None):
    assert post(HOOK, X_Gitlab_Token=token).status_code == 401
    assert rows(engine, deliveries.c.Id) == []


def test_token_of_gitlab_signs_nothing_of_github(post: Post, public: Public):
    body = sending.recorded("push__branch_created")
    signed = sending.headers("push", body, X_Hub_Signature_256=sending.sign(body, TOKEN))
    assert public.post(body, signed).status_code == 401


@pytest.mark.parametrize("event", ["pipeline", None])
def test_hook_of_both_vendors_or_of_none_is_refused(post: Post, event: str | None):
    github = {"X_GitHub_Event": event, "X_GitHub_Delivery": event}
    reply = post(HOOK, **github) if event else post(HOOK, X_Gitlab_Event=None)
    assert reply.status_code == 400
    assert "X-Gitlab-Event" in reply.json["error"]


@pytest.mark.parametrize(
    ("given", "guid"),
    [
        ({"Idempotency_Key": "i", "X_Gitlab_Webhook_UUID": "w", "X_Gitlab_Event_UUID": "e"}, "i"),
        ({"X_Gitlab_Webhook_UUID": "w", "X_Gitlab_Event_UUID": "e"}, "w"),
    ],
)
def test_delivery_is_called_as_its_version_calls_it(
    post: Post, engine: sa.Engine, given: dict[str, str], guid: str
):
    post(HOOK, **given)
    assert rows(engine, deliveries.c.guid) == [(guid,)]


def test_delivery_of_an_old_server_is_called_by_what_it_says(post: Post, engine: sa.Engine):
    answers = [post(one, X_Gitlab_Event_UUID="e").json["status"] for one in (HOOK, HOOK)]
    assert answers == ["applied", "duplicate"]
    assert post(build(HOOK, 377), X_Gitlab_Event="Job Hook").json["status"] == "applied"
    assert [len(guid) for (guid,) in rows(engine, deliveries.c.guid)] == [64, 64]


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        ({"text": CANARY}, "neither object_kind nor event_name"),
        ({"object_kind": "note", "project": HOOK["project"]}, "no table is filled from note"),
        ({"event_name": "user_create", "name": CANARY}, "no table is filled from user_create"),
        ({"event_name": "subgroup_create", "group_id": 1}, "filled from subgroup_create"),
        (SAMPLE, "the sample that GitLab sends"),
    ],
)
def test_event_of_which_no_rows_are_made_is_ignored(
    post: Post, engine: sa.Engine, payload: object, why: str
):
    reply = post(payload, X_Gitlab_Event="System Hook")
    assert (reply.status_code, reply.json["status"]) == (200, "ignored")
    assert why in reply.json["reason"]
    assert rows(engine, deliveries.c.body) == [(None,)]


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ({**HOOK, "object_attributes": []}, "payload.object_attributes: wants an object"),
        ({**HOOK, "object_kind": 5}, "payload.object_kind: wants text, got 5"),
        ({**HOOK, "project": {**HOOK["project"], "id": "x"}}, "project.id: wants a whole number"),
    ],
)
def test_field_of_another_type_is_named_and_the_delivery_is_kept(
    post: Post, payload: object, field: str
):
    reply = post(payload)
    assert (reply.status_code, reply.json["status"]) == (202, "quarantined")
    assert field in str(reply.json)


@pytest.mark.parametrize("body", [b"[]", b"{", b'"x"', b'{"object_kind": NaN}'])
def test_body_that_is_no_object_is_refused(post: Post, body: bytes):
    assert post(body).status_code == 400


def signature(body: bytes, key: bytes = KEY, identity: str = "k1") -> str:
    digest = hmac.digest(key, f"{identity}.1700000000.".encode() + body, "sha256")
    return "v1," + base64.b64encode(digest).decode()


@pytest.mark.parametrize(
    ("secrets", "signed", "token", "code"),
    [
        ((SIGNING,), signature(b"%b"), None, 401),
        ((SIGNING,), "right", None, 200),
        ((SIGNING,), "v1,AAAA right", TOKEN, 200),
        ((SIGNING,), None, TOKEN, 401),
        ((SIGNING,), None, SIGNING, 401),
        ((SIGNING, TOKEN), None, TOKEN, 200),
        ((SIGNING, TOKEN), "v1,AAAA", TOKEN, 401),
        ((TOKEN, SIGNING), "right", None, 200),
        ((TOKEN,), "v1,AAAA", TOKEN, 200),
        ((), None, "", 401),
    ],
)
def test_signing_token_must_have_signed(
    post: Post,
    public: Public,
    secrets: tuple[str, ...],
    signed: str | None,
    token: str | None,
    code: int,
):
    public.intake = with_secrets(public.intake, *secrets)
    body = json.dumps(HOOK).encode()
    given = signed and signed.replace("right", signature(body))
    named = {"webhook_id": "k1", "webhook_timestamp": "1700000000", "webhook_signature": given}
    assert post(body, X_Gitlab_Token=token, Idempotency_Key="k1", **named).status_code == code


def test_value_of_a_variable_is_nowhere_in_store_spool_and_log(
    post: Post,
    public: Public,
    engine: sa.Engine,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
):
    caplog.set_level("DEBUG")
    doubled = json.dumps(HOOK).replace('"variables": [', '"variables": 1, "variables": [')
    odd = {**HOOK, "object_attributes": {**HOOK["object_attributes"], "id": [CANARY]}}
    odd["object_attributes"]["variables"] = {"KEY": CANARY}
    odd["object_attributes"]["id"] = "odd"
    bodies = [json.dumps(one).encode() for one in (HOOK, odd, {"variables": CANARY})]
    for body in (*bodies, doubled.encode()):
        assert post(body).status_code in (200, 202)
    with reading(engine).connect() as connection:
        stored = [one.body for _, one in table.read_page(connection, table.DeliveryFilter(), 0)]
    assert [body.count(CANARY.encode()) for body in stored] == [0] * len(stored)
    assert sum(body.count(b"[MASKED]") for body in stored) >= 2
    spool = Spool(tmp_path / "spool")
    public.intake = with_secrets(intake_for(engine, spool), TOKEN)
    public.intake.breaker.trip(sa.exc.OperationalError("", {}, Exception("down")))
    for body in bodies:
        assert (post(body).status_code, post(body).json["status"]) == (202, "spooled")
    spool.close()
    raw = b"".join(file.read_bytes() for file in (tmp_path / "spool").iterdir() if file.is_file())
    assert (CANARY.encode() in raw, CANARY in caplog.text) == (False, False)
    assert rows(engine, jobs.c.gitid) == [(377,)]


def test_outage_is_no_503_for_who_sends_nothing_again(
    post: Post, public: Public, engine: sa.Engine, tmp_path: Path
):
    spool = Spool(tmp_path / "spool")
    settings = read({}, {"ON_DATABASE_DOWN": "503"}, tmp_path)
    intake = intake_for(engine, spool)._replace(refused=list_refused(settings))
    public.intake = with_secrets(intake, TOKEN)
    public.intake.breaker.trip(sa.exc.OperationalError("", {}, Exception("down")))
    assert (post(HOOK).status_code, post({"object_kind": "note"}).status_code) == (202, 202)
    body = sending.recorded("push__branch_created")
    assert public.post(body, sending.headers("push", body)).status_code == 503
    spool.close()
