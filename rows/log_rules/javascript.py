"""mocha, jest, vitest, karma, jasmine, playwright, eslint and its like, tsc, webpack, npm."""

from rows.log_rules.rule import COUNTED, GIVEN, LINE, NAMED, PLACED, RAISED, VAGUE, rule

ADVICE = (
    r"\s{2,6}(?:Jest failed to parse|This usually means|Out of the box|By default|Here's what|• |"
    r"You'll find|For information about|https?://|Details:$|/\S{1,300}:\d{1,7}$|\(\{\"Object\.)|"
    r"\s{4,300}\^{1,99}$"
)
"""What jest advises before it says what is wrong."""

JAVASCRIPT = (
    rule("jest test", PLACED, r"^\s{0,4}● (?!Console$|Validation Warning)\S",
         "  ● sum › adds 1 and 2", more=3, after=r"(?!" + ADVICE + r")\s*+\S",
         skip=ADVICE, within=32, bare=COUNTED, is_below=True,
         until=r"\s{0,8}>? {0,3}\d{1,6} \||\s{2,8}at |\s{0,4}(?:● |Test Suites: |FAIL |PASS )"),
    rule("vitest test", PLACED, r"^ {0,2}FAIL {1,2}(?:\|.{1,60}\| )?" + GIVEN + r" (?:> |\[ )",
         " FAIL  web/cart.test.ts > cart > sums two prices", more=2, until=r"\s{0,4}❯ ",
         bare=COUNTED),
    rule("playwright test", PLACED, r"^\s{1,8}\d{1,4}\) (?:\[.{1,60}\] › )?" + GIVEN + r":" + LINE
         + r":\d{1,7} › ", "  1) [chromium] › web/cart.spec.ts:3:5 › sums two prices", more=3,
         within=12, bare=COUNTED, until=r"\s{0,8}>? {0,3}\d{1,6} \||\s{2,12}at |"
         r"\s{2}\d{1,6} (?:failed|flaky|passed)"),
    rule("karma test", PLACED,
         r"^(?:\w[\w .]{1,60} \(.{1,60}\)(?: \w.{0,300})?|\d{1,4}\) .{1,300}) " r"FAILED$",
         "Chrome 70.0 (Linux 0.0.0) cart sums two prices FAILED", more=3, until=r"\s{2,12}at ",
         bare=COUNTED, word=' FAILED'),
    rule("qunit test", PLACED, r"^(?:Test failed: |Module: .{1,200} Test: )\S",
         "Test failed: cart: sums two prices", more=1, within=1, after=r"\s{2,12}\S", bare=COUNTED),
    rule("eslint", PLACED, r"^\s{1,6}" + LINE + r":\d{1,7} {1,20}(?:error|✖|×|❌) {1,20}\S",
         "  3:10  error  'summ' is not defined  no-undef", is_below=True),
    rule("stylelint", PLACED, r"^\s{1,6}(?:✖|×|❌) {1,4}" + LINE + r":\d{1,7} {1,4}\S",
         "  ✖  12:0  Unexpected empty source", is_below=True),
    rule("standard", PLACED, r"^\s{1,4}(?P<path>[^\s:]{1,300}\.(?:[cm]?[jt]sx?|vue|svelte)):"
         + LINE + r":\d{1,7}: \S", "  /app/web/cart.js:3:10: Extra semicolon."),
    rule("jshint", PLACED, r"^(?P<path>[^\s:]{1,300}): line " + LINE + r", col \d{1,7}, \S",
         "web/cart.js: line 3, col 10, Missing semicolon."),
    rule("tsc or tslint", PLACED, r"^(?:ERROR: |(?:ERROR in )?(?=\S{1,320} - error \w{1,20}:))"
         + GIVEN + r":" + LINE + r":\d{1,7} - ",
         "web/cart.ts:2:9 - error TS2322: Type 'number' is not assignable to type 'string'."),
    rule("tsc of one line", PLACED, r"^\s{0,8}(?P<path>[^()\s][^()]{0,300})\(" + LINE
         + r",\d{1,7}\): error TS\d{1,6}: ",
         "web/cart.ts(2,9): error TS2322: Type 'number' is not ..."),
    rule("webpack", PLACED, r"^ERROR in (?P<path>[^\s:()]{1,300})?(?:[:( ](?P<line>\d{1,7}))?",
         "ERROR in ./web/cart.js 3:10", more=2, bare=VAGUE),
    rule("module of a bundler", RAISED, r"^(?:Module not found: |\[!\] (?!Tests have)|✘ \[ERROR\] |"
         r"Module build failed|Error: Cannot find module|(?:\[\w+\] )?Could not resolve \")\S?",
         "Module not found: Error: Can't resolve './sum'", more=1),
    rule("prettier", NAMED, r"^\[(?:warn|error)\] (?!Code style|Run Prettier|All matched)"
         r"(?P<path>\S{1,300}\.\w{1,8})(?::|$)", "[warn] web/cart.ts"),
    rule("flow", PLACED, r"^Error -{2,200} " + GIVEN + r":" + LINE,
         "Error ------------- web/cart.js:3:10", more=2),
    rule("javascript in a page", RAISED,
         r"^(?:\s{2,8}(?:Uncaught )?(?:Error|AssertionError): \S.{0,900} thrown$|"
         r"browserType\.\w{1,40}: \S)",
         "    Uncaught ReferenceError: sum is not defined thrown".replace("ReferenceError",
         "Error")),
    rule("npm code", RAISED, r"^npm (?:ERR!|error) code (?!ELIFECYCLE|\d+$)\S",
         "npm error code EUSAGE", more=2, after=r"npm (?:ERR!|error) "
         r"(?!(?:syscall|path|errno|dest|command|cwd|file) |A complete log)\S",
         skip=r"npm (?:ERR!|error)(?:\s*$| [a-z]{3,7} )"),
    rule("npm reason", RAISED, r"^npm (?:ERR!|error) (?:\d{3} |Missing: |[Mm]issing script:? |"
         r"Could not resolve|peer dep|notarget|network |Cannot read|cb\(\) never)",
         "npm ERR! missing script: test"),
    rule("npm", VAGUE, r"^(?:npm (?:ERR!|error)|\s*ELIFECYCLE|.{0,40}ELIFECYCLE)",
         "npm ERR! Test failed."),
    rule("pnpm", RAISED, r"\bERR_PNPM_(?!RECURSIVE|LIFECYCLE)\w",
         "ERR_PNPM_OUTDATED_LOCKFILE  Cannot install with a frozen lockfile", word="ERR_PNPM_"),
    rule("pnpm passing on", VAGUE, r"\bERR_PNPM_\w", "ERR_PNPM_RECURSIVE_RUN_FIRST_FAIL",
         word="ERR_PNPM_"),
    rule("yarn", RAISED,
         r"^(?:➤ )?YN(?!0002|0060|0086)\d{4}: .{0,100}(?:can't be|cannot|couldn't|doesn't|failed|"
         r"forbidden|not found|Invalid)",
         "➤ YN0028: │ The lockfile would have been modified by this install".replace("would have",
         "can't be")),
    rule("yarn classic", RAISED,
         r"^error (?:Couldn't find|Your lockfile needs|Found incompatible|"
         r"Incorrect|Couldn't|\S{1,100}: The (?:engine|platform))",
         'error Couldn\'t find package "rocket" on the "npm" registry.'),
)  # fmt: skip
