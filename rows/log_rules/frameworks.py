"""Runners of tests with a form of their own, by language: Go's to R's."""

from rows.log_rules.rule import COUNTED, GIVEN, LINE, NAMED, NOTHING, PLACED, RAISED, VAGUE, rule

BDD = (
    rule("behave", PLACED, r"^\s{2,12}(?:Assertion Failed|ASSERT FAILED): \S",
         "      Assertion Failed: expected 8, got 7"),
    rule("robot", PLACED, r"^\S.{0,300}\| FAIL \|$",
         "Sums Two Prices                                  | FAIL |", more=3, word="| FAIL |",
         is_close=True, until=r"[-=]{20}|\d{1,6} tests?, |.{1,300}\| (?:FAIL|PASS) \|$",
         bare=NOTHING),
    rule("expected and got", RAISED, r"^\s{0,12}expected: \S", "expected: 8", more=1,
         after=r"\s{1,24}(?:but )?got: \S", bare=NOTHING, is_close=True),
    rule("failed steps", NOTHING, r"^\(::\) failed steps \(::\)", "(::) failed steps (::)"),
    rule("doctest of haskell", PLACED, r"^" + GIVEN + r":" + LINE + r": failure in expression ",
         "src/Cart.hs:4: failure in expression `total [3, 4]'", more=2),
)  # fmt: skip

PHP = (
    rule("pest file", COUNTED, r"^\s{1,6}FAIL {1,3}[A-Z]\w{0,60}\\\S",
         "   FAIL  Tests\\Unit\\CartTest"),
    rule("pest", PLACED, r"^\s{1,6}FAILED {1,3}[A-Z]\w{0,60}\\.{1,300} (?:>|›) ",
         "   FAILED  Tests\\Unit\\CartTest > it sums two prices", more=2, until=r"[^\w\s]",
         place=r"\s{1,4}at (?P<path>[^\s:]{1,300}):" + LINE),
    rule("php assertion", RAISED, r"^\s{2,12}Failed asserting that \S",
         "      Failed asserting that 7 matches expected 8."),
)  # fmt: skip

