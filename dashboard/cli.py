"""`python3 dashboard.py`: read the settings, decide who may come in, serve the pages."""

import argparse
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from alerts.outcome import SENT, UNSURE
from config.alert_settings import AlertSettings
from config.command_line import LAYERS, CommandLine, read_settings
from config.settings import BadSetting, Settings
from dashboard import digest, warm_up
from dashboard import static_export as export
from dashboard.app import create_app
from dashboard.published import digest_post
from dashboard.web import access, request
from engines import faults
from engines.reaching.loopback import is_loopback
from rows.counted import counted
from runtime import gunicorn
from runtime.garbage import settle
from runtime.parent_pipe import end_with_parent
from runtime.port import CannotListen, claim_port, refuse_debug
from store.open import READ, CannotStart, open_engine

EPILOG = f"""\
{LAYERS}. DATABASE_READ_URL names the store,
DASHBOARD_URL where people reach the pages,
NIGHT_ZONE and NIGHT_ENDS say which night a run belongs to, DASHBOARD_PASSWORD is asked for when
the address is not of this machine only. All are explained in .env.example.
"""

# One process and a few threads: the pages wait for the database, not for Python; a second process
# would double its connections.
COLLECTED_AFTER = 100_000
"""New objects, until those that refer to each other are looked for. A page reads half a million
figures, which are no circles; looking through them took as long as the page."""
SERVER_OPTIONS: dict[str, object] = {
    "worker_class": "gthread",
    "workers": 1,
    "threads": 64,  # more than may wait to try a password
    "timeout": 60,
    "graceful_timeout": 5,
    "keepalive": 5,
    "limit_request_line": 8190,
    "limit_request_fields": 100,
    "limit_request_field_size": 8190,
}


