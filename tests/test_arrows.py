"""The house keeps its shape: who may import whom, how deep, how long."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Each room (or file at the root) and the rooms it may import. `listener` and `backfill` never
# import each other; `rows` and `schema` import nothing of ours.
ARROWS: dict[str, set[str]] = {
    "engines": set(),
    "config": {"engines"},
    "runtime": {"config"},
    "rows": set(),
    "schema": {"engines", "rows"},
    "store": {"config", "engines", "rows", "schema"},
    "listener": {"config", "engines", "rows", "runtime", "schema", "store"},
    "backfill": {"config", "engines", "rows", "runtime", "schema", "store"},
    "dashboard": {"config", "engines", "rows", "runtime", "schema", "store"},
    "sqlauthenticator": set(),  # analysts copy it alone
    "local-database": {"backfill"},
    # The demo drives the house from outside, with the tests' recorded payloads and fake GitHub.
    "demo": {
        "config",
        "listener",
        "backfill",
        "dashboard",
        "engines",
        "fakegithub",
        "rows",
        "runtime",
    }
    | {"store", "sqlauthenticator", "tests"},
}
DOORS = {"listener", "dashboard"}  # listener.py beside listener/ may import that room
FREE = {"tests", "benchmarks", "deploy", "docs", "fakegithub"}

# `rows` is pure: these modules and calls are ways out to a clock, the system or the network.
IMPURE = set(
    "asyncio ctypes glob http io logging multiprocessing os pathlib random secrets shutil"
    " socket sqlite3 ssl subprocess sys tempfile threading time urllib uuid".split()
)
PURE_PARTS = {"urllib.parse"}  # of the modules above
IMPURE_CALLS = {"now", "utcnow", "today", "open", "print", "input", "getenv"}


# Alembic's own layout, and files that record one moment and are never edited again.
MIGRATIONS = Path("schema/migrations/versions")


class Import(NamedTuple):
    """One import statement: the file, its line, and the whole name of the module."""

    file: Path
    line: int
    module: str

    @property
    def room(self) -> str:
        """The first part of the module's name."""
        return self.module.partition(".")[0]

    def __str__(self) -> str:
        return f"{self.file}:{self.line} imports {self.module}"


def python_files() -> list[Path]:
    """List our Python files, relative to the root."""
    inside = (path.relative_to(ROOT) for path in ROOT.rglob("*.py"))
    return sorted(
        path for path in inside if path.parts[0] != "data" and not path.parts[0].startswith(".")
    )


def imports(file: Path, tree: ast.AST) -> Iterator[Import]:
    """Give the imports of a file, also those inside functions; relative ones made absolute."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(file, node.lineno, alias.name)
        elif isinstance(node, ast.ImportFrom):
            package = file.parts[: len(file.parts) - node.level] if node.level else ()
            yield Import(file, node.lineno, ".".join([*package, *filter(None, [node.module])]))


def room_of(file: Path) -> str:
    """Name the room a file is in; a file at the root is a room of its own."""
    return file.parts[0].removesuffix(".py")


def forbidden(found: Import) -> bool:
    """Tell whether no arrow allows this import."""
    room = room_of(found.file)
    if room in FREE or found.room not in ARROWS.keys() | FREE:
        return False
    at_root = len(found.file.parts) == 1
    if found.room == room:
        return at_root and room not in DOORS
    return found.room not in (set() if at_root and room in DOORS else ARROWS[room])


def parsed(file: Path) -> ast.Module:
    """Parse one of our files."""
    return ast.parse((ROOT / file).read_text(encoding="utf-8"))


def test_rooms_are_all_named_in_the_table():
    rooms = {room_of(file) for file in python_files()}
    assert sorted(rooms - ARROWS.keys() - FREE) == []


def test_imports_follow_the_arrows():
    found = [each for file in python_files() for each in imports(file, parsed(file))]
    assert [str(each) for each in found if forbidden(each)] == []


@pytest.mark.parametrize(
    ("file", "source", "broken"),
    [
        ("rows/github/job.py", "import schema", True),
        ("rows/github/job.py", "from rows.fields import text", False),
        ("rows/github/job.py", "from ..fields import text", False),
        ("store/apply.py", "def f():\n    from listener import app", True),
        ("store/apply.py", "from schema.tables.ci import jobs", False),
        ("listener/asgi_app.py", "from backfill.http import client", True),
        ("backfill/github/crawl.py", "import listener.asgi_app", True),
        ("backfill/github/crawl.py", "from tests.servers import start_mysql", True),
        ("backfill/github/crawl.py", "import requests", False),
        ("listener.py", "from listener.cli import main", False),
        ("listener.py", "from store import apply", True),
        ("local-database.py", "from backfill.cli import main", False),
        ("local-database.py", "from listener.cli import main", True),
        ("sqlauthenticator.py", "from engines import mysql", True),
    ],
)
def test_forbidden_planted_import_is_told_apart(file: str, source: str, broken: bool):
    (found,) = imports(Path(file), ast.parse(source))
    assert forbidden(found) is broken


def test_rows_import_only_the_standard_library_and_nothing_impure():
    files = [file for file in python_files() if room_of(file) == "rows"]
    found = [each for file in files for each in imports(file, parsed(file))]
    pure = (sys.stdlib_module_names - IMPURE) | {"rows"}
    impure = [each for each in found if each.room not in pure and each.module not in PURE_PARTS]
    assert [str(each) for each in impure] == []


def test_packages_that_are_imported_are_required_and_explained():
    required = re.findall(
        r"^([\w-]+)(?:\[\w+\])?==\S+ +# \S", (ROOT / "requirements.txt").read_text(), re.MULTILINE
    )
    ours = ARROWS.keys() | FREE | sys.stdlib_module_names
    owners = importlib.metadata.packages_distributions()
    found = {
        each
        for file in python_files()
        if room_of(file) not in FREE
        for each in imports(file, parsed(file))
        if each.room not in ours
    }
    unnamed = [str(each) for each in found if not set(owners.get(each.room, ())) & set(required)]
    assert sorted(unnamed) == []


def test_rows_call_neither_clock_nor_file_nor_console():
    calls = [
        f"{file}:{node.lineno} calls {name}"
        for file in python_files()
        if room_of(file) == "rows"
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.Call)
        and (name := getattr(node.func, "attr", getattr(node.func, "id", ""))) in IMPURE_CALLS
    ]
    assert calls == []


def test_files_nest_at_most_package_sub_file():
    deep = [file for file in python_files() if len(file.parts) > 3 + (room_of(file) == "tests")]
    assert [str(file) for file in deep if file.parent != MIGRATIONS] == []


# Copied alone into an analyst's folder: docs/decisions/0006-the-connector-is-one-file.md.
COPIED_ALONE = Path("sqlauthenticator.py")


def test_files_have_at_most_250_lines():
    files = [file for file in python_files() if file.parent != MIGRATIONS and file != COPIED_ALONE]
    lines = {file: len((ROOT / file).read_text("utf-8").splitlines()) for file in files}
    assert {str(file): count for file, count in lines.items() if count > 250} == {}


def test_listener_imported_by_name_is_the_package():
    # Without listener/__init__.py the door of the same name would win, and import itself.
    import listener

    assert Path(str(listener.__file__)).parts[-2:] == ("listener", "__init__.py")
