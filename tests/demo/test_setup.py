"""`make setup` builds .venv from nothing, but never empties what a link leads to."""

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def test_environment_behind_a_link_is_left_as_it_is(tmp_path: Path):
    shared, tree = tmp_path / "shared", tmp_path / "tree"
    (shared / "bin").mkdir(parents=True)
    tree.mkdir()
    program = shared / "bin" / "python"
    program.write_text("#!/bin/sh\necho well\n")
    program.chmod(0o755)
    (tree / ".venv").symlink_to(shared)
    shutil.copy(ROOT / "Makefile", tree)
    (shared / ".runtime").touch()
    (tree / "requirements.txt").touch()
    os.utime(shared / ".runtime", (0, 0))
    answer = make_setup(tree)
    assert answer.returncode != 0
    assert ".venv, which is a link" in answer.stderr
    assert program.exists()
    os.utime(shared / ".runtime")  # it is up to date, as somebody says
    assert make_setup(tree).returncode == 0


def make_setup(tree: Path) -> subprocess.CompletedProcess[str]:
    """Run `make setup` there."""
    return subprocess.run(["make", "setup"], cwd=tree, capture_output=True, text=True, check=False)