def command_line() -> CommandLine:
    """Return the parser of the flags; values are checked with the other settings."""
    parser = CommandLine(
        prog="dashboard.py",
        description="Show what the store holds, as pages: nights, runs, times, flakes, health.",
        epilog=EPILOG,
    )
    parser.add_argument(
        "-p",
        "--port",
        dest="dashboard_port",
        metavar="PORT",
        help="port, default 5001 [DASHBOARD_PORT]",
    )
    parser.add_password()
    parser.add_argument(
        "--host",
        dest="dashboard_host",
        metavar="HOST",
        help="address, default 127.0.0.1; any other demands DASHBOARD_PASSWORD [DASHBOARD_HOST]",
    )
    parser.add_argument(
        "--export",
        metavar="DIR",
        help="write the pages into a folder as files that need no server, and end",
    )
    parser.add_argument(
        "--digest",
        action="store_true",
        help="print last night in words, and end; nothing where nothing is new or fixed",
    )
    parser.add_argument(
        "--group",
        metavar="NAME",
        help="with --digest: of one group of GROUPS_FILE alone (other: of none)",
    )
    parser.add_argument(
        "--post",
        metavar="URL",
        help="with --digest: send it instead: to a chat's incoming webhook, or to slack, teams,"
        " mattermost, discord, webhook or mail as ALERT_... says",
    )
    parser.add_argument(
        "--always", action="store_true", help="with --digest: even where nothing is new or fixed"
    )
    parser.add_argument("--beside", action="store_true", help=argparse.SUPPRESS)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Serve the pages until stopped; 2 means that a person must change something."""
    try:
        given = command_line().read(argv)
        task = Task(*(given.pop(name) for name in Task._fields))
        check_task(task, given)
        if task.export is not None or task.digest:
            return write(given, task)
        if given.pop("beside"):
            end_with_parent(partial(os.kill, os.getpid(), signal.SIGTERM))
        start(given)
    except (BadSetting, CannotListen, CannotStart) as error:
        print(f"dashboard.py: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:  # before gunicorn was there to end cleanly
        return 130
    return 0


class Task(NamedTuple):
    """What to do instead of serving."""

    export: str | None
    digest: bool
    group: str | None
    post: str | None
    always: bool


def check_task(task: Task, given: Mapping[str, object]) -> None:
    """Refuse flags that do not go together. Raises BadSetting."""
    if task.export is not None and task.digest:
        raise BadSetting("usage", "--export or --digest, not both")
    if task.export is not None or task.digest:
        other = "--digest" if task.digest else "--export"
        for name, flag in (("dashboard_port", "-p"), ("dashboard_host", "--host")):
            if given[name] is not None:
                raise BadSetting(flag, f"has no effect with {other}")
    if (task.post is not None or task.always or task.group is not None) and not task.digest:
        raise BadSetting("usage", "--group, --post and --always go with --digest")
    if task.post is not None:
        digest_post.check_target(task.post)


def write(given: dict[str, object], task: Task) -> int:
    """Export the pages, or tell last night in words; return the exit code. Raises BadSetting."""
    given.pop("beside")
    # The address of a chat's webhook is its password.
    secrets = [task.post] if task.post and task.post not in digest_post.NAMES else []
    settings = read_settings(given, *secrets)
    engine = open_engine(settings, READ)
    app = create_app(settings._replace(dashboard_password=None, dashboard_proxies=()), engine)
    app.extensions["site"] = app.extensions["site"]._replace(is_static=task.export is not None)
    try:
        with app.test_request_context("/"):
            request.open_store()  # which says what is wrong in a sentence, where no page can
        if task.export is not None:
            result = export.export(app, Path(task.export))
            files = counted(result.files, "file is", "files are")
            print(f"{files} in {task.export}; begin at index.html.{result.lack}")
            return 0
        return tell(digest.make_digest(app, task.group), task, settings.alerts)
    except BrokenPipeError:
        raise  # of `| head`: the door ends it
    except (export.CannotExport, OSError, request.NotReady, SQLAlchemyError) as error:
        text = faults.cause(error) if isinstance(error, SQLAlchemyError) else str(error)
        if isinstance(error, OSError) and task.export is not None:
            text = f"--export: {error.filename or task.export} cannot be written ({error.strerror})"
        print(f"dashboard.py: {text}", file=sys.stderr)
        return 1
    finally:
        engine.dispose()


def tell(made: digest.Digest, task: Task, alerts: AlertSettings) -> int:
    """Print or send a digest that has news, or is asked for anyway."""
    if not made.is_news and not task.always:
        return 0
    if task.post is None:
        print(made.text)
        return 0
    outcome = digest_post.post(task.post, made.text, alerts)
    if outcome.kind == SENT:
        return 0
    said = "perhaps sent" if outcome.kind == UNSURE else "not sent"
    print(f"dashboard.py: --post: {said}: {outcome.why}", file=sys.stderr)
    return 1


def start(given: dict[str, object]) -> None:
    """Serve with these flags. Raises BadSetting, and SystemExit at the end."""
    settings = read_settings(given)
    refuse_unsafe(settings)
    host, port = settings.dashboard_host, settings.dashboard_port
    listening = claim_port(host, port, "DASHBOARD_HOST")
    print(
        f"The pages are at http://{access.host_in_url(host)}:{port}/  (Ctrl-C ends them)",
        flush=True,
    )

    def make_app() -> Flask:
        app = create_app(settings, open_engine(settings, READ))
        settle(COLLECTED_AFTER, older=20)
        warm_up.start(app)
        return app

    gunicorn.run(listening, make_app, SERVER_OPTIONS)


def refuse_unsafe(settings: Settings) -> None:
    """Raise BadSetting for pages that strangers could read, or that would run their code."""
    has_login = settings.dashboard_password is not None or settings.dashboard_proxies
    if not is_loopback(settings.dashboard_host) and not has_login:
        raise BadSetting(
            "DASHBOARD_PASSWORD",
            f"is needed to serve at {settings.dashboard_host}, which others may reach; "
            "without it the pages stay at 127.0.0.1",
        )
    refuse_debug()
