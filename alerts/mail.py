"""Send a mail by SMTP, over TLS to any host but this machine."""

import contextlib
import smtplib
import ssl
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import NamedTuple

from alerts.outcome import AGAIN, ARRIVED, REFUSED, UNSURE, Outcome
from alerts.turn_text import Message
from config.alert_settings import MailServer
from engines.reaching.loopback import is_loopback

SECONDS = 15.0


class Envelope(NamedTuple):
    """Whom a mail is from and to, when it was written, and what tells it from all others."""

    sender: str
    to: tuple[str, ...]
    time: datetime
    key: str


def write_mail(message: Message, envelope: Envelope) -> EmailMessage:
    """Return a mail; its id is the same when the same message is written again."""
    mail = EmailMessage()
    mail["From"], mail["To"] = envelope.sender, ", ".join(envelope.to)
    mail["Subject"] = message.title
    mail["Date"] = format_datetime(envelope.time)
    mail["Message-ID"] = f"<{envelope.key}@{envelope.sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"  # no holiday note answers it: RFC 3834
    mail.set_content(f"{message.text}\n")
    return mail


def send(server: MailServer, mail: EmailMessage) -> Outcome:
    """Send once. What was said before the text of the mail may be done again."""
    given = False
    try:
        with contextlib.ExitStack() as opened:
            connection = open_connection(server)
            opened.callback(close, connection)
            if server.login is not None:
                connection.login(server.login, server.password or "")
            given = True
            refused = connection.send_message(mail)
    except smtplib.SMTPAuthenticationError as error:
        return Outcome(REFUSED, f"login refused: {error.smtp_code}")
    except smtplib.SMTPRecipientsRefused as error:
        codes = sorted({code for code, _ in error.recipients.values()})
        return of_code(codes[0], f"recipients refused: {codes[0]}")
    except smtplib.SMTPResponseException as error:
        return of_code(error.smtp_code, f"answered {error.smtp_code}")
    except (OSError, smtplib.SMTPException) as error:
        return Outcome(UNSURE if given else AGAIN, type(error).__name__)
    if refused:
        return Outcome(REFUSED, f"{len(refused)} of the recipients refused, the others have it")
    return ARRIVED


def open_connection(server: MailServer) -> smtplib.SMTP:
    """Return a connection that nobody reads along. Raises OSError, SMTPException."""
    context = ssl.create_default_context()
    if server.is_tls:
        return smtplib.SMTP_SSL(server.host, server.port, timeout=SECONDS, context=context)
    connection = smtplib.SMTP(server.host, server.port, timeout=SECONDS)
    try:
        if not is_loopback(server.host):
            connection.starttls(context=context)
    except BaseException:
        connection.close()
        raise
    return connection


def close(connection: smtplib.SMTP) -> None:
    """Say goodbye; the mail has been taken, or not, by now."""
    with contextlib.suppress(OSError, smtplib.SMTPException):
        connection.quit()


def of_code(code: int, why: str) -> Outcome:
    """Return what a reply means: 4xx may be tried again (RFC 5321, 4.2.1)."""
    return Outcome(AGAIN if 400 <= code < 500 else REFUSED, why)
