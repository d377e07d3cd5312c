"""What passes an error on, forms of other runners, and lines that only look like errors."""

import pytest

from rows.failure_message import FailureMessage
from rows.github.failure import log_messages

CODE = "##[error]Process completed with exit code 1."


def said(*lines: str) -> list[FailureMessage]:
    return log_messages("\n".join(("##[group]Run ./check", "##[endgroup]", *lines, CODE, "")))


def first(*lines: str) -> str:
    return said(*lines)[0].text


@pytest.mark.parametrize(
    "wrapper",
    [
        "subprocess.CalledProcessError: Command 'pytest -q' returned non-zero exit status 1.",
        'error: failed to solve: process "/bin/sh -c make" did not complete successfully: 2',
        "[ERROR] Failed to execute goal a:b:2:test on project c: There are test failures.",
        "web:test: command npm run test exited with 1",
        "Executing the custom container implementation failed. Please contact your administrator.",
        "operation failed:",
    ],
)
def test_wrapper_passes_an_error_on(wrapper: str):
    assert first("error: no such price", wrapper) == "error: no such price"


@pytest.mark.parametrize(
    "line",
    [
        "E1121 03:00:00.000000       1 main.go:14] no such price",
        "F1121 03:00:00.000000       1 main.go:14] no such price",
        'ts=2026-11-21T03:00:00Z caller=main.go:14 level=error msg="no such price"',
        "2026-11-21 03:00:00 [error    ] no such price   [cart]",
        "E, [2026-11-21T03:00:00.000000 #1] ERROR -- : no such price",
        "03:00:00.000 [error] no such price",
        "2026-11-21 03:00:00.0000|ERROR|Shop.Cart|no such price",
    ],
)
def test_error_of_a_logger_is_said_before_what_follows_it(line: str):
    assert first(line, "all is written", "the ledger is closed", "bye", "for now") == line


def test_error_of_a_category_is_in_the_line_below_it():
    assert first("fail: Shop.Cart[0]", "      no such price", "a", "bee", "cee", "dee") == (
        "fail: Shop.Cart[0]\nno such price"
    )


def test_test_of_go_is_read_from_its_events():
    event = '{{"Time":"2026-11-21T03:00:00Z","Action":"{}","Test":"TestSums"{}}}'
    said = ("=== RUN   TestSums", "    cart_test.go:12: wanted 8, got 7", "--- FAIL: TestSums (0s)")
    lines = [event.format("output", f',"Output":"{text}\\n"') for text in said]
    assert first(event.format("run", ""), *lines, event.format("fail", "")) == (
        "--- FAIL: TestSums (0s)\ncart_test.go:12: wanted 8, got 7"
    )
    begin = '{"Time":"2026-11-21T03:00:00Z","Action":"output","Output":'
    for broken in (f'{begin}"error', f"{begin}5}}", begin + "[" * 3900, f"{begin}null}}"):
        assert first("error: no such price", broken) == "error: no such price"


def test_docker_step_is_said_by_what_it_printed_before():
    assert first(
        "#9 1.22 the index is stale",
        '#9 ERROR: process "/bin/sh -c make" did not complete successfully: exit code: 2',
        'error: failed to solve: process "/bin/sh -c make" did not complete: exit code: 2',
    ).startswith("the index is stale")


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (("not ok 3 - x", "  ---", "  message: seven", "  ..."), "not ok 3 - x\nmessage: seven"),
        (("  1) Failure:", "T#x [t.rb:3]:", "Is: 8"), "1) Failure:\nT#x [t.rb:3]:\nIs: 8"),
        (
            ("  1) Cart sums", "     Failure/Error: expect(7)", "       expected: 8"),
            "1) Cart sums\nFailure/Error: expect(7)\nexpected: 8",
        ),
        (("rake aborted!", "no such price"), "rake aborted!\nno such price"),
        (("** (CompileError) a.ex:3: no x",), "** (CompileError) a.ex:3: no x"),
        (("Error in f(x) : ", "  no such price"), "Error in f(x) :\nno such price"),
        (
            ("── 1. Failure: sums (@test.R#3) ──", "7 not equal to 8."),
            "── 1. Failure: sums (@test.R#3) ──\n7 not equal to 8.",
        ),
        (("docs/cart.md:12:3 MD013 Line length",), "docs/cart.md:12:3 MD013 Line length"),
        (("web/a.css", "  ✖  12:0  Empty source"), "✖  12:0  Empty source"),
        (
            ("  1) test sums (CartTest)", "     a.exs:4", "     Assertion with == failed"),
            "1) test sums (CartTest)\na.exs:4\nAssertion with == failed",
        ),
    ],
)  # fmt: skip
def test_other_runners_are_told_by_their_form(lines: tuple[str, ...], text: str):
    assert first(*lines) == text


