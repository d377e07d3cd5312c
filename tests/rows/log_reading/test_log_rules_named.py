"""Faults that were found on logs of others, each by a sample of our own."""

import pytest

from rows.failure_message import FailureMessage
from rows.github.failure import log_messages

CODE = "##[error]Process completed with exit code 1."


def said(*lines: str) -> list[FailureMessage]:
    return log_messages("\n".join(("##[group]Run ./check", "##[endgroup]", *lines, CODE, "")))


def first(*lines: str) -> str:
    return said(*lines)[0].text


def test_end_of_the_step_is_said_in_place_of_an_exit_code():
    (only,) = said(
        "README.md: the table of contents is out of date", "Run scripts/toc to update it"
    )
    assert only.text == (
        "README.md: the table of contents is out of date\nRun scripts/toc to update it"
    )
    assert (only.is_end, only.vague, only.kind) == (True, False, "end")


@pytest.mark.parametrize(
    "after",
    [
        ("make: *** [Makefile:3: toc] Error 1",),
        ("npm ERR! Test failed.  See above for more details.",),
        ("error Command failed with exit code 1.",),
        ("", "-----", "3 passing (10ms)", "Total time: 3.1 s"),
        ("FAIL", "exit status 1", "BUILD FAILED"),
        ("    at Object.<anonymous> (/app/a.js:3:1)", '  File "a.py", line 3, in x'),
        ("| file | lines |", "| a.py |  93%  |", "TOTAL   10   3   70%"),
        ("    ✓ sums two prices", "ok 3 - sums"),
    ],
)
def test_end_of_the_step_leaves_out_what_is_said_after_the_fact(after: tuple[str, ...]):
    only = said("the index is stale", *after)[0]
    assert (only.text, only.is_end) == ("the index is stale", True)


def test_end_of_a_step_is_no_cause_beside_one():
    assert [one.is_end for one in said("error: no such price", "the index is stale")] == [False]


@pytest.mark.parametrize("spaces", [3, 7, 11, 15, 60])
def test_pytest_error_of_a_nested_function_is_said(spaces: int):
    line = f"E{' ' * spaces}ValueError: width must be positive"
    assert first("cart.py:3: ValueError", line) == line


def test_pytest_test_is_said_with_up_to_three_lines_of_its_error():
    (only,) = said(
        "=================== FAILURES ===================",
        "______________ TestCart.test_stack ______________",
        "",
        "    def test_stack(self):",
        ">       assert stack() == 3, 'stacks'",
        "E       AssertionError:",
        "E       stacks",
        "E       assert 2 == 3",
        "E        +  where 2 = stack()",
        "",
        "tests/test_cart.py:7: AssertionError",
        "=========== short test summary info ===========",
        "FAILED tests/test_cart.py::TestCart::test_stack - Asser...",
    )
    assert only.text == (
        "TestCart.test_stack\nE       AssertionError:\nE       stacks\nE       assert 2 == 3"
    )
    assert (only.path, only.line) == ("tests/test_cart.py", 7)


@pytest.mark.parametrize("summary", ["test_stack - Val...", "test_stack", "test_x[a b] - Val..."])
def test_pytest_summary_without_a_reason_does_not_outrank_one(summary: str):
    line = "E   ValueError: no such price"
    assert first(line, f"FAILED tests/test_map.py::{summary}") == line


def test_mocha_test_is_said_with_its_suites_and_its_error():
    assert first(
        "  0 passing (61ms)",
        "  1 failing",
        "",
        "  1) cart",
        "       sums two prices:",
        "     Error: Timeout of 2000ms exceeded.",
        "      at listOnTimeout (node:internal/timers:569:17)",
    ) == ("1) cart\nsums two prices:\nError: Timeout of 2000ms exceeded.")


def test_gradle_test_takes_the_next_indented_line():
    assert first(
        "CartTest > sumsTwo() FAILED",
        "FAILURE: Build failed with an exception.",
        "    org.opentest4j.AssertionFailedError: expected: <8> but was: <7>",
    ) == (
        "CartTest > sumsTwo() FAILED\n"
        "org.opentest4j.AssertionFailedError: expected: <8> but was: <7>"
    )


def test_gradle_reason_is_said_beyond_the_task():
    text = first(
        "* What went wrong:",
        "> Task :lint FAILED",
        "Execution failed for task ':lint'.",
        "> A problem occurred",
        "   > Unable to read lint.xml",
        "* Try:",
    )
    assert text.endswith("> Unable to read lint.xml")


@pytest.mark.parametrize("name", ["shop.cart.CartTest.sums FAILED", "CartTest > sums FAILED"])
def test_gradle_test_of_an_older_runner_is_said(name: str):
    assert first(name, "    java.lang.AssertionError: seven") == (
        f"{name}\njava.lang.AssertionError: seven"
    )