NATIVE_TESTS = (
    rule("gotestsum", PLACED, r"^=== FAIL: \S{1,300} Test\S{0,300} \((?:re-run )?\d", more=2,
         bare=COUNTED, example="=== FAIL: cart TestSums (0.00s)",
         after=r"\s+(?:(?P<path>[^\s:()]{1,300}\.go):(?P<line>\d{1,7}): |\S)",
         until=r"===? |DONE ", read="go"),
    rule("gocheck", PLACED, r"^(?:FAIL|PANIC): (?P<path>\S{1,300}\.go):" + LINE + r": \S",
         "FAIL: cart_test.go:14: CartSuite.TestSums", more=3, after=r"\.\.\. \S", skip=r".",
         until=r"-{20}|OOPS", bare=COUNTED),
    rule("ginkgo", PLACED, r"^\s{0,12}\[(?:FAILED|PANICKED)\] (?!\[)\S", "  [FAILED] Expected",
         more=4, until=r"\s{0,12}(?:In \[|There were|Full Stack)",
         place=r"\s{0,12}In \[.{1,60}\] at: (?P<path>[^\s:]{1,300}):" + LINE),
    rule("gomega", PLACED, r"^\s{0,16}(?:Expected|(?:Expected|Unexpected) error:)$", "    Expected",
         more=3, skip=r"\s+<|\s+\}", bare=NOTHING, is_close=True,
         after=r"\s+<\S[^>]{0,200}>: (?!\{)|\s+s: \"|\s{0,16}to (?!have occ)\S"),
    rule("bun test", PLACED, r"^error: expect\(", "error: expect(received).toBe(expected)",
         more=2, after=r"\s{0,4}(?:Expected|Received|[-+] )", bare=NAMED),
    rule("nim test", PLACED, r"^\s{1,8}(?P<path>[^\s:()]{1,300}\.nim)\(" + LINE
         + r", \d{1,7}\): (?:Check|Require|Expect) failed: ",
         "    /app/tests/tcart.nim(7, 18): Check failed: total(@[3, 4]) == 8", more=2,
         until=r"\s{0,8}\["),
    rule("nim program", VAGUE, r"^Error: execution of an external program failed",
         "Error: execution of an external program failed: '/app/tests/tcart '"),
    rule("meson test", PLACED,
         r"^\s{0,4}\d{1,5}/\d{1,5} \S.{0,300} (?:FAIL|TIMEOUT|ERROR) {1,20}[\d.]{1,12}s\b",
         "2/2 price   FAIL            0.02s   exit status 1", more=3, bare=COUNTED, repeats=True,
         after=r"(?!>>> |[^\w\s]{3}|std(?:err|out):$)\s*+\S", skip=r".", within=14,
         until=r"Summary of|[A-Z][a-z]{1,12}:? {1,20}\d|\s{0,4}\d{1,5}/\d{1,5} "),
    rule("cmocka", PLACED, r"^\[  ERROR   \] --- \S", "[  ERROR   ] --- 0x7 != 0x8", more=1,
         after=r"\[   LINE   \] --- (?P<path>[^\s:]{1,300}):(?P<line>\d{1,7}): "),
    rule("cmocka line", NOTHING, r"^\[   LINE   \] ",
         "[   LINE   ] --- /app/test_cart.c:9: error: Failure!"),
    rule("check", PLACED, r"^(?P<path>[^\s:]{1,300}):" + LINE + r":[FE]:\S.{0,200}:\d{1,6}: \S",
         "test_cart.c:9:F:Core:test_sums:0: Assertion 'total() == 8' failed"),
    rule("unity", PLACED, r"^(?P<path>[^\s:]{1,300}):" + LINE + r":\w{1,200}:FAIL: ?\S",
         "test/test_cart.c:9:test_sums:FAIL: Expected 8 Was 7"),
    rule("criterion", PLACED, r"^\[----\] " + GIVEN + r":" + LINE + r": (?:Assertion|Unexpected)",
         "[----] test_cart.c:9: Assertion Failed", more=2, after=r"\[----\]\s{1,8}\S",
         skip=r"\[----\]\s*$"),
    rule("doctest of c++", PLACED, r"^(?P<path>[^\s:()]{1,300})[:(]" + LINE
         + r"\)?: (?:FATAL )?ERROR: (?=.{0,300}(?:NOT correct|THREW|CRASHED|did NOT throw))",
         "/app/test_cart.cpp:10: ERROR: CHECK( total() == 8 ) is NOT correct!", more=2,
         until=r"[=-]{9}"),
    rule("cpputest", PLACED, r"^(?P<path>[^\s:]{1,300}):" + LINE
         + r": error: Failure in (?:TEST|IGNORE)",
         "/app/test_cart.cpp:9: error: Failure in TEST(Cart, Sums)", more=2,
         after=r"\t(?!\s{0,40}\^)\S", until=r"\tdifference"),
    rule("qt test", PLACED, r"^(?:FAIL!|XPASS) {1,3}: \S",
         "FAIL!  : TestCart::sums() Compared values are not the same", more=2,
         after=r"\s{3}(?!Loc: )\S", place=r"\s{3}Loc: \[(?P<path>[^()\]]{1,300})\(" + LINE + r"\)"),
    rule("d", PLACED, r"^(?:core|object|std)\.[\w.]{1,100}@(?P<path>[^()]{1,300})\(" + LINE
         + r"\): ?\S", "core.exception.AssertError@source/cart.d(9): 7 != 8"),
    rule("d program", VAGUE, r"^Error Program exited with code",
         "Error Program exited with code 1"),
    rule("expecto", PLACED, r"^\[\d\d:\d\d:\d\d ERR\] \S.{0,300} (?:failed|errored) in \d",
         "[03:00:00 ERR] cart.sums two prices failed in 00:00:00.0310000.", more=1),
    rule("serilog", NAMED, r"^\[\d\d:\d\d:\d\d (?:ERR|FTL)\] \S", "[03:00:00 ERR] no such price"),
)  # fmt: skip

DATA_TESTS = (
    rule("k6", PLACED, r"^time=\S{1,60} level=error msg=.{0,4}thresholds? on metrics",
         'time="2026-11-21T03:00:00Z" level=error msg="thresholds on metrics \'a\' crossed"'),
    rule("newman", PLACED, r"^\s{0,4}\d{1,4}\.\s{1,4}\w{0,60}Error\s{2,12}\S",
         " 1.  AssertionError  Status code is 200", more=1, after=r"\s{4,60}\S"),
    rule("tinytest", PLACED, r"^----- FAILED\[\w{1,20}\]: (?P<path>[^\s<]{1,300})<" + LINE,
         "----- FAILED[data]: test_cart.R<4--4>", more=2, after=r"\s{1,4}(?:call|diff|info)\|"),
    rule("octave", PLACED, r"^(?:error: )?ASSERT errors for:",
         "ASSERT errors for:  assert (total (),8)", more=2, after=r"\s{2,8}\S"),
    rule("dbt", PLACED, r"^\d\d:\d\d:\d\d {2,4}(?:Failure|\w{1,20} Error) in \w{1,20} .{1,200}"
         r"\((?P<path>[^\s()]{1,300})\)$",
         "03:00:03  Failure in test not_null_orders_id (models/schema.yml)", more=2,
         after=r"\d\d:\d\d:\d\d {2,8}\S", skip=r"\d\d:\d\d:\d\d\s*$"),
    rule("dbt line", COUNTED, r"^\d\d:\d\d:\d\d {2}\d{1,6} of \d{1,6} (?:FAIL|ERROR) ",
         "03:00:03  1 of 1 FAIL 3 not_null_orders_id ..... [FAIL 3 in 0.12s]"),
    rule("dbt counts", NOTHING, r"^\d\d:\d\d:\d\d {2}(?:Done\. PASS=|Completed with )",
         "03:00:03  Done. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1"),
    rule("sqlfluff", PLACED, r"^L: {0,6}" + LINE + r" \| P: {0,6}\d{1,6} \| \S",
         "L:   3 | P:   1 | LT02 | Expected indent of 4 spaces. [layout.indent]"),
)  # fmt: skip

