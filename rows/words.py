"""The words that rows hold: a vendor's mapping turns its own into these."""

import re
from functools import lru_cache

IN_PROGRESS, COMPLETED = "in_progress", "completed"
GATED = "waiting"
"""Status of what waits for somebody."""
OPEN = ("queued", IN_PROGRESS, GATED, "requested", "pending")
"""Statuses of what has not ended."""

SUCCESS, SKIPPED = "success", "skipped"
ABANDONED = "abandoned"
"""Conclusion of what was open when its repository was gone: nobody knows how it ended."""
FAILED = ("failure", "timed_out", "startup_failure")
"""Conclusions of runs and jobs that mean: somebody must look."""
FAILED_JOB = ("failure", "timed_out")
"""Those of a job or step that ran. A cancelled one was stopped by somebody."""

SYSTEMS = {
    "Linux": set(
        "linux ubuntu debian fedora rhel centos alpine amazonlinux rockylinux archlinux".split()
    ),
    "Windows": {"windows", "win"},
    "macOS": {"macos", "mac", "osx", "darwin"},
}
"""What labels of each system say, in lower case."""

RunKey = tuple[str, int]
"""What a run, or a job, is known by: its provider, and its id there."""
WorkflowKey = int | str
"""What a workflow of a repository is known by: its id, or its name where a row has none."""


def workflow_key(gitid: int | None, name: str | None) -> WorkflowKey:
    """Return what tells a workflow from the others of its repository, whatever it is called."""
    return (name or "").casefold() if gitid is None else gitid


@lru_cache(maxsize=1024)
def systems_of(labels: tuple[str, ...]) -> str | None:
    """Return the operating systems that the labels name, without versions."""
    words = {word for label in labels for word in re.findall("[a-z]+", label.lower())}
    return ",".join(name for name, known in SYSTEMS.items() if known & words) or None
