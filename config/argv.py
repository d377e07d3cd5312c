"""Blank out secrets in this process's command line, which every user can read with `ps`."""

import ctypes
from collections.abc import Iterable
from pathlib import Path

STAT = Path("/proc/self/stat")
# Fields 48 and 49, counted from the third: the first two are the pid and a name in parentheses.
# https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
ARG_START, ARG_END = 48 - 3, 49 - 3


def hide_secrets(secrets: Iterable[str]) -> None:
    """Overwrite each secret in the command line with as many stars; Linux only.

    They were readable from the start of the process until now: a file named by `X_FILE` is not.
    """
    try:
        fields = STAT.read_text().rpartition(")")[2].split()
    except OSError:  # not Linux, or /proc is not mounted
        return
    start, end = int(fields[ARG_START]), int(fields[ARG_END])
    if not 0 < start < end:  # hidden from us
        return
    words = ctypes.string_at(start, end - start)
    for secret in filter(None, secrets):
        words = star(words, secret.encode("utf-8", "surrogateescape"))
    ctypes.memmove(start, words, len(words))


def star(words: bytes, secret: bytes) -> bytes:
    """Return the NUL-separated words with each that ends with `=secret` or is it starred.

    Only whole values: a short password must not eat letters of the other words.
    """
    stars = b"*" * len(secret)
    parts = words.split(b"\0")
    return b"\0".join(
        part[: len(part) - len(secret)] + stars
        if part == secret or part.endswith(b"=" + secret)
        else part
        for part in parts
    )
