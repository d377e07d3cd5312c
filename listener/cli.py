"""`python3 listener.py`: read the settings, prepare the store, print the ways in, serve."""

import sys
from collections.abc import Sequence
from typing import Any

from config.command_line import LAYERS, CommandLine, read_settings
from config.settings import BadSetting
from listener import check, uvicorn_worker, webhook_setup, worker
from listener.asgi import AsgiApp
from listener.check_alerts import try_alerts
from listener.setup_text import setup_text
from runtime import gunicorn
from runtime.check_line import CheckLine
from runtime.garbage import settle
from runtime.port import CannotListen, claim_port, refuse_debug
from store.open import CannotStart

EPILOG = f"""\
{LAYERS}. Further settings are named in
.env.example: DATABASE_URL, DATABASE_SSL, DATABASE_SSL_CA, WEBHOOK_SECRET, ALERT_SLACK_URL
(or TEAMS, MATTERMOST, DISCORD, WEBHOOK; ALERT_MAIL_TO: who is told of red default branches) and
others.

A password follows its flag as a word of its own: -pwd PASSWORD (-pwdPASSWORD is not possible).
One that starts with a hyphen is written -pwd=-x. Other users can read a command line for a
moment: DATABASE_PASSWORD_FILE and GITHUB_TOKEN_FILE are safer.
"""


def command_line() -> CommandLine:
    """Return the parser of the flags; values are checked with the other settings."""
    parser = CommandLine(
        prog="python3 listener.py",
        description="Receive GitHub's webhooks and store every run, attempt, job and push.",
        epilog=EPILOG,
    )
    parser.add_repos(
        "watch this repository, or all of ORG or ORG/*; may be repeated or separated by "
        "commas; default: every repository whose deliveries are signed [REPOS]"
    )
    parser.add_key("GitHub token; deliveries need none, healing and the backfill do [GITHUB_TOKEN]")
    parser.add_argument(
        "-p", "--port", dest="port", metavar="PORT", help="port, default 5000 [PORT]"
    )
    parser.add_password()
    parser.add_argument(
        "--host", dest="host", metavar="HOST", help="address, default 0.0.0.0 [HOST]"
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="look at settings, database, durability, TLS, schema and spool, and with a key at "
        "the webhooks, say what is wrong, and end: 0 when nothing is, else 1",
    )
    parser.add_argument(
        "--register",
        metavar="URL",
        help="make or repair the webhook of each -r so that it delivers to this address, "
        "https://HOST/webhook, ping it, and end",
    )
    parser.add_argument(
        "--try-alerts",
        action="store_true",
        help="send a message to each of the ALERT_... settings, say whether it arrived, and end: "
        "0 when all did, else 1",
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the listener until it is stopped; 2 means that a person must change something."""
    try:
        given = command_line().read(argv)
        url = given.pop("register")
        if given.pop("try_alerts"):
            if given["check"] or url is not None:
                other = "--check" if given["check"] else "--register"
                raise BadSetting("--try-alerts", f"has no effect with {other}")
            return check.print_lines(try_alerts(read_settings(given)))
        if given.pop("check"):
            return look(given, url)
        if url is not None:
            return webhook_setup.register(given, read_settings(given), url)
        start(given)
    except (BadSetting, CannotListen, CannotStart) as error:
        print(f"listener.py: {error}", file=sys.stderr)
        return error.code if isinstance(error, CannotStart) else 2
    except KeyboardInterrupt:  # before gunicorn was there to end cleanly
        return 130
    return 0


def look(given: dict[str, Any], url: str | None) -> int:
    """Check what a listener with these flags needs; return the exit code.

    Webhooks should point to `url`, where it is given.
    """
    try:
        settings = read_settings(given)
        refuse_debug()
    except BadSetting as error:
        print(check.shown(CheckLine("configuration", "", str(error))))
        return 1
    return check.check(settings, webhook_setup.lines(given, settings, url))


def start(given: dict[str, object]) -> None:
    """Serve with these flags. Raises BadSetting, CannotStart, and SystemExit at the end."""
    settings = read_settings(given)
    refuse_debug()
    listening = claim_port(settings.host, settings.port, "HOST")
    setup = worker.prepare(settings, given)
    troubles = worker.list_troubles(setup)
    text = setup_text(settings.host, settings.port, settings.repos, setup.made, troubles)
    print(text, flush=True)
    options = uvicorn_worker.options_for(settings.database_url)

    def make_app() -> AsgiApp:
        app = AsgiApp(worker.make_intake(setup))
        settle()
        return app

    gunicorn.run(listening, make_app, options)
