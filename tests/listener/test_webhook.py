"""What becomes of a delivery that GitHub signed, on each engine."""

import gzip
from collections.abc import Callable
from hashlib import sha256

import pytest
import sqlalchemy as sa

from listener.intake import log_lines
from listener.intake.intake import Intake
from schema.tables.ci import repos, workflowruns
from tests.listener import sending
from tests.listener.asking import Public
from tests.listener.conftest import Deliver
from tests.listener.sending import FORM, GUID, as_form, changed, recorded
from tests.listener.stored import counted, kept

RUN = "workflow_run__completed_success"
EVERY_RECORDED = sorted(path.stem for path in (sending.FIXTURES / "github").glob("*.json"))

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


def test_delivery_of_a_run_is_applied_with_its_raw_body(deliver: Deliver, engine: sa.Engine):
    answer = deliver("workflow_run", recorded(RUN), X_GitHub_Delivery=GUID)
    assert (answer.status_code, answer.json) == (200, {"status": "applied"})
    with engine.connect() as connection:
        run = sa.select(workflowruns.c.gitid, workflowruns.c.conclusion, workflowruns.c.repo)
        assert connection.execute(run).all() == [(289782451, "success", "octo-org/octo-repo")]
    assert kept(engine) == [
        {
            "provider": "github",
            "guid": GUID,
            "hookid": 487,
            "event": "workflow_run",
            "action": "completed",
            "repo": "octo-org/octo-repo",
            "body": recorded(RUN),
            "bodyhash": sha256(recorded(RUN)).hexdigest(),
            "state": "applied",
            "attempts": 1,
            "error": None,
        }
    ]


def test_delivery_sent_twice_is_a_duplicate(deliver: Deliver, engine: sa.Engine):
    deliver("workflow_run", recorded(RUN), X_GitHub_Delivery=GUID)
    before = counted(engine)
    answer = deliver("workflow_run", recorded(RUN), X_GitHub_Delivery=GUID)
    assert (answer.status_code, answer.json) == (200, {"status": "duplicate"})
    assert counted(engine) == before


def test_delivery_as_a_form_is_applied_and_kept_as_received(deliver: Deliver, engine: sa.Engine):
    form = as_form(recorded(RUN))
    answer = deliver("workflow_run", form, Content_Type=FORM)
    assert (answer.status_code, answer.json) == (200, {"status": "applied"})
    assert [(row["body"], row["repo"]) for row in kept(engine)] == [(form, "octo-org/octo-repo")]


def test_every_recorded_payload_is_applied_from_json_and_form(deliver: Deliver):
    answers = {}
    for name in EVERY_RECORDED:
        event, body = name.partition("__")[0], recorded(name)
        as_json = deliver(event, body)
        again = deliver(event, as_form(body), Content_Type=FORM)
        answers[name] = {(one.status_code, one.json["status"]) for one in (as_json, again)}
    wanted = {
        name: {(200, "pong" if name.startswith("ping__") else "applied")} for name in EVERY_RECORDED
    }
    assert len(wanted) == 46
    assert answers == wanted


def test_ping_is_answered_and_leaves_no_row(deliver: Deliver, engine: sa.Engine):
    answer = deliver("ping", recorded("ping__organization"))
    assert (answer.status_code, answer.json) == (200, {"status": "pong"})
    assert counted(engine) == {}


def test_event_that_fills_no_table_is_noted_without_its_body(deliver: Deliver, engine: sa.Engine):
    answer = deliver("star", b'{"action": "created"}', X_GitHub_Delivery=GUID)
    why = "no table is filled from star events"
    assert (answer.status_code, answer.json) == (200, {"status": "ignored", "reason": why})
    assert counted(engine) == {"deliveries": 1}
    (row,) = kept(engine)
    assert (row["guid"], row["event"], row["action"]) == (GUID, "star", "created")
    assert (row["state"], row["body"], row["error"]) == ("ignored", None, why)


@on_sqlite
def test_event_nobody_has_heard_of_is_ignored_and_loud(
    deliver: Deliver, caplog: pytest.LogCaptureFixture
):
    answer = deliver("quantum_leap", b"{}")
    assert (answer.status_code, answer.json["status"]) == (200, "ignored")
    loud = [record for record in caplog.records if "nobody has heard of" in record.message]
    assert [(record.levelname, record.fields["event"]) for record in loud] == [
        ("WARNING", "quantum_leap")
    ]


def test_repository_not_watched_is_ignored_and_told_what_is(
    deliver: Deliver, engine: sa.Engine, rewatch: Callable[..., None]
):
    rewatch("octo/cat", "other")
    answer = deliver("workflow_run", recorded(RUN))
    assert answer.status_code == 200
    assert answer.json == {
        "status": "ignored",
        "reason": "octo-org/octo-repo is not watched",
        "watched": ["octo/cat", "other"],
    }
    assert counted(engine) == {"deliveries": 1}


