"""Our own Python files, as the tests of the house's shape read them."""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROOMS = (
    "alerts config engines runtime rows schema store listener backfill dashboard feedrunner lake"
).split()
# Alembic's own layout, and files that record one moment and are never edited again.
MIGRATIONS = Path("schema/migrations/versions")
MADE = ("build", "data")
"""Folders whose files are made by commands."""


@cache
def python_files() -> list[Path]:
    """List our Python files, relative to the root."""
    inside = (path.relative_to(ROOT) for path in ROOT.rglob("*.py"))
    return sorted(
        path for path in inside if path.parts[0] not in MADE and not path.parts[0].startswith(".")
    )


def room_of(file: Path) -> str:
    """Name the room a file is in; a file at the root is a room of its own."""
    return file.parts[0].removesuffix(".py")


def room_files() -> list[Path]:
    """List the files of the rooms, without the migrations' versions."""
    return [file for file in python_files() if room_of(file) in ROOMS and file.parent != MIGRATIONS]


@cache
def parse(file: Path) -> ast.Module:
    """Parse one of our files."""
    return ast.parse((ROOT / file).read_text(encoding="utf-8"))
