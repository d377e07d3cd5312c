"""The command line of local-database.py."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from config.flags import Flags
from config.settings import BadSetting

SETTINGS = ("repos", "key", "database_password")
"""Flags that are settings too, by the settings' names."""

EPILOG = """\
Flags win over the environment, the environment over a file .env in the current folder, where
each X may also be given as X_FILE, a file that holds it: GITHUB_TOKEN_FILE and
DATABASE_PASSWORD_FILE keep secrets out of the command line. DATABASE_URL names the database,
GITHUB_API_URL another server than github.com.

Killed, stopped with Ctrl-C or by --max-requests: the same command goes on where it was.

exit codes: 0 everything was read; 1 something was not, the last lines say what; 2 a person must
change something first; 3 stopped by --max-requests; 130 stopped by Ctrl-C
"""

FLAGS: tuple[tuple[tuple[str, ...], dict[str, Any]], ...] = (
    (
        ("-r", "--repo"),
        {
            "dest": "repos",
            "metavar": "ORG/REPO",
            "action": "append",
            "help": "read this repository, or all of ORG or ORG/*; may be repeated or separated "
            "by commas; default: the repositories that are stored [REPOS]",
        },
    ),
    (
        ("-k", "--key"),
        {
            "dest": "key",
            "metavar": "KEY",
            "help": "GitHub token: read access to Actions, Contents, Metadata [GITHUB_TOKEN]",
        },
    ),
    (
        ("-m", "--max_runs"),
        {"metavar": "N", "help": "newest runs to read per repository; default and -1: all"},
    ),
    (
        ("-pwd", "--password"),
        {
            "dest": "database_password",
            "metavar": "PASSWORD",
            "help": "password of the database; SQLite needs none [DATABASE_PASSWORD]",
        },
    ),
    (
        ("-t", "--last_time"),
        {
            "metavar": "TIME",
            "help": "stop at runs created before it: a date, an age such as 30d, or an epoch",
        },
    ),
    (
        ("-i",),
        {"dest": "install", "action": "store_true", "help": "create or upgrade the schema first"},
    ),
    (
        ("--commits",),
        {
            "metavar": "N|all",
            "help": "commits of the default branch to read; default: back to the oldest run read",
        },
    ),
    (("--max-requests",), {"metavar": "N", "help": "stop after so many requests to GitHub"}),
    (
        ("--dry-run",),
        {"action": "store_true", "help": "print what would be done; nothing is written"},
    ),
    (
        ("--forget",),
        {
            "metavar": "ORG/REPO",
            "help": "delete all that is stored of this repository instead, after a question",
        },
    ),
)

REPLAY_FLAGS: tuple[tuple[tuple[str, ...], dict[str, Any]], ...] = (
    (
        ("--replay",),
        {"action": "store_true", "help": "map stored deliveries again instead; asks no server"},
    ),
    (
        ("--state",),
        {"metavar": "STATE", "help": "applied or quarantined; default: both, with a comma"},
    ),
    (
        ("--since",),
        {"metavar": "TIME", "help": "received at this time or later; with --audit: created"},
    ),
    (("--until",), {"metavar": "TIME", "help": "received before this time"}),
    (("--guid",), {"metavar": "GUID", "help": "the delivery with this X-GitHub-Delivery"}),
    (("--event",), {"metavar": "EVENT", "help": "deliveries of this event, such as push"}),
)

AUDIT_FLAGS: tuple[tuple[tuple[str, ...], dict[str, Any]], ...] = (
    (
        ("--audit",),
        {
            "action": "store_true",
            "help": "say what is missing instead: what GitHub lists since --since (default 30d) "
            "against what is stored; 0 when nothing is, 1 when something is",
        },
    ),
    (("--json",), {"action": "store_true", "help": "print the verdict as JSON"}),
    (
        ("--repair",),
        {"action": "store_true", "help": "fetch what is missing, and audit again"},
    ),
    (
        ("--offline",),
        {"action": "store_true", "help": "ask no server: needs no key, and proves less"},
    ),
    (
        ("--deep",),
        {"action": "store_true", "help": "ask for the jobs of every run, read before or not"},
    ),
)


def flags() -> Flags:
    """Return the parser of the command line; values are checked later, with the settings."""
    parser = Flags(
        prog="local-database.py",
        description="Read the history of repositories from GitHub into the store.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    replays = parser.add_argument_group("replay of stored deliveries")
    audits = parser.add_argument_group("audit: is anything missing")
    for place, group in ((parser, FLAGS), (audits, AUDIT_FLAGS), (replays, REPLAY_FLAGS)):
        for names, options in group:
            place.add_argument(*names, **options)
    return parser


def parsed(argv: Sequence[str]) -> dict[str, Any]:
    """Return the flags by name. Raises BadSetting."""
    if any(word.startswith("-pwd") and word[4:5] not in ("", "=") for word in argv):
        raise BadSetting("-pwd", "a password is a word of its own: -pwd PASSWORD or -pwd=-x")
    found, rest = flags().parse_known_args(argv)
    if rest:
        # Not repeated: a word too many may be half of a password.
        raise BadSetting("usage", f"{len(rest)} words belong to no flag (see --help)")
    return vars(found)
