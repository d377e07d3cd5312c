"""Which lines of a tool's output say why it failed: a table of patterns, the telling ones first.

A pattern sees one line of at most `job_log.LONGEST` letters. None of them can backtrack far: what
repeats is bounded, possessive, or made of letters that what follows cannot begin with.
Groups named `path` and `line` say where.
"""

import re
from typing import NamedTuple

END, KILLED, PLACED, COUNTED, RAISED, SAID, NAMED, PASSED_ON, VAGUE, CODE = range(10)
"""Ranks, the best first: why the job was ended, that it was killed, an error with its place or
test, a test's name alone, an exception or a tool's own sentence, what an action said, anything
that calls itself an error, an error of what a tool started, that something failed, the exit code.
Lines of the best rank that is met are the messages."""

ANY = r"\s*+\S"
PLACE = r"(?P<path>(?:[A-Za-z]:)?[^\s:][^:]{0,300}):(?P<line>\d{1,7})(?::\d{1,7}){0,2}"
MSVC = r"^(?P<path>[^()]{1,300})\((?P<line>\d{1,7})(?:,\d{1,7}){0,3}\) ?: (?:fatal )?error \w+:"
GIVEN = r"(?P<path>[^\s:()]{1,300})"
GO_LINE = r"^\s+(?:(?P<path>[^\s:()]{1,300}\.go):(?P<line>\d{1,7}): |---)"
PANIC = r"^thread '.{1,200}' (?:\(\d+\) )?panicked at (?:" + GIVEN + r":(?P<line>\d{1,7}))?"
EXCEPTION = r"^\s{0,8}(?!Error: )[A-Za-z_][\w.$]{0,200}(?:Error|Exception|Exit)(?: \[\w+])?: \S"
ARROW = r"^\s{0,9}--> " + GIVEN + r":(?P<line>\d{1,7})"


class Rule(NamedTuple):
    """A pattern and its rank; at most `more` lines that follow, and match `after`, belong to it.

    `above`: the file is named by a line of its own before. `bound`: it says nothing without them.
    """

    rank: int
    pattern: re.Pattern[str]
    more: int = 0
    after: re.Pattern[str] = re.compile(ANY)
    above: bool = False
    bound: bool = False


def rule(
    rank: int,
    pattern: str,
    more: int = 0,
    after: str = ANY,
    *,
    above: bool = False,
    bound: bool = False,
) -> Rule:
    return Rule(rank, re.compile(pattern), more, re.compile(after), above, bound)


