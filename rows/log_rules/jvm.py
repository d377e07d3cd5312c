"""Maven, Gradle, javac, kotlinc, ant, sbt, ScalaTest, specs2, Clojure, Android."""

from rows.log_rules.rule import COUNTED, GIVEN, LINE, PLACED, RAISED, SAID, VAGUE, rule

STACK = r"\s{1,40}at "
RUNNING = r"(?:\d{1,9} )?"
"""What some builds print before a line: milliseconds."""
ERROR = RUNNING + r"(?:\[ERROR\] )?"

JVM = (
    rule("surefire test", PLACED, r"^" + ERROR + r"\s{0,4}\S.{0,500}(?:Time elapsed: .{1,20})?"
         r"<<< (?:FAILURE|ERROR)!(?!.{0,20}- in )",
         "[ERROR] shop.CartTest.sums  Time elapsed: 0.05 s  <<< ERROR!", more=3,
         after=r"(?!Tests run:)\s*+\S", until=r"(?:\s{1,40}at |\[ERROR\] (?:Tests|  )|"
         r"\[(?:INFO|WARNING)\]|.{0,500}<<< )", bare=COUNTED, read="surefire", word='<<<'),
    rule("surefire count", VAGUE, r"^" + ERROR + r"Tests run: .{1,500}",
         "Tests run: 3, Failures: 1"),
    rule("surefire summary", PLACED, r"^" + RUNNING
         + r"\[ERROR\] {1,6}(?:Run \d{1,3}: )?[\w$]{1,99}"
         r"(?:>[\w$]{1,99})?(?:\.(?P<test>[\w$\[\]()]{1,199})){1,2}(?::" + LINE
         + r")?(?:->.{1,200})?" r"(?!.{0,900}(?:\.\.\.|» \w{0,60})$)(?:->| » | )\S",
         "[ERROR]   BasketTest.sumsTwo:5 expected: <8> but was: <7>", repeats=True),
    rule("surefire summary of a name", COUNTED, r"^" + RUNNING
         + r"\[ERROR\] {1,6}(?:Run \d{1,3}: )?" r"[\w$]{1,99}(?:>[\w$]{1,99})?\.[\w$]{1,199}(?::"
         + LINE + r")?(?:->| » | |$)", "[ERROR]   CartTest.sums:5 » NullPointer"),
    rule("surefire 2.19 summary", COUNTED,
         r"^ {2}[A-Z][\w$]{1,99}(?:>[\w$]{1,99})?\.[\w$]{1,199}:" + LINE
         + r"(?:->\S{1,200})?(?: »)? \S", "  CartTest.sums:5 expected:<8> but was:<7>"),
    rule("scalac", PLACED,
         r"^\[error\] (?:-- .{1,80}: )?(?P<path>[^\s:]{1,300}\.(?:scala|java|sbt)):" + LINE
         + r":", "[error] /app/Cart.scala:3:5: not found: value summ"),
    rule("maven file", PLACED, r"^" + RUNNING + r"\[(?:ERROR|error)\] " + GIVEN + r":\[?" + LINE
         + r"[,:]\d{1,7}[\]:] ?\S", "[ERROR] /app/Basket.java:[14,29] cannot find symbol", more=2,
         after=r"(?:\[ERROR\])? {2,6}(?:symbol|location|required|found|reason):"),
    rule("checkstyle", PLACED,
         r"^(?:\[ant:checkstyle\] )?\[(?:ERROR|error)\] (?P<path>(?:[A-Za-z]:)?"
         r"[^\s:\[\]]{1,300}):\[?" + LINE + r"[\]:,]",
         "[ant:checkstyle] [ERROR] /app/Tag.java:49:77: Line is too long."),
    rule("maven problem", RAISED,
         r"^\[ERROR\] (?:Non-resolvable|Unknown lifecycle|Plugin \S{1,200} "
         r"or one|Could not (?:find|resolve|transfer)|The build could not read|Unresolveable)",
         "[ERROR] Non-resolvable parent POM for a:b:1: Could not find artifact"),
    rule("maven resolution", RAISED, r"^\[ERROR\] Failed to execute goal .{0,900}(?:Could not "
         r"(?:resolve|find|transfer) |Fatal error compiling|Too many files with unapproved|"
         r"violation|The following files had format|Rule \d+: )",
         "[ERROR] Failed to execute goal on project b: Could not resolve dependencies for "
         "project"),
    rule("gradle test", PLACED, r"^\w[\w.$ ]{0,199} > .{1,300} FAILED$",
         "CartTest > sumsTwo() FAILED", more=2, after=r"\s{2,12}(?!at )\S",
         skip=r"\S|\s{2,12}at ", until=r".{1,400} (?:FAILED|PASSED)$", within=6, bare=COUNTED,
         word=' FAILED'),
    rule("testng test", PLACED,
         r"^(?:[a-z_]\w{0,60}\.){1,9}[A-Z][\w$]{0,99}(?:\.[\w$\[\]]{1,199})? FAILED$",
         "shop.cart.CartTest.sums FAILED", more=2, after=r"\s{2,12}(?!at )\S",
         skip=r"\S|\s{2,12}at ", until=r".{1,400} (?:FAILED|PASSED)$", within=6, bare=COUNTED,
         word=' FAILED'),
    rule("gradle reason", RAISED, r"^\* What went wrong:", "* What went wrong:", more=4,
         skip=r"> Task .{1,200} FAILED|\d{1,6} tests? completed|\s*$",
         until=r"\* |> Run with|BUILD FAILED", within=12, bare=VAGUE, read="gradle"),
    rule("gradle task", VAGUE, r"^(?:> Task \S{1,200} FAILED|:\S{1,200} FAILED|FAILURE: Build )",
         "> Task :compileJava FAILED"),
    rule("gradle counts", VAGUE, r"^\d{1,7} tests? completed, \d", "3 tests completed, 1 failed"),
    rule("kotlin", PLACED, r"^e: (?:file://(?:/(?=\w:))?)?"
         r"(?P<path>(?:[A-Za-z]:)?[^\s:()]{1,300}):(?: \()?" + LINE,
         "e: file:///app/Basket.kt:14:29 Unresolved reference: prise"),
    rule("detekt or ktlint", PLACED, r"^(?P<path>[^\s:]{1,300}\.kts?):" + LINE
         + r":\d{1,7}: (?!warning)\S", "/app/Basket.kt:14:29: Unused import"),
    rule("android resource", PLACED, r"^(?:AAPT: error|.{1,300}: AAPT: error|ERROR:.{1,300}AAPT)",
         "AAPT: error: resource color/red not found."),
    rule("lint of android", RAISED,
         r"^(?:Lint found errors in the project|You have not accepted the license|"
         r"Failed to install the following|Test (?:run )?failed to (?:complete|run to)|"
         r"Tests on .{1,99} failed: (?!There w))",
         "Lint found errors in the project; aborting build."),
    rule("scalatest", PLACED, r"^(?:\[(?:info|error)\] )?\s{0,12}- .{1,400} \*\*\* FAILED \*\*\*",
         "[info] - sums two prices *** FAILED ***", more=2,
         after=r"(?:\[(?:info|error)\])?\s{2,20}\S", bare=COUNTED, word='*** FAILED'),
    rule("specs2", PLACED, r"^\[(?:error|info)\]\s{1,12}[x!] \S", "[error]     x sums two prices",
         more=2, after=r"\[(?:error|info)\]\s{1,12}\S", bare=COUNTED),
    rule("munit or utest", PLACED, r"^==> (?:X|✘|❌) \S",
         "==> X shop.CartTest.sums  0.05s munit.Fail", more=2),
    rule("junit of sbt", PLACED, r"^\[error\] Test \S{1,300} failed: \S",
         "[error] Test shop.CartTest.sums failed: expected:<8> but was:<7>, took 0.05 sec"),
    rule("sbt vague", VAGUE, r"^\[error\] (?:\(.{1,200}\) (?:sbt\.\S{1,99}|Compilation failed|"
         r"Failed tests|Nonzero exit)|Total time|Failed tests:|Passed:|Failed:|Error: Total|"
         r"\d{1,5} errors? found|\s*$|one error found)",
         "[error] (Test / test) sbt.TestsFailedException: Tests unsuccessful"),
    rule("sbt", SAID, r"^\[error\] (?!\s)\S",
         "[error] Modules were resolved with conflicting versions", more=1,
         after=r"\[error\]\s{1,20}(?!at )\S"),
    rule("clojure test", PLACED,
         r"^(?:FAIL|ERROR) in (?:\(.{1,200}\)|\S{1,200}) \((?P<path>[^\s:()]{1,200}):" + LINE
         + r"\)", "FAIL in (sums-two) (cart_test.clj:14)", more=4,
         until=r"Ran \d|\d{1,6} failures", bare=COUNTED),
    rule("clojure", RAISED, r"^(?:Syntax error|Execution error|"
         r"Could not find artifact|Unexpected error|Could not locate)\b.{0,900}",
         "Syntax error compiling at (cart.clj:3:1).", more=1),
    rule("spock", PLACED, r"^Condition not satisfied:", "Condition not satisfied:", more=3),
    rule("java", RAISED, r"^Exception in thread \S", 'Exception in thread "main" '
         + "java.lang.Error"),
    rule("ant", VAGUE, r"^BUILD (?:FAILED|FAILURE|UNSUCCESSFUL)", "BUILD FAILED"),
    rule("ant javac", PLACED, r"^\s{0,8}\[\w{1,30}\] " + GIVEN + r":" + LINE + r": (?!warning)\S",
         "    [javac] /app/Basket.java:6: error: ';' expected"),
    rule("groovyc", PLACED, r"^(?P<path>[^\s:]{1,300}\.groovy): " + LINE + r": \S",
         "/app/Basket.groovy: 14: unable to resolve class Prise @ line 14, column 1."),
)  # fmt: skip
