"""Run pip, and read of what it found nothing."""

import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

MISSING = re.compile(r"^ERROR: No matching distribution found for (\S+)$", re.M)


class PipRun(NamedTuple):
    """How pip ended, and the requirements that the index has nothing of, as far as it came."""

    code: int
    missing: frozenset[str]


def run_pip(command: list[str]) -> PipRun:
    """Run pip; what it says goes to the log, as only lines belong on stdout."""
    done = subprocess.run(  # noqa: S603 - an argv
        command, stdout=sys.stderr, stderr=subprocess.PIPE, check=False
    )
    said = done.stderr.decode(errors="replace")
    sys.stderr.write(said)
    return PipRun(done.returncode, frozenset(MISSING.findall(said)))


def drop_names(requirements: Path, missing: frozenset[str]) -> bool:
    """Take names out of a list of names; return whether others are left that pip can be asked for.

    A package that is private, or has no wheel, keeps no other away.
    """
    names = requirements.read_text("utf-8").split("\n")
    left = [name for name in names if name not in missing]
    requirements.write_text("\n".join(left), "utf-8")
    return 0 < len(left) < len(names)
