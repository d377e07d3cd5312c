"""Names and messages as they may be shown: a stranger wrote them.

Line breaks, tabs, terminal commands and signs that turn the direction of writing would let a name
write lines of its own, or hide what follows. https://trojansource.codes
"""

from unicodedata import category

HIDDEN = ("Cf",)
"""Signs without a shape: joiners, marks and overrides of direction."""
KEPT = "\n\t\xa0\u202f"
"""Lines and tabs of a text with several; spaces that numbers are written with."""


def one_line(text: str) -> str:
    """Return a text in one line: space for any break, `?` for what else cannot be printed."""
    return text if text.isprintable() else "".join(map(shown, text))


def visible(text: str) -> str:
    """Return a text likewise, whose lines, tabs and spaces stay."""
    return "".join(sign if sign in KEPT else shown(sign) for sign in text)


def shown(sign: str) -> str:
    """Return a sign as it may stand in a line."""
    if sign.isprintable():
        return sign
    if sign.isspace():
        return " "
    return "" if category(sign) in HIDDEN else "?"