# The first that matches a line decides, so exceptions stand before what they are exceptions to.
RULES: tuple[Rule, ...] = (
    # The job was ended from outside.
    rule(END, r"^(?:Error: )?The (?:operation|run|job) was cancell?ed"),
    rule(END, r"^The action '.{1,200}' has timed out after \d+ minutes"),
    rule(END, r"^The job .{0,200}has exceeded the maximum execution time"),
    rule(END, r"^The (?:self-)?hosted runner.{0,200} lost communication with the server"),
    rule(END, r"^The runner has received a shutdown signal"),
    rule(END, r"(?:[Nn]o space left on device|There is not enough space on the disk)"),
    rule(END, r"(?:^|: line \d{1,6}: +\d{1,9} )Killed(?: |$)"),
    rule(END, r"(?:signal: killed|OOMKilled|Out of memory: Kill|JavaScript heap out of memory)"),
    rule(END, r"(?:java\.lang\.OutOfMemoryError|^fatal error: runtime: out of memory)"),
    rule(END, r"(?:Cannot allocate memory|virtual memory exhausted|^MemoryError$)"),
    rule(KILLED, r"^Process completed with exit code 137\b"),
    # What only says that something failed.
    rule(CODE, r"^(?:Error: )?Process completed with exit code -?\d"),
    rule(RAISED, r"^(?:\S{1,200}:(?P<line>\d{1,7}): |make.{0,10}: )\*\*\* .{1,900}Stop\.$"),
    rule(VAGUE, r"^(?:\S{0,200}make(?:\[\d+\])?: \*\*\* |ninja: build stopped)"),
    rule(VAGUE, r"(?:collect2: error: |error: linker command failed)"),
    rule(VAGUE, r"^error: (?:could not compile|aborting due to|test failed, to rerun|\d+ target)"),
    rule(VAGUE, r"^error: (?:process didn't exit|Recipe .{1,100} failed|script \".{1,100}\" ex)"),
    rule(VAGUE, r"^(?:Error: )?The process '.{1,300}' failed with exit code \d"),
    rule(VAGUE, r"^(?:Error: )?(?:Final attempt failed|Docker \w+ failed with exit code)"),
    rule(VAGUE, r"^(?:error Command failed with exit code|error: Command failed|error Command \")"),
    rule(VAGUE, r"^\[ERROR\] (?:(?:-> )?\[Help|Re-run Maven|To see the|For more|After corr)"),
    rule(VAGUE, r"^\[ERROR\] (?:COMPILATION ERROR|Failures:|Errors:|Tests run:|There are test)"),
    # Tests.
    rule(PLACED, r"^(?:FAILED|ERROR) (?P<path>[^\s:]{1,300}\.py)(?:::\S.{0,500})? - "),
    rule(NAMED, r"^(?:FAILED|ERROR) (?P<path>[^\s:]{1,300}\.py)(?:::|$)"),
    rule(PLACED, r"^\s{0,4}● (?!Console$|Validation Warning)", 1),
    rule(PLACED, r"^ {0,2}FAIL {1,2}(?:\|\w+\| )?" + GIVEN + r" > ", 1),
    rule(PLACED, r"^\s{0,40}--- FAIL: \S", 1, GO_LINE),
    rule(PLACED, PANIC, 1, r"(?!note: )\s*+\S"),
    rule(PLACED, r"^rspec " + GIVEN + r":(?P<line>\d{1,7}) # "),
    rule(PLACED, r"^\d{1,4}\) \w[\w\\]{0,200}::\w", 1),
    rule(PLACED, r"^\s{1,8}\d{1,4}\) \[\w+\] \u203a " + GIVEN + r":(?P<line>\d{1,7})"),
    rule(PLACED, r"^\s{1,4}Failed \S.{0,500} \[[<\d].{0,20}\]$", 2),
    rule(PLACED, r"^[\w.$]{1,200} > .{1,300} FAILED$", 1),
    rule(PLACED, r"^\[ERROR\] {1,4}[\w$]{1,99}\.[\w$]{1,199}(?::(?P<line>\d{1,7}))?(?:->| » | )\S"),
    rule(COUNTED, r"^\[ERROR\] .{1,500} <<< (?:FAILURE|ERROR)!"),
    rule(COUNTED, r"^test .{1,300} \.\.\. FAILED$"),
    rule(COUNTED, r"^\s{0,8}\d{1,5} - \S.{0,300} \((?:Failed|Timeout|SEGFAULT|Subprocess|Not Run)"),
    # Compilers and linters: a file, a line, an error.
    rule(PLACED, r"^" + PLACE + r":? (?:fatal |internal compiler |syntax )?[Ee]rror\b[ :]"),
    rule(PLACED, MSVC),
    rule(PLACED, r"^" + GIVEN + r":(?P<line>\d{1,7}):\d{1,7} - error \w+:"),
    rule(PLACED, r"^(?:vet: )?(?P<path>[^\s:]{1,300}\.go):(?P<line>\d{1,7}):\d{1,7}: \S"),
    rule(PLACED, r"^(?P<path>[^\s:]{1,300}\.pyi?):(?P<line>\d{1,7}):\d{1,7}:? [A-Z]{1,6}\d{2,4} "),
    rule(PLACED, r"^\s{1,4}(?P<line>\d{1,7}):\d{1,7} {1,20}error {1,20}\S", above=True),
    rule(PLACED, r"^\[(?:ERROR|error)\] " + GIVEN + r":\[?(?P<line>\d{1,7})[,:]\d{1,7}[\]:] ?\S"),
    rule(PLACED, r"^e: (?:file://)?" + GIVEN + r":(?: \()?(?P<line>\d{1,7})"),
    rule(PLACED, r"^ERROR: " + GIVEN + r":(?P<line>\d{1,7}):\d{1,7}: "),
    rule(PLACED, r"^error\[\w+\]: ", 1, ARROW),
    rule(PLACED, r"^(?:[A-Z]{1,6}\d{2,4} |invalid-syntax: |unformatted: )\S", 1, ARROW, bound=True),
    rule(PLACED, r"^(?:\S{1,200} : )?(?:fatal )?error [A-Z]{2,8}\d{3,5}: "),
    rule(PLACED, r"(?:undefined reference to|undefined symbol|symbol\(s\) not found)"),
    rule(PLACED, r": cannot find -l"),
    # Exceptions, and what tools say in a sentence of their own.
    rule(RAISED, r"^CMake Error(?: at " + GIVEN + r":(?P<line>\d{1,7}))?", 3, r"(?!-- )\s*+\S"),
    rule(RAISED, r"^(?:panic|fatal error): \S"),
    rule(RAISED, r"^\* What went wrong:", 2),
    rule(RAISED, r"^npm (?:ERR!|error) code (?!ELIFECYCLE|\d+$)\S", 2, r"^npm (?:ERR!|error)"),
    rule(RAISED, r"\bERR_PNPM_\w"),
    rule(PASSED_ON, r"^(?:ERROR: )?(?:failed to (?:solve|build): )?(?:process|executor failed) "),
    rule(RAISED, r"^(?:ERROR: )?failed to (?:solve|build): \S"),
    rule(RAISED, r"(?:Error response from daemon: |toomanyrequests: )"),
    rule(RAISED, r"(?:: (?:command )?not found$|is not recognized as |: unbound variable$)"),
    rule(KILLED, r": line \d{1,6}: +\d{1,9} (?:Segmentation fault|Aborted|Bus error|Terminated)"),
    rule(RAISED, r"^.{1,200}: line \d{1,6}: (?!.{0,500}(?:Killed|Terminated)).{1,500}: [A-Z]\w"),
    rule(RAISED, r"(?:^Segmentation fault|AddressSanitizer: |core dumped)"),
    rule(RAISED, r"\bAssertion .{1,300} failed"),
    rule(RAISED, r"^(?:Exception in thread |Unhandled [Ee]xception|Uncaught )\S?"),
    rule(RAISED, r"^E {3,8}(?:assert |[A-Z]\w{0,99}(?:Error|Exception))"),
    rule(RAISED, EXCEPTION),
    rule(RAISED, r"^[\w.]{0,200}AssertionError$"),
    rule(SAID, r"^(?:curl: \(\d+\) |[│╷ ]{0,4}Error: |ERROR: No matching dist|E: )\S"),
    rule(PASSED_ON, r"^\[ERROR\] Failed to execute goal"),
    rule(NAMED, r"^(?:error|ERROR|Error|fatal|FATAL|\[error\]|\[ERROR\]):? ?\S", 1, ARROW),
    rule(NAMED, r"^\S{1,60}: (?:fatal )?error: \S"),
    rule(NAMED, r"^Diff in " + GIVEN + r"(?::| at line )(?P<line>\d{1,7}):"),
    rule(NAMED, r"^(?:would reformat|Would reformat:?) "),
    rule(VAGUE, r"(?:^FAIL(?:ED|URE)?\b|BUILD FAIL|Build FAILED|\bFAILED$)"),
    rule(VAGUE, r"(?:^npm (?:ERR!|error)|ELIFECYCLE)"),
)  # fmt: skip


def rule_of(line: str) -> Rule | None:
    """Return the rule that a line meets first, None when it says nothing."""
    return next((one for one in RULES if one.pattern.search(line)), None)
