"""`python listener.py`: read the settings, prepare the store, print the ways in, serve."""

from __future__ import annotations

import argparse
import errno
import os
import socket
import sys
import tempfile
from collections.abc import Sequence
from typing import NoReturn

from flask import Flask
from sqlalchemy import make_url

from listener import background, database, log, secret, serve
from listener.app import create_app
from listener.watch import watch
from listener.ways_in import ways_in
from listener.webhook import Desk
from store import settings_argv
from store.prepare import CannotStart
from store.settings import BadSetting, Settings, read, secrets_of

EPILOG = """\
Flags win over the environment, the environment over a file .env in the current folder, where
each X may also be given as X_FILE, a file that holds it. Further settings are named in
.env.example: DATABASE_URL, DATABASE_SSL, DATABASE_SSL_CA, WEBHOOK_SECRET and others.

A password follows its flag as a word of its own: -pwd PASSWORD (-pwdPASSWORD is not possible).
One that starts with a hyphen is written -pwd=-x. Other users can read a command line for a
moment: DATABASE_PASSWORD_FILE and GITHUB_TOKEN_FILE are safer.
"""


class Flags(argparse.ArgumentParser):
    """A parser whose errors are one line, without the words that were typed."""

    def error(self, message: str) -> NoReturn:
        """End with exit code 2."""
        raise BadSetting("usage", f"{message} (see --help)")


def flags() -> Flags:
    """Return the parser of the command line; values are checked with the other settings."""
    parser = Flags(
        prog="python listener.py",
        description="Receive GitHub's webhooks and store every run, attempt, job and push.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "-r",
        "--repo",
        dest="repos",
        metavar="ORG/REPO",
        action="append",
        help="watch this repository, or all of ORG or ORG/*; may be repeated or separated by "
        "commas; default: every repository whose deliveries are signed [REPOS]",
    )
    parser.add_argument(
        "-k",
        "--key",
        dest="github_token",
        metavar="KEY",
        help="GitHub token; deliveries need none, the backfill does [GITHUB_TOKEN]",
    )
    parser.add_argument(
        "-p", "--port", dest="port", metavar="PORT", help="port, default 5000 [PORT]"
    )
    parser.add_argument(
        "-pwd",
        "--password",
        dest="database_password",
        metavar="PASSWORD",
        help="password of the database; SQLite needs none [DATABASE_PASSWORD]",
    )
    parser.add_argument(
        "--host", dest="host", metavar="HOST", help="address, default 0.0.0.0 [HOST]"
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the listener until it is stopped; 2 means that a person must change something."""
    try:
        start(parsed(sys.argv[1:] if argv is None else argv))
    except (BadSetting, CannotStart) as error:
        print(f"listener.py: {error}", file=sys.stderr)
        return error.code if isinstance(error, CannotStart) else 2
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
    """Serve with these flags. Raises BadSetting, CannotStart, and SystemExit at the end."""
    settings = read(given)
    secrets = secrets_of(settings)
    settings_argv.hide(secrets)
    refuse_debug()
    listening = claim(settings)
    keys, made = secret.load(settings)
    log.start((*secrets, *(key.decode() for key in keys)))
    database.bring_up(settings)
    print(ways_in(settings.host, settings.port, settings.repos, made), flush=True)
    # Opened before the fork and never closed: the processes take turns by its lock.
    turn = tempfile.TemporaryFile()  # noqa: SIM115

    def make_app() -> Flask:
        engine = database.open_engine(settings)
        background.start(engine, turn)
        return create_app(Desk(engine, keys, watch(settings.repos)))

    backend = make_url(settings.database_url).get_backend_name()
    serve.run(listening, serve.workers_for(backend), make_app)


def refuse_debug() -> None:
    """Raise BadSetting when FLASK_DEBUG is on: its debugger runs code for whoever asks."""
    if os.environ.get("FLASK_DEBUG", "0").lower() not in ("", "0", "false", "no"):
        raise BadSetting("FLASK_DEBUG", "must not be set: this port is public")


def claim(settings: Settings) -> socket.socket:
    """Return the socket to serve on. Raises CannotStart."""
    host, port = settings.host, settings.port
    try:
        return serve.listen(host, port)
    except socket.gaierror as error:
        raise CannotStart(f"HOST: {host} is not an address of this machine") from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CannotStart(f"port {port} is in use: choose another with -p") from error
        raise CannotStart(f"port {port} of {host} cannot be used: {error.strerror}") from error
