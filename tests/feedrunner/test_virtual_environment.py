"""A feed's own Python."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

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