def test_checkstyle_of_ant_is_an_error_with_a_place():
    (only,) = said("[ant:checkstyle] [ERROR] /w/Tag.java:49:77: Line is too long.")
    assert (only.path, only.line) == ("/w/Tag.java", 49)


def test_maven_test_is_said_with_what_caused_it_in_place_of_a_summary_that_is_cut():
    (only,) = said(
        "20636 [ERROR] shop.CartTest.sums  Time elapsed: 0.05 s  <<< ERROR!",
        "java.util.concurrent.ExecutionException: it broke",
        "\tat shop.Cart.sums(Cart.java:3)",
        "Caused by: java.io.IOException: no such price",
        "\t... 12 more",
        "",
        "[ERROR]   CartTest.sums:5 » Execution ...",
    )
    assert only.text.split("\n")[1:] == [
        "java.util.concurrent.ExecutionException: it broke",
        "Caused by: java.io.IOException: no such price",
    ]


@pytest.mark.parametrize("end", ["» NullPointer", "» InjectMocks", "» Execution ..."])
def test_maven_summary_that_names_only_a_class_is_a_name(end: str):
    raised = "java.lang.IllegalStateException: no such price"
    assert first(raised, f"[ERROR]   CartTest.sums:5 {end}") == raised


@pytest.mark.parametrize(
    "line",
    [
        "[ERROR]   CartTest>BasketTest.sums:33 expected:<8> but was:<7>",
        "[ERROR]   Run 1: CartTest.sums:33 expected:<8> but was:<7>",
        "20636 [ERROR]   CartTest.sums:33 expected:<8> but was:<7>",
    ],
)
def test_maven_summary_of_any_form_is_a_test_with_its_assertion(line: str):
    (only,) = said("[ERROR] Failures: ", line)
    assert (only.text, only.line) == (line.strip(), 33)


def test_go_test_without_a_line_below_is_a_name_only():
    raised = "panic: no such price"
    assert first("--- FAIL: TestX (0.00s)", "FAIL", raised) == raised


def test_go_panic_belongs_to_its_test():
    assert first("--- FAIL: TestX (0.00s)", "panic: no such price [recovered]") == (
        "--- FAIL: TestX (0.00s)\npanic: no such price [recovered]"
    )


def test_tcl_test_is_said_once_with_its_result_or_its_error():
    name = "==== cart-1.2 sums two prices FAILED"
    lines = ("---- Result was:", "4", "---- Result should have been (exact matching):", "3")
    (only,) = said(
        name, "==== Contents of test case:", "    sum 1 2", *lines, "==== cart-1.2 FAILED"
    )
    assert only.text == "\n".join((name, *lines))
    error = "---- errorInfo: no such price"
    (only,) = said(
        name, "---- Test generated error; Return code was: 1", error, "    while executing"
    )
    assert only.text == f"{name}\n{error}"


def test_alcotest_says_its_test_without_the_box_and_not_what_dune_says_before_it():
    (only,) = said(
        'File "test/dune", line 2, characters 7-16:',
        "2 |  (name cart))",
        "Testing `Cart'.",
        "This run has ID `KCQRMDXN'.",
        "> [FAIL]        sums          1   no price.",
        "│ [FAIL]        sums          1   no price.          │",
        "ASSERT the sum",
        "FAIL the sum",
        "   Expected: `0'",
        "   Received: `1'",
        "1 failure! in 0.001s. 2 tests run.",
    )
    assert only.text == "[FAIL] sums 1 no price.\nFAIL the sum\nExpected: `0'\nReceived: `1'"


SENT = "##[error]Upload: Failed to send: The process '/x/send' failed with exit code 1"


@pytest.mark.parametrize(
    "lines",
    [
        ("##[error]Unable to process file command 'output' successfully.", "##[error]Invalid x=7"),
        ("error - Invalid x=7", SENT),
    ],
)
def test_action_that_only_says_that_its_command_failed_is_no_reason(lines: tuple[str, ...]):
    assert "Invalid x=7" in said(*lines)[0].text


def test_difference_is_a_failed_test_only_where_it_is_of_one():
    place = 'File "test/cart.t", line 1, characters 0-0:'
    change = ("@@ -1,2 +1,2 @@", "   $ cart sum 1 2", "-  3", "+  4")
    assert first(place, "--- a/cart.t", "+++ b/cart.t.corrected", *change) == (
        f"{place}\n$ cart sum 1 2\n-  3\n+  4"
    )
    assert (
        first("--- cart.t", "+++ cart.t.err", *change) == "--- cart.t\n$ cart sum 1 2\n-  3\n+  4"
    )
    assert said("--- cart.t", "+++ new/cart.t", *change)[0].is_end
    error = "Error: Unbound module Cart"
    assert first(place, "1 | open Cart", error) == f"{place}\n{error}"