def test_silent_step_is_explained_by_the_last_message_before_it():
    (only,) = log_messages(
        "##[group]Run git describe\n##[endgroup]\nfatal: No tags can describe 'abc'.\n"
        '##[group]Run test -n "$TAG"\n##[endgroup]\n' + CODE + "\n"
    )
    assert only.text == "fatal: No tags can describe 'abc'."


@pytest.mark.parametrize(
    "line",
    [
        "error_append_string => no value",
        "ErrorPipeline.cs(12): warning CS1591: Missing comment",
        "test_b[x-'x' is not recognized as an internal command] PASSED",
        "PASS: error is raised",
        "ok 4 - an error: is raised",
        "2026-03-02 12:00:01 INFO Error counter: reset",
    ],
)
def test_line_that_only_holds_the_word_is_no_error(line: str):
    assert first(line, "the index is stale").endswith("the index is stale")


def test_unittest_heading_may_stand_above_a_docstring():
    (only,) = said(
        "KeyError: 'logged by a passing test'",
        "=====================================",
        "FAIL: test_two (cart.Cart.test_two)",
        "Two prices are summed.",
        "-------------------------------------",
        "Traceback (most recent call last):",
        '  File "/app/cart.py", line 5, in test_two',
        "AssertionError: 7 != 8",
    )
    assert only.text == "FAIL: test_two (cart.Cart.test_two)\nAssertionError: 7 != 8"


def test_julia_test_is_said_and_what_passes_it_on_is_not():
    assert first(
        "calc: Test Failed at /w/test/runtests.jl:9",
        "  Expression: total([3, 4]) == 8",
        "   Evaluated: 7 == 8",
        "ERROR: LoadError: Some tests did not pass: 1 passed, 1 failed.",
        "ERROR: Package Calc errored during testing",
    ) == (
        "calc: Test Failed at /w/test/runtests.jl:9\n"
        "Expression: total([3, 4]) == 8\nEvaluated: 7 == 8"
    )


def test_julia_package_that_is_missing_is_the_cause():
    line = "ERROR: LoadError: ArgumentError: Package X not found in current path:"
    assert first(line, "ERROR: Package Y errored during testing").startswith(line)


@pytest.mark.parametrize(
    "line",
    [
        "Coverage failure: total of 79 is less than fail-under=80",
        "Line coverage (79.20%) is below the expected minimum coverage (80.00%).",
        "Code coverage 79% is below expected 80%",
    ],
)
def test_coverage_that_is_too_low_is_said_and_not_the_exit_code(line: str):
    assert first("TOTAL    100   21   79%", line, "Tool failed with exit 2") == line


def test_coverage_that_is_too_low_says_less_than_a_test_that_failed():
    low = "Code coverage 79% is below expected 80%"
    assert first(low, "ValueError: no such price") == "ValueError: no such price"


def test_refused_push_says_why_before_it_says_that():
    refused = " ! [rejected]        main -> main (fetch first)"
    assert first(refused, "error: failed to push some refs to 'x'") == refused.strip()


def test_refused_key_is_said_before_what_git_makes_of_it():
    key = "git@example.org: Permission denied (publickey)."
    assert first(key, "fatal: Could not read from remote repository.") == key


def test_check_of_django_is_said_and_not_only_that_there_was_one():
    check = "cart.Item: (fields.E300) Field defines a relation with model 'Price', not installed."
    lines = ("SystemCheckError: System check identified some issues:", "", "ERRORS:", check)
    assert first(*lines) == f"{lines[0]}\n{check}"


@pytest.mark.parametrize(
    "lines",
    [
        ("error: builder for 'a.drv' failed with exit code 2;", "       last 2 log lines:"),
        ("error: Cannot build 'a.drv'.", "       Reason: builder failed with exit code 1."),
    ],
)
def test_builder_of_nix_is_said_with_the_errors_of_its_last_lines(lines: tuple[str, ...]):
    log = ("       > checking", "       > configure: error: no compiler", "       > See log")
    assert first(*lines, *log) == f"{lines[0]}\n> configure: error: no compiler"
