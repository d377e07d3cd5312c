"""Names say one thing each: modules, packages, vendors and variables."""

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.own_code import ROOMS, ROOT, parse, python_files, room_files, room_of

# A module's name recurs for one subject only: its table, its state, its reads, its page.
MIRRORED = {"schema/tables", "store/state", "store/reads", "store/rollups", "dashboard/pages"}
SLOTS = {"__init__", "__main__", "app", "cli"}
# Beyond them: a command is called as what it runs, a room of one vendor as in the other rooms.
REPEATED = {
    "audit": {"backfill/audit", "backfill/command"},
    "branch_moves": {"rows", "schema/tables"},
    "delete_repository": {"store", "backfill/command"},
    "deliveries": {"schema/tables", "store/reads", "dashboard/pages"},
    "estimate": {"backfill/command", "backfill/github"},
    "github": {"config", "listener/vendors"},
    "gitlab": {"config", "listener/vendors"},
    "health": {*MIRRORED, "backfill/reconcile"},
    "lease": {"engines", "backfill/reconcile"},
    "metrics": {"store/reads", "dashboard/published"},
    "spool": {"store/deliveries", "store/reads"},
    "sources": {"config", "rows"},
    "replay": {"store/doors", "backfill/command"},
    "rollups": {"schema/tables", "listener/background"},
    "reconciler": {"schema/tables", "listener/background"},
    "webhook": {"store/doors", "listener", "backfill/command"},
}

# Each vendor's room has a file for what the other's has one for, and for a general one.
VENDORS = {f"{room}/{vendor}" for room in ("rows", "backfill") for vendor in ("github", "gitlab")}
SHARED = {"version": {"rows"}, "words": {"rows"}, "clock": {"store/state"}}

# Where a vendor's name may stand in code: its own files, and a line in each registry.
OF_A_VENDOR = (
    "rows/github/",
    "backfill/github/",
    "backfill/github_graphql/",
    "listener/vendors/github",
    "config/github.py",
    "store/packages/addresses.py",
)
REGISTRIES = {
    "rows/sources.py",
    "listener/vendors/__init__.py",
    "backfill/vendors.py",
    "config/settings.py",
}
# What a column of the documented tables means, in the words that it has in every database.
DOCUMENTED = "Server that gave the ids: github, or github:host"

FILLERS = {"found", "one", "those"}
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def test_module_name_stands_for_one_thing():
    folders = defaultdict(set)
    for file in room_files():
        folders[file.stem].add(file.parent.as_posix())
    repeated = {
        stem: places
        for stem, places in folders.items()
        if len(places) > 1
        and stem not in SLOTS
        and not places <= MIRRORED | REPEATED.get(stem, set())
        and not places <= VENDORS | SHARED.get(stem, REPEATED.get(stem, set()))
    }
    assert repeated == {}


def test_module_names_of_a_folder_differ_by_more_than_an_s():
    files = set(room_files())
    pairs = {str(file) for file in files if file.with_name(f"{file.stem}s.py") in files}
    assert pairs == set()


@pytest.mark.parametrize("room", ROOMS)
def test_package_says_in_its_docstring_what_it_is(room: str):
    packages = [
        file for file in python_files() if file.name == "__init__.py" and room_of(file) == room
    ]
    docs = {file: ast.get_docstring(parse(file)) or "" for file in packages}
    unsaid = [
        str(file)
        for file, text in docs.items()
        if text.strip(".").lower() in ("", file.parent.name, ".".join(file.parent.parts))
    ]
    assert unsaid == []


def code_words(file: Path) -> Iterator[tuple[int, str]]:
    """Yield the identifiers and texts of a file with their lines; no docstring, no comment."""
    tree = parse(file)
    said = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if id(node) not in said:
                yield line, node.value
            continue
        for field in ("id", "attr", "arg", "name", "asname", "module"):
            if isinstance(word := getattr(node, field, None), str):
                yield line, word


def test_vendor_is_named_in_its_own_files_and_the_registries_alone():
    named, registered = Counter[str](), Counter[str]()
    for file in room_files():
        path = file.as_posix()
        if path.startswith(OF_A_VENDOR):
            continue
        lines = {line for line, word in code_words(file) if "github" in word and word != DOCUMENTED}
        (registered if path in REGISTRIES else named)[path] += len(lines)
    for template in (ROOT / "dashboard/templates").glob("*.html"):
        named[f"dashboard/templates/{template.name}"] += template.read_text("utf-8").count("github")
    assert +named == {}
    # The import of what is registered, and the line that registers it.
    assert {path: count for path, count in registered.items() if count > 2} == {}


def bound_names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the names that are bound, but those of comprehensions of one line."""
    short = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, COMPREHENSIONS) and node.lineno == node.end_lineno
        for generator in node.generators
        for part in ast.walk(generator.target)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield from [] if id(node) in short else [(node.lineno, node.id)]


def test_fillers_name_nothing_outside_comprehensions_of_one_line():
    filled = Counter(
        room_of(file)
        for file in room_files()
        for _, name in bound_names(parse(file))
        if name in FILLERS
    )
    assert {room: count for room, count in filled.items() if count} == {}


def test_fillers_are_told_apart():
    source = "def f(one):\n    found = [one for one in x]\n    y = [\n  those for those in x]\n"
    names = sorted(bound_names(ast.parse(source)))
    assert names == [(1, "one"), (2, "found"), (3, "y"), (4, "those")]
