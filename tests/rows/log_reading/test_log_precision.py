"""What would mislead: what only passes on, what passed in the end, what stands before a line."""

import pytest

from tests.rows.log_reading.test_log_rules_forms import first, said

DOCKER = 'ERROR: failed to solve: process "/bin/sh -c make" did not complete successfully: 2'
GRADLE = "* What went wrong:"
REPORT = "> There were failing tests. See the report at: file:///app/index.html"


@pytest.mark.parametrize(
    ("marked", "line"),
    [
        (f"##[error]buildx failed with: {DOCKER}", "the price list is stale"),
        ("##[error]Error: failed to run script step: command terminated with exit code 2",
         "run.py: error: argument --shop: invalid choice: 'x'"),
        ("##[error]Terraform exited with code 1.", "Error: no such price"),
        ("##[error]Node run failed with exit code 1", "Error: no such price"),
        ("##[error]Dependabot encountered an error performing the update", "Error: no price"),
    ],
)  # fmt: skip
def test_mark_of_the_runner_makes_no_more_of_what_only_passes_on(marked: str, line: str):
    assert first("Adding prices", line, marked) == line.replace(
        "the price", "Adding prices\nthe price"
    )


def test_builder_that_shows_its_dockerfile_says_what_the_stage_printed():
    assert (
        first(
            "#9 [4/6] RUN make",
            "#9 1.201 reading prices",
            "#9 1.301 the price list is stale",
            '#9 ERROR: process "/bin/sh -c make" did not complete successfully: exit code: 2',
            "------",
            " > [4/6] RUN make:",
            "1.301 the price list is stale",
            "------",
            "Dockerfile:14",
            "--------------------",
            "  12 |     COPY . .",
            "  14 | >>> RUN make",
            "--------------------",
            DOCKER,
            f"##[error]buildx failed with: {DOCKER}",
        )
        == "1.301 the price list is stale"
    )


@pytest.mark.parametrize(
    "before",
    ["#9 12.31 ", "[2026-03-02 12:00:00] [build-stderr] ", "app-1  | ", "[shop:build] "],
)  # fmt: skip
def test_what_stands_before_the_lines_of_others_is_no_part_of_them(before: str):
    lines = ("FAILURE: Build failed with an exception.", GRADLE, "No such price", "* Try:")
    assert first(*(before + line for line in lines)) == f"{GRADLE}\nNo such price"


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("web:test:  FAIL  web/a.test.ts > cart > sums", "FAIL  web/a.test.ts > cart > sums"),
        ("@shop/web:build:ci: error TS6053: no a.ts", "error TS6053: no a.ts"),
        ("[shop:unit] CartTest > sums() FAILED", "CartTest > sums() FAILED"),
        ("[12:00:01]: ▸     ✗ testSums, failed - 7 is not 8", "✗ testSums, failed - 7 is not 8"),
        ("cart:error: no such price", "cart:error: no such price"),
        ("shop:latest: error: no such price", "shop:latest: error: no such price"),
        ("[ERROR] no such price", "[ERROR] no such price"),
    ],
)
def test_task_runner_says_which_task_before_each_line(line: str, text: str):
    assert first(line) == text


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (
            (
                "  1) [chromium] › web/a.spec.ts:3:1 › sums ────",
                "",
                "    Error: timed out",
                "",
                "  2) [chromium] › web/b.spec.ts:3:1 › pays ────",
                "",
                "    Error: no such price",
                "",
                "  1 failed",
                "    [chromium] › web/b.spec.ts:3:1 › pays ────",
                "  1 flaky",
                "    [chromium] › web/a.spec.ts:3:1 › sums ────",
                "  10 passed (4.4m)",
            ),
            "2) [chromium] › web/b.spec.ts:3:1 › pays ────\nError: no such price",
        ),
        (
            (
                "[ERROR] shop.ATest.sums -- Time elapsed: 0.05 s <<< FAILURE!",
                "java.lang.AssertionError: too late",
                "",
                "[ERROR] shop.BTest.pays -- Time elapsed: 0.05 s <<< FAILURE!",
                "java.lang.AssertionError: no such price",
                "",
                "[WARNING] Flakes: ",
                "[WARNING] shop.ATest.sums",
                "[ERROR]   Run 1: ATest.sums:9 too late",
                "[INFO]   Run 2: PASS",
            ),
            "[ERROR] shop.BTest.pays -- Time elapsed: 0.05 s <<< FAILURE!"
            "\njava.lang.AssertionError: no such price",
        ),
        (
            (
                "ATest > sums() FAILED",
                "    java.lang.AssertionError at ATest.java:9",
                "",
                "ATest > sums() PASSED",
                "",
                "BTest > pays() FAILED",
                "    java.lang.AssertionError at BTest.java:9",
            ),
            "BTest > pays() FAILED\njava.lang.AssertionError at BTest.java:9",
        ),
        (
            (
                "=== FAIL: shop TestSums (0.00s)",
                "    a_test.go:9: too late",
                "",
                "=== FAIL: shop TestPays (0.00s)",
                "    b_test.go:9: got 7, want 8",
                "",
                "=== FAIL: shop TestPays (re-run 1) (0.00s)",
                "    b_test.go:9: got 7, want 8",
            ),
            "=== FAIL: shop TestPays (0.00s)\nb_test.go:9: got 7, want 8",
        ),
    ],
    ids=["playwright", "surefire", "gradle", "gotestsum"],
)
def test_test_that_passed_when_run_again_is_no_reason_beside_others(
    lines: tuple[str, ...], text: str
):
    assert first(*lines) == text


