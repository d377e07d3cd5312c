"""The documents: what they name is there, and what a newcomer reads first stays short."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.settings import SETTINGS
from tests.own_code import ROOMS, ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
FOLDERS = "|".join([*ROOMS, *"benchmarks demo deploy docs fakegithub fakegitlab tests".split()])
FILE = re.compile(rf"(?<![\w/.*<-])(?:{FOLDERS})/[\w./-]*\w\w")
BARE = re.compile(r"(?<![\w/.<-])\w[\w-]*\.(?:py|md|sql|toml)\b(?!\.)")
MODULE = re.compile(rf"(?<![\w/.`-])`?((?:{FOLDERS})(?:\.\w+)+)(?!\.?\w)")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")
FIRST_READ = (
    "rows/github/job.py",
    "rows/github/events.py",
    "store/apply.py",
    "listener/webhook.py",
)


def stale_names(page: Path) -> Iterator[str]:
    """Yield what a page names of this tree that is not there."""
    text = page.read_text("utf-8")
    for name in FILE.findall(text):
        if not any(ROOT.glob(f"{name}*")):  # also docs/decisions/0013
            yield name
    for name in BARE.findall(text):
        if not any(ROOT.rglob(name)):
            yield name
    for name in MODULE.findall(text):
        if name.rpartition(".")[2] not in ("py", "md", "sql", "yaml") and not is_there(name):
            yield name
    for name in LINK.findall(text):
        if not (page.parent / name).exists():
            yield name


def is_there(module: str) -> bool:
    """Tell whether a dotted name is a module, a package, or a name in one."""
    path = ROOT.joinpath(*module.split("."))
    if path.with_suffix(".py").exists() or (path / "__init__.py").exists():
        return True
    holder = path.parent.with_suffix(".py")
    files = [file for file in (holder, path.parent / "__init__.py") if file.exists()]
    return any(re.search(rf"\b{path.name}\b", file.read_text("utf-8")) for file in files)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_page_names_only_files_and_modules_that_are_there(page: Path):
    assert set(stale_names(page)) == set()


def test_readme_has_at_most_180_lines():
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 180


def test_newcomer_reads_under_400_lines():
    first_screen = (ROOT / "README.md").read_text("utf-8").partition("\n## ")[0]
    counts = {name: len((ROOT / name).read_text("utf-8").splitlines()) for name in FIRST_READ}
    counts["README.md"] = len(first_screen.splitlines())
    assert sum(counts.values()) < 400, counts


def test_page_of_commands_explains_every_setting():
    shown = (ROOT / "docs/commands.md").read_text("utf-8")
    assert [name for name in SETTINGS if not re.search(rf"`{name}(?:_FILE)?=", shown)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_module_that_a_page_tells_to_run_is_run_by_a_python_with_the_packages(page: Path):
    # The doors find .venv by themselves; a module of ours does not.
    bare = re.compile(rf"(?<![\w/.])python3 -m (?:{FOLDERS})\b.*")
    assert bare.findall(page.read_text("utf-8")) == []
