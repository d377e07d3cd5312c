"""Passwords that a command prints, such as Entra ID tokens, which live for minutes only.

https://learn.microsoft.com/azure/mysql/flexible-server/how-to-azure-ad
"""

import shlex
import subprocess
from typing import Any

import pymysql

from engines import deadline

SECONDS = 10.0
CANNOT_CONNECT = 2003
"""The client's own number of a connection that was not made: the delivery is spooled."""


def fetched(command: str, _: Any, __: Any, ___: Any, parameters: dict[str, Any]) -> None:
    """Give a new connection the password that the command prints, for SQLAlchemy's do_connect."""
    parameters["password"] = password(command)


def password(command: str) -> str:
    """Return what a command prints, without the newline at its end.

    It is run without a shell, and not waited for longer than the request may take. Raises
    pymysql's OperationalError, which repeats nothing of what was printed.
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


def failed(why: str) -> pymysql.err.OperationalError:
    """Return the error of a command that gave no password."""
    return pymysql.err.OperationalError(CANNOT_CONNECT, f"DATABASE_PASSWORD_COMMAND {why}")