def test_flaky_test_is_the_reason_where_there_is_no_other():
    sums = ["  1) [chromium] › web/a.spec.ts:3:1 › sums ────", "", "    Error: timed out", ""]
    lines = [*sums, *(line.replace("sums", "pays").replace("1)", "2)") for line in sums)]
    listed = "    [chromium] › web/a.spec.ts:3:1 › "
    texts = [one.text for one in said(*lines, "  2 flaky", f"{listed}sums ──", f"{listed}pays ──")]
    assert [text.partition("\n")[0][:2] for text in texts] == ["1)", "2)"]


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (("TASK [look] ****", "fatal: [a]: FAILED! => {}", "...ignoring", "TASK [pay] ****",
          'fatal: [a]: FAILED! => {"msg": "no price"}'),
         'TASK [pay]\nfatal: [a]: FAILED! => {"msg": "no price"}'),
        (("The following TestFailure was thrown running a test:", "Expected: <0>", "  Actual: <1>",
          "", "When the exception was thrown, this was the stack:",
          "00:05 +1 -1: /app/test/a_test.dart: sums [E]",
          "  Test failed. See exception logs above.", "  The test description was: sums"),
         "00:05 +1 -1: /app/test/a_test.dart: sums [E]\nExpected: <0>\nActual: <1>"),
        (("│ Error: Unsupported argument", "│ ", "│   with module.shop,",
          "│   on shop.tf line 4, in module \"shop\":", "│    4:   price = 8", "│ ",
          "│ An argument named \"price\" is not expected here."),
         "│ Error: Unsupported argument\n│   on shop.tf line 4, in module \"shop\":"
         "\n│ An argument named \"price\" is not expected here."),
        (("Dependabot encountered '1' error(s) during execution", "+------------+",
          "|   Errors   |", "+------------+", "| file_not_resolvable |"),
         "Dependabot encountered '1' error(s) during execution\n| file_not_resolvable |"),
        (("    warning: variable \"x\" is unused", "", "Compilation failed due to warnings while"),
         "warning: variable \"x\" is unused\nCompilation failed due to warnings while"),
        (("npm error code EACCES", "npm error syscall mkdir", "npm error path /usr/lib/a",
          "npm error errno -13", "npm error Error: EACCES: permission denied, mkdir '/usr/lib/a'"),
         "npm error code EACCES\nnpm error Error: EACCES: permission denied, mkdir '/usr/lib/a'"),
        (("ImportError while loading conftest '/app/conftest.py'.", "conftest.py:3: in <module>",
          "    import shop", "E   ModuleNotFoundError: No module named 'shop'"),
         "ImportError while loading conftest '/app/conftest.py'."
         "\nE   ModuleNotFoundError: No module named 'shop'"),
        (("//shop:cart_test                FAILED in 3 out of 3 in 0.5s",
          "  Stats over 3 runs: max = 0.5s"), "//shop:cart_test                FAILED in 3 out of 3"
         " in 0.5s"),
        (("Unknown Error: no such price", "Test Files  15 passed (15)"),
         "Unknown Error: no such price"),
        (('Jest: "global" coverage threshold for lines (80%) not met: 78%', "Tests: 4 passed"),
         'Jest: "global" coverage threshold for lines (80%) not met: 78%'),
        (("/app/Cart.java:44:\tUnusedField:\tAvoid unused fields.", GRADLE,
          "Execution failed for task ':pmdMain'.", "> 1 PMD rule violations. See the report at: a"),
         "/app/Cart.java:44:\tUnusedField:\tAvoid unused fields."),
        (("Test run failed to complete. Process crashed.", GRADLE,
          "Execution failed for task ':connectedTest'.", REPORT),
         "Test run failed to complete. Process crashed."),
        (("➤ YN0002: │ a doesn't provide react, requested by b.",
          "➤ YN0028: │ The lockfile would have been modified, which is explicitly forbidden."),
         "➤ YN0028: │ The lockfile would have been modified, which is explicitly forbidden."),
        ((" ✘ Container shop-db-1  Error dependency db failed to start",
          "dependency failed to start: container shop-db-1 is unhealthy"),
         "dependency failed to start: container shop-db-1 is unhealthy"),
        (("##[error]auth failed with: {", '  "error": {', '    "code": 403,',
          '    "message": "Permission denied on the shop",', "  }", "}"),
         'auth failed with: {\n"message": "Permission denied on the shop",'),
        (("=== RUN   TestCart", "    cart_test.go:9: Step 1 error: exit status 1", "",
          "        Error: no such price", "--- FAIL: TestCart (1.79s)"),
         "--- FAIL: TestCart (1.79s)\ncart_test.go:9: Step 1 error: exit status 1"
         "\nError: no such price"),
        (("thread 'tests::sums' panicked at src/lib.rs:9:5:", "assertion `left == right` failed",
          "  left: 7", " right: 8", "note: run with"),
         "thread 'tests::sums' panicked at src/lib.rs:9:5:\nassertion `left == right` failed"
         "\nleft: 7\nright: 8"),
        (("Error: no shop yet, retrying in 5s", "Error: no shop. Retrying (2/3)", "no cart left"),
         "no cart left"),
        (("Error: no shop yet, retrying in 5s", "Error: no shop after 3 attempts"),
         "Error: no shop after 3 attempts"),
        (("  1) cart", "     sums:", "     Error: Timed out retrying after 4000ms: no price"),
         "1) cart\nsums:\nError: Timed out retrying after 4000ms: no price"),
        (("WARNING  Error during upload.", "ERROR    HTTPError: 400 Bad Request from the shop",
          "         File already exists ('cart-1.0.tar.gz')."),
         "ERROR    HTTPError: 400 Bad Request from the shop\nFile already exists"
         " ('cart-1.0.tar.gz')."),
        (("error: Failed to publish `cart` to the shop", "  Caused by: File already exists"),
         "error: Failed to publish `cart` to the shop\nCaused by: File already exists"),
        (("##[error]The shop refused: ", "Token request failed:", "", "* `invalid-cart`: no price"),
         "The shop refused:\nToken request failed:\n* `invalid-cart`: no price"),
        (("ERROR: Error during SonarScanner execution", "ERROR: QUALITY GATE STATUS: FAILED",
          "ERROR: Re-run SonarScanner using the -X switch"), "ERROR: QUALITY GATE STATUS: FAILED"),
        (("🦋  info publishing", "🦋  error an error occurred while publishing cart: E403"),
         "error an error occurred while publishing cart: E403"),
        (("  Unexpected error:", "      <*errors.errorString | 0xc20850e0a0>: {",
          '          s: "no such price",', "      }", "  occurred", "[Fail] cart [It] sums"),
         'Unexpected error:\ns: "no such price",'),
        (("➤ YN0035: You cannot publish over the cart: 4.0.0.", "➤ YN0000: Failed with errors"),
         "➤ YN0035: You cannot publish over the cart: 4.0.0."),
        (("Error handling test passed", "errors count is zero", "the index is stale"),
         "the index is stale"),
    ],
)  # fmt: skip
def test_a_line_says_which_and_why(lines: tuple[str, ...], text: str):
    assert first(*lines) == text
