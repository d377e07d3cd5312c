"""A job's log as GitHub keeps it -> the output of its steps, line by line.

Each line begins with a time; `##[group]Run ...` opens a step and shows its script, which may
hold any words. All work is linear in the text, and a line is cut before a pattern sees it.
https://docs.github.com/actions/how-tos/monitor-workflows/use-workflow-run-logs
"""

import re
from typing import NamedTuple

LONGEST_RAW, LONGEST = 4000, 1000
"""Letters of a line that are looked at, and that are kept."""
MOST_LINES = 200_000
"""Lines of a log that are looked at, the last ones."""
SCRIPT_LINES = 2000
"""A script that is longer never ended: the mark of its end is lost."""
SECOND = 19
"""Letters of a time to the second: 2026-03-02T12:00:00."""

STAMP = re.compile(r"\ufeff?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,9})?Z ?")
ANSI = re.compile(
    r"\x1b(?:\[[0-9;:?<=>]*+[ -/]*+[@-~]?|\][^\x07\x1b]*+(?:\x07|\x1b\\)?"
    r"|[()*+][0-9A-Z]|[@-Z\\^_])?"
)
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff\ud800-\udfff]")
BUILDKIT = re.compile(r"#\d{1,4} \d{1,6}\.\d{1,3} (?=\S)")
ERROR = "##[error]"
SCRIPT, CLEANUP = "##[group]Run ", "Post job cleanup."
MARKS = ("##[group]", "##[endgroup]")


class Step(NamedTuple):
    """What a step printed, and the second it began (ISO without zone; empty when unknown)."""

    begin: str
    lines: list[str]

    @property
    def is_failed(self) -> bool:
        """Tell whether the runner noted an error in it."""
        return any(line.startswith(ERROR) for line in self.lines)


def clean(line: str) -> str:
    """Return a line as a person sees it: no colours, and what was overprinted is gone."""
    shown = ANSI.sub("", line[:LONGEST_RAW]).rstrip("\r\n \t").rpartition("\r")[2]
    return CONTROL.sub("", shown)[:LONGEST].rstrip()


def steps_of(log: str) -> list[Step]:
    """Return the steps of a log, in order, without the scripts that are shown before them."""
    steps, script = [Step("", [])], 0
    for raw in log.split("\n")[-MOST_LINES:]:
        stamp = STAMP.match(raw)
        line = clean(raw[stamp.end() :] if stamp else raw)
        if line.startswith((SCRIPT, CLEANUP)):
            steps.append(Step(stamp[1] if stamp else "", []))
            script = SCRIPT_LINES if line.startswith(SCRIPT) else 0
        elif script:
            script = 0 if line.startswith(MARKS[1]) else script - 1
        elif not line.startswith(MARKS):
            steps[-1].lines.append(line)
    return steps


def failed_step(steps: list[Step], span: tuple[str, str] | None) -> list[str]:
    """Return the lines of the step that failed; `span` is when it began and ended, if known.

    A step that may fail (`continue-on-error`) is noted as an error, too: the times tell. Without
    any such note, as in a log that breaks off, all lines are returned.
    """
    failed = [step for step in steps if step.is_failed]
    if span is not None:
        first, last = span
        within = [step for step in failed if first <= step.begin <= last]
        failed = within or failed
    if failed:
        return failed[0].lines
    return [line for step in steps for line in step.lines]


def plain(line: str) -> str:
    """Return a line without the marks that the runner or a builder put before it."""
    text = line.removeprefix(ERROR)
    mark = BUILDKIT.match(text)
    return text[mark.end() :] if mark else text
