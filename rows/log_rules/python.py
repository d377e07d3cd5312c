"""pytest, unittest, mypy, ruff, flake8, pip, and exceptions."""

from rows.log_rules.rule import (
    ANY,
    COUNTED,
    GIVEN,
    LINE,
    NAMED,
    NOTHING,
    PASSED_ON,
    PLACED,
    RAISED,
    rule,
)

PYTEST_ERROR = r"E {1,60}\S"
SECTION = r"(?:_{3,200} \S|={3,200} |-{3,200} Captured )"
ARROW = r"\s{0,9}--> " + GIVEN + r":" + LINE

PYTHON = (
    rule("pytest test", PLACED, r"^_{3,200} (?!summary|coverage)\S.{0,500} _{3,200}$",
         "_________________ TestCart.test_stack _________________", more=3, after=PYTEST_ERROR,
         skip=ANY, until=SECTION, within=600, is_close=True, bare=NOTHING,
         place=r"(?P<path>[^\s:]{1,300}\.py):" + LINE + r": "),
    rule("pytest summary", PLACED,
         r"^(?:FAILED|ERROR) (?P<path>[^\s:]{1,300}\.py)(?:::(?P<test>\S.{0,500}?))? - "
         r"(?!.{0,600}\.\.\.$)\S", "FAILED tests/test_cart.py::test_total - assert 7 == 8",
         repeats=True),
    rule("pytest name", COUNTED, r"^(?:FAILED|ERROR) (?P<path>[^\s:]{1,300}\.py)(?:::\S|$| - )",
         "FAILED tests/test_cart.py::test_total"),
    rule("pytest verbose", COUNTED, r"^(?P<path>[^\s:]{1,300}\.py)::.{1,500} (?:FAILED|ERROR)\b",
         "tests/test_cart.py::test_total FAILED       [ 50%]", word='::'),
    rule("pytest worker", COUNTED, r"^\[gw\d+\] \[ {0,2}\d+%\] (?:FAILED|ERROR) "
         r"(?P<path>[^\s:]{1,300}\.py)", "[gw0] [ 50%] FAILED tests/test_cart.py::test_total"),
    rule("pytest line", COUNTED,
         r"^E {1,60}(?:assert |[A-Za-z_][\w.]{0,99}(?:Error|Exception|Exit|"
         r"Warning|Interrupt|Failed|DoesNotExist)\b|Failed: |fixture '|_pytest\.|\S{1,99}: )",
         "E               ValueError: width must be positive", more=2, after=r"E {1,60}\S"),
    rule("pytest usage", RAISED,
         r"^(?:ERROR: (?:file or directory not found|usage: |not found: )|"
         r"ImportError while loading conftest)", "ERROR: file or directory not found: tests/x.py",
         more=1, after=PYTEST_ERROR + r"|\S{1,99}: error: \S", skip=ANY, within=40),
    rule("pytest interrupted", NOTHING, r"^!{3,200} ", "!!!!!!! Interrupted: 1 error !!!!!!!"),
    rule("unittest test", COUNTED, r"^(?:FAIL|ERROR): \w{1,200} \(\S{1,300}\)",
         "FAIL: test_two (check_cart.Cart.test_two)"),
    rule("traceback", PLACED, r"Traceback \(most recent call last\):$",
         "Traceback (most recent call last):", word="Traceback", read="traceback"),
    rule("traceback frame", NOTHING, r"^\s{2,40}File \"[^\"]{1,300}\", line \d",
         '  File "/app/errors.py", line 3, in fail_loudly'),
    rule("called process", PASSED_ON, r"^(?:subprocess\.)?CalledProcessError: ",
         "subprocess.CalledProcessError: Command 'pytest' returned non-zero exit status 1."),
    rule("python linter", PLACED, r"^(?P<path>[^\s:]{1,300}\.pyi?):" + LINE
         + r":(?:\d{1,7}:)? ?\[?[A-Z]{1,6}\d{2,4}\b",
         "app/cart.py:3:1: F401 'os' imported but unused"),
    rule("ruff", PLACED, r"^(?:[A-Z]{1,6}\d{2,4} |invalid-syntax: |unformatted: )\S",
         "F401 [*] `os` imported but unused", more=1, after=ARROW, bare=NOTHING),
    rule("black", NAMED, r"^(?:would reformat|Would reformat:?|error: cannot format) \S",
         "would reformat app/cart.py"),
    rule("isort", NAMED, r"^ERROR: \S{1,300} Imports are incorrectly sorted",
         "ERROR: /app/cart.py Imports are incorrectly sorted and/or formatted."),
    rule("pip versions", RAISED, r"^(?:ERROR: )?(?:"
         r"No matching distribution found|ResolutionImpossible|Cannot install |Package "
         r"'?\S{1,99}'? " r"requires a different Python)",
         "ERROR: No matching distribution found for rocket==9"),
    rule("pip versions listed", RAISED, r"^(?:ERROR: )?Could not find a version that satisfies",
         "ERROR: Could not find a version that satisfies the requirement rocket==9", repeats=True),
    rule("pre-commit hook", COUNTED, r"^\S.{0,200}\.{3,200}(?:\(.{1,40}\))?Failed$",
         "trim trailing whitespace.................................................Failed",
         more=4, after=r"(?!- (?:hook id|exit code|duration):|\s*$)\s*+\S", skip=r"- |\s*$",
         until=r"\S.{0,200}\.{3,200}(?:\(.{1,40}\))?(?:Passed|Skipped|Failed)$",
         within=14, word='Failed'),
    rule("sphinx with warnings", NOTHING, r"^build finished with problems, \d",
         "build finished with problems, 1 warning (with warnings treated as errors)."),
    rule("sphinx", NAMED, r"^(?:Warning, treated as error:|Extension error)",
         "Warning, treated as error:", more=2),
    rule("uv", RAISED, r"^\s{0,4}× \S", "  × No solution found when resolving dependencies:",
         more=3, after=r"\s{0,6}(?:╰─▶|└|│|[a-zA-Z])"),
    rule("tox", PASSED_ON, r"^(?:ERROR:\s+\S{1,60}: (?:commands|parallel child) failed|"
         r"\s{0,4}\S{1,60}: FAIL (?:code|✖)|ERROR: InvocationError for command)",
         "ERROR:   py38: commands failed"),
)  # fmt: skip
