"""The last lines that a step printed and that may say why: where no line calls itself an error."""

import re

from rows.failure_message import FailureMessage
from rows.log_rules import rule_of
from rows.log_rules.rule import CODE, LAST, NOTHING, PASSED_ON, VAGUE
from rows.logs.blocks import FRAME, LONGEST, Reason, lines_before
from rows.logs.output import Output

MOST = 3
"""Lines that are taken."""
LOOKED_AT = 400
"""Lines of the end that are looked at."""

SAYS_NOTHING = re.compile(
    r"\s*$|"
    r"[-=_*#~+.·─━═│|<>^\s\u2500-\u257f]{3,}$|"  # rulers and frames
    r"[-=_*#]{3,} .{1,100} [-=_*#]{3,}$|"  # headings
    r".*\|.*\||.*│.*│|"  # tables
    r"\s*(?:at \S.*|from \S+:\d+.*|File \"[^\"]{1,300}\", line \d.*|\.{3} \d+ more|"
    r"# ?\S+:\d+:in .*|"
    r"\S+:\d+:in [`'].*|@ \S+)$|"  # stack frames
    r"\s*\d+ (?:passing|passed|pending|failing|failed|tests?|specs?|examples?|errors?|warnings?|"
    r"suites?|runs|assertions|skipped|files?|problems?|offenses?)\b.*|"  # counts
    r"\s*(?:Total|Passed|Skipped|Failed|Finished|Elapsed|Duration|Time|Real|real|user|sys|"
    r"took|Ran|Took|Done|Completed|"
    r"Executed|Tests?|Test Suites|Snapshots|Suites|Assertions|Coverage|Seed|Randomized)\b.{0,40}"
    r"[\d.]+.*|"
    r"# (?:tests|suites|pass|fail|cancelled|skipped|todo|duration_ms|subtests|failures?) .*|"
    r"(?:npm|yarn|pnpm|lerna|nx) (?:ERR!|error|info|notice|WARN|warn|verb)\b.*|npm .{0,4}$|"
    r"error Command failed.*|info Visit .*|\s*ELIFECYCLE.*|"
    r"\S{0,200}make(?:\[\d+\])?: (?:\*\*\*|Leaving|Entering|Target|Nothing).*|"
    r".*recipe for target.*|"
    r".{0,100}\b(?:exit status|exit code|exited with|Exit status|returned non-zero).{0,40}|"
    r"\s*\[?(?:FAIL|FAILED|FAILURE|ERROR|BUILD FAILED|Failed|OK|ok|PASS|PASSED|Error|"
    r"error)\]?[!.:]?\s*"
    r"(?:\S{1,100} [\d.]+m?s)?$|"
    r"BUILD (?:FAILED|SUCCESS|FAILURE).*|\[INFO\].*|\[WARNING\].*|\[ERROR\]\s*$|"
    r".{0,40}\d{1,3}(?:\.\d+)?\s?%.*|"  # coverage and progress
    r"[.\sFEsSxXPpi*!]{4,}$|"  # one letter a test
    r"\s*(?:✓|✔|√|☑|PASS\b|ok \d).*|--- PASS.*|.* (?:PASSED|\.\.\. ok|\.\.\. OK)$|"
    r"(?:See|Run with|For more|Try:|\* Try|> Run with|More info|Read more|Please (?:see|"
    r"read|report)|"
    r"A complete log|Full log|The log|Log file|note: run with|note: Some|To (?:see|learn|get)).*|"
    r"\$ .*|\+{1,4} .*|\[command\].*| ?> .*|travis_\w+:.*|##\[.*|"  # commands that are shown
    r"\s{0,4}\d{1,5} \|.*|\S{0,99}Dockerfile\S{0,99}:\d+|"  # a Dockerfile that is shown
    r"The command \".*|Store build logs|Done\. Your build.*|"
    r"(?:Cleaning up|Uploading|Saving cache|Shutting down|Stopping|Removing|Terminating|"
    r"Deleting).*|"
    r"Traceback \(most recent call last\):|Crash dump is being written.*|"
    r"Download(?:ing|ed).*|(?:Compiling|Installing|Fetching|Unpacking|Setting up|Get:\d+|"
    r"Checking) .*|"
    r"[\w./@-]+ (?:v?\d+\.)+\d+\S*$"
)
SHOWN_TWICE = re.compile(r"\s*(?:Re-run|Rerun|rerun|Randomized|Finished|Failed examples:|Failing)")


CHANGED = re.compile(r"[-+](?![-+]{2} )\s*+\S")
NEW_FILE = re.compile(r"\+\+\+ (?:[a-z]/|new/|old/)?(\S[^\t]{0,300})")
OF_DIFFERENCE = (" ", "+", "-", "@", "\\")
"""What lines of a difference begin with."""


def step_end(output: Output) -> Reason | None:
    """Return the last one to three telling lines that touch each other, None where none is left."""
    place = len(output) - 1
    stop = max(-1, place - LOOKED_AT)
    while place > stop and output.is_marked(place):
        place -= 1
    if difference := end_of_difference(output, place, stop):
        return difference
    while place > stop and is_idle(output, place):
        place -= 1
    if place <= stop:
        return None
    last = place
    while place > max(-1, last - MOST) and not is_idle(output, place):
        place -= 1
    lines = [output.text(number).strip() for number in range(place + 1, last + 1)]
    context = lines_before(output, place + 1)
    message = FailureMessage("\n".join(lines)[:LONGEST], context, is_end=True)
    number = output.number(place + 1)
    return Reason(place + 1, number, LAST, "end of the step", message)


def end_of_difference(output: Output, place: int, stop: int) -> Reason | None:
    """Return the last file of a difference that ends at a place, with the first lines changed."""
    changed = list[str]()
    while place > stop and output.text(place)[:1] not in OF_DIFFERENCE and is_idle(output, place):
        place -= 1
    for number in range(place, stop, -1):
        text = output.text(number)
        if named := NEW_FILE.match(text):
            if not changed:
                return None
            lines = [named[1], *changed[:-MOST:-1]]
            context = lines_before(output, number)
            message = FailureMessage("\n".join(lines)[:LONGEST], context, is_end=True)
            return Reason(number, output.number(number), LAST, "end of a difference", message)
        if CHANGED.match(text):
            changed.append(text)
        elif text and text[0] not in OF_DIFFERENCE:
            return None
    return None


def is_idle(output: Output, place: int) -> bool:
    """Tell whether a line says nothing of a failure."""
    text = output.text(place)
    if place and FRAME.match(output.text(place - 1)):
        return True
    if SAYS_NOTHING.match(text) or SHOWN_TWICE.match(text) or not re.search(r"[^\W\d_]{2}", text):
        return True
    rule = rule_of(text)
    return rule is not None and rule.rank in (NOTHING, PASSED_ON, VAGUE, CODE)
