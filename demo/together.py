"""`make run`: the listener, and the pages beside it as a process of their own.

The pages end with the listener, however it ends: their standard input is a pipe from it. That
they cannot start, as when their port is in use, is said and does not keep the listener from it.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from config.settings import BadSetting
from listener import cli
from listener.background import reconciler
from runtime.terminal import end_with_terminal

TOP = Path(__file__).resolve().parent.parent
ALONE = {"--help", "-h", "--check", "--register"}
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
    pages = start_pages(reconciler.environment(given))
    try:
        return cli.main(words)
    finally:
        stop(pages)


def start_pages(environment: Mapping[str, str], *flags: str) -> subprocess.Popen[bytes]:
    """Start the pages; they say themselves where they are, or why they are not.

    `environment` may lack what only the pages have: their password.
    """
    own = {name: text for name, text in os.environ.items() if name.startswith("DASHBOARD_")}
    command = [sys.executable, str(TOP / "dashboard.py"), "--beside", *flags]
    return subprocess.Popen(  # noqa: S603 - our own door
        command, stdin=subprocess.PIPE, env={**environment, **own}
    )


def stop(pages: subprocess.Popen[bytes]) -> None:
    """Let the pages end, and wait for it."""
    if pages.stdin is not None:
        pages.stdin.close()
    try:
        pages.wait(10)
    except subprocess.TimeoutExpired:
        pages.kill()


if __name__ == "__main__":
    raise SystemExit(main())
