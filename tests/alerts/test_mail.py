"""Mail to a real SMTP server in this process."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from alerts.mail import Envelope, send, write_mail
from alerts.outcome import AGAIN, ARRIVED, REFUSED, Outcome
from config.alert_settings import MailServer
from tests.alerts.test_payloads import message, turned

SENT = datetime(2026, 3, 10, 9, tzinfo=UTC)


class Mailbox:
    """Keeps what comes, or refuses it with the reply it is told."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.to: list[list[str]] = []
        self.reply = "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        self.to.append(envelope.rcpt_tos)
        return self.reply


@pytest.fixture
def mailbox() -> Iterator[tuple[MailServer, Mailbox]]:
    """Run a server of this machine."""
    box = Mailbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield MailServer("127.0.0.1", port, False, None, None), box
    controller.stop()


def mail_of(*turns: Any) -> EmailMessage:
    """Return the mail of some turns to a team."""
    envelope = Envelope("ci@example.org", ("team@example.org", "ops@example.org"), SENT, "key")
    return write_mail(message(*turns), envelope)


def test_mail_arrives_with_its_subject_text_and_id(mailbox: tuple[MailServer, Mailbox]):
    server, box = mailbox
    name = "Bauen\r\nBcc: evil@example.org"
    assert send(server, mail_of(turned(workflow=name, author="Zoë"))) == ARRIVED
    (mail,) = box.mails
    assert box.to == [["team@example.org", "ops@example.org"]]
    assert mail["Bcc"] is None
    assert mail["Subject"].startswith("octo-org/app: Bauen")
    assert (mail["From"], mail["Message-ID"]) == ("ci@example.org", "<key@example.org>")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "by Zoë: boom" in mail.get_content()
    assert "https://ci.example.org/runs/github/7" in mail.get_content()


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        ("451 come back", Outcome(AGAIN, "answered 451")),
        ("550 no", Outcome(REFUSED, "answered 550")),
    ],
)
def test_reply_says_whether_to_try_again(
    mailbox: tuple[MailServer, Mailbox], reply: str, outcome: Outcome
):
    server, box = mailbox
    box.reply = reply
    assert send(server, mail_of(turned())) == outcome


def test_server_that_is_not_there_is_tried_again():
    nobody = MailServer("127.0.0.1", 1, False, None, None)
    assert send(nobody, mail_of(turned())) == Outcome(AGAIN, "ConnectionRefusedError")
