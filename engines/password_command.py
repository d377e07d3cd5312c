"""Passwords that a command prints, such as Entra ID tokens, which live for minutes only.

https://learn.microsoft.com/azure/mysql/flexible-server/how-to-azure-ad
"""

import shlex
import subprocess
from typing import Any

from engines import deadline

SECONDS = 10.0


class CommandFailed(Exception):
    """A command that gave no password, and why; nothing of what it printed."""


def fetched(command: str, _: Any, __: Any, ___: Any, parameters: dict[str, Any]) -> None:
    """Give a new connection the password that the command prints, for SQLAlchemy's do_connect."""
    parameters["password"] = password(command)


def password(command: str) -> str:
    """Return what a command prints, without the newline at its end.

    It is run without a shell, and not waited for longer than the request may take. Raises
    CommandFailed.
    """
    try:
        done = subprocess.run(  # noqa: S603 - the operator's own command, without a shell
            shlex.split(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=deadline.at_most(SECONDS),
            check=True,
        )
    except subprocess.TimeoutExpired:
        raise failed("took too long") from None
    except subprocess.CalledProcessError as error:
        raise failed(f"ended with {error.returncode}") from None
    except OSError as error:
        raise failed(error.strerror or "cannot be run") from None
    printed = done.stdout.decode("utf-8", "replace").rstrip("\r\n")
    if not printed:
        raise failed("printed nothing")
    return printed


def failed(why: str) -> CommandFailed:
    """Return the error of a command that gave no password."""
    return CommandFailed(f"DATABASE_PASSWORD_COMMAND {why}")
