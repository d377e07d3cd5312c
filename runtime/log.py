"""The log: lines of `key=value` on stderr; the only writer of them.

A line never holds a body, a signature or a secret, and nothing a sender writes can break out of
its value: all but plain ASCII is escaped as JSON does it.
"""

import json
import logging
import re
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from select import PIPE_BUF
from time import time
from typing import Any, TextIO

LOG = logging.getLogger("listener")
PLAIN = re.compile(r"[A-Za-z0-9._:/@+*,-]+")
PLAIN_LINES = re.compile(rf"{PLAIN.pattern}(?:\n{PLAIN.pattern})*")
LONGEST = 300
LONGEST_OF = {"msg": 500, "reasons": 2000, "trace": 6000}
STARS = "***"
# GitHub's and GitLab's tokens are recognised wherever they turn up.
# https://docs.github.com/authentication/keeping-your-account-and-data-secure/about-authentication-to-github
TOKEN = re.compile(r"\b(?:gh[oprsu]_|[a-z]+_pat_|glpat-)[A-Za-z0-9_-]+")
TOKEN_HINTS = ("gho_", "ghp_", "ghr_", "ghs_", "ghu_", "_pat_", "glpat-")
"""One of these is in each of them."""

Fields = dict[str, object]
Write = Callable[[int, str, Fields], None]
"""Logs a line: its level, message and fields."""


class LineFormatter(logging.Formatter):
    """Writes each record in one line, without the secrets it is given."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self.secrets: set[str] = set()
        self.hide(secrets)

    def hide(self, secrets: Iterable[str]) -> None:
        """Star these texts, too, from now on."""
        # A text this short is no secret, and starring it would eat ordinary words.
        self.secrets |= {secret for secret in secrets if len(secret) >= 4}

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record: its time, level and message, then its fields."""
        fields: Fields = getattr(record, "fields", {})
        if record.exc_info and record.exc_info[1]:
            error = record.exc_info[1]
            fields = {**fields, "error": type(error).__name__, "trace": trace_of(error)}
        return self.line(record.created, record.levelname, record.getMessage(), fields)

    def line(self, moment: float, level: str, message: str, more: Fields) -> str:
        """Return a line; its moment is in seconds since 1970."""
        written = datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")
        fields: Fields = {
            "time": written.replace("+00:00", "Z"),
            "level": level.lower(),
            "msg": message,
            **more,
        }
        shown = [(key, str(value)) for key, value in fields.items() if value is not None]
        whole = "\n".join([text for _, text in shown])  # looked through once, not each for itself
        hides = any(one in whole for one in (*TOKEN_HINTS, *self.secrets))
        is_plain = PLAIN_LINES.fullmatch(whole) and whole.count("\n") == len(shown) - 1
        if is_plain and not hides and len(whole) <= LONGEST:
            return " ".join([f"{key}={text}" for key, text in shown])
        return " ".join([f"{key}={self.value(key, text, hides)}" for key, text in shown])

    def value(self, key: str, text: str, hides: bool = True) -> str:
        """Return a text as it may stand in a line; `hides`: where a secret may be in it."""
        if hides:
            for secret in sorted(self.secrets, key=len, reverse=True):
                text = text.replace(secret, STARS)
            text = TOKEN.sub(STARS, text)
        longest = LONGEST_OF.get(key, LONGEST)
        if len(text) > longest:
            text = f"{text[:longest]}..."
        if PLAIN.fullmatch(text):
            return text
        return json.dumps(text)


