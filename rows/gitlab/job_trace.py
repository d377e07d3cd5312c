"""A job's trace as GitLab keeps it -> the section that failed, in one pass and little memory.

Sections begin with `section_start:EPOCH:NAME` and a carriage return; lines of newer runners begin
with a time, the stream, and a letter, and a plus where they go on with the line before.
https://docs.gitlab.com/ci/jobs/job_logs/
"""

import re

from rows.logs.failure_reader import StepFailure
from rows.logs.held_steps import Failed, HeldSteps, last_parts
from rows.logs.output import Dialect

SECTION = re.compile(rb"section_start:\d{1,12}:(\w{1,60})")
SCRIPTS = (b"step_script", b"build_script")
"""The sections that run what the job says; before the runner 14 the second."""
SECTIONS = (
    *SCRIPTS, b"resolve_secrets", b"prepare_executor", b"prepare_script", b"get_sources",
    b"restore_cache", b"download_artifacts", b"after_script", b"archive_cache",
    b"archive_cache_on_failure", b"upload_artifacts_on_failure", b"upload_artifacts_on_success",
    b"cleanup_file_variables",
)  # fmt: skip
"""The runner's own; others are inside of them, and a script may open as many as it likes."""
STAMP = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z [0-9a-f]{2}[OE]([ +]|$)")
NO_MARK = b"\x00"
"""The runner marks no line: nothing begins so once a line is cleaned."""


def strip_times(lines: list[bytes]) -> list[bytes]:
    """Return lines without what newer runners put before them; what goes on is joined."""
    stripped = list[bytes]()
    whole = -1
    for line in lines:
        stamp = STAMP.match(line)
        text = line[stamp.end() :] if stamp else line
        if stamp and stamp[1] == b"+" and whole >= 0:
            stripped[whole] += text
            text = b""
        else:
            whole = len(stripped)
        stripped.append(text)
    return stripped


class TraceFailureReader(StepFailure):
    """Read a job's trace for what it says of the failure; that the job failed is known."""

    dialect = Dialect(strip_times, NO_MARK, (b"section_start:", b"section_end:"))

    def __init__(self, span: tuple[str, str] | None = None) -> None:
        self.steps = HeldSteps()
        self.line = 1
        """The number of the next line."""
        self.script: Failed | None = None

    def read(self, block: bytes) -> None:
        """Take the next lines."""
        place = 0
        for match in SECTION.finditer(block):
            if match[1] in SECTIONS:
                begin = block.rfind(b"\n", 0, match.start()) + 1
                self.take(block[place:begin])
                self.end_section()
                self.steps.begin(match[1].decode())
                place = begin
        self.take(block[place:])

    def take(self, lines: bytes) -> None:
        """Add lines to the section that goes on."""
        if lines:
            self.steps.last.add(lines, self.line)
            self.line += lines.count(b"\n")

    def end_section(self) -> None:
        """Keep the section that ran the job's script: what follows only cleans up."""
        if self.steps.last.begin.encode() in SCRIPTS:
            self.script = self.steps.failed()

    def failed(self) -> Failed:
        """Return the script's section with the last lines, else all: it broke before it."""
        self.end_section()
        if self.script is None:
            return Failed(last_parts(self.steps.steps), [])
        last = [self.steps.last.part()] if self.steps.last.begin.encode() not in SCRIPTS else []
        return self.script._replace(step=[*self.script.step, *last])
