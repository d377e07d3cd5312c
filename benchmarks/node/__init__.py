"""The receiver in Node that (d) of the bench is: installed where it stands, when npm is there."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
RECEIVER = HERE / "receiver.mjs"


def is_there() -> bool:
    """Tell whether it can be run, after installing its packages where they are missing."""
    if not (shutil.which("node") and shutil.which("npm")):
        return False
    if not (HERE / "node_modules").is_dir():
        command = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--silent"]
        subprocess.run(command, cwd=HERE, check=True)  # noqa: S603 - our own words
    return True
