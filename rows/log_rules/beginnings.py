"""The letters that a line may begin with where a pattern matches it: other rules need no try."""

import re

QUANTITY = re.compile(r"(?:[*?+]|\{(?P<least>\d*)(?:,\d*)?\})[?+]?")
LOOK_AROUND = re.compile(r"\(\?(?:[=!]|<[=!])")
GROUP = re.compile(r"\((?:\?:|\?P<\w+>)?")
ESCAPE = re.compile(r"\\(?:x..|u....|.)")
LETTERS = re.compile(r"\[\^?\]?(?:[^\]\\]|\\.)*\]")
NO_LETTER = {"^", "$", r"\b", r"\B"}


def beginnings(pattern: str) -> re.Pattern[str]:
    """Return what matches the first letter of any line that is not empty and meets a pattern.

    It may match more: what a pattern only looks at is taken for nothing.
    """
    letters, is_empty, _ = choices(pattern, 0)
    return re.compile("|".join(dict.fromkeys(["." if is_empty else "(?!)", *letters])), re.DOTALL)


def choices(pattern: str, place: int) -> tuple[list[str], bool, int]:
    """Return the first letters of a choice, whether it may be empty, and where it ends."""
    letters, is_empty = list[str](), False
    while True:
        more, may_be, place = sequence(pattern, place)
        letters += more
        is_empty |= may_be
        if pattern[place : place + 1] != "|":
            return letters, is_empty, place
        place += 1


def sequence(pattern: str, place: int) -> tuple[list[str], bool, int]:
    """Return the same of what follows each other."""
    letters, is_empty = list[str](), True
    while place < len(pattern) and pattern[place] not in "|)":
        more, may_be, place = element(pattern, place)
        if is_empty:
            letters += more
            is_empty = may_be
    return letters, is_empty, place


def element(pattern: str, place: int) -> tuple[list[str], bool, int]:
    """Return the same of one letter or group, with how often it is there."""
    if look := LOOK_AROUND.match(pattern, place):
        return [], True, choices(pattern, look.end())[2] + 1
    if group := GROUP.match(pattern, place):
        letters, is_empty, place = choices(pattern, group.end())
        place += 1
    else:
        match = LETTERS.match(pattern, place) or ESCAPE.match(pattern, place)
        text = match[0] if match else pattern[place]
        letters, is_empty = ([], True) if text in NO_LETTER else ([text], False)
        place += len(text)
    if quantity := QUANTITY.match(pattern, place):
        least = quantity["least"]
        is_empty |= quantity[0][0] in "*?" or (least is not None and not int(least or 0))
        place = quantity.end()
    return letters, is_empty, place
