"""A feed's own Python."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from feedrunner import virtual_environment
from feedrunner.virtual_environment import NoEnvironment, python_of
from tests.feedrunner.feed import write_feed

OFFLINE = {"PATH": os.environ["PATH"], "PIP_NO_INDEX": "1"}


def test_feed_without_requirements_has_the_runners_python(tmp_path: Path):
    manifest = write_feed(tmp_path, "")
    assert python_of(manifest, tmp_path / "venvs", OFFLINE) == Path(sys.executable)
    assert not (tmp_path / "venvs").exists()


def test_environment_is_made_once_and_anew_for_other_requirements(tmp_path: Path):
    manifest, venvs = write_feed(tmp_path, ""), tmp_path / "venvs"
    requirements = manifest.folder / "requirements.txt"
    requirements.write_text("# none\n")
    python = python_of(manifest, venvs, OFFLINE)
    made = python.stat().st_ctime_ns
    assert python_of(manifest, venvs, OFFLINE) == python
    assert python.stat().st_ctime_ns == made
    show = "import sys; print(sys.prefix); import orjson"
    ran = subprocess.run([python, "-c", show], capture_output=True, text=True, check=False)
    assert ran.stdout == f"{python.parent.parent}\n"
    assert "No module named 'orjson'" in ran.stderr
    requirements.write_text("no-such-package==1\n")
    with pytest.raises(NoEnvironment, match=r"requirements.txt cannot be installed: .*no-such"):
        python_of(manifest, venvs, OFFLINE)
    assert [path.name for path in (venvs / "shop").iterdir()] == [python.parent.parent.name]


def test_what_a_killed_process_left_half_made_goes(tmp_path: Path):
    manifest, own = write_feed(tmp_path, ""), tmp_path / "venvs/shop"
    (manifest.folder / "requirements.txt").write_text("# none\n")
    for name in ("new-old", "new-now"):
        (own / name / "venv").mkdir(parents=True)
    os.utime(own / "new-old", (0, 0))
    python = python_of(manifest, tmp_path / "venvs", OFFLINE)
    names = {path.name for path in own.iterdir()}
    assert names == {"new-now", python.parent.parent.name}


def test_environment_that_another_process_made_meanwhile_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    manifest = write_feed(tmp_path, "")
    (manifest.folder / "requirements.txt").write_text("# none\n")
    real = virtual_environment.run

    def run(command: list[str], *others: Any) -> None:
        real(command, *others)
        if "install" in command:  # by the other one, just before ours has its name
            copy = next((tmp_path / "venvs/shop").glob("new-*")) / "venv"
            name = virtual_environment.hash_requirements(manifest.folder / "requirements.txt")
            shutil.copytree(copy, copy.parent.parent / f"venv-{name}", symlinks=True)

    monkeypatch.setattr(virtual_environment, "run", run)
    assert python_of(manifest, tmp_path / "venvs", OFFLINE).is_file()
    assert len([*(tmp_path / "venvs/shop").iterdir()]) == 1
