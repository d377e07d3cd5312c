"""The image: its Dockerfile, what goes into it, and that its programs start with that alone."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.image.dockerfile import context, pattern, stages, taken
from tests.own_code import ROOT

BUILD, FINAL = stages((ROOT / "Dockerfile").read_text("utf-8"))
DOORS = ["listener.py", "dashboard.py", "local-database.py", "run_feeds.py"]
KNOWN = set("RUN COPY ENV WORKDIR USER VOLUME EXPOSE HEALTHCHECK ENTRYPOINT".split())


def test_images_that_it_begins_with_are_one_and_pinned_by_hash():
    assert BUILD.image == FINAL.image
    assert re.fullmatch(r"python:3\.11-slim-bookworm@sha256:[0-9a-f]{64}", FINAL.image)


def test_packages_are_installed_in_a_stage_that_is_left_behind():
    assert [step for step in FINAL.steps if "pip" in step.text] == []
    assert [step for step in BUILD.steps if "pip install --require-hashes" in step.text]


def test_every_step_is_one_that_the_programme_can_run():
    assert {step.name for stage in (BUILD, FINAL) for step in stage.steps} <= KNOWN


def test_it_does_not_run_as_root():
    (user,) = [step.text for step in FINAL.steps if step.name == "USER"]
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user)


@pytest.mark.parametrize("stage", [BUILD, FINAL], ids=["build", "final"])
def test_shell_can_read_each_step(stage):
    for step in stage.steps:
        if step.name == "RUN":
            assert subprocess.run(["sh", "-n", "-c", step.text], check=False).returncode == 0


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder that holds what COPY . brings, as `docker build` would see it."""
    folder = tmp_path_factory.mktemp("app")
    for path in context(ROOT):
        (folder / path.parent).mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, folder / path, follow_symlinks=False)
    return folder


def test_files_that_steps_name_are_copied(copied: Path):
    for step in BUILD.steps:
        if step.name == "COPY":
            *sources, _ = step.text.split()
            assert [name for name in sources if not (copied / name).exists()] == []
    entrypoint = next(step for step in FINAL.steps if step.name == "ENTRYPOINT").command()
    assert (copied / entrypoint[1]).exists()


def test_no_secret_store_test_or_history_is_copied(copied: Path):
    names = {path.relative_to(copied).as_posix() for path in copied.rglob("*")}
    first = {name.split("/")[0] for name in names}
    assert first & {".git", ".env", ".venv", "tests", "docs", "data", "build", "charts"} == set()
    assert [name for name in names if name.endswith((".db", ".pem", ".pyc"))] == []
    assert not [name for name in names if name.startswith("deploy/secrets")]
    assert {"config/prices.toml", "dashboard/templates/nights.html"} <= names


@pytest.mark.parametrize("door", DOORS)
def test_program_starts_with_what_is_copied(copied: Path, door: str):
    command = [sys.executable, door, "--help"]
    told = subprocess.run(command, cwd=copied, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith("usage: ")


@pytest.mark.parametrize(
    ("line", "name", "expected"),
    [
        ("data", "data/store.db", True),
        ("data", "database.py", False),
        ("**/*.db", "a/b.db", True),
        ("**/*.db", "b.db", True),
        ("*.md", "docs/a.md", False),
        ("deploy/*", "deploy/secrets/x", True),
    ],
)
def test_lines_of_dockerignore_match_as_dockers_do(line: str, name: str, expected: bool):
    assert bool(pattern(line).match(name)) is expected


def test_later_line_brings_back_what_an_earlier_one_took():
    rules = [(False, pattern("deploy/*")), (True, pattern("deploy/entrypoint.py"))]
    assert taken("deploy/entrypoint.py", rules)
    assert not taken("deploy/nginx.conf", rules)
