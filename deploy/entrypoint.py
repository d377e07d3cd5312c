"""The container's door: spool only where the spool outlives the container, then run the listener.

A delivery in the spool was answered with 2xx: GitHub will not send it again. On a disk that goes
away with the container 503 is the better answer, because then GitHub shows the delivery as failed
and it can be redelivered. ON_DATABASE_DOWN, where it is set, decides alone.
"""

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

MOUNTS = Path("/proc/self/mountinfo")
IN_MEMORY = {"tmpfs", "ramfs"}
# A volume nobody named (Dockerfile's VOLUME), and Kubernetes' emptyDir, end with the container.
NAMELESS = re.compile(r"/volumes/[0-9a-f]{64}/_data|kubernetes\.io~empty-dir")


class Mount(NamedTuple):
    """A line of mountinfo: where it is, what of its file system, and of which kind.

    https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html
    """

    place: PurePosixPath
    root: str
    kind: str


def mounts(text: str) -> list[Mount]:
    """Return what is mounted."""
    halves = (line.split(" - ", 1) for line in text.splitlines())
    pairs = ((left.split(), right.split()) for left, right in halves)
    return [Mount(PurePosixPath(left[4]), left[3], right[0]) for left, right in pairs]


def outlives(folder: str, text: str) -> bool:
    """Tell whether a folder is on a volume that somebody mounted to keep."""
    place = PurePosixPath(folder)
    above = [one for one in mounts(text) if place.is_relative_to(one.place)]
    nearest = max(above, key=lambda one: len(one.place.parts), default=None)
    if nearest is None or nearest.place == PurePosixPath("/"):
        return False
    return nearest.kind not in IN_MEMORY and not NAMELESS.search(nearest.root)


def main(argv: Sequence[str] | None = None) -> int:
    """Become the listener."""
    if not os.environ.get("ON_DATABASE_DOWN"):
        kept = outlives(os.environ.get("SPOOL_DIR", "/data/spool"), MOUNTS.read_text())
        os.environ["ON_DATABASE_DOWN"] = "spool" if kept else "503"
    arguments = sys.argv[1:] if argv is None else argv
    os.execv(sys.executable, [sys.executable, "listener.py", *arguments])  # noqa: S606 - no shell


if __name__ == "__main__":
    raise SystemExit(main())