@pytest.mark.parametrize("pattern", ["octo-org/octo-repo", "OCTO-ORG", "Octo-Org/*"])
@on_sqlite
def test_repository_watched_by_a_pattern_is_applied(
    deliver: Deliver, rewatch: Callable[..., None], pattern: str
):
    rewatch("octo/cat", pattern)
    assert deliver("workflow_run", recorded(RUN)).json == {"status": "applied"}


def test_repository_once_watched_stays_watched_under_any_name(
    deliver: Deliver, engine: sa.Engine, rewatch: Callable[..., None]
):
    rewatch("octo-org/octo-repo")
    deliver("workflow_run", recorded(RUN))
    moved = changed(RUN, repository__full_name="elsewhere/else", workflow_run__id=7)
    assert deliver("workflow_run", moved).json == {"status": "applied"}
    stranger = changed(RUN, repository__full_name="elsewhere/else", repository__id=8)
    assert deliver("workflow_run", stranger).json["status"] == "ignored"
    with engine.connect() as connection:
        assert connection.execute(sa.select(repos.c.gitid)).all() == [(300029405,)]


def test_repository_renamed_is_watched_by_its_former_name(
    deliver: Deliver, rewatch: Callable[..., None]
):
    rewatch("octocoders/old-name")
    renamed = changed("repository__renamed", changes__repository__name__from="old-name")
    assert deliver("repository", renamed).json == {"status": "applied"}


@on_sqlite
def test_delivery_leaves_one_line_that_says_what_came_of_it(
    deliver: Deliver, caplog: pytest.LogCaptureFixture
):
    caplog.set_level("INFO", "listener")
    deliver("workflow_run", recorded(RUN), X_GitHub_Delivery=GUID)
    (record,) = caplog.records
    fields = {name: value for name, value in record.fields.items() if value is not None}
    assert 0 < fields.pop("ms") < 60_000
    assert (record.levelname, record.message) == ("INFO", "applied")
    assert fields == {
        "event": "workflow_run",
        "guid": GUID,
        "action": "completed",
        "repo": "octo-org/octo-repo",
        "code": 200,
    }


@on_sqlite
@pytest.mark.parametrize("signature", [None, "", "sha256=" + "0" * 64])
def test_wrong_signature_leaves_a_line_with_what_may_be_the_matter(
    deliver: Deliver, caplog: pytest.LogCaptureFixture, signature: str | None
):
    assert deliver("ping", b"{}", X_Hub_Signature_256=signature).status_code == 401
    (record,) = caplog.records
    assert record.fields["why"] == "X-Hub-Signature-256 is missing or wrong"
    assert record.fields["hint"] == (
        "the signature does not fit the body: another secret, or a relay that rewrites JSON (smee)"
        if signature
        else None
    )


@on_sqlite
def test_unsigned_requests_of_a_minute_leave_a_line_for_each_reason_and_one_in_all(
    deliver: Deliver, caplog: pytest.LogCaptureFixture
):
    for number in range(50):
        deliver("ping", f"{{{number}}}".encode(), X_Hub_Signature_256="sha256=" + "0" * 64)
        deliver("ping", b"{}", X_GitHub_Delivery=None)
    deliver("ping", b"not JSON")
    first = ["refused"] * 3
    assert [record.message for record in caplog.records] == first
    log_lines.UNSIGNED.sum_up()
    assert [record.message for record in caplog.records] == [*first, "more were refused unsigned"]
    assert caplog.records[-1].fields["count"] == 98
    assert caplog.records[-1].fields["reasons"] == (
        "401 X-Hub-Signature-256 is missing or wrong: 49;"
        " 400 X-GitHub-Delivery is missing or malformed: 49"
    )
    log_lines.UNSIGNED.sum_up()  # nothing came since
    assert len(caplog.records) == 4


@on_sqlite
def test_delivery_while_rotating_logs_which_secret_signed_it(
    deliver: Deliver, public: Public, intake: Intake, caplog: pytest.LogCaptureFixture
):
    caplog.set_level("INFO", "listener")
    public.intake = intake._replace(
        secrets={"github": (b"the new secret, unused yet", *intake.secrets["github"])}
    )
    deliver("workflow_run", recorded(RUN))
    assert [record.fields["secret"] for record in caplog.records] == [2]


@on_sqlite
def test_packed_body_that_is_signed_is_refused_by_what_is_the_matter(deliver: Deliver):
    packed = gzip.compress(recorded(RUN))
    answer = deliver("workflow_run", packed, Content_Encoding="gzip")
    assert (answer.status_code, answer.json["status"]) == (415, "refused")
    assert answer.json["error"].startswith("the body is packed (gzip)")
    wrong = deliver("workflow_run", packed, X_Hub_Signature_256="sha256=" + "0" * 64)
    assert (wrong.status_code, wrong.json["error"]) == (
        401,
        "X-Hub-Signature-256 is missing or wrong",
    )
