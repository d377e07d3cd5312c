"""`--forget`: remove all that is stored of a repository, once a person has said so twice."""

import sys
from collections.abc import Callable

from sqlalchemy import Engine

from config.settings import FORMS, USUAL, BadSetting, Settings
from config.sources import read_pattern
from rows import Unmappable
from rows.one_line import one_line
from rows.sources import source_of
from store import delete_repository

NOTE = """\
A listener or a backfill that still watches it stores it anew, and so does what waits in a spool:
take it out of REPOS first, and let the spool run empty."""


def ask(question: str) -> str:
    """Return what a person types; nothing at the end of the input."""
    print(question, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()


def read_repository(text: str, settings: Settings) -> tuple[str, str]:
    """Return the provider, or its vendor, and the full name of what `-r` names so.

    Raises BadSetting.
    """
    try:
        vendor, name, _ = read_pattern(text, FORMS, settings.sources)
        return source_of(vendor).provider_of(text) if "://" in text else vendor, name
    except (ValueError, Unmappable) as error:
        raise BadSetting("--forget", str(error)) from error


def delete_when_confirmed(
    engine: Engine, text: str, meant: tuple[str, str], answer: Callable[[str], str] = ask,
    *, dry: bool = False,
) -> int:  # fmt: skip
    """Show what is stored of a repository, ask, and delete it; return the exit code.

    `text` is what was typed, `meant` the provider, or its vendor, and the full name; `dry` ends
    before the question.
    """
    server, named = meant
    keys, name = delete_repository.list_repositories(engine, named, server), one_line(text)
    if not keys:
        others = delete_repository.list_repositories(engine, named)
        vendors = {provider.partition(":")[0] for provider, _ in others}
        hints = "".join(f"; {one}:{named} is another" for one in sorted(vendors) if one != USUAL)
        print(one_line(f"nothing is stored of {name}{hints}"))
        return 0
    for key in keys:
        counts = delete_repository.count_rows(engine, key)
        print(f"{name} ({key[0]}, id {key[1]}): {format_counts(counts)}")
    if dry:
        return 0
    print(NOTE)
    if answer(f"Type {name} to delete this for good: ").lower() != name.lower():
        print("nothing was deleted")
        return 1
    for key in keys:
        print(f"deleted: {format_counts(delete_repository.forget(engine, key))}")
    return 0


def format_counts(counts: dict[str, int]) -> str:
    """Return numbers of rows in one line."""
    return ", ".join(f"{number} {table}" for table, number in counts.items()) or "no rows"