class JoiningHandler(logging.StreamHandler[TextIO]):
    """Writes lines that are logged `together` at once, as many as a pipe takes unbroken.

    Each write for itself is a system call, in which another thread takes the interpreter.
    """

    held: list[str] | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, or hold its line back for the end of a block."""
        if self.held is None:
            super().emit(record)
            return
        try:
            self.held.append(self.format(record))
        except Exception:  # noqa: BLE001 - as `logging` does it
            self.handleError(record)

    def hold(self, level: int, message: str, fields: Fields) -> None:
        """Hold back a line of which no record is made: that takes longer than the line."""
        if self.held is None or not isinstance(self.formatter, LineFormatter):
            record(level, message, fields)
        elif LOG.isEnabledFor(level):
            word = logging.getLevelName(level)
            self.held.append(self.formatter.line(time(), word, message, fields))

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record, or those that it holds."""
        lines: str | None = getattr(record, "lines", None)
        return super().format(record) if lines is None else lines

    @contextmanager
    def together(self) -> Iterator[None]:
        """Hold lines back until the end of the block."""
        self.held = []
        try:
            yield
        finally:
            with self.lock or nullcontext():
                lines, self.held = self.held, None
                for text in joined(lines):
                    super().emit(logging.makeLogRecord({"lines": text}))


def joined(lines: Sequence[str]) -> Iterator[str]:
    """Yield lines, in texts that other processes' do not break where they share a pipe.

    https://man7.org/linux/man-pages/man7/pipe.7.html
    """
    held, size = list[str](), 0
    for line in lines:
        size += len(line) + 1
        if held and size > PIPE_BUF:
            yield "\n".join(held)
            held, size = [], len(line) + 1
        held.append(line)
    if held:
        yield "\n".join(held)


@contextmanager
def together() -> Iterator[Write]:
    """Write the lines of the block at once, where `start` was called; give what does `record`."""
    handlers = logging.getLogger().handlers
    handler = next((one for one in handlers if isinstance(one, JoiningHandler)), None)
    if handler is None:
        yield record
        return
    with handler.together():
        # Where others listen, too, they are to have their records.
        yield handler.hold if len(handlers) == 1 and not LOG.handlers else record


def trace_of(error: BaseException) -> str:
    """Return where an error was raised: frames only, since messages may quote what was sent."""
    return "".join(traceback.format_tb(error.__traceback__)).strip()


def formatter() -> logging.Formatter | None:
    """Return the form that `start` gave the log, for others who write to it."""
    handlers = logging.getLogger().handlers
    return handlers[0].formatter if handlers else None


def start(secrets: Iterable[str]) -> None:
    """Send every log line of this process to stderr, in our form.

    Lines name neither their caller nor a process: to find them out for each costs as much as the
    rest of it. https://docs.python.org/3/howto/logging.html#optimization
    """
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None  # as the page above says
    handler = JoiningHandler(sys.stderr)
    handler.setFormatter(LineFormatter(secrets))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    LOG.setLevel(logging.INFO)


def hide(secrets: Iterable[str]) -> None:
    """Star secrets that came after `start`: a file holds a newer key."""
    if isinstance(lines := formatter(), LineFormatter):
        lines.hide(secrets)


def info(message: str, **fields: Any) -> None:
    """Log what an operator may want to know."""
    LOG.info(message, extra={"fields": fields})


def warning(message: str, **fields: Any) -> None:
    """Log what somebody should look at."""
    LOG.warning(message, extra={"fields": fields})


def crash(message: str, error: BaseException, **fields: Any) -> None:
    """Log a mistake of ours, loudly and with the place it was made."""
    LOG.error(message, exc_info=error, extra={"fields": fields})


def record(level: int, message: str, fields: Fields | None = None) -> None:
    """Log a line of any level."""
    LOG.log(level, message, extra={"fields": fields or {}})


class ChangeAlert:
    """Says that something became bad, or good again, once for each change; threads may share it.

    It is well until `warn` says why it is not.
    """

    def __init__(self, bad: str, good: str) -> None:
        self.bad, self.good = bad, good
        self.lock = threading.Lock()
        self.cause: str | None = None

    def warn(self, cause: str) -> None:
        """Note what is wrong, and log it unless it is what was wrong before."""
        with self.lock:
            changed, self.cause = cause != self.cause, cause
        if changed:
            warning(self.bad, cause=cause)

    def clear(self) -> None:
        """Note that all is well, and log it if it was not."""
        with self.lock:
            changed, self.cause = self.cause is not None, None
        if changed:
            info(self.good)
