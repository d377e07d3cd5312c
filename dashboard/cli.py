"""`python dashboard.py`: read the settings, decide who may come in, serve the pages."""

from __future__ import annotations

import argparse
import errno
import os
import socket
import sys
from collections.abc import Sequence
from typing import NoReturn

from flask import Flask

from dashboard import access, serve
from dashboard.app import create_app
from store import settings_argv
from store.engine import is_loopback
from store.reads_connect import open_reader
from store.settings import BadSetting, Settings, read, secrets_of

EPILOG = """\
Flags win over the environment, the environment over a file .env in the current folder, where
each X may also be given as X_FILE, a file that holds it. DATABASE_READ_URL names the store,
NIGHT_ZONE and NIGHT_ENDS say which night a run belongs to, DASHBOARD_PASSWORD is asked for when
the address is not of this machine only. All are explained in .env.example.
"""


class Flags(argparse.ArgumentParser):
    """A parser whose errors are one line, without the words that were typed."""

    def error(self, message: str) -> NoReturn:
        """End with exit code 2."""
        raise BadSetting("usage", f"{message} (see --help)")


def flags() -> Flags:
    """Return the parser of the command line; values are checked with the other settings."""
    parser = Flags(
        prog="dashboard.py",
        description="Show what the store holds, as pages: nights, runs, times, flakes, health.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "-p",
        "--port",
        dest="dashboard_port",
        metavar="PORT",
        help="port, default 5001 [DASHBOARD_PORT]",
    )
    parser.add_argument(
        "-pwd",
        "--password",
        dest="database_password",
        metavar="PASSWORD",
        help="password of the database; SQLite needs none [DATABASE_PASSWORD]",
    )
    parser.add_argument(
        "--host",
        dest="dashboard_host",
        metavar="HOST",
        help="address, default 127.0.0.1; any other demands DASHBOARD_PASSWORD [DASHBOARD_HOST]",
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Serve the pages until stopped; 2 means that a person must change something."""
    try:
        start(parsed(sys.argv[1:] if argv is None else argv))
    except BadSetting as error:
        print(f"dashboard.py: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:  # before gunicorn was there to end cleanly
        return 130
    return 0


def parsed(argv: Sequence[str]) -> dict[str, object]:
    """Return the flags by the names of the settings. Raises BadSetting."""
    if any(word.startswith("-pwd") and word[4:5] not in ("", "=") for word in argv):
        raise BadSetting("-pwd", "a password is a word of its own: -pwd PASSWORD or -pwd=-x")
    found, rest = flags().parse_known_args(argv)
    if rest:
        # Not repeated: a word too many may be half of a password.
        raise BadSetting("usage", f"{len(rest)} words belong to no flag (see --help)")
    return vars(found)


def start(given: dict[str, object]) -> None:
    """Serve with these flags. Raises BadSetting, and SystemExit at the end."""
    settings = read(given)
    settings_argv.hide(secrets_of(settings))
    refuse_unsafe(settings)
    listening = claim(settings)
    host, port = settings.dashboard_host, settings.dashboard_port
    print(f"The pages are at http://{access.shown(host)}:{port}/  (Ctrl-C ends them)", flush=True)

    def make_app() -> Flask:
        return create_app(settings, open_reader(settings))

    serve.run(listening, make_app)


def refuse_unsafe(settings: Settings) -> None:
    """Raise BadSetting for pages that strangers could read, or that would run their code."""
    if not is_loopback(settings.dashboard_host) and settings.dashboard_password is None:
        raise BadSetting(
            "DASHBOARD_PASSWORD",
            f"is needed to serve at {settings.dashboard_host}, which others may reach; "
            "without it the pages stay at 127.0.0.1",
        )
    if os.environ.get("FLASK_DEBUG", "0").lower() not in ("", "0", "false", "no"):
        raise BadSetting("FLASK_DEBUG", "must not be set: its debugger runs code for who asks")


def claim(settings: Settings) -> socket.socket:
    """Return the socket to serve on. Raises BadSetting."""
    host, port = settings.dashboard_host, settings.dashboard_port
    try:
        return serve.listen(host, port)
    except socket.gaierror as error:
        raise BadSetting("DASHBOARD_HOST", f"{host} is no address of this machine") from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise BadSetting("DASHBOARD_PORT", f"{port} is in use: choose another, -p") from error
        raise BadSetting("DASHBOARD_PORT", f"{port} cannot be used: {error.strerror}") from error
