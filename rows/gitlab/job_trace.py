"""A job's trace as GitLab keeps it -> the section that failed, in one pass and little memory.

Sections begin with `section_start:EPOCH:NAME` and a carriage return; lines of newer runners begin
with a time, the stream, and a letter, and a plus where they go on with the line before.
https://docs.gitlab.com/ci/jobs/job_logs/
"""

import re

from rows.log_rules.rule import CODE, KILLED
from rows.logs.blocks import Reason
from rows.logs.failure_reader import StepFailure
from rows.logs.held_steps import Failed, HeldSteps, Part, last_parts
from rows.logs.output import Dialect, Output

SECTION = re.compile(rb"section_start:\d{1,12}:(\w{1,60})(?![\w.-])")
SCRIPTS = (b"step_script", b"build_script")
"""The sections that run what the job says; before the runner 14 the second."""
UPLOAD = b"upload_artifacts_on_success"
"""The section that only follows a script that passed: what fails the job then is that."""
SECTIONS = (
    *SCRIPTS, b"resolve_secrets", b"prepare_executor", b"prepare_script", b"get_sources",
    b"restore_cache", b"download_artifacts", b"after_script", b"archive_cache",
    b"archive_cache_on_failure", b"upload_artifacts_on_failure", UPLOAD,
    b"cleanup_file_variables",
)  # fmt: skip
"""The runner's own; others are inside of them, and a script may open as many as it likes."""
STAMP = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z ([0-9a-f]{2}[OE])([ +]|$)")
MOST_JOINED = 2000
"""Bytes of a line that goes on; of more, what was overprinted is dropped."""
COMMAND = "$ "
"""What the runner prints before each command of a script."""
NO_MARK = b"\x00"
"""The runner marks no line: nothing begins so once a line is cleaned."""
HIDDEN = (
    b"section_start:", b"section_end:", b'Executing "step_script" stage',
    b'Executing "build_script" stage', b"Using docker image sha256:",
    b"Using effective pull policy of", b"Job's log exceeded limit of",
    b"Job execution will continue but no more output",
)  # fmt: skip
"""What begins lines that the runner puts into the output of any script."""
VERDICT = b"ERROR: Job failed"
"""What begins the runner's last line; what it cleans up before that tells nothing."""


def strip_times(lines: list[bytes]) -> list[bytes]:
    """Return lines without what newer runners put before them; what goes on is joined.

    Output and errors are streams of their own: a line goes on with the last one of its stream.
    """
    stripped, wholes = list[bytes](), dict[bytes, int]()
    for line in lines:
        stamp = STAMP.match(line)
        text = line[stamp.end() :] if stamp else line
        if stamp and stamp[2] == b"+" and stamp[1] in wholes:
            whole = wholes[stamp[1]]
            stripped[whole] = joined(stripped[whole], text)
            text = b""
        elif stamp:
            wholes[stamp[1]] = len(stripped)
        stripped.append(text)
    return stripped


def joined(line: bytes, more: bytes) -> bytes:
    """Return a line and what goes on with it: a bar of progress may do so for megabytes."""
    if len(line) > MOST_JOINED:
        line = line[line.rfind(b"\r", 0, -1) + 1 :][:MOST_JOINED]
    return line + more


class TraceFailureReader(StepFailure):
    """Read a job's trace for what it says of the failure; that the job failed is known."""

    dialect = Dialect(strip_times, NO_MARK, HIDDEN)

    def __init__(self, span: tuple[str, str] | None = None) -> None:
        self.steps = HeldSteps()
        self.line = 1
        """The number of the next line."""
        self.script: Failed | None = None
        self.upload: Part | None = None

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
        """Keep the section that ran the job's script: what follows only cleans up, or uploads."""
        if self.steps.last.begin.encode() in SCRIPTS:
            self.script = self.steps.failed()
        if self.steps.last.begin.encode() == UPLOAD:
            self.upload = self.steps.last.part()

    def failed(self) -> Failed:
        """Return the script's section with the runner's last line, else all: it broke before it.

        The sections before it have passed, whatever they print of a cache that is not there.
        """
        self.end_section()
        if self.script is None:
            return Failed(last_parts(self.steps.steps), [])
        last = [] if self.steps.last.begin.encode() in SCRIPTS else verdict(self.steps.last.part())
        own = [self.upload] if self.upload else self.script.step
        return Failed([*own, *last], [])

    def reasons(self) -> list[Reason]:
        """Return what is said; where that is the runner's last line, with the command that ran."""
        reasons = super().reasons()
        if not any(map(is_verdict, reasons)):
            return reasons
        command = self.last_command()
        return [with_command(one, command) if is_verdict(one) else one for one in reasons]

    def last_command(self) -> str | None:
        """Return the last command of the script, as the runner shows it."""
        output = Output((self.script or self.failed()).step, self.dialect)
        texts = (output.text(place) for place in reversed(range(len(output))))
        commands = (text for text in texts if text.startswith(COMMAND))
        return next((text.removeprefix(COMMAND) for text in commands), None)


def verdict(part: Part) -> list[Part]:
    """Return the end of a part from the runner's last line on, nothing where it has none."""
    place = part.lines.rfind(VERDICT)
    if place < 0:
        return []
    begin = part.lines.rfind(b"\n", 0, place) + 1
    return [Part(part.first + part.lines.count(b"\n", 0, begin), part.lines[begin:])]


def is_verdict(reason: Reason) -> bool:
    """Tell what the runner says of any job: its exit code, or that its time was up."""
    return reason.rank in (KILLED, CODE) or reason.rule == "job timeout"


def with_command(reason: Reason, command: str | None) -> Reason:
    """Return a reason that names the command: two silent scripts have not failed alike."""
    if command is None:
        return reason
    # In a sentence about a file a fingerprint keeps its name.
    text = f"{reason.message.text}\nfailed to execute: {command}"
    return reason._replace(message=reason.message._replace(text=text))
