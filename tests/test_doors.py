"""The doors are run as typed, by Pythons with and without the packages."""

import importlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.own_code import room_files

ROOT = Path(__file__).resolve().parent.parent
DOORS = {
    "listener.py": "listener",
    "local-database.py": "backfill",
    "dashboard.py": "dashboard",
    "run_feeds.py": "feedrunner",
    "lake.py": "lake",
}
SENTENCE = "run make setup first (No module named 'package_of_the_venv')"

each_door = pytest.mark.parametrize("door", DOORS)


def run(door: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """Run a door by the Python of this test, away from its folder."""
    env = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, str(door), *args],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=door.parent.parent,
        env=env,
    )


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """Build a house whose rooms need a package that only .venv may have."""
    root = tmp_path / "house"
    root.mkdir()
    shutil.copy(ROOT / "door.py", root / "door.py")
    for name, room in DOORS.items():
        (root / room).mkdir(parents=True)
        (root / room / "__init__.py").touch()
        (root / room / "cli.py").write_text(
            "import os, sys\nimport package_of_the_venv\n"
            "def main(argv=None):\n"
            "    print(sys.argv[1:], 'RUNLEDGER_DOOR' in os.environ)\n    return 7\n"
        )
        shutil.copy(ROOT / name, root / name)
    return root


def give_venv(house: Path, *, with_package: bool) -> None:
    """Put a .venv/bin/python there, which finds the package or does not."""
    site = house / "site"
    site.mkdir()
    if with_package:
        (site / "package_of_the_venv.py").touch()
    python = house / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nPYTHONPATH={site} exec {sys.executable} "$@"\n')
    python.chmod(0o755)


@each_door
def test_door_without_packages_and_venv_names_make_setup(house: Path, door: str):
    done = run(house / door)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"{door}: {SENTENCE}\n"


@each_door
def test_door_without_packages_hands_over_to_the_venv(house: Path, door: str):
    give_venv(house, with_package=True)
    done = run(house / door, "-r", "org/repo", "-pwd", "a b")
    # The exit status is the command's own, and its children may use doors again.
    assert (done.returncode, done.stderr) == (7, "")
    assert done.stdout == "['-r', 'org/repo', '-pwd', 'a b'] False\n"


@each_door
def test_door_whose_venv_lacks_the_packages_too_ends(house: Path, door: str):
    give_venv(house, with_package=False)
    done = run(house / door)
    assert (done.returncode, done.stderr) == (2, f"{door}: {SENTENCE}\n")


@each_door
def test_door_with_the_packages_needs_no_venv(house: Path, door: str):
    (house / "package_of_the_venv.py").touch()
    done = run(house / door, "-p", "5000")
    assert (done.returncode, done.stdout) == (7, "['-p', '5000'] False\n")


@each_door
@pytest.mark.parametrize("printed", ["print('one')", "print('one' * 100_000)"])
def test_door_whose_reader_has_left_ends_without_a_word(house: Path, door: str, printed: str):
    (house / DOORS[door] / "cli.py").write_text(
        f"def main(argv=None):\n    {printed}\n    return 7\n"
    )
    reader, writer = os.pipe()
    os.close(reader)  # before it writes, as `| head` may
    words = [sys.executable, str(house / door)]
    with os.fdopen(writer, "wb") as gone:
        done = subprocess.run(words, stdout=gone, stderr=subprocess.PIPE, timeout=60, check=False)
    assert (done.stderr, done.returncode) == (b"", 1)


@each_door
def test_door_of_this_house_prints_its_help(door: str):
    done = run(ROOT / door, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    first, *_, name = done.stdout.partition("[")[0].split()
    assert (first, name) == ("usage:", door)
    assert "--password" in done.stdout


def test_page_of_commands_shows_what_each_door_prints_for_help():
    # `make lint` compares the texts; what its pattern does not find it never compared.
    pattern = importlib.import_module("docs.generate").HELP
    page = (ROOT / "docs/commands.md").read_text("utf-8")
    assert [found[1] for found in pattern.findall(page)] == list(DOORS)


def test_commands_that_people_are_told_to_type_are_there_on_debian():
    # Debian's only name is python3. The image of the chart has both.
    bare = re.compile(rf"(?<![/\w.])python\s+({'|'.join(map(re.escape, DOORS))})")
    texts = [*map(ROOT.joinpath, room_files()), *ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
    texts += [ROOT / "Makefile", *ROOT.glob("charts/runledger/templates/*")]
    told = {str(file): bare.findall(file.read_text("utf-8")) for file in texts if file.is_file()}
    assert {file: doors for file, doors in told.items() if doors} == {}
