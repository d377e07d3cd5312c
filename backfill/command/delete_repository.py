"""`--forget`: remove all that is stored of a repository, once a person has said so twice."""

import sys
from collections.abc import Callable

from sqlalchemy import Engine

from rows.one_line import one_line
from store import delete_repository

NOTE = """\
A listener or a backfill that still watches it stores it anew, and so does what waits in a spool:
take it out of REPOS first, and let the spool run empty."""


def ask(question: str) -> str:
    """Return what a person types; nothing at the end of the input."""
    print(question, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()


def delete_when_confirmed(engine: Engine, name: str, answer: Callable[[str], str] = ask) -> int:
    """Show what is stored of a repository, ask, and delete it; return the exit code."""
    keys = delete_repository.list_repositories(engine, name)
    name = one_line(name)
    if not keys:
        print(f"nothing is stored of {name}")
        return 0
    for key in keys:
        counts = delete_repository.count_rows(engine, key)
        print(f"{name} ({key[0]}, id {key[1]}): {format_counts(counts)}")
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
