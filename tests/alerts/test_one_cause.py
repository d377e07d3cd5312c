"""One cause is told once: the same error of several branches, a nightly that does not run."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from alerts import sending
from schema.tables.alerts import alerts
from store.rollups.spans import RollupPlan
from tests.alerts.conftest import NOW, PLACE, Chat, MakeSender, flow, push
from tests.dashboard import stored

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
GivenChat = tuple[str, type[Chat]]
OUTAGE = {"message": "registry timed out", "fingerprint": "1:out", "kind": "cause"}


def fail(engine: sa.Engine, name: str, minutes: float, **said: Any) -> int:
    """Store a repository whose default branch turned red, saying something; return its number."""
    repoid = flow(engine, name)
    push(engine, repoid, minutes + 10, "success")
    run = push(engine, repoid, minutes, "failure")
    job = stored.job(engine, repoid, run, NOW, conclusion="failure")
    stored.reason(engine, repoid, run, job, time=NOW, **said)
    return repoid


def test_error_that_turns_branches_red_is_one_line_and_is_told_once(
    engine: sa.Engine, chat: GivenChat, make_sender: MakeSender
):
    sender, told = make_sender(), chat[1].told
    first = fail(engine, "acme/one", 30, **OUTAGE)
    fail(engine, "acme/two", 20, **OUTAGE)
    fail(engine, "acme/own", 20, message="E501", fingerprint="1:own", kind="cause")
    assert sending.run_pass(sender) == 1
    since = NOW - timedelta(minutes=30)
    clock = f"{since.day} {since:%b %H:%M} UTC"
    red, link, own, *_ = told[0]["text"].splitlines()[1:]
    assert red == f"RED acme/one, acme/two: 2 workflows, since {clock}: registry timed out"
    assert link == "  https://ci.example.org/errors/1%3Aout"
    assert own.startswith("RED acme/own: CI on main, since ")
    assert [turn["fingerprint"] for turn in told[0]["turns"]] == ["1:out", "1:own", "1:out"]
    fail(engine, "acme/three", 10, **OUTAGE)
    assert sending.run_pass(sender) == 0
    with engine.connect() as connection:
        last = sa.select(alerts.c.state, alerts.c.error).order_by(alerts.c.Id.desc()).limit(1)
        assert connection.execute(last).one() == ("settled", "the same error was told already")
    for number, repoid in enumerate((first, first + 1)):
        push(engine, repoid, 5 - number, "success")
    assert sending.run_pass(sender) == 1
    green = "GREEN acme/one, acme/two: 2 workflows, were red for up to "
    still = ": registry timed out; still red by the same error: acme/three"
    line = told[1]["text"].splitlines()[1]
    assert (line[: len(green)], line[-len(still) :]) == (green, still)
    assert [turn["still_red"] for turn in told[1]["turns"]] == [["acme/three"]] * 2
    fail(engine, "acme/four", 1, **OUTAGE)
    assert sending.run_pass(sender) == 0  # by the last message acme/three is known to be red
    push(engine, first + 3, 1, "success")
    assert sending.run_pass(sender) == 1
    assert told[2]["title"] == "acme/three: CI is green again on main"
    assert told[2]["turns"][0]["still_red"] == ["acme/four"]
    push(engine, first + 4, 0, "success")
    assert sending.run_pass(sender) == 1
    assert told[3]["turns"][0]["still_red"] == []
    fail(engine, "acme/five", 0, **OUTAGE)
    assert sending.run_pass(sender) == 1  # nobody who was told of it is red any more


def test_error_of_a_second_job_was_not_told(
    engine: sa.Engine, chat: GivenChat, make_sender: MakeSender
):
    repoid = flow(engine, "acme/one")
    run = push(engine, repoid, 30, "failure")
    for said in (OUTAGE, {"message": "E501", "fingerprint": "1:own", "kind": "cause"}):
        job = stored.job(engine, repoid, run, NOW, conclusion="failure")
        stored.reason(engine, repoid, run, job, time=NOW, **said)
    assert sending.run_pass(make_sender()) == 1
    fail(engine, "acme/own", 20, message="E501", fingerprint="1:own", kind="cause")
    assert sending.run_pass(make_sender()) == 1
    assert chat[1].told[1]["turns"][0]["error"] == "E501"


def test_exit_code_is_no_cause(engine: sa.Engine, chat: GivenChat, make_sender: MakeSender):
    code = {"message": "Process completed with exit code 1.", "kind": "cause"}
    code["masked"] = "Process completed with exit code 0."
    fail(engine, "acme/one", 30, **code)
    assert sending.run_pass(make_sender()) == 1
    fail(engine, "acme/two", 20, **code)
    assert sending.run_pass(make_sender()) == 1
    assert chat[1].told[1]["turns"][0]["fingerprint"] is None


def test_message_waits_for_what_jobs_say_where_that_is_read(
    engine: sa.Engine, chat: GivenChat, make_sender: MakeSender
):
    fail(engine, "acme/one", 30, **OUTAGE)
    assert sending.run_pass(make_sender()) == 1
    push(engine, flow(engine, "acme/two"), 20, "failure")
    assert sending.run_pass(make_sender()) == 0
    with engine.begin() as connection:
        row = alerts.c
        query = sa.select(row.duetime, row.changetime).order_by(row.Id.desc()).limit(1)
        due, noted = connection.execute(query).one()
        assert due - noted == timedelta(seconds=90)
        connection.execute(sa.update(alerts).values(duetime=NOW))
    assert sending.run_pass(make_sender()) == 1


def test_nightly_that_did_not_run_is_told_once_until_it_runs(
    engine: sa.Engine, chat: GivenChat, make_sender: MakeSender
):
    plan = RollupPlan(PLACE.calendar)
    sender = make_sender()._replace(plan=plan)
    repoid, expected = stored.repo(engine, "shop/api"), NOW - timedelta(hours=3)
    for days in range(1, 10):
        stored.run(engine, repoid, expected - timedelta(days=days))
    for _ in range(2):
        sending.note_nights(sender)
    assert [sending.run_pass(sender) for _ in range(2)] == [1, 0]
    (told,) = chat[1].told
    night = PLACE.calendar.night(expected)
    assert told["title"] == "shop/api: Nightly did not run"
    when = f"{expected.day} {expected:%b %H:%M} UTC"
    line = f"RED shop/api: Nightly was expected {when}, and did not run"
    page = f"https://ci.example.org/nights/{repoid}/{night}"
    assert told["text"].splitlines()[1:] == [line, f"  {page}"]
    (turn,) = told["turns"]
    assert (turn["run_id"], turn["missed_night"], turn["page"]) == (None, f"{night}", page)
    stored.run(engine, repoid, NOW)
    sending.note_nights(sender)
    assert sending.run_pass(sender) == 1
    sending.note_nights(sender)
    assert sending.run_pass(sender) == 0
    assert chat[1].told[1]["title"] == "shop/api: Nightly is green again on main"
