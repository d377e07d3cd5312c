"""Runners that number what failed, or print TAP: told by their form rather than by their name."""

from rows.log_rules.rule import COUNTED, GIVEN, LINE, NAMED, PLACED, rule

STACK = (
    r"\s{2,60}at |\s{0,12}\d{1,4}\) |\s{0,8}\d{1,6} (?:passing|failing|pending)|"
    r"\s{0,8}(?:Stack:|To rerun)|\s{2,20}\+ expected - actual"
)

TESTING = (
    rule("tap", PLACED, r"^\s{0,40}not ok \d{0,7}(?!.{0,400}# (?:TODO|SKIP|todo|skip)) ?-? ?\S",
         "not ok 3 - sums two prices", more=6,
         after=r"(?!\s{0,40}(?:---|\.\.\.|stack:|at: |(?:not )?ok |"
         r"duration_ms|type: |location: |(?:code|failureType|name): ))(?:\s++|# ?)\S",
         skip=r"\s{0,40}(?:---|"
         r"duration_ms|type: |location: |(?:code|failureType|name): )|\s*$", within=14,
         until=r"\s{0,40}(?:\.\.\.|(?:not )?ok \d|stack:|\d{1,7}\.\.\d)|# (?:tests|pass|fail|"
         r"Looks like)", bare=COUNTED, read="tap"),
    rule("perl test", PLACED, r"^#\s{1,20}Failed test (?:'(?P<test>.{1,300})')?",
         "#   Failed test 'sums two'", more=3, repeats=True, after=r"#\s{1,20}\S"),
    rule("perl file", COUNTED, r"^(?P<path>\S{1,300}\.t)\s.{0,200}(?:Failed \d|Dubious|Wstat)",
         "t/cart.t (Wstat: 256 Tests: 2 Failed: 1)", word='.t'),
    rule("rspec name", COUNTED, r"^rspec " + GIVEN + r"(?::" + LINE + r"|\[[\d:]{1,30}\]) # ",
         "rspec ./spec/basket_spec.rb:5 # Basket sums two prices"),
    rule("minitest", PLACED, r"^ {1,2}\d{1,4}\) (?:Failure|Error):$", "  1) Failure:", more=4,
         until=r"\s{2,60}\S+:\d+:in |\s{0,4}\d{1,4}\) |\d{1,6} (?:runs|tests),", within=10,
         read="numbered"),
    rule("rails test", PLACED, r"^(?:Failure|Error):$", "Failure:", more=3, is_close=True,
         until=r"\s{2,60}\S+:\d+:in |rails test |bin/rails", bare=9, within=6),
    rule("test-unit", PLACED, r"^(?:Failure|Error): test\w{0,200}\(\w",
         "Failure: test_sums(CartTest)", more=3),
    rule("cucumber", COUNTED, r"^(?:cucumber|behat|behave) " + GIVEN + r":" + LINE + r" #",
         "cucumber features/cart.feature:3 # Scenario: two prices"),
    rule("phpunit test", PLACED, r"^\d{1,4}\) \w[\w\\]{0,200}::\w",
         "1) App\\Tests\\BasketTest::testSumsTwo", more=3,
         until=r"/\S{1,300}:\d{1,7}$|\d{1,4}\) ", bare=COUNTED),
    rule("exunit test", PLACED,
         r"^ {2}\d{1,4}\) (?:test|doctest|property) .{1,400} \([\w.]{1,200}\)$",
         "  1) test sums two prices (CartTest)", more=4, within=12,
         until=r"\s{2,12}(?:stacktrace:|\d{1,4}\) )", bare=COUNTED, place=None),
    rule("eunit", PLACED, r"^(?:\s{0,8}|.{0,300}\.\.\.)\*failed\*$",
         "cart_tests: sums_test...*failed*", more=4, bare=COUNTED, word='*failed*'),
    rule("numbered test", PLACED, r"^\s{0,6}\d{1,4}\) (?!.{0,400}(?:\bpassed\b|\bok$))\S",
         "  1) cart", more=5, after=r"\s{2,200}(?!# )\S", until=STACK, within=18, bare=11,
         read="numbered", place=r"\s{2,60}# (?P<path>[^\s:]{1,300}):(?P<line>\d{1,7})"),
    rule("busted", PLACED, r"^(?:Failure|Error) (?:→|->) (?P<path>\S{1,300}) @ " + LINE,
         "Failure → spec/cart_spec.lua @ 3", more=4, bare=COUNTED),
    rule("testthat", PLACED,
         r"^\s{0,4}(?:── |-- |══ |== )(?:\d{1,4}\. )?(?:Failure|Error)\b.{0,300}",
         "── Failure (test-cart.R:3:3): sums two ──", more=4,
         until=r"\s{0,4}(?:── |-- |══ |== )|\[ FAIL", bare=COUNTED),
    rule("julia test", PLACED,
         r"^.{0,200}: (?:Test Failed|Error During Test) at (?P<path>\S{1,300}):" + LINE,
         "calc: Test Failed at /app/test/runtests.jl:9", more=3, until=r"Stacktrace|ERROR: ",
         word='Test'),
    rule("julia test without a set", PLACED,
         r"^(?:Test Failed|Error During Test) at (?P<path>\S{1,300}):" + LINE,
         "Error During Test at /app/test/runtests.jl:9", more=3, until=r"Stacktrace|ERROR: "),
    rule("bats", PLACED, r"^ ✗ \S", " ✗ sums two prices", more=3, after=r"\s{2,8}\S",
         bare=COUNTED),
    rule("pester", PLACED, r"^\s{0,12}\[-\] \S", "  [-] sums two prices 12ms (10ms|2ms)", more=2,
         after=r"\s{1,16}\S", bare=COUNTED),
    rule("dart test", PLACED,
         r"^\d\d:\d\d \+\d{1,6}(?: ~\d{1,5})?(?: -\d{1,6})?: .{1,400} \[E\]$",
         "00:01 +3 -1: sums two prices [E]", more=3,
         until=r"\s{2,40}(?:package:|dart:)|\d\d:\d\d", bare=COUNTED),
    rule("common test", PLACED, r"^%%% .{1,300} ==> .{0,300}: (?:FAILED|ERROR)",
         "%%% cart_SUITE ==> sums: FAILED", more=3),
    rule("vader", PLACED,
         r"^\s{0,8}\(\s{0,3}\d{1,4}/\s{0,3}\d{1,4}\) \[\s{0,4}\w{1,12}\] \(X\) \S",
         "    (1/2) [EXECUTE] (X) 7 should be equal to 8", word='(X)'),
    rule("crossed test", PLACED,
         r"^\s{0,20}(?:✖|✘|✗|✕|❌) (?!\d{1,6} (?:error|problem|test|failed|of))\S",
         "    ✕ sums two prices (3 ms)", more=2, after=r"(?!\s{0,20}[✔✓√✖✘✗✕─])\s{2,40}\S",
         bare=COUNTED),
    rule("failed test", PLACED, r"^\s{0,8}(?:FAIL(?:ED)?|Failed|FAILURE)(?: -|:|\s{2,8}| test:) "
         r"?(?!\d|\S{1,300}\.\w{1,5}(?: \(|$))\S", '   FAIL  "sums two prices"', more=3,
         after=r"\s{2,40}\S", bare=COUNTED, until=STACK),
    rule("failed name", COUNTED,
         r"^(?:(?:\[FAIL(?:ED)?\]|\(FAIL\)) \S|\S.{0,200}(?:\.{2,200}|:|\t) "
         r"?\[?FAIL(?:ED)?\]?!?$|" r"\S{1,300}\s{1,80}\[?FAIL(?:ED)?\]?$)",
         "test_cart.sh ... FAILED", word="FAIL"),
    rule("failed name in small letters", COUNTED,
         r"^\S.{0,200}(?:\.{2,200}|:|\t) ?\[?[Ff]ail(?:ed)?\]?!?$", "test_cart.sh ... failed",
         word="ail"),
    rule("comparison", NAMED,
         r"^\s{0,12}(?:Expected|expected):? .{1,300}(?:but |, )(?:was|got|found|"
         r"instead|received|actual)", "Expected 8 but got 7", more=1),
)  # fmt: skip
