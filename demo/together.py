"""`make run`: the listener, and the pages beside it as a process of their own.

The pages end with the listener, however it ends, and are started again where they alone are
killed. That they cannot start, as when their port is in use, is said and does not keep the listener
from it.
"""

import sys
from collections.abc import Sequence

from config.settings import BadSetting
from demo.pages_beside import PagesBeside
from listener import cli
from listener.background import reconciler
from runtime.terminal import end_with_terminal

ALONE = {"--help", "-h", "--check", "--register", "--try-alerts"}
"""Flags with which the listener does something else than listen."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run both until stopped; the exit code is the listener's."""
    words = list(sys.argv[1:] if argv is None else argv)
    if ALONE & {word.partition("=")[0] for word in words}:
        return cli.main(words)
    try:
        given = cli.command_line().read(words)
    except BadSetting:
        return cli.main(words)  # it says what is wrong
    end_with_terminal()
    pages = PagesBeside(reconciler.environment(given))
    try:
        return cli.main(words)
    finally:
        pages.stop()


if __name__ == "__main__":
    raise SystemExit(main())
