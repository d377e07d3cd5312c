"""A feed's requirements.txt -> a Python of its own, made once and kept by its hash."""

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from feedrunner.manifest import Manifest

MAKE_SECONDS = 1200.0
LAST_LINES = 50


class NoEnvironment(Exception):
    """Why a feed's packages could not be installed, and the last lines of what pip said."""

    def __init__(self, why: str, logtail: str = "") -> None:
        super().__init__(why)
        self.logtail = logtail


def python_of(manifest: Manifest, folder: Path, environ: Mapping[str, str]) -> Path:
    """Return the Python of a feed: the runner's own, or one with its requirements.

    `folder` has one for each feed. Raises NoEnvironment, OSError.
    """
    requirements = manifest.folder / "requirements.txt"
    if not requirements.is_file():
        return Path(sys.executable)
    own = folder.absolute() / manifest.name
    place = own / f"venv-{hash_requirements(requirements)}"
    if not place.exists():
        own.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="new-", dir=own) as fresh:
            make(Path(fresh) / "venv", place, requirements, environ)
        # Those of before, and what a process that was killed left half made.
        since = time.time() - 2 * MAKE_SECONDS
        killed = [each for each in own.glob("new-*") if each.stat().st_mtime < since]
        for older in (*own.glob("venv-*"), *killed):
            if older != place:
                shutil.rmtree(older, ignore_errors=True)
    return place / "bin/python"


def hash_requirements(requirements: Path) -> str:
    """Return a hash of what is to be installed, and of the Python that it is for."""
    text = requirements.read_bytes() + f"{sys.version}{sysconfig.get_platform()}".encode()
    return hashlib.sha256(text).hexdigest()[:16]


def make(fresh: Path, place: Path, requirements: Path, environ: Mapping[str, str]) -> None:
    """Make an environment in a fresh folder, and rename it once all is installed."""
    # The runner's own pip, where it has one: to copy another takes some seconds.
    has_pip = find_spec("pip") is not None
    bare = ["--without-pip"] if has_pip else []
    run([sys.executable, "-m", "venv", *bare, str(fresh)], fresh.parent, environ)
    python = str(fresh / "bin/python")
    pip = [sys.executable, "-m", "pip", "--python", python] if has_pip else [python, "-m", "pip"]
    pip += ["--no-input", "--disable-pip-version-check"]
    run([*pip, "install", "-r", str(requirements.absolute())], fresh.parent, environ)
    for script in (fresh / "bin").iterdir():
        if script.is_file() and not script.is_symlink():
            text = script.read_bytes()
            if text.startswith(b"#!" + bytes(fresh)):
                script.write_bytes(text.replace(bytes(fresh), bytes(place)))
    try:
        os.rename(fresh, place)
    except OSError:
        if not place.exists():  # else another process, as a dry run, made it meanwhile
            raise


def run(command: list[str], home: Path, environ: Mapping[str, str]) -> None:
    """Run a step. Raises NoEnvironment, which says the line that tells why."""
    try:
        done = subprocess.run(  # noqa: S603 - our own words and a path
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env={**environ, "HOME": str(home), "PYTHONUTF8": "1"},
            timeout=MAKE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NoEnvironment(f"requirements.txt: not installed in {MAKE_SECONDS:.0f} s") from None
    if not done.returncode:
        return
    lines = (done.stdout + done.stderr).decode(errors="replace").splitlines()[-LAST_LINES:]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    why = errors[-1] if errors else (lines or ["no word was said"])[-1]
    if any("onnection" in line or "from versions: none" in line for line in lines):
        why += " (is the package index to be reached from here?)"
    raise NoEnvironment(f"requirements.txt cannot be installed: {why}", "\n".join(lines))
