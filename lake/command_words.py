"""The words that each command of lake.py takes: what would be ignored is refused."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from config.settings import BadSetting

FORMS = ("csv", "json", "spreadsheet")
"""Of an answer; without a word it is a table."""
WORDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "sync": frozenset({"full", "daemon"}),
        "query": frozenset({"argument", "at", *FORMS}),
        "site": frozenset({"argument"}),
        "publish": frozenset({"argument", "url"}),
    }
)
"""Of those below; the commands that are not here take none of them."""
ALL = ("full", "daemon", *FORMS, "at", "url")


def refuse_others(given: Mapping[str, Any]) -> None:
    """Raise BadSetting where a flag or a word is given that the command does not take."""
    command = given["command"]
    taken = WORDS.get(command, frozenset())
    for name in ALL:
        if given[name] and name not in taken:
            its = ", ".join(of for of, words in WORDS.items() if name in words)
            raise BadSetting(f"--{name}", f"is of {its}, not of {command}")
    forms = [f"--{form}" for form in FORMS if given[form]]
    if len(forms) > 1:
        raise BadSetting(forms[0], f"has no effect with {forms[1]}")
    if given["argument"] is not None and "argument" not in taken:
        flag = given["argument"] if given["argument"] in ALL else None
        meant = f": is --{flag} meant?" if flag else ""
        raise BadSetting(command, f"takes no word behind it{meant}")
