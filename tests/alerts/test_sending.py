"""A default branch turns red and green: who is told, how often, and what is told of failures."""

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from alerts import sending
from config.alert_settings import QuietHours
from schema.tables.alerts import alerts as messages
from schema.tables.alerts import redperiods
from schema.tables.ci import repos, workflowruns
from store.state import alerts
from tests.alerts.conftest import NOW, Chat, MakeSender, flow, push
from tests.dashboard import stored

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
GivenChat = tuple[str, type[Chat]]


def states(engine: sa.Engine) -> list[tuple[str, str, str | None]]:
    """Return the messages in the order they were noted."""
    with engine.connect() as connection:
        row = messages.c
        query = sa.select(row.turn, row.state, row.error).order_by(row.Id)
        return [tuple(each) for each in connection.execute(query)]


def later(engine: sa.Engine, **values: object) -> None:
    """Change all messages, as time or another process would."""
    with engine.begin() as connection:
        connection.execute(sa.update(messages).values(**values))


def test_branch_that_turns_red_and_green_is_told_once_each(
    engine: sa.Engine, chat: GivenChat, make_sender: MakeSender
):
    sender, told = make_sender(), chat[1].told
    repoid = flow(engine)
    push(engine, repoid, 60, "success")
    assert sending.run_pass(sender) == 0
    red = push(engine, repoid, 50, "failure", commithash="c" * 40)
    push(engine, repoid, 40, "failure", author="ben")
    assert [sending.run_pass(sender) for _ in range(3)] == [1, 0, 0]
    good = push(engine, repoid, 30, "success")
    assert [sending.run_pass(sender) for _ in range(3)] == [1, 0, 0]
    first, second = told
    assert (first["version"], first["title"]) == (1, "acme/shop: CI is red on main")
    since = NOW - timedelta(minutes=50)
    assert first["turns"] == [
        {
            "state": "red",
            "repository": "acme/shop",
            "workflow": "CI",
            "workflow_id": repoid,
            "branch": "main",
            "run_id": red,
            "run_url": f"https://github.com/acme/shop/actions/runs/{red}",
            "page": f"https://ci.example.org/runs/github/{red}",
            "commit": "c" * 40,
            "author": "ana",
            "red_since": f"{since:%Y-%m-%dT%H:%M:%SZ}",
            "red_seconds": None,
            "error": None,
            "fingerprint": None,
            "still_red": [],
            "missed_night": None,
        }
    ]
    assert second["title"] == "acme/shop: CI is green again on main"
    assert [turn["run_id"] for turn in second["turns"]] == [good]
    # Until the good run ended, however late that is seen.
    assert [turn["red_seconds"] for turn in second["turns"]] == [25 * 60]
    assert states(engine) == [("red", "sent", None), ("green", "sent", None)]


@on_sqlite
def test_what_turns_together_is_one_message(
    engine: sa.Engine, chat: GivenChat, make_sender: MakeSender
):
    for number in range(25):
        repoid = flow(engine, f"acme/app-{number:02}")
        push(engine, repoid, 20, "failure")
    assert sending.run_pass(make_sender()) == 1
    (message,) = chat[1].told
    assert message["title"] == "Default branches: 25 workflows turned red"
    assert len(message["turns"]) == 25
    assert message["text"].splitlines()[-1] == "and 5 more"
    assert message["text"].count("RED acme/app-") == 20


@on_sqlite
def test_run_that_is_done_again_is_waited_for(
    engine: sa.Engine, chat: GivenChat, make_sender: MakeSender
):
    sender = make_sender()
    repoid = flow(engine)
    push(engine, repoid, 60, "success")
    red = push(engine, repoid, 50, "failure")
    sending.run_pass(sender)
    of_red = sa.update(workflowruns).where(workflowruns.c.gitid == red)
    for status, conclusion in (("in_progress", None), ("completed", "failure")):
        with engine.begin() as connection:
            connection.execute(of_red.values(status=status, conclusion=conclusion))
        assert sending.run_pass(sender) == 0
    with engine.begin() as connection:
        connection.execute(of_red.values(conclusion="success"))
    assert sending.run_pass(sender) == 1
    with engine.begin() as connection:
        connection.execute(of_red.values(conclusion="failure"))
    assert sending.run_pass(sender) == 0  # one cause is told once
    assert [one["turns"][0]["state"] for one in chat[1].told] == ["red", "green"]


@on_sqlite
def test_what_is_red_for_a_day_or_in_an_archived_repository_is_no_news(
    engine: sa.Engine, chat: GivenChat, make_sender: MakeSender
):
    sender = make_sender()
    old, gone = flow(engine, "acme/old"), flow(engine, "acme/gone")
    push(engine, old, 25 * 60, "failure")
    push(engine, gone, 20, "failure")
    assert sending.run_pass(sender) == 1
    with engine.begin() as connection:
        connection.execute(sa.update(repos).where(repos.c.Id == gone).values(archived=True))
    assert sending.run_pass(sender) == 0
    with engine.connect() as connection:
        row = redperiods.c
        over = sa.select(row.greentime.is_not(None), row.greengitid).where(row.repoid == gone)
        assert connection.execute(over).one() == (True, None)
    push(engine, old, 5, "success")
    assert sending.run_pass(sender) == 1
    said = [(one["turns"][0]["repository"], one["turns"][0]["state"]) for one in chat[1].told]
    assert said == [("acme/gone", "red"), ("acme/old", "green")]


