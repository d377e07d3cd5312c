"""What a form is: one kind of line that lists what was resolved."""

import re
from collections.abc import Callable
from typing import NamedTuple

LONGEST_NAME, LONGEST_VERSION = 200, 128
"""Letters; the columns that keep them are as long."""
NAME = r"(?P<name>[A-Za-z0-9_][\w.-]{0,199})"
VERSION = r"(?P<version>\d[\w.+!~-]{0,127})"
PUNCTUATION = re.compile(r"[-_.]+")


class Form(NamedTuple):
    """A pattern whose groups `name` and `version` say what a line lists.

    `name` stands in where the pattern has no such group. `spell` gives the name as it is kept.
    """

    kind: str
    pattern: re.Pattern[str]
    name: str = ""
    spell: Callable[[str], str] = str


def form(kind: str, pattern: str, name: str = "", spell: Callable[[str], str] = str) -> Form:
    """Return a form; `NAME` and `VERSION` in its pattern stand for the usual ones."""
    text = pattern.replace("NAME", NAME).replace("VERSION", VERSION)
    return Form(kind, re.compile(text, re.ASCII), name, spell)


def fold(name: str) -> str:
    """Return a name as PyPI compares it.

    https://packaging.python.org/specifications/name-normalization
    """
    return PUNCTUATION.sub("-", name).lower()


def coordinates(path: str) -> str:
    """Return `org.example:thing` for the path `org/example/thing` of a Maven repository."""
    group, _, artifact = path.rpartition("/")
    return f"{group.replace('/', '.')}:{artifact}"
