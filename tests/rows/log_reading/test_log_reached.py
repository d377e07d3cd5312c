"""What a tool says at length before, or behind, what is wrong: the reason holds that."""

import pytest

from tests.rows.log_reading.test_log_rules_forms import first, said

JEST = (
    "  ● Test suite failed to run",
    "",
    "    Jest encountered an unexpected token",
    "",
    "    Jest failed to parse a file. This happens when it is of another syntax.",
    "",
    "    Out of the box Jest supports Babel.",
    "",
    '    By default "node_modules" folder is ignored by transformers.',
    "",
    "    Here's what you can do:",
    "     • If you are trying to use TypeScript, see https://example.org/typescript",
    '     • To have some of your files transformed, specify "transformIgnorePatterns".',
    "",
    "    You'll find more details and examples of these config options in the docs:",
    "    https://example.org/configuration",
    "",
    "    Details:",
    "",
    "    /app/web/cart.js:1",
    '    ({"Object.<anonymous>":function(module,exports){import sum from "./sum";',
    "                                                    ^^^^^^",
    "",
    "    SyntaxError: Cannot use import statement outside a module",
    "",
    "      at Runtime.createScriptFromCode (node_modules/jest-runtime/build/index.js:1505:14)",
    "",
    "Test Suites: 1 failed, 1 total",
)


def test_jest_says_what_is_wrong_after_its_advice():
    assert first(*JEST) == (
        "● Test suite failed to run\nJest encountered an unexpected token\n"
        "SyntaxError: Cannot use import statement outside a module"
    )


def test_jest_counts_belong_to_no_test():
    assert first("  ● sums", "    no price", "", "Test Suites: 1 failed") == "● sums\nno price"


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (("error    libmamba Could not solve for environment specs",
          "    The following packages are incompatible",
          "    ├─ cart ~= does not exist (perhaps a typo or a missing channel);",
          "critical libmamba Could not solve for environment specs"),
         "The following packages are incompatible\n"
         "├─ cart ~= does not exist (perhaps a typo or a missing channel);"),
        (("  error    libmamba Could not solve for environment specs",
          "      Encountered problems while solving:", "        - nothing provides cart 1.0",
          "  critical libmamba UnsatisfiableError"),
         "Encountered problems while solving:\n- nothing provides cart 1.0"),
        (("critical libmamba Error parsing version \">1\".",),
         "critical libmamba Error parsing version \">1\"."),
        (("Resolving dependencies...", "Could not find compatible versions", "",
          "Because cart < 2 needs shop", "  and Gemfile depends on cart < 2,",
          "  version solving has failed."),
         "Could not find compatible versions\nBecause cart < 2 needs shop\n"
         "and Gemfile depends on cart < 2,"),
        (("browserType.launch: Executable doesn't exist at /app/chrome",
          "╔═══════════════╗", "║ Run: install  ║", "╚═══════════════╝",
          "    at sums (/app/web/cart.js:3:10) {", "  name: 'Error'", "}"),
         "browserType.launch: Executable doesn't exist at /app/chrome"),
        (("tests/test_cart.py .FFatal Python error: Segmentation fault", "",
          "Current thread 0x00007f (most recent call first):",
          '  File "/app/tests/test_cart.py", line 3 in test_sum',
          "Segmentation fault (core dumped)"),
         "tests/test_cart.py .FFatal Python error: Segmentation fault"),
        (("Crate:     cart", "Version:   0.5.0", "Title:     `cart` loses prices",
          "Date:      2026-01-09", "ID:        RUSTSEC-2026-0421"),
         "Crate:     cart\nTitle:     `cart` loses prices\nID:        RUSTSEC-2026-0421"),
        (("  failed Sums (2, \"a\") (6s 220ms)", "    Assert.AreEqual failed. Expected:<8>.",
          "      at Cart.Tests.Sums(Int32 of) in /_/test/Cart.cs:28", "Test run summary: Failed!"),
         'failed Sums (2, "a") (6s 220ms)\nAssert.AreEqual failed. Expected:<8>.'),
        (("  Unknown option '--shop'", "Test run summary: Failed!"), "Unknown option '--shop'"),
        (("(04:11:29) ERROR: C:/app/BUILD.bazel:69:11: Compiling cart.c failed: no prices",
          "(04:11:30) ERROR: Build did NOT complete successfully"),
         "ERROR: C:/app/BUILD.bazel:69:11: Compiling cart.c failed: no prices"),
        (("[04-09 22:41:59.536] [error] Failed tests:",
          "[04-09 22:41:59.538] [error] \tshop.CartSpec"),
         "[error] \tshop.CartSpec"),
        (("panic: test timed out after 5s", "", "goroutine 5 [running]:", "main.sum()"),
         "panic: test timed out after 5s"),
        (("reading prices", "the index is stale", "___________ summary ____________"),
         "reading prices\nthe index is stale"),
        (("ERROR: web/cart.ts:3:10 - Missing semicolon",),
         "ERROR: web/cart.ts:3:10 - Missing semicolon"),
        (("ERROR in web/cart.ts:2:9 - error TS2322: Type 'a' is no number.",),
         "ERROR in web/cart.ts:2:9 - error TS2322: Type 'a' is no number."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_reached(lines: tuple[str, ...], text: str):
    assert first(*lines) == text


def test_jest_names_the_file_above_its_tests():
    tests = ("  ● Cart › sums", "", "    no price", "", "  ● Cart › counts", "", "    no cart")
    lines = ("PASS web/a.test.ts", " FAIL  web/cart.test.ts (5.1 s)", *tests, "FAIL web/b.test.ts",
             *JEST)  # fmt: skip
    assert [message.path for message in said(*lines)] == [
        "web/cart.test.ts", "web/cart.test.ts", "web/b.test.ts",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("begins", "path"),
    [("e: file:///C:/app/Cart.kt", "C:/app/Cart.kt"), ("e: file:///app/Cart.kt", "/app/Cart.kt"),
     ("e: /app/Cart.kt", "/app/Cart.kt"), ("e: C:/app/Cart.kt", "C:/app/Cart.kt")],
)  # fmt: skip
def test_kotlin_names_a_file_of_any_system(begins: str, path: str):
    (reason,) = said(f"{begins}:14:29 Unresolved reference: prise", GRADLE_SAYS)
    assert (reason.path, reason.line) == (path, 14)


GRADLE_SAYS = "* What went wrong:"
