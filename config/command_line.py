"""The command line that every command begins with: its parser, the flags that many have."""

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, NoReturn

from config import argv as own_argv
from config.settings import BadSetting, Settings, read, secrets_of

LAYERS = """\
Flags win over the environment, the environment over a file .env in the current folder, where
each X may also be given as X_FILE, a file that holds it"""

OPTION = re.compile(r"--[a-z][a-z-]{0,30}(?==|\Z)")
"""What may be said of a word that came from outside; anything else may be a secret."""
SETTINGS = "repos key database_password port host dashboard_port dashboard_host".split()
"""Flags that are settings, which are checked with those of the environment."""


class CommandLine(argparse.ArgumentParser):
    """A parser whose errors are one line, without the words that were typed."""

    def __init__(self, prog: str, description: str | None, epilog: str | None = None) -> None:
        super().__init__(
            prog=prog,
            description=description,
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    def error(self, message: str) -> NoReturn:
        """Raise BadSetting: the commands say it in one line, and end with exit code 2."""
        raise BadSetting("usage", f"{message} (see --help)")

    def add_repos(self, help: str) -> None:
        """Add `-r`, which is the setting REPOS."""
        self.add_argument(
            "-r", "--repo", dest="repos", metavar="ORG/REPO", action="append", help=help
        )

    def add_key(self, help: str) -> None:
        """Add `-k`, the vendor's token."""
        self.add_argument("-k", "--key", metavar="KEY", help=help)

    def add_password(self) -> None:
        """Add `-pwd`, which is the setting DATABASE_PASSWORD."""
        self.add_argument(
            "-pwd",
            "--password",
            dest="database_password",
            metavar="PASSWORD",
            help="password of the database; SQLite needs none [DATABASE_PASSWORD]",
        )

    def read(self, argv: Sequence[str] | None) -> dict[str, Any]:
        """Return the flags by their names, by default of this process. Raises BadSetting."""
        words = sys.argv[1:] if argv is None else argv
        if any(word.startswith("-pwd") and word[4:5] not in ("", "=") for word in words):
            raise BadSetting("-pwd", "a password is a word of its own: -pwd PASSWORD or -pwd=-x")
        flags, rest = self.parse_known_intermixed_args(words)
        if rest:
            raise BadSetting("usage", f"{self.explain_rest(rest)} (see --help)")
        for action in self._actions:
            # Mostly a variable of a script that is not set: as if the flag were not there would
            # be another command.
            text = getattr(flags, action.dest, None)
            is_ours = action.option_strings and action.dest not in SETTINGS
            if is_ours and isinstance(text, str) and not text.strip():
                raise BadSetting(action.option_strings[-1], "is empty")
        return vars(flags)

    def explain_rest(self, rest: Sequence[str]) -> str:
        """Say which words are too many; only options by name: others may be half of a password."""
        option = next(filter(None, map(OPTION.match, rest)), None)
        if option is None:
            few = "1 unknown argument" if len(rest) == 1 else f"{len(rest)} unknown arguments"
            return f"{few}, not repeated: it may be of a password"
        known = [name for action in self._actions for name in action.option_strings]
        alike = get_close_matches(option[0], known, 1)
        return f"unknown option {option[0]}" + "".join(f", did you mean {one}?" for one in alike)


def read_settings(flags: Mapping[str, object], *secrets: str) -> Settings:
    """Return the settings, and hide theirs and more secrets in argv. Raises BadSetting."""
    settings = read(flags)
    own_argv.hide_secrets((*secrets_of(settings), *secrets))
    return settings
