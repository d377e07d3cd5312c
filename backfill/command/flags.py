"""The command line of local-database.py."""

from config.command_line import LAYERS, CommandLine

SETTINGS = ("repos", "key", "database_password")
"""Flags that are settings too, by the settings' names."""

EPILOG = f"""\
{LAYERS}: GITHUB_TOKEN_FILE and
DATABASE_PASSWORD_FILE keep secrets out of the command line. DATABASE_URL names the database,
GITHUB_API_URL another server than GitHub.com.

Killed, stopped with Ctrl-C or by --max-requests: the same command goes on where it was.

exit codes: 0 everything was read; 1 something was not, the last lines say what; 2 a person must
change something first; 3 stopped by --max-requests; 130 stopped by Ctrl-C
"""


def command_line() -> CommandLine:
    """Return the parser of the flags; values are checked later, with the settings."""
    parser = CommandLine(
        prog="local-database.py",
        description="Read the history of repositories from GitHub into the store.",
        epilog=EPILOG,
    )
    parser.add_repos(
        "read this repository, or all of ORG or ORG/*; may be repeated or separated by commas; "
        "default: the repositories that are stored [REPOS]"
    )
    parser.add_key("GitHub token: read access to Actions, Contents, Metadata [GITHUB_TOKEN]")
    parser.add_argument(
        "-m",
        "--max_runs",
        metavar="N",
        help="newest runs to read per repository; default and -1: all",
    )
    parser.add_password()
    parser.add_argument(
        "-t",
        "--last_time",
        metavar="TIME",
        help="stop at runs created before it: a date, an age such as 30d, or an epoch",
    )
    parser.add_argument(
        "-i", dest="install", action="store_true", help="create or upgrade the schema first"
    )
    parser.add_argument(
        "--commits",
        metavar="N|all",
        help="commits of the default branch to read; default: back to the oldest run read",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        default=None,
        help="GitHub: read jobs by GraphQL alone, many at once; without their waits, labels and "
        "runners, which the same command without it adds",
    )
    parser.add_argument(
        "--exact",
        action="store_true",
        default=None,
        help="GitHub: read jobs by REST alone; default: first by GraphQL, then by REST",
    )
    parser.add_argument("--max-requests", metavar="N", help="stop after so many requests to GitHub")
    parser.add_argument(
        "--dry-run", action="store_true", help="print what would be done; nothing is written"
    )
    parser.add_argument(
        "--forget",
        metavar="ORG/REPO",
        help="delete all that is stored of this repository instead, after a question",
    )
    copy = parser.add_argument_group("copy: move to another database")
    copy.add_argument(
        "--copy-to",
        metavar="URL",
        help="copy the whole store into this empty database instead, of any engine; deliveries "
        "may come in meanwhile, and the same command brings over what is new [COPY_PASSWORD]",
    )
    copy.add_argument(
        "--hold",
        action="store_true",
        help="keep the copy closed: listeners that are started on it spool until it is opened",
    )
    replay = parser.add_argument_group("replay of stored deliveries")
    replay.add_argument(
        "--replay", action="store_true", help="map stored deliveries again instead; asks no server"
    )
    replay.add_argument(
        "--state", metavar="STATE", help="applied or quarantined; default: both, with a comma"
    )
    replay.add_argument(
        "--since",
        metavar="TIME",
        help="received at this time or later; with --audit and --reasons: created",
    )
    replay.add_argument("--until", metavar="TIME", help="received before this time")
    replay.add_argument("--guid", metavar="GUID", help="the delivery with this X-GitHub-Delivery")
    replay.add_argument("--event", metavar="EVENT", help="deliveries of this event, such as push")
    reasons = parser.add_argument_group("reasons: why jobs failed")
    reasons.add_argument(
        "--reasons",
        action="store_true",
        help="read why jobs failed instead, again where it was read: jobs created since --since "
        "(default 90d); what is gone by now stays as it is stored",
    )
    reasons.add_argument(
        "--explain",
        metavar="FILE",
        help="print what would be shown for a job's log in this file (- is standard input), which "
        "rule spoke, and what else was met; needs no database and no key; --json for programmes",
    )
    audit = parser.add_argument_group("audit: is anything missing")
    audit.add_argument(
        "--audit",
        action="store_true",
        help="say what is missing instead: what GitHub lists since --since (default 30d) against "
        "what is stored; 0 when nothing is, 1 when something is",
    )
    audit.add_argument(
        "--json", action="store_true", help="print the verdict as JSON; also with --explain"
    )
    audit.add_argument(
        "--repair", action="store_true", help="fetch what is missing, and audit again"
    )
    audit.add_argument(
        "--offline", action="store_true", help="ask no server: needs no key, and proves less"
    )
    audit.add_argument(
        "--deep", action="store_true", help="ask for the jobs of every run, read before or not"
    )
    return parser