DOCUMENTED = (
    rule("pytest doctest", PLACED, r"^_{3,200} \[doctest\] \S.{0,300} _{3,200}$",
         "___________ [doctest] cart.total ___________", more=4, skip=r"\d{3} |\d{3}$", within=40,
         after=r"(?:Expected:|Expected nothing|Got:|Got nothing)$|\s{4}\S|UNEXPECTED EXCEPTION",
         place=r"(?P<path>[^\s:]{1,300}\.\w{1,5}):" + LINE + r": "),
    rule("doctest", PLACED, r"^Failed example:$", "Failed example:", more=5, until=r"\*{3}"),
    rule("pytest worker that crashed", RAISED, r"^worker '\w{1,20}' crashed while running ",
         "worker 'gw0' crashed while running 'tests/test_cart.py::test_sums'"),
    rule("jest without tests", RAISED, r"^No tests found, exiting with code ",
         "No tests found, exiting with code 1"),
    rule("spring", RAISED, r"^APPLICATION FAILED TO START$", "APPLICATION FAILED TO START", more=2,
         after=r"(?!Description:|Action:|\*{3})\S", skip=r"Description:|\*{3}"),
)  # fmt: skip

SELDOM = (
    rule("glog", NAMED, r"^[EF]\d{4} \d\d:\d\d:\d\d", "F1121 03:00:00.000000  1 a.go:14] no price"),
    rule("purescript", PLACED, r"^\[\d{1,4}/\d{1,4} \w{1,60}\] " + GIVEN + r":" + LINE + r":",
         "[1/1 TypesDoNotUnify] src/Cart.purs:4:10", more=4, within=24,
         after=r"\s{2,8}(?!\d|\s{0,80}\^)\S", skip=r"\s{2}"),
    rule("lisp", RAISED, r"^Unhandled \S{1,80} in thread ", more=1,
         example='Unhandled UNBOUND-VARIABLE in thread #<SB-THREAD:THREAD "main thread" RUNNING>:'),
    rule("prolog", PLACED, r"^ERROR: (?P<path>[^\s:]{1,300}):" + LINE + r":(?:\d{1,7}:)?$",
         "ERROR: /app/cart.plt:4:", more=2, after=r"ERROR:\s{2,8}\S"),
    rule("matlab", PLACED, r"^(?:Verification|Assertion) failed in \S",
         "Verification failed in CartTest/sums.", more=2, within=12, skip=r"\s{4}",
         after=r"\s{4}(?!---|(?:Test|Framework) Diagnostic)\S"),
    rule("move", PLACED, r"^│ error\[\w{1,20}\]: ", "│ error[E11001]: test failure", more=2,
         skip=r"│",
         after=r"│\s{1,9}┌─ (?P<path>[^\s:]{1,300}):(?P<line>\d{1,7})|│[\s│]{1,80}\^{1,200} \S"),
    rule("cairo", PLACED, r"^\[FAIL\] \w{1,100}::\S{1,300}$", "[FAIL] cart::tests::sums", more=1,
         after=r"\s{4}\S", skip=r"Failure data:", bare=COUNTED),
    rule("godot", PLACED, r"^\s{2,8}\[Failed\]:\s{1,4}\S",
         "    [Failed]:  [7] expected to equal [8]:", more=1,
         after=r"\s{6}at line (?P<line>\d{1,7})"),
)  # fmt: skip

FRAMEWORKS = (*SELDOM, *BDD, *PHP, *NATIVE_TESTS, *DATA_TESTS, *DOCUMENTED)
