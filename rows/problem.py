"""A message -> the problem that it tells of, without the test that met it."""

import re

from rows.masking import LONGEST, masked

TEST_LINES = re.compile(
    r"(?:--- FAIL: |Failure/Error: |=== (?:RUN|NAME) |FAIL: |ERROR: test\w* \(|● )"
    r"|_{3,} .{1,300} _{3,}$"
    r"|FAIL {1,2}(?:\|\w+\| )?\S{1,300} > |rspec \S{1,300}:\d+ # |not ok \d{1,6}\b"
    r"|\d{1,6}\) |\S{1,300}#test_\S{1,300}(?: \[.{1,300}\])?:$|.{1,500} FAILED$"
    r"|Failed \S.{0,500} \[.{1,20}\]$|thread '.{1,300}' (?:\(\d+\) )?panicked at "
    r"|── \d+\. (?:Failure|Error)\b|.{1,200}: (?:Test Failed|Error During Test) at \S|at \S+:\d+$"
    r"|(?:\[ERROR\] )?.{1,500} <<< (?:FAILURE|ERROR)!"
)
"""Lines that name a test, or where it is."""
TITLE = re.compile(r"\s*+\d{1,6}\) ")
"""What a numbered failure begins with: its suites and title follow, up to a colon."""
TITLE_LINES = 5
JAVA_TEST = r"(?=\S{0,300}[A-Z])[\w$]{1,99}(?:\.[\w$]{1,199})+(?:>[\w$.]{1,199})?"
BEGINNINGS = re.compile(
    r"(?:(?:FAILED|ERROR) \S{1,300}?\.py(?:::[^\s\[]++(?:\[[^\]]{0,300}\])?)? - "
    rf"|\[(?:ERROR|error)\] ++(?:{JAVA_TEST}(?::\d{{1,7}})?(?:->\S{{1,300}})? (?:» )?)?"
    rf"|{JAVA_TEST}:\d{{1,7}}(?:->\S{{1,300}})? (?:» )?"
    r"|##\[error\]|E {1,60})?"
    r"(?:[\w.-]{1,200}\.\w{1,5}:\d{1,7}(?::\d{1,7})?:\s++)?"
)
"""What stands before the words in the line that tells why: a test's id, a place."""

GENERIC = re.compile(
    r"(?:[\w.$]*(?:AssertionError|AssertionFailedError|AssertionFailure): )?"
    r"(?:Failed asserting that |expect\(|assert\b|Expected: |expected:? <)"
)
"""Says of an assertion what it is, and of the problem nothing."""
MASK = re.compile(r"<[a-z]+(?::[^\s>]*+(?:<[a-z]+>[^\s>]*+)*+)?>")
CLASS = re.compile(r"[\w.$]*(?:Error|Exception|Failure|Failed|Exit)[:.]?(?: \[\w+\])?:?")
WORDS = re.compile(r"[^\W\d_]++")
SAYS_NOTHING = frozenset(
    "a actual an and are as assert assertion at be been but by caused comparison did differ does"
    " equal equals error errors exception exit code expect expected fail failed failing failure"
    " false for found from get given got had has have in instead is it line match matches"
    " mismatch nil no none not null of on or panic received result return returned s should test"
    " tests than that the this to true undefined unexpected value values want wanted was were"
    " with left right lhs rhs toBe toEqual deep deeply strictly".lower().split()
)


def problem_of(message: str, mask: str) -> str:
    """Return the masked message without what names a test; all of it where no words are left.

    Those of an assertion (`expected <n> to equal <n>`) and an exception's class are none.
    `mask`: the whole message, masked.
    """
    lines = [line for line in message[:LONGEST].splitlines() if line.strip()]
    kept, place = list[str](), 0
    while place < len(lines):
        if TEST_LINES.match(lines[place].strip()):
            place += title_length(lines[place:])
            continue
        kept.append(BEGINNINGS.sub("", lines[place].strip(), count=1))
        place += 1
    text = " ".join(kept)
    if len(text.split()) == len(message[:LONGEST].split()):
        return mask
    problem = masked(text)
    return mask if says_nothing(problem) else problem


def title_length(lines: list[str]) -> int:
    """Return how many lines name the test that a numbered failure is of, 1 for any other."""
    if not TITLE.match(lines[0]):
        return 1
    title = enumerate(lines[:TITLE_LINES], start=1)
    return next((count for count, line in title if line.rstrip().endswith(":")), 1)


def says_nothing(problem: str) -> bool:
    """Tell whether a masked text has none but generic words."""
    if " " not in problem or GENERIC.match(problem):
        return True
    words = WORDS.findall(MASK.sub(" ", CLASS.sub(" ", problem, count=1)).lower())
    return all(word in SAYS_NOTHING for word in words)
