"""The house keeps its shape: what its files import, how deep they lie, how long they are.

Which room may import which stands in pyproject.toml; `make lint` checks it by import-linter.
"""

import ast
import importlib.metadata
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.own_code import MIGRATIONS, ROOMS, ROOT, parse, python_files, room_of

DOORS = {"listener.py", "local-database.py", "dashboard.py", "run_feeds.py", "lake.py"}
FREE = {"tests", "benchmarks", "demo", "deploy", "docs", "fakegithub", "fakegitlab", "feeds"}
LARGEST_FOLDER, LONGEST_FILE = 17, 250

# `rows` is pure: these modules and calls are ways out to a clock, the system or the network.
IMPURE = set(
    "asyncio ctypes glob http io logging multiprocessing os pathlib random secrets shutil"
    " socket sqlite3 ssl subprocess sys tempfile threading time urllib uuid".split()
)
PURE_PARTS = {"urllib.parse"}  # of the modules above
IMPURE_CALLS = {"now", "utcnow", "today", "open", "print", "input", "getenv"}


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


def imports(file: Path, tree: ast.AST) -> Iterator[Import]:
    """Give the imports of a file, also those inside functions; relative ones made absolute."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(file, node.lineno, alias.name)
        elif isinstance(node, ast.ImportFrom):
            package = file.parts[: len(file.parts) - node.level] if node.level else ()
            yield Import(file, node.lineno, ".".join([*package, *filter(None, [node.module])]))


def ours(imported: Import) -> bool:
    """Tell whether an import is of a room of ours."""
    return imported.room in {*ROOMS, *FREE} or imported.room in {"sqlauthenticator", "door"}


def test_packages_are_all_known_to_the_contracts_of_who_may_import_whom():
    tables = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contracts = tables["tool"]["importlinter"]
    assert sorted(contracts["root_packages"]) == sorted(
        file.parts[0] for file in python_files() if file.parts[1:] == ("__init__.py",)
    )


@pytest.mark.parametrize("door", sorted(DOORS))
def test_script_at_the_root_imports_the_door_and_nothing_else(door: str):
    assert [each.module for each in imports(Path(door), parse(Path(door)))] == ["door"]


@pytest.mark.parametrize("file", ["door.py", "sqlauthenticator.py"])
def test_file_that_works_alone_imports_nothing_of_ours(file: str):
    of_ours = [each for each in imports(Path(file), parse(Path(file))) if ours(each)]
    assert [str(each) for each in of_ours] == []


def test_door_imports_the_standard_library_alone():
    modules = imports(Path("door.py"), parse(Path("door.py")))
    assert {each.room for each in modules} <= sys.stdlib_module_names


def test_rooms_import_neither_tests_nor_what_stands_beside_the_house():
    found = [
        str(each)
        for file in python_files()
        if room_of(file) in ROOMS
        for each in imports(file, parse(file))
        if each.room in FREE
    ]
    assert found == []


def test_rows_import_only_the_standard_library_and_nothing_impure():
    files = [file for file in python_files() if room_of(file) == "rows"]
    found = [each for file in files for each in imports(file, parse(file))]
    pure = (sys.stdlib_module_names - IMPURE) | {"rows"}
    impure = [each for each in found if each.room not in pure and each.module not in PURE_PARTS]
    assert [str(each) for each in impure] == []


def test_packages_that_are_imported_are_required_and_explained():
    lists = (ROOT / name for name in ("requirements.in", "requirements-lake.in"))
    text = "".join(path.read_text() for path in lists)
    required = re.findall(r"^([\w-]+)(?:\[\w+\])?==\S+ +# \S", text, re.MULTILINE)
    owners = importlib.metadata.packages_distributions()
    found = {
        each
        for file in python_files()
        if room_of(file) not in FREE
        for each in imports(file, parse(file))
        if not ours(each) and each.room not in sys.stdlib_module_names
    }
    unnamed = [str(each) for each in found if not set(owners.get(each.room, ())) & set(required)]
    assert sorted(unnamed) == []


def test_rows_call_neither_clock_nor_file_nor_console():
    calls = [
        f"{file}:{node.lineno} calls {name}"
        for file in python_files()
        if room_of(file) == "rows"
        for node in ast.walk(parse(file))
        if isinstance(node, ast.Call)
        and (name := getattr(node.func, "attr", getattr(node.func, "id", ""))) in IMPURE_CALLS
    ]
    assert calls == []


def test_files_nest_at_most_package_sub_file():
    deep = [file for file in python_files() if len(file.parts) > 3 + (room_of(file) == "tests")]
    assert [str(file) for file in deep if file.parent != MIGRATIONS] == []


# Copied alone into an analyst's folder: docs/decisions/0006-the-connector-is-one-file.md.
COPIED_ALONE = Path("sqlauthenticator.py")


def test_folders_have_at_most_17_files():
    # Migrations are a list in the order of their chain, which rooms would only break up.
    files = (file for file in python_files() if file.parent != MIGRATIONS)
    sizes = Counter(file.parent for file in files if len(file.parts) > 1)
    assert {str(folder): size for folder, size in sizes.items() if size > LARGEST_FOLDER} == {}


def test_files_have_at_most_250_lines():
    files = [file for file in python_files() if file.parent != MIGRATIONS and file != COPIED_ALONE]
    lines = {file: len((ROOT / file).read_text("utf-8").splitlines()) for file in files}
    assert {str(file): count for file, count in lines.items() if count > LONGEST_FILE} == {}


def test_listener_imported_by_name_is_the_package():
    # Without listener/__init__.py the door of the same name would win, and import itself.
    import listener

    assert Path(str(listener.__file__)).parts[-2:] == ("listener", "__init__.py")


def test_migrations_are_one_chain():
    """Two that were written side by side, each after the same one, would stop every upgrade."""
    texts = [(ROOT / file).read_text() for file in python_files() if file.parent == MIGRATIONS]
    after = Counter(re.findall(r'^down_revision = "(\d+)"', "\n".join(texts), re.M))
    own = re.findall(r'^revision = "(\d+)"', "\n".join(texts), re.M)
    assert [one for one, count in after.items() if count > 1] == []
    assert sorted(own)[:-1] == sorted(after)
