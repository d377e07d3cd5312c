"""Numbers in sentences for people."""


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """Return a number with its words: 1 row, 1,204 rows; an s at the end is the usual plural."""
    return f"{number:,} {singular if number == 1 else plural or f'{singular}s'}"