@on_sqlite
@pytest.mark.parametrize(
    ("answer", "state", "why"),
    [
        (500, "waiting", "answered 500"),
        (429, "waiting", "answered 429"),
        (404, "failed", "answered 404"),
        (302, "failed", "answered 302"),
        (0, "unsure", "ConnectionError"),
    ],
)
def test_message_is_sent_again_only_where_it_surely_did_not_arrive(
    engine: sa.Engine,
    chat: GivenChat,
    make_sender: MakeSender,
    caplog: pytest.LogCaptureFixture,
    answer: int,
    state: str,
    why: str,
):
    sender = make_sender()
    push(engine, flow(engine), 20, "failure")
    chat[1].answers.append(answer)
    assert sending.run_pass(sender) == 0
    assert states(engine) == [("red", state, why)]
    assert sending.run_pass(sender) == 0  # it waits first
    assert len(chat[1].told) == 1
    if answer == 429:
        with engine.connect() as connection:
            query = sa.select(messages.c.duetime, messages.c.changetime)
            until, since = connection.execute(query).one()
            assert until - since == timedelta(seconds=120)
    later(engine, duetime=NOW - timedelta(minutes=1))
    assert sending.run_pass(sender) == (1 if state == "waiting" else 0)
    assert "hunter22" not in caplog.text + str(states(engine))


@on_sqlite
def test_chat_that_is_not_there_is_tried_eight_times(
    engine: sa.Engine, chat: GivenChat, make_sender: MakeSender
):
    sender = make_sender()
    nobody = {"webhook": "http://127.0.0.1:1/services/hunter22"}
    sender = sender._replace(settings=sender.settings._replace(addresses=nobody))
    push(engine, flow(engine), 20, "failure")
    for number in range(9):
        assert sending.run_pass(sender) == 0
        assert states(engine)[0][1] == ("waiting" if number < 7 else "failed")
        later(engine, duetime=NOW)


@on_sqlite
def test_sender_that_ended_in_the_middle_is_said_and_its_message_not_sent_again(
    engine: sa.Engine, chat: GivenChat, make_sender: MakeSender
):
    sender = make_sender()
    push(engine, flow(engine), 20, "failure")
    sending.run_pass(sender)
    later(engine, state="sending", changetime=NOW - timedelta(minutes=6))
    assert sending.run_pass(sender) == 0
    assert states(engine)[0][1] == "unsure"
    assert len(chat[1].told) == 1


@on_sqlite
def test_quiet_hours_are_waited_for_and_what_is_over_by_then_is_not_told(
    engine: sa.Engine, chat: GivenChat, make_sender: MakeSender
):
    all_but_a_minute = QuietHours(
        (NOW - timedelta(hours=2)).time(), (NOW + timedelta(hours=20)).time()
    )
    quiet, loud = make_sender(quiet=all_but_a_minute), make_sender()
    first, second = flow(engine, "acme/one"), flow(engine, "acme/two")
    for repoid in (first, second):
        push(engine, repoid, 20, "failure")
    assert sending.run_pass(quiet) == 0
    push(engine, first, 10, "success")
    assert sending.run_pass(quiet) == 0
    assert chat[1].told == []
    assert sending.run_pass(loud) == 1
    (message,) = chat[1].told
    assert [turn["repository"] for turn in message["turns"]] == ["acme/two"]


def test_message_is_claimed_by_one_of_several_senders(engine: sa.Engine, make_sender: MakeSender):
    for number in range(6):
        push(engine, flow(engine, f"acme/app-{number}"), 20, "failure")
    quiet = QuietHours((NOW - timedelta(hours=2)).time(), (NOW + timedelta(hours=20)).time())
    sending.run_pass(make_sender(quiet=quiet))
    claimed: list[int] = []
    now = sending.read_time(engine)

    def take(holder: str) -> None:
        claimed.extend(one.Id for one in alerts.claim(engine, "webhook", holder, now))

    threads = [threading.Thread(target=take, args=(f"sender-{number}",)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claimed) == len(set(claimed)) == 6


@on_sqlite
def test_message_says_the_first_error_where_it_is_read(
    engine: sa.Engine, chat: GivenChat, make_sender: MakeSender
):
    repoid = flow(engine)
    run = push(engine, repoid, 20, "failure")
    job = stored.job(engine, repoid, run, NOW, conclusion="failure")
    stored.reason(engine, repoid, run, job, time=NOW, message="\nE501 line too long\nmore")
    sending.run_pass(make_sender())
    assert chat[1].told[0]["turns"][0]["error"] == "E501 line too long"
